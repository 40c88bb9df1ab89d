/** The loader's own words. Everything else is said by the panel. */

/** Language and text of the launcher, in one string, which packs best. */
const WORDS = (
  "en|Talk to agent|" +
  "hi|एजेंट से बात करें|" +
  "bn|এজেন্টের সাথে কথা বলুন|" +
  "ta|முகவருடன் பேசுங்கள்|" +
  "ur|ایجنٹ سے بات کریں|" +
  "es|Hablar con un agente"
).split("|");

/** The language and its label, also for `hi-in`; those of English for a language that isn't here. */
export const wordsIn = (language: string): string[] => WORDS.slice(Math.max(WORDS.indexOf(language.split("-")[0]!), 0));
