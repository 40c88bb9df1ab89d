// Builds dist/: the loader, the chunks it fetches at a click, one chunk per language.
// Everything is made in memory first, so a build that fails leaves the last good one in place.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "dist");
const BROWSERS = ["es2022", "chrome109", "firefox115", "safari16.4"];
// The loader must be parsed by browsers too old for a call: they get the fallback link.
const OLDER_BROWSERS = ["es2020"];

const packagesUsed = new Set();

/** `import css from "./x.css"` gives the minified text of it and all that it imports, for a constructable stylesheet. */
const cssAsText = {
  name: "css-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { outputFiles } = await build({
        entryPoints: [path],
        bundle: true,
        write: false,
        minify: true,
        charset: "utf8",
        logLevel: "silent",
        target: BROWSERS.slice(1),
      });
      // esbuild leaves spaces within var() and calc().
      const tight = outputFiles[0].text.trim().replace(/("[^"]*")|,\s+|\s\*\s/g, (found, quoted) => quoted ?? found.trim());
      return { contents: tight, loader: "text" };
    });
  },
};

/**
 * LiveKit from the sources it ships, which shake better than its bundle, and without webrtc-adapter,
 * which serves browsers older than ours: 100 kB of brotli rather than 124.
 */
const leanLiveKit = {
  name: "lean-livekit",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^livekit-client$/ }, () => ({
      path: join(HERE, "node_modules/livekit-client/src/index.ts"),
    }));
    onResolve({ filter: /^webrtc-adapter$/ }, () => ({ path: "webrtc-adapter", namespace: "nothing" }));
    onLoad({ filter: /.*/, namespace: "nothing" }, () => ({ contents: "" }));
  },
};

/**
 * What a call needs only once it is there. It has nothing of the panel's twice: whatever lies outside of `src/more/`
 * it asks for by name (`require`), and the panel answers (src/panel/more.ts).
 */
const sharedWithPanel = {
  name: "shared-with-panel",
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ path, resolveDir, kind }) => {
      if (kind === "entry-point" || path.endsWith(".css")) return null;
      if (!path.startsWith(".")) return { path, external: true };
      const name = relative(join(HERE, "src"), join(resolveDir, path)).replaceAll("\\", "/");
      return name.startsWith("more/") ? null : { path: name, external: true };
    });
  },
};

async function more(suffix) {
  const body = await bundle("src/more/index.ts", {
    format: "cjs",
    jsx: "automatic",
    jsxImportSource: "preact",
    plugins: [sharedWithPanel],
    define: { __LOCALE_SUFFIX__: JSON.stringify(suffix) },
  });
  // A directive would not be allowed behind a parameter with a default.
  return `export default require=>{const module={};${body.trim()}return module.exports};\n`;
}

/**
 * What a page has added to `Object.prototype`, every `for … in` finds; what it has frozen there, no assignment hides.
 * Our packages, and what esbuild puts in for `import *`, reckon with neither.
 */
const wary = (code) =>
  code
    .replace(/\bfor\(((?:var |let |const )?[\w$]+) in ([\w$.]+)\)/g, "for($1 of Object.keys($2||[]))")
    // Those of signals; we ask for a signal's `value`.
    .replace(/[\w$]+\.prototype\.(toString|valueOf|toJSON)=function\(\)\{[^{}]*\}[,;]/g, "");

async function bundle(entry, options = {}) {
  const result = await build({
    absWorkingDir: HERE,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    target: BROWSERS,
    ...options,
    plugins: [cssAsText, ...(options.plugins ?? [])],
  });
  for (const input of Object.keys(result.metafile.inputs)) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packagesUsed.add(found[1]);
  }
  return wary(result.outputFiles[0].text);
}

/** Which letters stand for variables is worth some bytes, too. */
const SPARED = ["", "g", "k", "p", "u", "x"];

/** Smaller by some three in a hundred than what esbuild makes of it, which is the quicker of the two. */
async function packed(code, { spared = [""], compress, ...options } = {}) {
  const tries = spared.map((letter) =>
    minify(code, { ecma: 2020, module: true, ...options, compress: { passes: 3, ...compress }, mangle: { reserved: [letter] } }),
  );
  return shortest((await Promise.all(tries)).map(({ code: smaller }) => smaller), (smaller) => brotli(Buffer.from(smaller), {}));
}

/** 31 bits in six letters: the loader carries it. */
const hash = (text) => parseInt(createHash("sha256").update(text).digest("hex").slice(0, 13), 16).toString(36).slice(-6);

/**
 * What the build is made of, as one hash in the manifest. setup.py reckons the same over what lies there,
 * and builds anew where they differ; hidden files are nobody's source.
 */
