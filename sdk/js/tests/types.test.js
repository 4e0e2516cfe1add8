/** The types in `types/` are those of the sources: `npm run types` makes them, by tsc. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

const SDK = new URL("../", import.meta.url);

/** Getters and methods of classes, and what modules export. @param {string} source */
function names(source) {
  const members = [...source.matchAll(/^  (?:get |static |\*)*([a-z]\w*)\(.*\{$/gm)].map(([, name]) => name);
  const exports = [...source.matchAll(/^export (?:class|function|const) (\w+)/gm)].map(([, name]) => name);
  return [...exports, ...members.filter((name) => !["constructor", "for", "if", "while", "switch"].includes(name))];
}

const folders = readdirSync(new URL("src", SDK), { withFileTypes: true }).filter((entry) => entry.isDirectory());
for (const folder of ["", ...folders.map(({ name }) => `${name}/`)]) {
  for (const file of readdirSync(new URL(`src/${folder}`, SDK)).filter((name) => name.endsWith(".js"))) {
    test(`the types of ${folder}${file} are up to date`, () => {
      const source = readFileSync(new URL(`src/${folder}${file}`, SDK), "utf8");
      const types = readFileSync(new URL(`types/${folder}${file.replace(/js$/, "d.ts")}`, SDK), "utf8");
      const isInternal = (/** @type {string} */ name) => new RegExp(`^(class|function) ${name}\\b`, "m").test(source);
      const exported = names(source.replace(/^(class|function) [\s\S]*?^}/gm, "")).filter((name) => !isInternal(name));
      for (const name of exported) assert.match(types, new RegExp(`\\b${name}\\b`), "run `npm run types`");
    });
  }
}
