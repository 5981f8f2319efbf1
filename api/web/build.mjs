// Builds what is served and run from the sources of this folder.
//
//   node build.mjs          dist/verify.html, one file that needs no other, and dist/cli.mjs, the same verifier for node
//   node build.mjs page     dist/verify.html only
//   node build.mjs cli      dist/cli.mjs only
//   node build.mjs judge    dist/judge.mjs, by which the other implementation's tests ask for verdicts of this one
//   node build.mjs test     dist/tests/, and runs it; further words choose files whose path holds one of them
//
// The page is src/page/page.html, in which {{policy}}, {{styles}}, {{worker}} and {{script}} are replaced: the bundles of
// page.css, worker.ts and main.ts. The worker is a data block of the page, which main.ts starts from a blob.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const common = {
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};
/** Of the words on a certificate's page, which are printed elsewhere too, those that this page says. */
function used(path, words) {
  if (!/render\/messages\/\w+\.json$/.test(path)) return words;
  const some = Object.entries(words).filter(([key]) => /^(premise|unchecked)\./.test(key));
  return Object.fromEntries(some);
}
const fewerWords = {
  name: "fewer-words",
  setup(building) {
    building.onLoad({ filter: /render\/messages\/\w+\.json$/ }, ({ path }) => {
      const words = used(path, JSON.parse(readFileSync(path, "utf8")));
      return { contents: JSON.stringify(words), loader: "json" };
    });
  },
};
/** Of the code lists the codes: what they mean is for people, and stands in docs/spec/code-lists.md. */
const codesAlone = {
  name: "codes-alone",
  setup(building) {
    building.onLoad({ filter: /ledger\/rules\/[\w-]+\.json$/ }, ({ path }) => {
      const list = JSON.parse(readFileSync(path, "utf8"));
      const codes = Array.isArray(list.codes) ? list.codes : Object.keys(list.codes);
      return { contents: JSON.stringify({ ...list, codes: codes.join(" ") }), loader: "json" };
    });
  },
};
/** Words in Chinese go by the keys of those in English, which are in the page already. */
const keysOnce = {
  name: "keys-once",
  setup(building) {
    building.onLoad({ filter: /messages\/(codes\.|rules\.)?zh\.json$/ }, ({ path }) => {
      const english = path.replace(/zh\.json$/, "en.json");
      const read = (file) => JSON.parse(readFileSync(file, "utf8"));
      const [keys, words] = [Object.keys(used(english, read(english))), used(path, read(path))];
      const others = Object.keys(words).filter((key) => !keys.includes(key));
      const without = keys.filter((key) => !(key in words));
      if (others.length + without.length > 0) {
        throw new Error(`${path}, other than ${english}: ${[...others, ...without].join(", ")}`);
      }
      const listed = JSON.stringify(keys.map((key) => words[key]));
      const contents = `import words from ${JSON.stringify(english)};
        export default Object.fromEntries(Object.keys(words).map((key, place) => [key, ${listed}[place]]));`;
      return { contents, loader: "js" };
    });
  },
};
const browser = {
  ...common,
  plugins: [keysOnce, fewerWords, codesAlone],
  format: "iife",
  minify: true,
  platform: "browser",
  target: "es2022",
  write: false,
};
const node = {
  ...common,
  format: "esm",
  platform: "node",
  target: "node20",
  outExtension: { ".js": ".mjs" },
};

/** The one output of a build, as text. */
async function bundled(entry) {
  const result = await build({ ...browser, entryPoints: [entry] });
  return result.outputFiles[0].text.trimEnd();
}

const hashOf = (text) => `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;

/** What those whose work is in the page ask to be said of it. */
function licences() {
  const holders = [
    ["@noble/hashes", "LICENSE"],
    ["@noble/ed25519", "LICENSE"],
    ["@noble/curves", "LICENSE"],
    ["@noble/post-quantum", "LICENSE"],
    ["qr", "LICENSE-MIT"],
  ].map(([name, file]) => {
    const text = readFileSync(join(here, "node_modules", name, file), "utf8");
    const holder = text.split("\n").find((line) => line.startsWith("Copyright")) ?? "";
    return { name, holder, terms: text.slice(text.indexOf("Permission is hereby granted")).trim() };
  });
  const terms = holders.map((one) => one.terms)[0];
  const { notice } = JSON.parse(readFileSync(join(here, "../../ledger/rules/purposes.json"), "utf8"));
  const said = [...holders.map((one) => `${one.name}: ${one.holder}`), terms, notice];
  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  return said.map((text) => `<p>${escaped(text)}</p>`).join("");
}

async function buildPage() {
  const worker = await bundled("src/page/worker.ts");
  const script = await bundled("src/page/main.ts");
  const styles = await bundled("src/page/page.css");
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(styles)}`,
    "worker-src blob:",
    "connect-src 'none'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts = { licences: licences(), policy, script, styles, worker };
  const template = readFileSync(join(here, "src/page/page.html"), "utf8");
  const page = template.replace(/\{\{(licences|policy|script|styles|worker)\}\}/g, (_, name) => parts[name]);
  mkdirSync(dist, { recursive: true });
  writeFileSync(join(dist, "verify.html"), page);
}

async function buildCli() {
  await build({
    ...node,
    entryPoints: ["src/cli.ts"],
    minifySyntax: true,
    outfile: "dist/cli.mjs",
    outExtension: {},
  });
}

async function buildJudge() {
  await build({ ...node, entryPoints: ["tests/judge.ts"], outfile: "dist/judge.mjs", outExtension: {} });
}

async function buildAndRunTests(chosen) {
  const found = readdirSync(join(here, "tests"), { recursive: true })
    .filter((path) => path.endsWith(".test.ts"))
    .filter((path) => chosen.length === 0 || chosen.some((word) => path.includes(word)))
    .sort();
  if (found.length === 0) {
    throw new Error("no test files");
  }
  rmSync(join(dist, "tests"), { recursive: true, force: true });
  await build({
    ...node,
    define: { REPOSITORY: JSON.stringify(join(here, "../..")) },
    entryPoints: found.map((path) => join("tests", path)),
    outbase: "tests",
    outdir: "dist/tests",
    packages: "external",
    sourcemap: "inline",
  });
  const files = found.map((path) => join(dist, "tests", path.replace(/\.ts$/, ".mjs")));
  const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" });
  process.exitCode = run.status ?? 1;
}

const [what, ...chosen] = process.argv.slice(2);
const parts = { page: buildPage, cli: buildCli, judge: buildJudge };
if (what === "test") {
  await buildAndRunTests(chosen);
} else {
  for (const name of what === undefined ? ["page", "cli"] : [what]) {
    await parts[name]();
  }
}
