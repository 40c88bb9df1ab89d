/** The element, defined before the panel is there: the panel makes it whole. */

import { VaaniWidgetElement } from "../loader/element";
import type { SiteInfo } from "../types";

export const asked = new URLSearchParams(location.search);

export const site: SiteInfo = {
  key: "gallery",
  name: "Mela Tea",
  look: {},
  text: {},
  consent: null,
  page_may_set: [],
};

const tag = document.querySelector<HTMLScriptElement>("script[data-site]")!;
VaaniWidgetElement.load(tag, null);
