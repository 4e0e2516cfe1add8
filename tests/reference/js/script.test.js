/** The pack does what `tests/reference/script.tsv` says, call by call. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { cbor } from "#lanner";
import { PackTest } from "#lanner/testing";
import { pack } from "./pack.js";

/** @param {string} hex */
const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));

/** @param {string} field */
function unescaped(field) {
  const raw = field.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(raw, "latin1").toString();
}

/**
 * A finding, as a row of the script: what its facts are, their names say.
 * @param {import("#lanner/testing").Finding} finding
 */
function row({ rule, message, key, events, facts }) {
  /** @type {{[name: string]: string}} */
  const kinds = { path: "path", exe: "path", address: "address", port: "number", count: "number", server: "process" };
  const said = Object.entries(facts).flatMap(([name, value]) => [name, `${kinds[name] ?? "text"}:${value}`]);
  return [`${pack.rules.findIndex(({ id }) => id === rule)}`, message, key ?? "-", events.join(" "), ...said];
}

test("the script", () => {
  const lines = readFileSync(new URL("../script.tsv", import.meta.url), "latin1").split("\n").slice(1, -1);
  /** @type {{[name: string]: unknown}} */
  let settings = {};
  let running = new PackTest(pack);
  /** @type {string[][]} */
  let found = [];
  for (const [number, line] of lines.entries()) {
    const [what, ...fields] = line.split("\t");
    if (what === "finding") {
      assert.deepEqual(found.shift(), fields.map(unescaped), `line ${number + 2}`);
      continue;
    }
    assert.deepEqual(found, [], `line ${number + 2}`);
    const data = bytes(fields[0]);
    if (what === "configure") {
      settings = cbor.decode(data).settings ?? {};
      running = new PackTest(pack, { settings });
    } else if (what === "frame") {
      found = running.judge(data).map(row);
    } else if (what === "saved") {
      assert.equal(Buffer.from(pack.save()).toString("hex"), fields[0], `line ${number + 2}`);
    } else {
      assert.equal(what, "restore");
      running = new PackTest(pack, { settings });
      pack.restore(data, pack.version);
    }
  }
  assert.deepEqual(found, []);
});
