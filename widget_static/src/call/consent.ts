/** What this visitor has agreed to, and in which version. */

import type { SiteInfo, Widget } from "../types";
import { keep, kept } from "./kept";

/** The version that the site asks for, where the visitor has agreed to it. */
export const agreed = (widget: Widget, site: SiteInfo): boolean => kept(widget, "consent") === site.consent?.version;

export const agree = (widget: Widget, site: SiteInfo): void => keep(widget, "consent", site.consent!.version);
