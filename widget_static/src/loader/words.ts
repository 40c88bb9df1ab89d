/** The loader's own words. Everything else is said by the panel. */

/** Language, text of the launcher, its text when nothing could be loaded; in one string, which packs best. */
const WORDS = (
  "en|Talk to agent|Try again|" +
  "hi|एजेंट से बात करें|फिर कोशिश करें|" +
  "bn|এজেন্টের সাথে কথা বলুন|আবার চেষ্টা করুন|" +
  "ta|முகவருடன் பேசுங்கள்|மீண்டும் முயலவும்|" +
  "ur|ایجنٹ سے بات کریں|دوبارہ کوشش کریں|" +
  "es|Hablar con un agente|Reintentar"
).split("|");

/** The language, its label and its failure, also for `hi-in`; those of English for a language that isn't here. */
export const wordsIn = (language: string): string[] => WORDS.slice(Math.max(WORDS.indexOf(language.split("-")[0]!), 0));
