/** What can be set, and what is kept over a reload. */

import assert from "node:assert/strict";
import test from "node:test";

import { Pack, Text, UNKNOWN, cbor } from "../src/index.js";
import { PackTest, open } from "../src/testing/index.js";

function packWithState() {
  const pack = new Pack({ name: "test", version: "2.0.0" });
  const state = pack.state(() => ({
    seen: /** @type {Map<bigint, {count: number, last: Text}>} */ (new Map()),
    names: /** @type {Set<string>} */ (new Set()),
    total: 0n,
    mean: 0.5,
    any: /** @type {any} */ (null),
  }));
  pack.rule("test/rule").on("open", (event, out) => {
    const { id } = event.process;
    const seen = state.seen.get(id) ?? { count: 0, last: UNKNOWN };
    state.seen.set(id, { count: seen.count + 1, last: event.path });
    state.names.add(`${event.path}`);
    state.total += 1n;
    out.finding(`${seen.count + 1}`);
  });
  return { pack, state };
}

test("state is carried over", () => {
  const { pack, state } = packWithState();
  const running = new PackTest(pack);
  running.feed(open(new Uint8Array([0x2f, 0xff])));
  state.any = [UNKNOWN, new Uint8Array([1]), { deep: new Map([["a", -1n]]) }, undefined];
  running.saveAndRestore();
  const [seen] = state.seen.values();
  assert.equal(seen.count, 1);
  assert.deepEqual([...seen.last.bytes], [0x2f, 0xff]);
  assert.deepEqual([...state.names], ["/\ufffd"]);
  assert.deepEqual([state.total, state.mean], [1n, 0.5]);
  assert.equal(state.any[0], UNKNOWN);
  assert.deepEqual(state.any.slice(1), [new Uint8Array([1]), { deep: new Map([["a", -1n]]) }, null]);
});

test("a new test begins anew", () => {
  const { pack, state } = packWithState();
  new PackTest(pack).feed(open("/a"));
  assert.equal(state.seen.size, 1);
  new PackTest(pack);
  assert.deepEqual([state.seen.size, state.total], [0, 0n]);
});

test("what was not saved keeps its value, and what is not known is passed over", () => {
  const { pack, state } = packWithState();
  pack.restore(cbor.encode({ mean: 2, gone: 1 }), "1.0.0");
  assert.deepEqual([state.mean, state.total, state.seen.size], [2, 0n, 0]);
});

test("what is of another type is refused", () => {
  for (const saved of [{ mean: "x" }, { total: 1 }, { seen: [] }, { seen: { $map: [[1]] } }, { names: { $set: 1 } }, []]) {
    const { pack, state } = packWithState();
    assert.throws(() => pack.restore(cbor.encode(saved), "1.0.0"));
    assert.deepEqual([state.mean, state.total], [0.5, 0n]);
  }
});

test("what cannot be saved is said", () => {
  const { pack, state } = packWithState();
  state.any = new Date(0);
  assert.throws(() => pack.save(), /a Date cannot be saved/);
  state.any = { $map: 1 };
  assert.throws(() => pack.save(), /no names that begin with \$/);
});

test("a pack may save and restore by itself", () => {
  const { pack } = packWithState();
  /** @type {unknown[]} */
  const told = [];
  pack.onSave(() => new Uint8Array([1, 2])).onRestore((state, version) => void told.push([...state], version));
  new PackTest(pack).saveAndRestore();
  assert.deepEqual(told, [[1, 2], "2.0.0"]);
});

test("settings have their values and their defaults", () => {
  const pack = new Pack({ name: "test", version: "1.0.0" });
  const trusted = pack.texts("trusted", ["a"]);
  const most = pack.number("most", 3, { least: 1, most: 9 });
  const mode = pack.oneOf("mode", ["x", "y"], "x");
  const isPrivate = pack.boolean("private");
  const note = pack.text("note");
  /** @type {number[]} */
  const configured = [];
  pack.onConfigure(() => void configured.push(most.value));
  pack.rule("test/rule").on("open", () => {});
  new PackTest(pack, { settings: { trusted: ["b", "ü"], most: 9, mode: "y", private: true, note: "n" } });
  assert.deepEqual([[...trusted], most.value, mode.value, isPrivate.value, note.value], [["b", "ü"], 9, "y", true, "n"]);
  assert.ok(trusted.has("b") && trusted.has(Text.of("ü")) && !trusted.has("a") && !trusted.has(UNKNOWN));
  new PackTest(pack);
  assert.deepEqual([[...trusted], most.value, mode.value, isPrivate.value, note.value], [["a"], 3, "x", false, undefined]);
  assert.deepEqual(configured, [9, 3]);
  for (const [name, value] of Object.entries({ most: 10, mode: "z", private: 1, trusted: "a", gone: 1 })) {
    assert.throws(() => new PackTest(pack, { settings: { [name]: value } }), new RegExp(name));
  }
});

test("a pack may refuse settings", () => {
  const { pack } = packWithState();
  pack.onConfigure(() => {
    throw new Error("these make no sense together");
  });
  assert.throws(() => new PackTest(pack), /no sense together/);
});
