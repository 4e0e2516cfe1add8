/** Rules: what is said of them, what is refused, and which events they are given. */

import assert from "node:assert/strict";
import test from "node:test";

import { Address, ExecEvent, ForkEvent, LossEvent, Pack, UNKNOWN, allOf, anyOf, cbor, fields as f } from "../src/index.js";
import { RECORDS } from "../src/schema.js";
import { Running } from "../src/running.js";
import { PackTest, connect, exec, fork, loss, open, process } from "../src/testing/index.js";
import { FrameWriter } from "../src/testing/writer.js";

/** @typedef {import("../src/index.js").Filter} Filter */

const SECRETS = f.open.path.equals("/etc/shadow").or(f.open.path.startsWith("/root/.ssh/"));

/**
 * A pack with a rule whose handlers say what they see.
 * @param {...[any, Filter | undefined]} handlers
 */
function packOf(...handlers) {
  const pack = new Pack({ name: "test", version: "1.0.0" });
  const rule = pack.rule("test/rule");
  for (const [number, [kinds, where]] of handlers.entries()) {
    const sees = (/** @type {any} */ event, /** @type {any} */ out) => out.finding(`${number} ${event.seq}`);
    if (where === undefined) rule.on(kinds, sees);
    else rule.on(kinds, where, sees);
  }
  return pack;
}

/** @param {Pack} pack @param {...any} events */
const messages = (pack, ...events) => new PackTest(pack).feed(...events).map(({ message }) => message);

test("a description says what the contract asks for", () => {
  const pack = new Pack({ name: "demo", version: "1.2.3", summary: "Reads", properties: { home: "here" } });
  pack.texts("trusted", ["sshd"], { summary: "Programs" });
  pack.number("most", 5, { least: 1, summary: "How many" });
  pack.oneOf("mode", ["quiet", "loud"], "loud");
  pack.boolean("private");
  pack.text("note");
  pack
    .rule("demo/read", { summary: "A secret was read", severity: "high", attack: "T1003.008", properties: { a: "b" } })
    .on("open", SECRETS, () => {});
  const said = JSON.parse(JSON.stringify(cbor.decode(new Running(pack).description)));
  assert.deepEqual(said, {
    name: "demo",
    version: "1.2.3",
    summary: "Reads",
    rules: [
      {
        id: "demo/read",
        summary: "A secret was read",
        severity: "high",
        attack: ["T1003.008"],
        properties: [["a", "b"]],
        events: [
          { kind: "open", filter: ["any", ["equals", "open.path", "/etc/shadow"], ["starts-with", "open.path", "/root/.ssh/"]] },
        ],
      },
    ],
    settings: [
      { name: "trusted", summary: "Programs", type: "texts", default: ["sshd"] },
      { name: "most", summary: "How many", type: "number", least: 1, most: Number.MAX_SAFE_INTEGER, default: 5 },
      { name: "mode", summary: "", type: "one-of", choices: ["quiet", "loud"], default: "loud" },
      { name: "private", summary: "", type: "boolean", default: false },
      { name: "note", summary: "", type: "text" },
    ],
    properties: [
      ["sdk", "js/0.1.0"],
      ["home", "here"],
    ],
  });
});

test("a filter that makes no sense is refused", () => {
  const any = /** @type {any} */ (f);
  /** @type {[() => unknown, RegExp][]} */
  const cases = [
    [() => any.open.pth, /there is no field open\.pth; there are path, flags/],
    [() => any.exec.image.exa, /there is no field exec\.image\.exa/],
    [() => any.open.path.equals(7), /the field open\.path is a text, and cannot be compared with 7/],
    [() => any.open.flags.equals("7"), /the field open\.flags is a number, and cannot be compared with "7"/],
    [() => f.open.flags.between(2, 1), /nothing is between 2 and 1, which open\.flags is tested for/],
    [() => any.open.created.equals(1), /the field open\.created is yes or no/],
    [() => f.connect.address.equals("1.2.3"), /the field connect\.address is an address, and cannot be compared with "1\.2\.3"/],
    [() => f.connect.address.within("10.0.0.0"), /networks are written like 10\.0\.0\.0\/8/],
    [() => f.open.path.equals(), /the field open\.path is tested by equals with no value at all/],
    [() => f.open.path.equals(UNKNOWN), /cannot be compared/],
    [() => any.open.path.known().and("x"), /is no filter/],
  ];
  for (const [make, said] of cases) assert.throws(make, said);
});

