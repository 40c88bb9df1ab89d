// Prints what every bundle weighs and fails where one is over its budget (bytes of brotli).
import { readFile } from "node:fs/promises";

const manifest = JSON.parse(await readFile(new URL("dist/manifest.json", import.meta.url), "utf8"));
const { sizes } = manifest;
const add = (...names) => {
  const all = names.map((name) => sizes[name]);
  return Object.fromEntries(["raw", "gzip", "brotli"].map((kind) => [kind, all.reduce((sum, size) => sum + size[kind], 0)]));
};
const asset = (name) => `assets/${manifest[name]}`;
const panel = add(asset("panel"), asset("en"));

const rows = [
  ["loader (every page view)", sizes["widget.js"], 3_600],
  ["panel with English", panel, 22_000],
  ["livekit", sizes[asset("livekit")], 102_000],
  // fetched once a call is there; nothing waits for it
  ["more with its English", add(asset("more"), asset("moreen")), 17_500],
  // only where a challenge is due
  ["altcha", sizes[asset("altcha")], 2_000],
  // livekit-client 2.23.0 as published, alone
  ["panel with English + livekit", add(asset("panel"), asset("en"), asset("livekit")), 124_500],
];
const languages = Object.keys(manifest).filter((name) => /^[a-z]{2}$/.test(name));
for (const language of languages) rows.push([`texts: ${language}`, sizes[asset(language)], null]);

const cells = (...values) => console.log(values.map((value, i) => (i ? String(value).padStart(9) : value.padEnd(30))).join(""));
const over = [];
cells("bytes", "raw", "gzip", "brotli", "budget");
for (const [name, { raw, gzip, brotli }, budget] of rows) {
  cells(name, raw, gzip, brotli, budget ?? "");
  if (budget !== null && brotli > budget) over.push(`${name} is ${brotli - budget} bytes over its budget of ${budget}`);
}
if (over.length) {
  console.error(`error: ${over.join("; ")}`);
  process.exitCode = 1;
}
