// Plays tests/reference/script.tsv with the module, as a host would: node --test, after npm run build.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const file = (name) => readFileSync(new URL(name, import.meta.url));
const module = new WebAssembly.Module(file("target/pack.core.wasm"));

/** An instance, and what a host does with it. */
function load(configuration) {
  const found = [];
  const at = (pointer, length) => Buffer.from(exports.memory.buffer, pointer, length);
  const { exports } = new WebAssembly.Instance(module, {
    "lanner:pack/host@2.0.0": {
      emit: (pointer, length) => found.push(Buffer.from(at(pointer, length))),
      log: (level, pointer, length) => assert.fail(`logged: ${at(pointer, length)}`),
    },
  });
  const call = (name, ...values) => exports[`lanner:pack/rules@2.0.0#${name}`](...values);
  const pass = (bytes) => {
    if (bytes.length === 0) return [0, 0];
    const pointer = exports.cabi_realloc(0, 0, 8, bytes.length);
    at(pointer, bytes.length).set(bytes);
    return [pointer, bytes.length];
  };
  const words = (pointer) => new Uint32Array(exports.memory.buffer, pointer, 3);
  const list = (pointer) => Buffer.from(at(words(pointer)[0], words(pointer)[1]));
  const result = (pointer) => {
    const [failed, start, length] = words(pointer);
    return failed ? String(at(start, length)) : undefined;
  };
  const instance = {
    describe: () => list(call("describe")),
    configure: (bytes) => result(call("configure", ...pass(bytes))),
    evaluate: (frame) => (call("evaluate", ...pass(frame)), found.splice(0)),
    save: () => list(call("save")),
    restore: (state) => result(call("restore", ...pass(state), ...pass(Buffer.from("1.0.0")))),
    tick: (now) => call("tick", now),
    pages: () => exports.memory.buffer.byteLength / 65536,
  };
  assert.equal(instance.configure(configuration), undefined);
  return instance;
}

/** CBOR with lengths, as the pack writes it: the item at the beginning, and what follows. */
function decode(bytes) {
  const major = bytes[0] >> 5;
  let [number, rest] = [BigInt(bytes[0] & 31), bytes.subarray(1)];
  if (number >= 24n && major < 7) {
    const size = 1 << Number(number - 24n);
    number = BigInt(`0x${rest.subarray(0, size).toString("hex")}`);
    rest = rest.subarray(size);
  }
  const length = Number(number);
  const many = (count) => {
    const items = [];
    for (let i = 0; i < count; i++) {
      const [item, after] = decode(rest);
      items.push(item);
      rest = after;
    }
    return items;
  };
  switch (major) {
    case 0: return [number, rest];
    case 2: return [Buffer.from(rest.subarray(0, length)), rest.subarray(length)];
    case 3: return [new TextDecoder("utf-8", { fatal: true }).decode(rest.subarray(0, length)), rest.subarray(length)];
    case 4: return [many(length), rest];
    case 5: {
      const entries = many(2 * length);
      return [Object.fromEntries(entries.flatMap((key, i) => (i % 2 ? [] : [[key, entries[i + 1]]]))), rest];
    }
  }
  return [bytes[0] === 0xf5, rest];
}

function whole(bytes) {
  const [item, rest] = decode(bytes);
  assert.equal(rest.length, 0);
  return item;
}

/** The same bytes as the script writes them. */
const escaped = (bytes) =>
  Array.from(bytes, (byte) =>
    byte < 0x20 || byte >= 0x7f || byte === 0x5c ? `\\x${byte.toString(16).padStart(2, "0")}` : String.fromCharCode(byte),
  ).join("");

const text = (value) => escaped(Buffer.from(value));

function address(bytes) {
  if (bytes.length === 4) return bytes.join(".");
  // As URLs have it, which is how people write it.
  return new URL(`http://[${bytes.toString("hex").match(/..../g).join(":")}]`).hostname.slice(1, -1);
}

function shown(value) {
  if (typeof value === "bigint") return `number:${value}`;
  if (typeof value === "string") return `text:${text(value)}`;
  const [kind, what] = value;
  return `${kind}:${kind === "path" ? escaped(what) : kind === "address" ? address(what) : what}`;
}

