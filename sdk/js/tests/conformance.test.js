/** The vectors that every SDK agrees on. */

import assert from "node:assert/strict";
import test from "node:test";

import { Address, Filter, FilterError, Networks, Text, TextSet, cbor, isPublic } from "../src/index.js";
import { Frame } from "../src/frame.js";
import { parseNetwork } from "../src/matching/networks.js";
import { RECORDS } from "../src/schema.js";
import { check } from "../src/sieve.js";
import { FrameWriter } from "../src/testing/writer.js";
import { decoded, rawOf } from "../src/text.js";
import { bytes, fromHex, rows, shown, string, text, unescaped, yes } from "./vectors.js";

/** @param {string} name */
const record = (name) => /** @type {import("../src/tables.js").Record} */ (RECORDS.get(name));

/** @param {{[field: string]: any}} values */
function processOf(values) {
  const writer = new FrameWriter();
  const known = Object.entries(values).filter(([, value]) => !(value instanceof Text) || value.isKnown);
  writer.record(record("process"), Object.fromEntries(known));
  return new Frame(writer.finish()).process(0);
}

/** @param {string} kind @param {{[field: string]: any}} values @returns {any} */
function eventOf(kind, values) {
  const writer = new FrameWriter();
  writer.event(record(kind), {}, values);
  return new Frame(writer.finish()).event(0);
}

test("escape", () => {
  for (const [value, shown, , lossy] of rows("conformance/escape.tsv")) {
    assert.equal(`${text(value)}`, string(shown), value);
    assert.equal(text(value).lossy, string(lossy), value);
  }
});

test("text", () => {
  for (const [value, other, ...answers] of rows("conformance/text.tsv")) {
    const [one, with_] = [text(value), unescaped(other)];
    const asked = [one.equals(with_), one.startsWith(with_), one.endsWith(with_), one.includes(with_), one.isUnder(with_)];
    assert.deepEqual(asked, answers.map(yes), `${value} ${other}`);
    assert.equal(one.oneOf([with_]), yes(answers[0]));
    const asString = decoded(rawOf(with_));
    if (Buffer.from(asString).equals(with_)) assert.equal(one.startsWith(asString), yes(answers[1]));
  }
});

test("path", () => {
  for (const [path, fileName, directory] of rows("conformance/path.tsv")) {
    const { fileName: name, directory: folder } = text(path);
    assert.deepEqual([shown(name), shown(folder)], [shown(text(fileName)), shown(text(directory))], path);
  }
});

test("text-set", () => {
  /** @type {{[name: string]: string}} */
  const names = {
    equals: "equals",
    "starts-with": "startsWith",
    "ends-with": "endsWith",
    contains: "includes",
    "file-name": "fileName",
    glob: "glob",
  };
  /** @type {Map<string, {[comparison: string]: any[]}>} */
  const said = new Map();
  /** @type {Map<string, TextSet>} */
  const sets = new Map();
  for (const [name, what, value, matches] of rows("conformance/text-set.tsv")) {
    const texts = said.get(name) ?? {};
    said.set(name, texts);
    if (what !== "text") {
      (texts[names[what]] ??= []).push(what === "glob" ? string(value) : unescaped(value));
      continue;
    }
    const set = sets.get(name) ?? new TextSet(texts);
    sets.set(name, set);
    assert.equal(set.matches(text(value)), yes(matches), `${name} ${value}`);
  }
});

test("glob", () => {
  for (const [glob, value, matches] of rows("conformance/glob.tsv")) {
    assert.equal(new TextSet({ glob: [string(glob)] }).matches(unescaped(value)), yes(matches), `${glob} ${value}`);
  }
});

test("what is no glob is refused", () => {
  for (const [glob, why] of rows("conformance/glob-wrong.tsv")) {
    assert.throws(() => new TextSet({ glob: [string(glob)] }), (/** @type {Error} */ error) => {
      return error.message.endsWith(string(why));
    });
  }
});

test("address", () => {
  for (const [written, printed, isPublicToo] of rows("conformance/address.tsv")) {
    const event = eventOf("connect", { address: fromHex(written) });
    assert.equal(`${event.address}`, printed);
    assert.equal(event.isPublic, yes(isPublicToo), printed);
    assert.equal(isPublic(printed), yes(isPublicToo), printed);
    assert.deepEqual(Address.parse(printed).bytes, fromHex(written));
  }
});

