/** Frames: the golden one, those of newer and older hosts, and those that are no frames. */

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import test from "node:test";

import { EVENTS } from "../src/index.js";
import { EVENT, Frame, FrameError } from "../src/frame.js";
import { Passed } from "../src/running.js";
import { dump } from "./dump.js";
import { bytes, fromHex, lines, rows, yes } from "./vectors.js";

const GOLDEN = bytes("golden/frame-v2.bin");

for (const name of ["golden/frame-v2", "conformance/newer", "conformance/older", "conformance/lying"]) {
  test(`every field of ${name} reads as it should`, () => {
    assert.deepEqual(dump(new Frame(bytes(`${name}.bin`))), lines(`${name}.txt`));
  });
}

test("every kind is in the golden frame", () => {
  const kinds = [...new Frame(GOLDEN).events()].map((event) => event.kindNumber);
  assert.deepEqual(kinds.sort((a, b) => a - b), [...EVENTS.keys(), ...EVENTS.keys()].sort((a, b) => a - b));
});

test("a frame that does not begin at a multiple of 8 is read", () => {
  const moved = new Uint8Array(GOLDEN.length + 3);
  moved.set(GOLDEN, 3);
  assert.deepEqual(dump(new Frame(moved.subarray(3))), lines("golden/frame-v2.txt"));
});

test("frames of released versions read as they did", () => {
  const folder = new URL("../../../tests/released/", import.meta.url);
  const released = readdirSync(folder).filter((name) => existsSync(new URL(`${name}/frame.bin`, folder)));
  assert.ok(released.length > 0);
  for (const version of released) {
    const read = new Set(dump(new Frame(bytes(`released/${version}/frame.bin`))));
    for (const line of lines(`released/${version}/frame.txt`)) assert.ok(read.has(line), line);
  }
});

test("what is no frame is refused", () => {
  for (const [frame, refused, why] of rows("conformance/frame-wrong.tsv")) {
    if (yes(refused)) assert.throws(() => new Frame(fromHex(frame)), FrameError, why);
    else dump(new Frame(fromHex(frame)));
  }
});

test("a line of ancestors ends", () => {
  const frame = new Frame(bytes("conformance/ancestors.bin"));
  for (const [row, count, first, last] of rows("conformance/ancestors.tsv")) {
    const pids = [...frame.process(Number(row)).ancestors()].map((ancestor) => `${ancestor.pid}`);
    assert.deepEqual([`${pids.length}`, pids[0] ?? "-", pids[pids.length - 1] ?? "-"], [count, first, last]);
  }
});

test("what the host says of filters", () => {
  const frame = new Frame(bytes("conformance/passed.bin"));
  const passed = new Passed(frame, frame.count(EVENT));
  for (const [event, subscription, says] of rows("conformance/passed.tsv")) {
    const number = Number(subscription);
    const bit = (passed.of(Number(event))[number >> 5] >>> (number & 31)) & 1;
    assert.equal(number >= passed.told ? "-" : bit ? "yes" : "no", says, `${event} ${subscription}`);
  }
});

/** @param {Uint8Array} data */
function read(data) {
  let frame;
  try {
    frame = new Frame(data);
  } catch (error) {
    assert.ok(error instanceof FrameError);
    return;
  }
  dump(frame);
  for (const event of frame.events()) {
    for (const ancestor of event.subject.ancestors()) void ancestor.commandLine;
    void `${event.process}`;
  }
}

test("a cut frame is refused or read", () => {
  for (let length = 0; length < GOLDEN.length; length++) {
    assert.throws(() => new Frame(GOLDEN.subarray(0, length)), FrameError);
  }
  // And one that names the length that it was cut to.
  for (let length = 12; length < GOLDEN.length; length += 7) {
    const cut = GOLDEN.slice(0, length);
    new DataView(cut.buffer).setUint32(8, length, true);
    read(cut);
  }
});

test("a frame with wrong bytes is refused or read", () => {
  // xorshift32: the same bytes each time.
  let state = 12;
  const chance = (/** @type {number} */ below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  for (let round = 0; round < 500; round++) {
    const data = GOLDEN.slice();
    // The header and the table, where most harm is done, or anywhere.
    const end = [64, 1024, data.length][chance(3)];
    for (let change = chance(12); change >= 0; change--) data[chance(end)] = chance(256);
    read(data);
  }
});
