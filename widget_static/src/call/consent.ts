/** What this visitor has agreed to, and in which version: kept in this browser, for this page's origin. */

import type { SiteInfo, Widget } from "../types";

/** Where the browser keeps nothing, for this page view. */
const kept = new Map<string, string>();

/** Another server may have a site of the same key, and another text. */
const name = ({ api }: Widget, { key }: SiteInfo): string => `vaani-consent ${api}/${key}`;

/** The version that the site asks for, where the visitor has agreed to it. */
export function agreed(widget: Widget, site: SiteInfo): boolean {
  const key = name(widget, site);
  let version = kept.get(key) ?? null;
  try {
    version ??= localStorage.getItem(key);
  } catch {
    // Storage is blocked.
  }
  return version === site.consent?.version;
}

export function agree(widget: Widget, site: SiteInfo): void {
  const { version } = site.consent!;
  const key = name(widget, site);
  kept.set(key, version);
  try {
    localStorage.setItem(key, version);
  } catch {
    // Blocked, or full: the visitor is asked again on the next page.
  }
}
