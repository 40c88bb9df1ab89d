/** Attributes as properties. The attribute holds the value. */

import type { ATTRIBUTES } from "../attributes";

/** First those that are on or off, then those that are written as JSON, then plain text: shorter than a table. */
export const NAMES = __ATTRIBUTES__.split(" ") as (keyof typeof ATTRIBUTES)[];

/** `accentColor` as `accent-color` or `accent_color`. */
export const spelled = (name: string, hyphen: string): string => name.replace(/[A-Z]/g, (letter) => hyphen + letter.toLowerCase());

/**
 * A value of the object's own: what a page's other scripts have done to `Object.prototype` is not ours. Languages are
 * written `pt-BR`, `pt-br` or `PT`, so case is no matter.
 */
export const own = (object: any, name: string): any =>
  object?.[Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase())!] ?? null;

/** Gives the class a property for every attribute. */
export function defineProperties(prototype: HTMLElement): void {
  NAMES.forEach((name, index) => {
    const attribute = spelled(name, "-");
    Object.defineProperty(prototype, name, {
      /** What can't be read as its type stands as it is: a call setting like that is refused by its name. */
      get(this: Element) {
        const text = this.getAttribute(attribute);
        try {
          // Templates write `label=""` where they have no label.
          return text === "" ? index < __BOOLEANS__ || null : index < __PARSED__ ? JSON.parse(text!) : text;
        } catch {
          return text;
        }
      },
      set(this: Element, value: unknown) {
        if (value == null) this.removeAttribute(attribute);
        else this.setAttribute(attribute, typeof value === "string" ? value : JSON.stringify(value));
      },
    });
  });
}

/** Sets the properties that the source has of its own. Those of the element itself would hide the accessors. */
export function assign(element: object, source: object): void {
  for (const name of NAMES) {
    const value = own(source, name);
    if (value != null) {
      delete (element as any)[name];
      (element as any)[name] = value;
    }
  }
}
