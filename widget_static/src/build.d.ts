/** What build.mjs puts in. */

/** Such as `-0a1b2c3d.js`: `en` + this is the chunk with the English texts, beside the panel's. */
declare const __LOCALE_SUFFIX__: string;
declare const __LANGUAGES__: readonly string[];

/** The names of `ATTRIBUTES` in the order of their kinds, and where each kind ends. */
declare const __ATTRIBUTES__: string;
declare const __BOOLEANS__: number;
declare const __PARSED__: number;

/** The chunks' file names; `__PANEL__` in the loader only. */
declare const __PANEL__: string;
declare const __LIVEKIT__: string;
/** What `/sites/{site}/widget.js` carries in itself; in the loader only. */
declare const __SITE__: import("./types").SiteInfo | null;

/** The minified text of a stylesheet, for `CSSStyleSheet.replaceSync`. */
declare module "*.css" {
  const text: string;
  export default text;
}