async function sources() {
  const top = (await readdir(HERE)).filter((name) => /\.(mjs|json)$/.test(name));
  const under = await Promise.all(
    ["src", "locales"].map(async (folder) => {
      const entries = await readdir(join(HERE, folder), { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return files.map((entry) => relative(HERE, join(entry.parentPath ?? entry.path, entry.name)).replaceAll("\\", "/"));
    }),
  );
  const all = createHash("sha256");
  for (const name of [...top, ...under.flat()].filter((name) => !/(^|\/)\./.test(name)).sort()) {
    const bytes = await readFile(join(HERE, name));
    all.update(`${name} ${createHash("sha256").update(bytes).digest("hex")}\n`);
  }
  return { sha256: all.digest("hex") };
}

/** The list of attributes as the loader carries it: the names, kind by kind, and where a kind ends. */
async function attributes() {
  const { outputFiles } = await build({ entryPoints: [join(HERE, "src/attributes.ts")], write: false, format: "esm" });
  const { ATTRIBUTES, BOOLEAN, TEXT } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  const names = Object.keys(ATTRIBUTES).sort();
  const booleans = names.filter((name) => ATTRIBUTES[name] === BOOLEAN);
  const texts = names.filter((name) => ATTRIBUTES[name] === TEXT);
  const parsed = names.filter((name) => ![...booleans, ...texts].includes(name));
  return {
    __ATTRIBUTES__: JSON.stringify([...booleans, ...parsed, ...texts].join(" ")),
    __BOOLEANS__: `${booleans.length}`,
    __PARSED__: `${booleans.length + parsed.length}`,
  };
}

/** A module of texts for each language. */
async function locales(under = "") {
  const folder = join(HERE, "locales", under);
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  if (!names.includes("en.json")) throw new Error(`${relative(HERE, join(folder, "en.json"))} is missing`);
  return Promise.all(
    names.map(async (name) => {
      const texts = JSON.parse(await readFile(join(folder, name), "utf8"));
      return [basename(name, ".json"), `export default ${JSON.stringify(texts)};\n`];
    }),
  );
}

async function licences() {
  const parts = await Promise.all(
    [...packagesUsed].sort().map(async (name) => {
      const folder = join(HERE, "node_modules", name);
      const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
      const files = (await readdir(folder)).filter((file) => /^(licen[sc]e|notice|copying)/i.test(file)).sort();
      const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
      return [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join("\n\n");
    }),
  );
  return `What the scripts in this folder contain of others.\n\n${parts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

/** Where the server puts what the script knows of its site: in the place of `null`. */
const HOLE = ")(null);";

const brotli = (bytes, settings, options) =>
  brotliCompressSync(bytes, {
    ...options,
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      ...settings,
    },
  });

const DIRECT = Array.from({ length: 16 }, (_, direct) => direct);

/** What every page view pays for is worth trying all of the format's own settings: some fifteen bytes; the panel, a few. */
function* settingsOf(directs) {
  for (let postfix = 0; postfix < 4; postfix++) {
    for (const direct of directs) {
      yield { [constants.BROTLI_PARAM_NPOSTFIX]: postfix, [constants.BROTLI_PARAM_NDIRECT]: direct << postfix };
    }
  }
}

const shortest = (things, bytesOf = (thing) => thing) => {
  const lengths = things.map((thing) => bytesOf(thing).length);
  return things[lengths.indexOf(Math.min(...lengths))];
};

function compressed(name, text, directs = [0]) {
  const bytes = Buffer.from(text);
  const br = shortest([...settingsOf(directs)].map((setting) => brotli(bytes, setting)));
  const gz = gzipSync(bytes, { level: 9 });
  gz[9] = 255; // the operating system that packed it: the same bytes everywhere
  return [[name, bytes], [`${name}.br`, br], [`${name}.gz`, gz]];
}

/** All before the place where a site goes, as a stream of brotli that is not ended: the server writes the site behind it. */
function head(loader) {
  const text = Buffer.from(loader.slice(0, loader.lastIndexOf(HOLE)));
  return shortest([...settingsOf(DIRECT)].map((setting) => brotli(text, setting, { finishFlush: constants.BROTLI_OPERATION_FLUSH })));
}

// As LiveKit compiles itself: a field without a value must not undo what the base class set. And it is shorter.
const PLAIN_FIELDS = { compilerOptions: { useDefineForClassFields: false } };

async function make() {
  // First, so that what is edited meanwhile makes the next build differ.
  const madeOf = await sources();
  const texts = await locales();
  const furtherTexts = await locales("more");
  const languages = JSON.stringify(texts.map(([language]) => language));
  const listed = await attributes();
  const unknown = "-000000.js";
  const unknownRoom = "livekit-0.js";
  const [panelDraft, livekit, altcha, moreDraft] = await Promise.all([
    bundle("src/panel/index.ts", {
      jsx: "automatic",
      jsxImportSource: "preact",
      define: { ...listed, __LANGUAGES__: languages, __LOCALE_SUFFIX__: JSON.stringify(unknown), __LIVEKIT__: JSON.stringify(unknownRoom) },
    }),
    bundle("src/call/room.ts", { plugins: [leanLiveKit], tsconfigRaw: PLAIN_FIELDS }),
    bundle("src/call/altcha.ts"),
    more(unknown),
  ].map(async (code, index) => packed(await code, { spared: index ? [""] : SPARED })));
  // What the panel fetches goes with it, so they share one hash: the loader carries it once.
  const room = `livekit-${hash(livekit)}.js`;
  const suffix = `-${hash(panelDraft + altcha + moreDraft + texts.join() + furtherTexts.join() + room)}.js`;
  const panel = panelDraft.replaceAll(unknown, suffix).replaceAll(unknownRoom, room);
  const chunks = { panel: `panel${suffix}`, livekit: room, altcha: `altcha${suffix}`, more: `more${suffix}` };
  const body = await bundle("src/loader/index.ts", {
    target: OLDER_BROWSERS,
    tsconfigRaw: PLAIN_FIELDS,
    mangleProps: /[^_]_$/,
    define: {
      ...listed,
      __PANEL__: JSON.stringify(chunks.panel),
      __LIVEKIT__: JSON.stringify(chunks.livekit),
      __LOCALE_SUFFIX__: JSON.stringify(suffix),
      __SITE__: "$",
    },
  });
  // One function of what the script knows of its site. A name, and not yet `null`, which would be reckoned with.
  // Reading a property of ours, or of the browser's, does nothing else; and no function of ours is made an object of.
  const compress = { negate_iife: false, pure_getters: true, unsafe_arrows: true };
  const draft = `(function($){${body.trim()}})(hole);`;
  const whole = await packed(draft, { module: false, compress, spared: SPARED });
  const loader = `${whole.replace(/\)\(hole\);$/, HOLE)}\n`;
  if (!loader.endsWith(`${HOLE}\n`)) throw new Error("the loader has no place for its site");

  const assets = [
    [`assets/${chunks.panel}`, panel],
    [`assets/${chunks.livekit}`, livekit],
    [`assets/${chunks.altcha}`, altcha],
    [`assets/${chunks.more}`, moreDraft.replaceAll(unknown, suffix)],
    ...texts.map(([language, text]) => [`assets/${language}${suffix}`, text]),
    ...furtherTexts.map(([language, text]) => [`assets/more${language}${suffix}`, text]),
  ];
  const files = new Map([
    ...compressed("widget.js", loader, DIRECT),
    ["widget.js.head.br", head(loader)],
    ...assets.flatMap(([name, text]) => compressed(name, text, name.includes("panel") ? [0, 8, 15] : [0])),
    ["LICENSES.txt", Buffer.from(await licences())],
  ]);
  const sizes = (name) => ({
    raw: files.get(name).length,
    gzip: files.get(`${name}.gz`).length,
    brotli: files.get(`${name}.br`).length,
  });
  const manifest = { sources: madeOf, "widget.js": sizes("widget.js"), ...chunks };
  for (const [language] of texts) manifest[language] = language + suffix;
  for (const [language] of furtherTexts) manifest[`more${language}`] = `more${language}${suffix}`;
  manifest.sizes = Object.fromEntries(["widget.js", ...assets.map(([name]) => name)].map((name) => [name, sizes(name)]));
  return { files, manifest: `${JSON.stringify(manifest, null, 2)}\n` };
}

/** New files first and the manifest last, so that who reads along never sees half a build. */
async function write({ files, manifest }) {
  await mkdir(join(DIST, "assets"), { recursive: true });
  for (const [name, bytes] of files) await writeFile(join(DIST, name), bytes);
  await writeFile(join(DIST, "manifest.json"), manifest);
  for (const entry of await readdir(DIST, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const name = relative(DIST, path).replaceAll("\\", "/");
    if (!entry.isDirectory() && name !== "manifest.json" && !files.has(name)) await rm(path);
  }
}

function oneSentence(error) {
  const [first] = error.errors ?? [];
  if (!first) return error.message;
  const { file, line } = first.location ?? {};
  return file ? `${file}:${line}: ${first.text}` : first.text;
}

/** The gallery's script and what it fetches, into a folder of its own: for who works on the widget. */
async function gallery(folder) {
  const languages = await locales();
  // Not a name that the bundler takes for a source.
  const suffix = "-gallery.js";
  const define = {
    ...(await attributes()),
    __LANGUAGES__: JSON.stringify(languages.map(([language]) => language)),
    __LOCALE_SUFFIX__: JSON.stringify(suffix),
    __PANEL__: '"absent.js"',
    __LIVEKIT__: '"absent.js"',
    __SITE__: "null",
  };
  const script = await bundle("src/gallery/index.ts", { jsx: "automatic", jsxImportSource: "preact", define });
  const files = [["cell", script], ["more", await more(suffix)], ...languages];
  for (const [language, text] of await locales("more")) files.push([`more${language}`, text]);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of files) await writeFile(join(folder, name + suffix), text);
}

try {
  const [, , option, folder] = process.argv;
  if (option === "--gallery") await gallery(folder);
  else await write(await make());
} catch (error) {
  console.error(`error: the front end could not be built: ${oneSentence(error)}`);
  process.exitCode = 1;
}
