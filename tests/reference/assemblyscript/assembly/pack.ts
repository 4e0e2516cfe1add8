// The reference pack in AssemblyScript, without an SDK. tests/reference/README.md says what it does.

import { isPublic, isV4, show as showAddress } from "./address";
import { Bytes } from "./bytes";
import * as cbor from "./cbor";
import { CONNECT, EXEC, Event, Frame, OPEN, Process } from "./frame";
import { emit } from "./host";
import { Text } from "./text";
import { Windows } from "./windows";

const READERS: StaticArray<string> = ["sshd", "passwd", "login", "su", "sudo", "cron", "nginx", "apache2", "systemd", "dockerd"];
const SERVERS: StaticArray<string> = ["nginx", "httpd", "apache2", "java", "node", "php-fpm", "postgres"];

/** Rules, by their place in the description. */
const SECRET_OPEN = 0;
const EXEC_FROM_TMP = 1;
const ODD_PORT = 2;
const SHELL_OF_SERVER = 3;
const MANY_OPENS = 4;
const RULES = 5;

// --- What it says of itself ---

function entry(out: Bytes, key: string, value: string): void {
  cbor.text(out, key);
  cbor.text(out, value);
}

/** ["equals", field, value, …] and its like. */
function test(out: Bytes, name: string, field: string, values: string[]): void {
  cbor.array(out, 2 + values.length);
  cbor.text(out, name);
  cbor.text(out, field);
  for (let i = 0; i < values.length; i++) cbor.text(out, values[i]);
}

/** A rule up to its one filter, which follows. */
function rule(out: Bytes, id: string, summary: string, severity: string, technique: string, kind: string): void {
  cbor.map(out, 5);
  entry(out, "id", id);
  entry(out, "summary", summary);
  entry(out, "severity", severity);
  cbor.text(out, "attack");
  cbor.texts(out, [technique]);
  cbor.text(out, "events");
  cbor.array(out, 1);
  cbor.map(out, 2);
  entry(out, "kind", kind);
  cbor.text(out, "filter");
}

export function describe(out: Bytes): void {
  cbor.map(out, 5);
  entry(out, "name", "reference");
  entry(out, "version", "1.0.0");
  entry(out, "summary", "The same five rules in every language");
  cbor.text(out, "rules");
  cbor.array(out, RULES);
  rule(out, "reference/secret-open", "A process that has no business with it read a secret", "high", "T1552.004", "open");
  cbor.array(out, 4);
  cbor.text(out, "any");
  test(out, "equals", "open.path", ["/etc/shadow"]);
  test(out, "starts-with", "open.path", ["/root/.ssh/"]);
  test(out, "ends-with", "open.path", [".pem"]);
  rule(out, "reference/exec-from-tmp", "A program was run from a folder that anybody may write to", "medium", "T1059.004", "exec");
  test(out, "starts-with", "exec.image.exe", ["/tmp/", "/var/tmp/", "/dev/shm/"]);
  rule(out, "reference/odd-port", "A process connected to a port that remote shells are known for", "medium", "T1571", "connect");
  cbor.array(out, 5);
  cbor.text(out, "equals");
  cbor.text(out, "connect.port");
  cbor.uint(out, 4444);
  cbor.uint(out, 1337);
  cbor.uint(out, 31337);
  rule(out, "reference/shell-of-server", "A server started a shell", "high", "T1505.003", "exec");
  test(out, "ends-with", "exec.image.exe", ["/sh", "/bash", "/dash", "/zsh"]);
  rule(out, "reference/many-opens", "A process opened many files below /etc in a short time", "low", "T1083", "open");
  test(out, "starts-with", "open.path", ["/etc/"]);
  cbor.text(out, "settings");
  cbor.array(out, 2);
  cbor.map(out, 4);
  entry(out, "name", "private");
  entry(out, "summary", "Report odd ports at addresses that are not public too");
  entry(out, "type", "boolean");
  cbor.text(out, "default");
  cbor.boolean(out, false);
  cbor.map(out, 6);
  entry(out, "name", "burst");
  entry(out, "summary", "Files below /etc that a process may open within 10 s");
  entry(out, "type", "number");
  cbor.text(out, "least");
  cbor.uint(out, 1);
  cbor.text(out, "most");
  cbor.uint(out, 10_000);
  cbor.text(out, "default");
  cbor.uint(out, 20);
}

// --- What it is told, and what it keeps ---

let reportsPrivate = false;
let burst: u64 = 20;
const off = new StaticArray<bool>(RULES);
let windows = new Windows();

/** What is wrong with the configuration; empty where nothing is. */
export function configure(reader: cbor.Reader): string {
  const entries = reader.map();
  for (let i: i64 = 0; reader.has(i, entries); i++) {
    const key = reader.text();
    if (key == "settings") {
      const settings = reader.map();
      for (let setting: i64 = 0; reader.has(setting, settings); setting++) {
        const name = reader.text();
        if (name == "private") reportsPrivate = reader.boolean();
        else if (name == "burst") burst = reader.uint();
        else return "there is no setting " + name;
      }
    } else if (key == "off") {
      const rules = reader.array();
      for (let rule: i64 = 0; reader.has(rule, rules); rule++) {
        const number = reader.uint();
        if (number < <u64>RULES) off[<i32>number] = true;
      }
    } else {
      reader.skip();
    }
  }
  return reader.ok ? "" : "the configuration cannot be read";
}

export function save(out: Bytes): void {
  windows.save(out);
}

export function restore(reader: cbor.Reader): string {
  const restored = new Windows();
  if (!restored.restore(reader)) return "the saved state cannot be read";
  windows = restored;
  return "";
}

// --- The rules ---

