/** A language and what it is a kind of: of `zh-Hant-TW` also `zh-hant` and `zh`. */
export function tagsOf(language: string): string[] {
  const parts = language.toLowerCase().split("-");
  return parts.map((_, at) => parts.slice(0, parts.length - at).join("-"));
}