function row(bytes) {
  const { rule, message, key, events, fields } = whole(bytes);
  const facts = fields.flatMap(([name, value]) => [name, shown(value)]);
  return ["finding", rule, text(message), key === undefined ? "-" : text(key), events.join(" "), ...facts].join("\t");
}

test("it does what it does in every language", () => {
  let pack, configuration;
  let found = [];
  let findings = 0;
  for (const [number, line] of String(file("../script.tsv")).split("\n").slice(1, -1).entries()) {
    const [what, field] = line.split("\t");
    const where = `line ${number + 2} of script.tsv`;
    if (what !== "finding") assert.deepEqual(found, [], where);
    const bytes = Buffer.from(field, "hex");
    if (what === "configure") {
      configuration = bytes;
      pack = load(configuration);
    } else if (what === "restore") {
      pack = load(configuration);
      assert.equal(pack.restore(bytes), undefined, where);
    } else if (what === "frame") {
      found = pack.evaluate(bytes).map(row);
    } else if (what === "finding") {
      assert.equal(found.shift(), line, where);
      findings++;
    } else {
      assert.equal(what, "saved");
      assert.deepEqual(pack.save(), bytes, where);
    }
  }
  assert.ok(findings > 50);
});

test("it says what it is", () => {
  const said = whole(load(Buffer.from("a0", "hex")).describe());
  assert.equal(said.name, "reference");
  assert.deepEqual(said.rules.map((rule) => rule.id.split("/")[1]), ["secret-open", "exec-from-tmp", "odd-port", "shell-of-server", "many-opens"]);
  assert.deepEqual(said.settings.map((setting) => setting.name), ["private", "burst"]);
});

test("it takes configurations of any form, and refuses nonsense", () => {
  // {_ "later": [1, (_ "x")], "settings": {_ "burst": 3}, "off": [_ 4]}
  const pack = load(Buffer.from("bf656c61746572820 17f6178ff6873657474696e6773bf65627572737403ff636f66669f04ffff".replace(" ", ""), "hex"));
  assert.equal(pack.save().toString("hex"), "a16777696e646f777380");
  for (const wrong of ["", "00", "a1", "a1636f6666", "a16873657474696e677381", "a16873657474696e6773a165627572737461", "9b7fffffffffffffff"]) {
    assert.equal(pack.configure(Buffer.from(wrong, "hex")), "the configuration cannot be read", wrong);
  }
  assert.equal(pack.configure(Buffer.from("a16873657474696e6773a1617801", "hex")), "there is no setting x");
  for (const wrong of ["78", "a16777696e646f7773818301 0203".replace(" ", ""), "a16777696e646f77738184010203 04".replace(" ", ""), "a1"]) {
    assert.equal(pack.restore(Buffer.from(wrong, "hex")), "the saved state cannot be read", wrong);
  }
});

test("frames that lie do not end it, and batches do not fill its memory", () => {
  const whole = file("../../golden/frame-v2.bin");
  const pack = load(Buffer.from("a0", "hex"));
  let seed = 1;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  const quiet = new WebAssembly.Instance(module, { "lanner:pack/host@2.0.0": { emit() {}, log() {} } }).exports;
  quiet["lanner:pack/rules@2.0.0#configure"](0, 0);
  for (let round = 0; round < 3000; round++) {
    const frame = Buffer.from(whole);
    for (let i = 0; i <= random(8); i++) frame[random(round % 2 ? frame.length : 1000)] = random(256);
    const pointer = quiet.cabi_realloc(0, 0, 8, frame.length);
    new Uint8Array(quiet.memory.buffer, pointer, frame.length).set(frame);
    quiet["lanner:pack/rules@2.0.0#evaluate"](pointer, frame.length);
  }
  assert.ok(quiet.memory.buffer.byteLength < 2 ** 20, `${quiet.memory.buffer.byteLength} bytes`);
  pack.tick(1n);
  pack.evaluate(whole);
});
