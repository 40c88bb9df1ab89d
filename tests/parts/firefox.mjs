// One window of Firefox, told what to do over standard input and answering over standard output, a line of JSON each:
// node firefox.mjs FIREFOX SCRIPT, where SCRIPT runs first in every page.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { default: puppeteer } = await import(
  createRequire(new URL("../other_browsers/package.json", import.meta.url)).resolve("puppeteer-core")
);
const [executablePath, script] = process.argv.slice(2);

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  headless: true,
  extraPrefsFirefox: {
    // A microphone that hums. It has been allowed before, as a visitor does it: switching the question off would
    // leave the page without the addresses that one with a microphone may know.
    "media.navigator.streams.fake": true,
    "permissions.default.microphone": 1,
    // The room is on this machine.
    "media.peerconnection.ice.loopback": true,
  },
});
const errors = [];
const page = await browser.newPage();
page.on("pageerror", (error) => errors.push(`${error}`));
await page.setViewport({ width: 1280, height: 800 });
await page.evaluateOnNewDocument(script);

const work = {
  go: (url) => page.goto(url).then(() => {}),
  run: (expression) => page.evaluate(expression),
  until: ([expression, timeout]) => page.waitForFunction(expression, { timeout }).then(() => page.evaluate(expression)),
  click: async (within) => (await page.waitForSelector(`vaani-widget >>> ${within}`, { visible: true })).click(),
  keys: (text) => page.keyboard.type(text),
  press: (key) => page.keyboard.press(key),
  picture: (path) => page.screenshot({ path }).then(() => {}),
  errors: async () => errors,
  version: () => browser.version(),
};
console.log(JSON.stringify({ value: null }));
for await (const line of createInterface({ input: process.stdin })) {
  const [name, given] = JSON.parse(line);
  const answer = await work[name](given).then((value) => ({ value }), (error) => ({ error: `${error}` }));
  console.log(JSON.stringify(answer));
}
await browser.close();
