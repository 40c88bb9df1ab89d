// Builds the components of docs/frameworks.md for browser and server: node build.mjs FOLDER
// FOLDER has assistant.tsx, .vue, .svelte and .angular.ts; it gets react.js, react.html and so on, of Angular the script only.
import { readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compile, compileModule } from "svelte/compiler";
import { compileScript, parse } from "vue/compiler-sfc";

const HERE = dirname(fileURLToPath(import.meta.url));
const FOLDER = process.argv[2];
const { build, transform } = createRequire(join(HERE, "../../widget_static/package.json"))("esbuild");

// As docs/frameworks.md says. Vue's compiler asks when it parses, too.
const isCustomElement = (tag) => tag === "vaani-widget";

const components = (server) => ({
  name: "components",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^assistant\./ }, ({ path }) => ({ path: join(FOLDER, path) }));
    onLoad({ filter: /\.vue$/ }, async ({ path }) => {
      const { descriptor } = parse(await readFile(path, "utf8"), { filename: path, templateParseOptions: { isCustomElement } });
      const { content } = compileScript(descriptor, {
        id: "assistant",
        inlineTemplate: true,
        templateOptions: { ssr: server, ssrCssVars: [], compilerOptions: { isCustomElement } },
      });
      return { contents: content, loader: "ts" };
    });
    const generate = server ? "server" : "client";
    onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
      const { js } = compile(await readFile(path, "utf8"), { filename: path, generate, dev: !server });
      return { contents: js.code };
    });
    onLoad({ filter: /\.svelte\.ts$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "ts" });
      return { contents: compileModule(code, { filename: path, generate }).js.code };
    });
  },
});

const common = {
  bundle: true,
  format: "esm",
  jsx: "automatic",
  logLevel: "warning",
  nodePaths: [join(HERE, "node_modules")],
  // As in development: that is where frameworks say what is wrong.
  define: { "process.env.NODE_ENV": '"development"', __VUE_OPTIONS_API__: "true", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "true" },
};

for (const [name, ending] of [["react", "tsx"], ["vue", "ts"], ["svelte", "ts"]]) {
  const [, server] = await Promise.all([
    build({ ...common, entryPoints: [join(HERE, `apps/${name}.${ending}`)], outfile: join(FOLDER, `${name}.js`), plugins: [components(false)], conditions: ["browser", "development"] }),
    build({
      ...common,
      entryPoints: [join(HERE, `apps/${name}.server.${ending}`)],
      outfile: join(FOLDER, `${name}.server.mjs`),
      platform: "node",
      plugins: [components(true)],
      banner: { js: `import { createRequire as requiring } from "node:module"; const require = requiring(import.meta.url);` },
    }),
  ]);
  const { html } = await import(pathToFileURL(join(FOLDER, `${name}.server.mjs`)).href);
  await writeFile(join(FOLDER, `${name}.html`), html);
}

await build({
  ...common,
  entryPoints: [join(HERE, "apps/angular.ts")],
  outfile: join(FOLDER, "angular.js"),
  plugins: [components(false)],
  conditions: ["browser", "development"],
  target: "es2022",
  tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
});