/** A finding up to its facts, which follow: a name and a value each. */
function finding(rule: i32, message: Bytes, key: Bytes | null, event: Event, facts: i32): Bytes {
  const out = new Bytes();
  cbor.map(out, key ? 5 : 4);
  cbor.text(out, "rule");
  cbor.uint(out, rule);
  cbor.text(out, "message");
  cbor.utf8(out, message.pointer, message.length);
  cbor.text(out, "events");
  cbor.array(out, 1);
  cbor.uint(out, event.seq);
  if (key) {
    cbor.text(out, "key");
    cbor.utf8(out, key.pointer, key.length);
  }
  cbor.text(out, "fields");
  cbor.array(out, facts);
  return out;
}

/** [name, [kind, …]: the value follows. */
function fact(out: Bytes, name: string, kind: string): void {
  cbor.array(out, 2);
  cbor.text(out, name);
  cbor.array(out, 2);
  cbor.text(out, kind);
}

function path(out: Bytes, name: string, text: Text): void {
  fact(out, name, "path");
  cbor.bytes(out, text.at, text.length);
}

/** A fact that is no more than a number or a text, which follows. */
function plain(out: Bytes, name: string): void {
  cbor.array(out, 2);
  cbor.text(out, name);
}

/** What messages call a process. */
function exe(process: Process): Text {
  const exe = process.exe;
  return exe.known ? exe : process.comm;
}

function commandLine(process: Process): Bytes {
  const out = new Bytes(), argv = process.argv;
  for (let from = 0; from < argv.length; ) {
    let end = from;
    while (end < argv.length && load<u8>(argv.at + end) != 0) end++;
    if (from > 0) out.push(0x20);
    new Text(argv.at + from, end - from, true).show(out);
    from = end + 1;
  }
  return out;
}

const O_ACCMODE: u32 = 0o3;
const O_WRONLY: u32 = 0o1;
const O_PATH: u32 = 0o10000000;

function opened(event: Event): void {
  const open = event.open;
  const path_ = open.text(0, 8, event.frame);
  const flags = open.u32(1, 16);
  const process = event.process;
  const isSecret = path_.is("/etc/shadow") || path_.startsWith("/root/.ssh/") || path_.endsWith(".pem");
  const isRead = (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_WRONLY;
  if (!off[SECRET_OPEN] && isSecret && isRead && !event.failed && !process.exe.fileName().isOneOf(READERS)) {
    const message = new Bytes(), key = new Bytes();
    exe(process).show(key);
    message.append(key);
    message.string(" read ");
    path_.show(message);
    const out = finding(SECRET_OPEN, message, key, event, 1);
    path(out, "path", path_);
    emit(out);
  }
  if (!off[MANY_OPENS] && path_.startsWith("/etc/") && process.isKnown) {
    const count = windows.opened(process.id, event.time, burst);
    if (count == 0) return;
    const message = new Bytes();
    exe(process).show(message);
    message.string(" opened " + count.toString() + " files below /etc within 10 s");
    const out = finding(MANY_OPENS, message, null, event, 1);
    plain(out, "count");
    cbor.uint(out, count);
    emit(out);
  }
}

function executed(event: Event): void {
  const image = event.image;
  const exe = image.exe;
  if (!off[EXEC_FROM_TMP] && (exe.startsWith("/tmp/") || exe.startsWith("/var/tmp/") || exe.startsWith("/dev/shm/"))) {
    const message = new Bytes();
    exe.show(message);
    message.string(" was run from a folder that anybody may write to");
    const out = finding(EXEC_FROM_TMP, message, null, event, 2);
    path(out, "exe", exe);
    plain(out, "command_line");
    const line = commandLine(image);
    cbor.utf8(out, line.pointer, line.length);
    emit(out);
  }
  const isShell = exe.endsWith("/sh") || exe.endsWith("/bash") || exe.endsWith("/dash") || exe.endsWith("/zsh");
  if (off[SHELL_OF_SERVER] || !isShell) return;
  let server = image.parent;
  // A line longer than there are processes is a circle.
  for (let left = event.frame.processes.count; left > 0 && server.isKnown; left--) {
    if (server.comm.isOneOf(SERVERS)) {
      const message = new Bytes();
      server.comm.show(message);
      message.string(" started a shell: ");
      message.append(commandLine(image));
      const out = finding(SHELL_OF_SERVER, message, null, event, 1);
      fact(out, "server", "process");
      cbor.uint(out, server.image);
      emit(out);
      return;
    }
    server = server.parent;
  }
}

function connected(event: Event): void {
  const connect = event.connect;
  const address = connect.address(0, 8), port = connect.u16(1, 24);
  if (off[ODD_PORT] || (port != 4444 && port != 1337 && port != 31337)) return;
  if (address == 0 || !(isPublic(address) || reportsPrivate)) return;
  const message = new Bytes();
  exe(event.process).show(message);
  message.string(" connects to ");
  if (!isV4(address)) message.push(0x5b);
  showAddress(address, message);
  message.string((isV4(address) ? ":" : "]:") + port.toString());
  const out = finding(ODD_PORT, message, null, event, 2);
  fact(out, "address", "address");
  if (isV4(address)) cbor.bytes(out, address + 12, 4);
  else cbor.bytes(out, address, 16);
  plain(out, "port");
  cbor.uint(out, port);
  emit(out);
}

/** Judges a batch; whether it could be read. */
export function evaluate(at: usize, length: u32): bool {
  const frame = new Frame(at, length);
  for (let row: u32 = 0; row < frame.events.count; row++) {
    const event = frame.event(row);
    switch (event.kind) {
      case OPEN: opened(event); break;
      case EXEC: executed(event); break;
      case CONNECT: connected(event); break;
    }
  }
  return frame.ok;
}
