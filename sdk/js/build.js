#!/usr/bin/env node
/**
 * Builds the component of a pack: `node .lanner/sdk/build.js`, in the project's folder, makes `target/pack.wasm` of `pack.js` or
 * `pack.ts`.
 *
 * The modules that the pack needs are put together in `target/js`, without types, and `componentize-qjs` makes the component of
 * them: QuickJS, with the modules loaded.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import module, { createRequire } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = process.cwd();
const SDK = join(dirname(fileURLToPath(import.meta.url)), "src");
const WIT = resolve(dirname(fileURLToPath(import.meta.url)), "../wit/lanner.wit");
const OUT = join(PROJECT, "target/js");
const TYPED = join(PROJECT, "target/ts");
/** The version that this was tested with. */
const QUICKJS = "componentize-qjs@0.4.5";

/** What is wrong, in a sentence. */
class Trouble extends Error {}

/** Imports and exports of other modules; not those that are computed. */
const IMPORT = /(\b(?:import|export)\b[^"'();]*?\bfrom\s*|\bimport\s*)(["'])([^"']+)\2/g;

/**
 * Puts a module and what it imports into `target/js`.
 * @param {string} from
 * @param {string} to
 * @param {Map<string, string>} done
 */
function gather(from, to, done) {
  if (done.has(from)) return;
  done.set(from, to);
  const source = readFileSync(from, "utf8");
  const code = /\.[cm]?ts$/.test(from) ? withoutTypes(source, from) : source;
  const rewritten = code.replace(IMPORT, (_, before, quote, name) => {
    const target = resolved(name, from);
    const place = target.startsWith(SDK)
      ? join(OUT, "lanner", relative(SDK, target))
      : join(OUT, relative(root(from), target)).replace(/\.[cm]?ts$/, ".js");
    gather(target, place, done);
    const path = relative(dirname(to), place);
    return `${before}${quote}${path.startsWith(".") ? path : `./${path}`}${quote}`;
  });
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, rewritten);
}

/** @param {string} from where modules of the project are: as they are written, or as the compiler gave them */
function root(from) {
  return from.startsWith(TYPED) ? TYPED : PROJECT;
}

/** @param {string} name @param {string} from */
function resolved(name, from) {
  const sdk = { "#lanner": "index.js", "#lanner/testing": "testing/index.js" }[name];
  if (sdk !== undefined) return join(SDK, sdk);
  const path = resolve(dirname(from), name);
  if (!name.startsWith(".") || !existsSync(path)) {
    const where = relative(PROJECT, from);
    throw new Trouble(`${where} imports "${name}"; a pack has modules of its own and #lanner, so bundle others into one first`);
  }
  return path;
}

/** @param {string} source @param {string} from */
function withoutTypes(source, from) {
  if (!("stripTypeScriptTypes" in module)) {
    throw new Trouble(`${basename(from)} needs the TypeScript compiler: npm install --save-dev typescript`);
  }
  return /** @type {any} */ (module).stripTypeScriptTypes(source);
}

/** The pack's module: of TypeScript what the compiler makes of it, where there is one, which checks the types as well. */
function entry() {
  for (const name of ["pack.js", "pack.mjs"]) if (existsSync(join(PROJECT, name))) return join(PROJECT, name);
  if (!existsSync(join(PROJECT, "pack.ts"))) throw new Trouble("there is no pack.js and no pack.ts here");
  const local = join(PROJECT, "node_modules/.bin/tsc");
  const done = spawnSync(existsSync(local) ? local : "tsc", ["--outDir", TYPED, "--noEmit", "false"], { stdio: "inherit" });
  if (done.error) return join(PROJECT, "pack.ts");
  if (done.status !== 0) throw new Trouble("the types do not go together");
  return join(TYPED, "pack.js");
}

function componentizer() {
  const places = [join(PROJECT, "package.json")];
  const global = spawnSync("npm", ["root", "--global"], { encoding: "utf8" });
  if (global.status === 0) places.push(join(global.stdout.trim(), "x"));
  for (const place of places) {
    try {
      return createRequire(place)("componentize-qjs");
    } catch (error) {
      if (/** @type {any} */ (error).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw new Trouble(`componentize-qjs is not installed: npm install --save-dev ${QUICKJS}`);
}

async function build() {
  const { componentize } = componentizer();
  rmSync(OUT, { recursive: true, force: true });
  const pack = entry();
  /** @type {Map<string, string>} */
  const done = new Map();
  gather(pack, join(OUT, "pack.js"), done);
  gather(join(SDK, "component.js"), join(OUT, "lanner/component.js"), done);
  const source = [
    'import * as host from "lanner:pack/host@2.0.0";',
    'import { component } from "./lanner/component.js";',
    'import { pack } from "./pack.js";',
    "export const rules = component(pack, { emit: host.emit, log: host.log });",
  ].join("\n");
  writeFileSync(join(OUT, "entry.js"), source);
  const { component } = await componentize({
    witPath: WIT,
    world: "pack",
    jsSource: source,
    jsPath: join(OUT, "entry.js"),
    moduleRoot: OUT,
    stubWasi: true,
    sync: true,
  });
  writeFileSync(join(PROJECT, "target/pack.wasm"), component);
}

build().catch((error) => {
  console.error(`error: ${error instanceof Trouble ? error.message : (error?.message ?? error)}`);
  process.exitCode = 1;
});
