/** What this chunk says, in the panel's language: the panel itself carries only what every call needs. */

import { effect } from "@preact/signals";

import { further, spoken } from "../panel/texts";

effect(() => {
  const language = spoken.value;
  if (!language) return;
  const address = `./more${language}${__LOCALE_SUFFIX__}`;
  // Some browsers remember a failed import for good, so a second attempt has another address.
  import(address).catch(() => import(address + "?")).then(
    ({ default: texts }) => {
      // Another language may have been chosen meanwhile.
      if (spoken.peek() === language) further.value = texts;
    },
    () => {}, // What has no words is not drawn.
  );
});
