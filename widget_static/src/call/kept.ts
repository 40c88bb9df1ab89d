/** What this visitor has settled with a site: kept in this browser, for this page's origin. */

import type { Widget } from "../types";

/** Where the browser keeps nothing, for this page view. */
const here = new Map<string, string>();

/** Another server may have a site of the same key. */
const name = ({ api, siteKey }: Widget, what: string): string => `vaani-${what} ${api}/${siteKey}`;

export function kept(widget: Widget, what: string): string | null {
  const key = name(widget, what);
  try {
    return here.get(key) ?? localStorage.getItem(key);
  } catch {
    // Storage is blocked.
    return null;
  }
}

export function keep(widget: Widget, what: string, value: string): void {
  const key = name(widget, what);
  here.set(key, value);
  try {
    localStorage.setItem(key, value);
  } catch {
    // Blocked, or full: good for this page.
  }
}

/** The language that the visitor has chosen for conversations here, if the site still offers it. */
export function language(widget: Widget): string | undefined {
  const chosen = kept(widget, "language");
  return widget.siteInfo?.languages?.find((offered) => offered === chosen);
}
