/** CBOR: the examples of RFC 8949, and what is none. */

import assert from "node:assert/strict";
import test from "node:test";

import { cbor } from "../src/index.js";
import { CborError } from "../src/cbor.js";
import { fromHex } from "./vectors.js";

/** @type {[unknown, string][]} */
const EXAMPLES = [
  [0, "00"],
  [23, "17"],
  [24, "1818"],
  [255, "18ff"],
  [256, "190100"],
  [65536, "1a00010000"],
  [4294967296, "1b0000000100000000"],
  [18446744073709551615n, "1bffffffffffffffff"],
  [-1, "20"],
  [-100, "3863"],
  [-18446744073709551616n, "3bffffffffffffffff"],
  [1.1, "fb3ff199999999999a"],
  [false, "f4"],
  [true, "f5"],
  [null, "f6"],
  [new Uint8Array([1, 2]), "420102"],
  ["", "60"],
  ["\u6c34", "63e6b0b4"],
  ["\u{10151}", "64f0908591"],
  [[1, [2, 3]], "8201820203"],
  [{ a: 1, b: [2, 3] }, "a26161016162820203"],
];

/** @param {unknown} value */
const plain = (value) => JSON.parse(JSON.stringify(value));

test("examples", () => {
  for (const [value, encoded] of EXAMPLES) {
    assert.equal(Buffer.from(cbor.encode(value)).toString("hex"), encoded);
    const read = cbor.decode(fromHex(encoded));
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
    assert.deepEqual(isMap ? plain(read) : read, value);
  }
});

test("other forms are read", () => {
  /** @type {[string, unknown][]} */
  const forms = [
    ["f93c00", 1],
    ["f90001", 5.960464477539063e-8],
    ["f97c00", Infinity],
    ["fa47c35000", 100000],
    ["9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
    ["7f657374726561646d696e67ff", "streaming"],
    ["5f42010243030405ff", new Uint8Array([1, 2, 3, 4, 5])],
    ["c11a514b67b0", 1363896240],
    ["f7", null],
    ["1b001fffffffffffff", Number.MAX_SAFE_INTEGER],
    ["1b0020000000000000", 9007199254740992n],
    ["3b001fffffffffffff", -9007199254740992n],
  ];
  for (const [encoded, value] of forms) assert.deepEqual(cbor.decode(fromHex(encoded)), value, encoded);
  assert.ok(Number.isNaN(cbor.decode(fromHex("f97e00"))));
  assert.deepEqual(plain(cbor.decode(fromHex("bf61610161629f0203ffff"))), { a: 1, b: [2, 3] });
  // Keys of other types are passed over, and no key is the prototype.
  assert.deepEqual(plain(cbor.decode(fromHex("a2820102016161 02".replace(" ", "")))), { a: 2 });
  assert.equal(cbor.decode(fromHex("a1695f5f70726f746f5f5f01"))["__proto__"], 1);
});

test("what is no CBOR is refused", () => {
  for (const encoded of ["", "18", "61", "8201", "a16161", "ff", "81ff", "1c", "61ff", "9f01", "7f420102ff", "1f"]) {
    assert.throws(() => cbor.decode(fromHex(encoded)), CborError, encoded);
  }
  assert.throws(() => cbor.decode(fromHex("9bffffffffffffffff00")), CborError);
});

test("what lies too deep is refused", () => {
  assert.throws(() => cbor.decode(new Uint8Array(100_000).fill(0x81)), CborError);
  assert.throws(() => cbor.decode(new Uint8Array(100_000).fill(0xc1)), CborError);
  /** @type {unknown[]} */
  let deep = [];
  for (let at = 0; at < 100; at++) deep = [deep];
  assert.throws(() => cbor.encode(deep), CborError);
});

test("what CBOR does not have is said", () => {
  for (const value of [1n << 64n, -(1n << 64n) - 1n, new Set([1]), new Date(0)]) {
    assert.throws(() => cbor.encode(value), CborError);
  }
});

test("what is long is written whole", () => {
  const long = { text: "x".repeat(70_000), bytes: new Uint8Array(70_000).fill(7), many: new Array(300).fill(-1) };
  assert.deepEqual(cbor.decode(cbor.encode(long)).bytes, long.bytes);
  assert.equal(cbor.decode(cbor.encode(long)).text, long.text);
});
