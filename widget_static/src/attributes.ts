/**
 * The one list of the widget's attributes: what the element observes, its properties, and the docs' table
 * (`make docs` makes it from the comments here). By the names of the properties; the attribute of
 * `accentColor` is `accent-color`, on the script tag `data-accent-color`, in a site's look `accent_color`.
 */

export const TEXT = 0;
/** Absent is the default, empty or `true` is on, `false` is off. */
export const BOOLEAN = 1;
export const NUMBER = 2;
/** An object, written as JSON. */
export const JSON_OBJECT = 3;

export const ATTRIBUTES = {
  // Whom the call goes to, and who calls.

  /** The site's key. Default: the script's own site, else `default`. */
  site: TEXT,
  /** Where the API is, when loader and assets lie on a CDN. Default: where the script came from. */
  server: TEXT,
  /** UUID or name of the agent, one of the site's. Default: the site's first. */
  agent: TEXT,
  /** What the agent is told about page and visitor: up to 32 keys. The site says which keys a page may set. */
  metadata: JSON_OBJECT,
  /** Signed by the site's own backend: locks settings, carries trusted metadata, says who the visitor is. */
  grant: TEXT,
  /** Gives a grant for the page's session, when there is none or it has expired. Same origin as the page. */
  grantUrl: TEXT,

  // Call settings: they count from the next call on, where the site lets a page set them.

  /** Language code of the call, such as `hi`. */
  primaryLanguage: TEXT,
  /** Language code to fall back to, such as `en`. */
  secondaryLanguage: TEXT,
  /** `male` or `female`. */
  voiceGender: TEXT,
  /** 0.6 to 1.4. */
  voiceSpeed: NUMBER,
  /** What the agent says first; at most 500 characters. */
  welcomeMessage: TEXT,
  /** Whether the visitor may talk over the greeting. */
  welcomeInterruptible: BOOLEAN,
  /** Whether there is background noise. */
  bgNoiseEnabled: BOOLEAN,
  /** 0 to 100. */
  bgNoiseVolume: NUMBER,

  // Look of the button: it counts at once.

  /** Text of the button. Default: “Talk to agent”, in the visitor's language. */
  label: TEXT,
  /** `bottom-right`, `bottom-left`, `top-right`, `top-left`, or `inline`: where the element stands. Default: `bottom-right`. */
  position: TEXT,
  /** `button` (becomes a bar in a call), `compact` (round; opens a card), or `none`: nothing is drawn, the page has its own. Default: `button`. */
  variant: TEXT,
  /** `auto` (as the visitor's system), `light` or `dark`. Default: `auto`. */
  theme: TEXT,
  /** A color as CSS has it: a name, `#rrggbb`, `rgb()`, `var()` … Text on it is black or white, whichever is easier to read. Default: `#2f55e8`. */
  accentColor: TEXT,
  /** Which of the page's layers it lies on. Default: 2147483000. */
  zIndex: NUMBER,
  /** Pixels from the window's side. Default: 20. */
  offsetX: NUMBER,
  /** Pixels from the window's bottom or top. Default: 20. */
  offsetY: NUMBER,
  /** Language of the texts, such as `ta`, or `auto`: the page's, else the browser's. Default: `auto`. */
  locale: TEXT,

  // Look of the panel: it counts at once, too.

  /** Address of the agent's picture. */
  avatar: TEXT,
  /** Whether both sides are shown as text. Default: on. */
  transcript: BOOLEAN,
  /** Whether the visitor may type, beside the voice or instead of it. Default: on. */
  textInput: BOOLEAN,
  /** Whether the visitor is asked how it was, when a call has ended. Default: off. */
  feedback: BOOLEAN,
  /** Where to go when no call can be had: a page, or a `tel:` or `mailto:` address. */
  fallbackUrl: TEXT,
  /** Any text of the widget by its key, in any language: `{"en": {"ai_notice": "…"}}`. */
  texts: JSON_OBJECT,
} as const;

type Attributes = typeof ATTRIBUTES;
type Names = readonly (keyof Attributes)[];

// These come with the panel: in the loader one table is shorter than several that are put together.

/** The call settings. */
export const CALL = [
  "primaryLanguage", "secondaryLanguage", "voiceGender", "voiceSpeed", "welcomeMessage", "welcomeInterruptible",
  "bgNoiseEnabled", "bgNoiseVolume",
] as const satisfies Names;

/** Look of the button. Once drawn, nothing the server says later changes it. */
export const BUTTON: Names = [
  "label", "position", "variant", "theme", "accentColor", "zIndex", "offsetX", "offsetY", "locale",
];

type Value<Kind> = Kind extends typeof BOOLEAN ? boolean
  : Kind extends typeof NUMBER ? number
  : Kind extends typeof JSON_OBJECT ? Record<string, unknown>
  : string;

/** The properties that go with the attributes. `null` takes the attribute away. */
export type AttributeProperties = {
  -readonly [Name in keyof Attributes]: Value<Attributes[Name]> | null;
};
