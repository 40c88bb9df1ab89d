/** The words, in one language, and the owner's own ones before ours. */

import { signal } from "@preact/signals";

import * as model from "../call/model";
import { own } from "../loader/properties";
import { within } from "../loader/within";
import { lookOf } from "./look";
import { tagsOf } from "./tags";

type Texts = Readonly<Record<string, string>>;

/** Of the language's chunk. Until it has come, and where it never does, enough to say so. */
const ours = signal<Texts>({
  load_failed: "The call could not be loaded",
  load_failed_help: "Check your internet connection, then try again.",
  retry: "Try again",
  close: "Close",
});
/** What the chunk `more` says besides, in the same language. */
export const further = signal<Texts>({});
/** The language of our own texts that are there. */
export const spoken = signal("");
/** Milliseconds after which texts won't come any more. */
const PATIENCE = 20_000;

/** The language that is fetched, or was. */
let wanted = "";
let fetched: Promise<void> | undefined;
/** A question mark for every failure: some browsers remember a failed import for good, and a silent one never ends. */
let again = "";

/**
 * Fetches the texts of one language, English where we have none.
 *
 * @throws {Problem} `load_failed`.
 */
export function speak(language: string): Promise<void> {
  const known = tagsOf(language).find((tag) => __LANGUAGES__.includes(tag)) ?? "en";
  if (wanted !== known || !fetched) {
    wanted = known;
    const coming = within(PATIENCE, fetchTexts(known)).catch(() => {
      again += "?";
      if (fetched === coming) fetched = undefined;
      throw { code: "load_failed", spent: "no" };
    });
    fetched = coming;
  }
  return fetched;
}

async function fetchTexts(language: string): Promise<void> {
  const address = `./${language}${__LOCALE_SUFFIX__}${again}`;
  const { default: texts } = await import(address).catch(() => import(address + "?"));
  // Another language may have been chosen meanwhile.
  if (wanted !== language) return;
  ours.value = texts;
  spoken.value = language;
}

/** The text of a key: the page's, else the site's, else ours. `{name}` is replaced by `values.name`. */
export function text(key: string, values: Texts = {}): string {
  const widget = model.home.value;
  const look = widget && lookOf(widget);
  const languages = [...tagsOf(look?.language ?? "en"), wanted];
  const tables = [look?.options.texts, model.site.value?.text];
  const found = tables.flatMap((table) => languages.map((language) => own(own(table, language), key))).find(isText);
  return (found ?? ours.value[key] ?? further.value[key] ?? "").replace(/\{(\w+)\}/g, (whole, name: string) => own(values, name) ?? whole);
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
