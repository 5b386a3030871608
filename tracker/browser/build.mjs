// Which bytes do websites load? Makes source.js small: `node build.mjs` writes static/, `--check` says if that is stale.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { minify } from "terser";

const here = (name) => new URL(name, import.meta.url);
const sha256 = (data) => createHash("sha256").update(data).digest("hex");

// Short names, in the order in which the script packs best: found by trying, and only worth some bytes.
const ALPHABET = "etamnT_UslowpdjkQNgyMvJZOrqbVcuhWPFCL$XBfKRSEzYixDAGHI";
const get = (number) => {
  const rest = Math.floor(number / ALPHABET.length);
  return (rest ? get(rest - 1) : "") + ALPHABET[number % ALPHABET.length];
};

// One word for all declarations: what repeats itself is packed away.
const source = readFileSync(here("source.js"), "utf8").replace(/\bconst /g, "let ");
const made = await minify(source, {
  ecma: 2020,
  toplevel: true,
  compress: { passes: 4, unsafe_arrows: true, pure_getters: true },
  mangle: { nth_identifier: { get } },
  format: { comments: false },
});
const script = made.code;
const current = sha256(script).slice(0, 16);
// Whoever has no Node can still tell whether anything has changed that the script is made from.
const sources = Object.fromEntries(
  ["build.mjs", "package-lock.json", "source.js"].map((name) => [name, sha256(readFileSync(here(name)))]),
);
const record = JSON.stringify({ current, sources }, null, 2) + "\n";
const file = here(`static/${current}.js`);
const recordFile = here("static/current.json");

if (process.argv[2] == "--check") {
  const isFresh = existsSync(file) && readFileSync(file, "utf8") == script && readFileSync(recordFile, "utf8") == record;
  if (!isFresh) console.log("tracker/browser/static is stale: make browser");
  process.exit(isFresh ? 0 : 1);
}
writeFileSync(file, script);
writeFileSync(recordFile, record);
console.log(`tracker/browser/static/${current}.js: ${script.length} bytes`);
