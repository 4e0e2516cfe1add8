/** Tests of the pack, without a host: `npm test`. */

import assert from "node:assert/strict";
import test from "node:test";

import { PackTest, open, process } from "#lanner/testing";
import { pack } from "./pack.ts";

const cat = process("/usr/bin/cat").childOf(process("/usr/sbin/nginx"));

test("a secret that is read is found", () => {
  const [found, ...others] = new PackTest(pack).feed(open("/etc/shadow").read().by(cat));
  assert(found);
  assert.equal(found.rule, "{{name}}/secret-read");
  assert.equal(found.message, "/usr/bin/cat read /etc/shadow");
  assert.equal(found.severity, "high");
  assert.deepEqual(found.facts, { path: "/etc/shadow" });
  assert.equal(found.key, "/usr/bin/cat");
  assert.deepEqual(others, []);
});

test("keys of root are secrets", () => {
  assert.equal(new PackTest(pack).feed(open("/root/.ssh/id_ed25519").read().by(cat)).length, 1);
});

test("what is no secret, or not read, is not found", () => {
  const secrets = new PackTest(pack);
  assert.deepEqual(secrets.feed(open("/etc/passwd").read().by(cat)), []);
  assert.deepEqual(secrets.feed(open("/etc/shadow").write().by(cat)), []);
});

test("programs that are trusted may read", () => {
  const shadow = open("/etc/shadow").read();
  const settings = { trusted: ["cat"] };
  assert.deepEqual(new PackTest(pack).feed(shadow.by(process("/usr/sbin/sshd"))), []);
  assert.deepEqual(new PackTest(pack, { settings }).feed(shadow.by(cat)), []);
  assert.equal(new PackTest(pack, { settings }).feed(shadow.by(process("/usr/sbin/sshd"))).length, 1);
});