test("network", () => {
  for (const [networks, address, contains] of rows("conformance/network.tsv")) {
    const set = new Networks(networks === "" ? [] : networks.split(" "));
    assert.equal(set.contains(new Address(fromHex(address))), yes(contains), `${networks} ${address}`);
  }
});

test("network-bits", () => {
  for (const [network, address, bits] of rows("conformance/network-bits.tsv")) {
    assert.deepEqual(parseNetwork(network), [fromHex(address), Number(bits)], network);
  }
});

test("what is no network is refused", () => {
  for (const [network] of rows("conformance/network-wrong.tsv")) {
    assert.throws(() => new Networks([string(network)]), /networks are written like/, network);
  }
});

test("open", () => {
  for (const [flags, ...answers] of rows("conformance/open.tsv")) {
    const e = eventOf("open", { flags: Number(flags) });
    assert.deepEqual([e.isRead, e.isWrite, e.truncates, e.mayCreate, e.appends], answers.map(yes), flags);
  }
});

test("args", () => {
  for (const [argv, commandLine, ...args] of rows("conformance/args.tsv")) {
    const process = processOf({ argv: text(argv) });
    assert.deepEqual(process.args.map(shown), args.map((arg) => shown(text(arg === "-" ? "\\x2d" : arg))), argv);
    assert.equal(process.commandLine, string(commandLine), argv);
  }
});

test("env", () => {
  for (const [environment, name, first, ...every] of rows("conformance/env.tsv")) {
    const process = processOf({ environment: text(environment) });
    assert.equal(shown(process.env(string(name))), shown(text(first)), `${environment} ${name}`);
    assert.deepEqual(process.envs(string(name)).map(shown), every.map((entry) => shown(Text.of(unescaped(entry)))));
  }
});

test("process", () => {
  for (const [exe, comm, user, pid, uid, name, asText] of rows("conformance/process.tsv")) {
    const fields = { exe: text(exe), comm: text(comm), user: text(user), pid: Number(pid), uid: Number(uid) };
    const process = processOf(fields);
    assert.equal(shown(process.name), shown(text(name)), exe);
    assert.equal(`${process}`, string(asText), exe);
  }
});

test("genuine", () => {
  for (const [flags, exeUid, userNs, genuine] of rows("conformance/genuine.tsv")) {
    const said = Object.entries({ exe_uid: exeUid, user_ns: userNs }).filter(([, value]) => value !== "-");
    const process = processOf({ flags: Number(flags), ...Object.fromEntries(said) });
    assert.equal(process.exeIsGenuine, yes(genuine), `${flags} ${exeUid} ${userNs}`);
  }
});

/**
 * A filter, from how it travels.
 * @param {any} travelled
 * @returns {Filter}
 */
function filterOf(travelled) {
  if (!Array.isArray(travelled) || typeof travelled[0] !== "string") throw new FilterError("a filter begins with a text");
  const [test, field, ...values] = travelled;
  if (["all", "any", "not"].includes(test)) return new Filter(test, undefined, travelled.slice(1).map(filterOf));
  if (typeof field !== "string") throw new FilterError(`the test ${test} has no field`);
  const isText = !/address|answer$/.test(field);
  const value = (/** @type {any} */ each) => {
    if (typeof each === "string") return rawOf(each);
    return each instanceof Uint8Array && isText ? rawOf(each) : each;
  };
  return new Filter(test, field, values.map(value));
}

test("filter", () => {
  const events = new Map([...new Frame(bytes("conformance/filter.bin")).events()].map((event) => [`${event.seq}`, event]));
  for (const [seq, json, encoded, passes] of rows("conformance/filter.tsv")) {
    const event = events.get(seq);
    const sieve = check(filterOf(cbor.decode(fromHex(encoded))), record(event?.kind ?? ""));
    assert.equal(sieve(event), yes(passes), `${seq} ${json}`);
  }
});

test("what is no filter is refused", () => {
  for (const [kind, json, encoded, why] of rows("conformance/filter-wrong.tsv")) {
    // Kinds that nobody knows yet have no name here.
    if (RECORDS.get(kind)?.kind === undefined) continue;
    assert.throws(() => check(filterOf(cbor.decode(fromHex(encoded))), record(kind)), FilterError, `${json}: ${why}`);
  }
});
