// Builds the page: `node build.mjs OUT` writes index.html and assets/, `node build.mjs --tests OUT` the tests and their programs.
// The same sources and the same package-lock.json give the same bytes. Names of assets have a hash of their content.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
// What the browsers of the last years know: Chrome and Edge 109, Firefox 115, Safari 16.4.
const target = ["chrome109", "firefox115", "safari16.4"];
const options = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target,
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  legalComments: "none",
  charset: "utf8",
  write: false,
  metafile: true,
  plugins: [{ name: "bounded-fzstd", setup: (made) => made.onLoad({ filter: /fzstd[/\\]esm[/\\]index\.mjs$/ }, boundedFzstd) }],
};

// fzstd copies as often and as much as a block says, also past the end of what a block can have: twelve bytes would keep
// a browser busy for minutes. One line more refuses that, before anything is copied.
async function boundedFzstd({ path }) {
  const source = readFileSync(path, "utf8");
  const copies = "for (var i = 0; i < ll; ++i) {";
  const parts = source.split(copies);
  if (parts.length !== 2) throw new Error(`${path}: fzstd has changed; look again where it copies what a block says`);
  return { contents: parts.join(`if (oubt + ll + ml > buf.length) err(0);\n${copies}`), loader: "js" };
}

async function page(out) {
  mkdirSync(join(out, "assets"), { recursive: true });
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints: { page: "src/main.tsx", style: "src/style.css" },
    outdir: "unused",
  });
  const licences = licencesOf(Object.keys(metafile.inputs));
  const names = {
    script: asset(out, "page", "js", outputFiles.find((file) => file.path.endsWith(".js")).contents),
    style: asset(out, "style", "css", outputFiles.find((file) => file.path.endsWith(".css")).contents),
    licences: asset(out, "licences", "txt", Buffer.from(licences)),
  };
  let html = readFileSync(join(here, "src/index.html"), "utf8");
  for (const [kind, name] of Object.entries(names)) html = html.replaceAll(`{${kind}}`, name);
  writeFileSync(join(out, "index.html"), html);
}

function asset(out, name, suffix, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const path = `assets/${name}-${hash}.${suffix}`;
  writeFileSync(join(out, path), content);
  return path;
}

// The licence of each library that is in the bundle, as its package has it.
function licencesOf(inputs) {
  const named = inputs.map((path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  const libraries = new Set(named.filter((name) => name !== undefined));
  if (libraries.size === 0) throw new Error("no library is in the bundle, or none was found: the licences would be missing");
  return [...libraries]
    .sort()
    .map((library) => {
      const folder = join(here, "node_modules", library);
      const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = readdirSync(folder).find((name) => /^licen[sc]e/i.test(name));
      return `${library} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}

async function tests(out) {
  const names = readdirSync(join(here, "test")).filter((name) => /\.(?:test\.tsx?|program\.ts)$/.test(name));
  await build({
    ...options,
    entryPoints: names.map((name) => `test/${name}`),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    // That of a browser would take `node:` from the names of modules.
    target: "node20",
    minify: false,
    sourcemap: "inline",
    write: true,
  });
}

const [first, second] = process.argv.slice(2);
await (first === "--tests" ? tests(second) : page(first));