test("a rule that makes no sense is refused", () => {
  const any = (/** @type {any} */ value) => value;
  const nothing = () => {};
  /** @type {[(pack: Pack) => unknown, RegExp][]} */
  const cases = [
    [(pack) => pack.rule("read"), /the rule id "read" is not of the form group\/name in lower case/],
    [(pack) => pack.rule("a/b", { severity: any("bad") }), /rule a\/b: "bad" is no severity; there are info, low/],
    [(pack) => pack.rule("a/b", { attack: "T1" }), /rule a\/b: "T1" is not an ATT&CK technique id/],
    [(pack) => [pack.rule("a/b"), pack.rule("a/b")], /there are two rules a\/b/],
    [(pack) => pack.rule("a/b").on(any("opne"), nothing), /rule a\/b: "opne" is no kind of event/],
    [(pack) => pack.rule("a/b").on(any("process"), nothing), /"process" is no kind of event/],
    [(pack) => pack.rule("a/b").on([], nothing), /needs a kind of event/],
    [(pack) => any(pack.rule("a/b")).on("open"), /needs a function/],
    [(pack) => pack.rule("a/b").on("exec", f.open.path.known(), nothing), /events of the kind exec have no field open\.path/],
    [(pack) => pack.rule("a/b").on("loss", f.process.exe.known(), nothing), /they are nobody's doing/],
    [(pack) => [pack.rule("a/b"), pack.describe()], /rule a\/b handles nothing/],
    [(pack) => pack.describe(), /the pack test has no rules/],
    [(pack) => [pack.boolean("x"), pack.text("x")], /the setting x stands twice/],
    [() => new Pack({ name: "Test", version: "1.0.0" }), /the pack's name "Test" is not lower-case/],
    [(pack) => pack.number("x", 0, { least: 1 }), /the setting x does not take its own default/],
    [(pack) => pack.text("X"), /the setting "X" is not lower-case/],
  ];
  for (const [make, said] of cases) assert.throws(() => make(new Pack({ name: "test", version: "1.0.0" })), said);
});

test("a handler sees what its own filter passes", () => {
  const pack = packOf(["open", SECRETS], ["open", f.open.path.endsWith("w")], [["open", "exec"], undefined]);
  // The rule wants all opens, as one of its handlers does: the filters of the others are compared here.
  assert.deepEqual(pack.rules[0].subscriptions().map(({ kind }) => kind.name), ["open", "exec"]);
  const events = [open("/etc/shadow"), open("/root/.ssh/id"), open("/x"), exec(process("/bin/sh"))];
  assert.deepEqual(messages(pack, events), ["0 1", "1 1", "2 1", "0 2", "2 2", "2 3", "2 4"]);
});

test("what the host says is taken", () => {
  const pack = packOf(["open", SECRETS], ["open", f.open.path.endsWith("w")]);
  const writer = new FrameWriter();
  const kind = /** @type {import("../src/tables.js").Record} */ (RECORDS.get("open"));
  for (const seq of [1, 2, 3]) writer.event(kind, { seq, time: seq, flags: 0 }, { path: "/nothing", flags: 0 });
  const running = new PackTest(pack);
  const found = running.judge(writer.finish([[0], [1], []], 2));
  assert.deepEqual(found.map(({ message }) => message), ["0 1", "1 2"]);
  // Without it, the filters are compared.
  assert.deepEqual(running.judge(writer.finish()), []);
});

test("more subscriptions than a word has bits", () => {
  const handlers = Array.from({ length: 150 }, (_, at) => /** @type {[string, Filter]} */ (["open", f.open.path.equals(`/${at}`)]));
  const events = ["/3", "/40", "/70", "/149", "/150", "/40"].map((path) => open(path));
  assert.deepEqual(messages(packOf(...handlers), events), ["3 1", "40 2", "70 3", "149 4", "40 6"]);
  const few = handlers.slice(0, 40);
  assert.deepEqual(messages(packOf(...few), ["/3", "/31", "/39"].map((path) => open(path))), ["3 1", "31 2", "39 3"]);
});

test("filters over processes and containers", () => {
  const shell = process("/bin/sh").childOf(process("/usr/sbin/nginx").uid(33));
  /** @type {[Filter, boolean][]} */
  const cases = [
    [f.exec.image.exe.fileName("sh", "bash"), true],
    [f.parent.exe.equals("/usr/sbin/nginx"), true],
    [f.process.exe.equals("/bin/sh"), false],
    [f.parent.uid.equals(33).and(f.container.id.known().not()), true],
    [f.parent.uid.equals(0), false],
    [f.container.image.known(), false],
    [anyOf(f.exec.image.uid.atLeast(1), f.parent.uid.between(30, 40)), true],
    [allOf(f.event.result.known(), f.exec.image.exe.known()), false],
  ];
  for (const [where, passes] of cases) {
    assert.equal(messages(packOf(["exec", where]), exec(shell)).length > 0, passes, `${where.field ?? where.test}`);
  }
});

test("a rule that is off does not run", () => {
  const pack = packOf(["open", undefined]);
  /** @type {bigint[]} */
  const ticks = [];
  pack.rules[0].onTick((now) => ticks.push(now));
  pack.rule("test/other").on("open", (_, out) => out.finding("other"));
  const found = new PackTest(pack, { off: ["test/rule"] }).feed(open("/a"), open("/b").after(2));
  assert.deepEqual([found.map(({ rule }) => rule), ticks], [["test/other", "test/other"], []]);
  new PackTest(pack).feed(open("/a"), open("/b").after(2));
  assert.deepEqual(ticks.map((now) => now % 1_000_000_000n), [0n, 0n]);
});

test("a finding says what it is about", () => {
  const cat = process("/usr/bin/cat").childOf(process("/bin/sh"));
  const pack = new Pack({ name: "test", version: "1.0.0" });
  pack.rule("test/rule").on("open", (event, out) => {
    const { parent } = event.process;
    const facts = {
      path: event.path,
      parent,
      nobody: parent?.parent,
      unknown: event.hostPath,
      flags: event.flags,
      address: Address.parse("::ffff:1.2.3.4"),
      list: [event.path, 1, "a"],
      float: 0.5,
      yes: true,
      inode: 1n << 60n,
    };
    out.finding(`${event.process} \x1b`, { facts, key: "k\n", severity: "low", process: parent, becauseOf: [7, event, 3n] });
  });
  const [found] = new PackTest(pack).feed(open(new Uint8Array([0x2f, 0xff])).by(cat));
  assert.equal(found.message, `cat (pid ${cat.pid}, root) \\x1b`);
  assert.deepEqual([found.key, found.severity, found.events], ["k\\n", "low", [1n, 3n, 7n]]);
  assert.equal(found.process, cat._parent?.image);
  assert.deepEqual(found.facts, {
    path: "/\ufffd",
    parent: cat._parent?.image,
    flags: 0,
    address: "1.2.3.4",
    list: ["/\ufffd", 1, "a"],
    float: 0.5,
    yes: true,
    inode: 1n << 60n,
  });
});

test("what goes wrong in a handler is logged with its place", () => {
  const pack = new Pack({ name: "test", version: "1.0.0" });
  pack.rule("test/rule").on("open", function broken() {
    throw new RangeError("by nothing");
  });
  const running = new PackTest(pack);
  assert.throws(() => running.feed(open("/a")), RangeError);
  const [{ level, message }] = running.logged;
  assert.equal(level, "error");
  assert.match(message, /^RangeError: by nothing, in .*broken .*rules\.test\.js:/);
  const facts = /** @type {any} */ ({ what: new Date(0) });
  pack.rule("test/other").on("exec", (_, out) => out.finding("x", { facts }));
  assert.throws(() => new PackTest(pack).feed(exec(process("/bin/a"))), /a Date is no fact/);
});

test("a frame that is none is logged", () => {
  const running = new PackTest(packOf(["open", undefined]));
  assert.deepEqual(running.judge(new Uint8Array(20)), []);
  assert.equal(running.logged[0].level, "error");
});

test("events of several kinds in one handler", () => {
  /** @type {[string, unknown][]} */
  const seen = [];
  const pack = new Pack({ name: "test", version: "1.0.0" });
  pack.rule("test/rule").on(["exec", "fork", "loss"], (event) => void seen.push([event.kind, event.constructor]));
  const child = process("/bin/a");
  new PackTest(pack).feed(exec(child), fork(child), loss(32, 3), connect("1.2.3.4:5"));
  assert.deepEqual(seen, [
    ["exec", ExecEvent],
    ["fork", ForkEvent],
    ["loss", LossEvent],
  ]);
});

test("a view may be kept", () => {
  /** @type {import("../src/index.js").OpenEvent[]} */
  const kept = [];
  const pack = new Pack({ name: "test", version: "1.0.0" });
  pack.rule("test/rule").on("open", (event) => void kept.push(event));
  const running = new PackTest(pack);
  running.feed(open("/a").by(process("/bin/x")));
  running.feed(open("/b"));
  assert.equal(`${kept[0].path} ${kept[0].process.exe} ${kept[1].path}`, "/a /bin/x /b");
});
