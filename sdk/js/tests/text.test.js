/** Texts, as JavaScript uses them. */

import assert from "node:assert/strict";
import test from "node:test";

import { Text, UNKNOWN, escape } from "../src/index.js";
import { utf8 } from "../src/text.js";

test("what is not UTF-8 is kept", () => {
  const path = Text.of(new Uint8Array([0x2f, 0xc3, 0xa9, 0x2f, 0xff, 0xfe]));
  assert.deepEqual([...path.fileName.bytes], [0xff, 0xfe]);
  assert.ok(path.startsWith("/é/") && path.endsWith(new Uint8Array([0xfe])) && !path.includes("\u00c3"));
  assert.equal(path.lossy, "/é/\ufffd\ufffd");
  assert.equal(JSON.stringify({ path }), '{"path":"/é/\ufffd\ufffd"}');
});

test("what is unknown is not empty", () => {
  const empty = Text.of("");
  assert.ok(empty.isKnown && empty.equals("") && empty.length === 0);
  assert.ok(!UNKNOWN.isKnown && !UNKNOWN.equals("") && !UNKNOWN.equals(UNKNOWN) && !empty.equals(UNKNOWN));
  assert.ok(!UNKNOWN.startsWith("") && !UNKNOWN.endsWith("") && !UNKNOWN.includes("") && !UNKNOWN.isUnder("/"));
  assert.ok(!UNKNOWN.fileName.isKnown && !UNKNOWN.directory.isKnown && !UNKNOWN.oneOf([""]));
  assert.equal(`${UNKNOWN}`, "?");
  // And no text begins with it, has it in it or ends with it.
  const path = Text.of("/etc/passwd");
  assert.ok(!path.startsWith(UNKNOWN) && !path.includes(UNKNOWN) && !path.endsWith(UNKNOWN) && !path.isUnder(UNKNOWN));
});

test("strings are compared as UTF-8", () => {
  assert.equal(utf8("é鷹\u{1f985}"), Buffer.from("é鷹\u{1f985}").toString("latin1"));
  assert.equal(utf8("a\ud800b"), Buffer.from("a\ufffdb").toString("latin1"));
  assert.ok(!Text.of(new Uint8Array([0xe9])).equals("é"));
});

test("what is escaped can be printed", () => {
  assert.equal(escape("a\x1b[2J\n\x7f\u009b b\u202e"), "a\\x1b[2J\\n\\x7f\\u{9b} b\\u{202e}");
  assert.equal(escape("grüße 鷹"), "grüße 鷹");
});
