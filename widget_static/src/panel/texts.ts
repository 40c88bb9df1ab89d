/** The words, in one language, and the owner's own ones before ours. */

import { signal } from "@preact/signals";

import * as model from "../call/model";

type Texts = Readonly<Record<string, string>>;
type Tables = Readonly<Record<string, Texts | undefined>> | undefined;

/** Of the language's chunk. Until it has come, and where it never does, enough to say so. */
const ours = signal<Texts>({
  load_failed: "The call could not be loaded",
  load_failed_help: "Check your internet connection, then try again.",
  retry: "Try again",
  close: "Close",
});
/** The language that is fetched, or was. */
let wanted = "";
let fetched: Promise<void> | undefined;

/**
 * Fetches the texts of one language, English where we have none.
 *
 * @throws {Problem} `load_failed`.
 */
export function speak(language: string): Promise<void> {
  const known = __LANGUAGES__.includes(language) ? language : "en";
  if (wanted !== known || !fetched) {
    wanted = known;
    fetched = fetchTexts(known + __LOCALE_SUFFIX__).catch(() => {
      fetched = undefined;
      throw { code: "load_failed", spent: "no" };
    });
  }
  return fetched;
}

async function fetchTexts(name: string): Promise<void> {
  const take = ({ default: texts }: { default: Texts }) => {
    ours.value = texts;
  };
  // Some browsers remember a failed import for good, so a second attempt has another address.
  const address = "./" + name;
  await import(address).then(take, () => import(address + "?again").then(take));
}

/** The text of a key: the page's, else the site's, else ours. `{name}` is replaced by `values.name`. */
export function text(key: string, values: Texts = {}): string {
  const widget = model.home.value;
  const languages = [widget?.language ?? "en", wanted];
  const tables: Tables[] = [widget?.options.texts as Tables, model.site.value?.text];
  const found = tables.flatMap((table) => languages.map((language) => table?.[language]?.[key])).find(isText);
  return (found ?? ours.value[key] ?? "").replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Who answers: as the owner calls them, else the site. */
export function name(): string {
  const title = text("title");
  const site = model.site.value?.name;
  return title === ours.value.title && site ? site : title;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
