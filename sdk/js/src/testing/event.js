/** Events, made up. */

import { Address } from "../address.js";
import { EventFlag, RECORDS, StdioFlag } from "../schema.js";
import { ProcessBuilder, process, withValue } from "./process.js";

/**
 * @typedef {import("../tables.js").Record} Record
 * @typedef {import("../text.js").TextLike} TextLike
 * @typedef {import("./writer.js").Values} Values
 */

const O_WRONLY = 0o1;
const O_RDWR = 0o2;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;
const O_APPEND = 0o2000;
const [AF_UNIX, AF_INET, AF_INET6] = [1, 2, 10];
const [SOCK_STREAM, SOCK_DGRAM] = [1, 2];
const [TCP, UDP] = [6, 17];
const EINPROGRESS = 115;

/**
 * A process began a program. What it was before is a fork of its parent.
 * @param {ProcessBuilder} image
 */
export function exec(image) {
  const filename = image.finished().exe ?? "";
  return new EventBuilder("exec").set("filename", filename).set("image", image).by(image.before());
}

/**
 * A process was created, by its parent.
 * @param {ProcessBuilder} child
 */
export function fork(child) {
  return new EventBuilder("fork").set("child_pid", child.pid).set("child_ns_pid", child.pid).set("child", child);
}

/**
 * A TCP socket was connected to an address and port, such as `1.2.3.4:443` or `[2001:db8::1]:443`.
 * @param {string} peer
 */
export function connect(peer) {
  const { address, port } = peerOf(peer);
  const event = socket(address.isV4 ? AF_INET : AF_INET6);
  return event.set("address", address).set("port", port).set("protocol", TCP);
}

/**
 * A unix socket was connected.
 * @param {TextLike} path
 */
export function connectUnix(path) {
  return socket(AF_UNIX).set("unix_path", path);
}

/** @param {number} family */
function socket(family) {
  return new EventBuilder("connect").set("family", family).set("socket_type", SOCK_STREAM).set("fd", 3);
}

/** @param {string} written */
function peerOf(written) {
  const parts = /^(?:\[(.+)\]|([^[\]]+)):([0-9]{1,5})$/.exec(written);
  if (parts === null) throw new Error(`${JSON.stringify(written)} is not an address and port`);
  return { address: Address.parse(parts[1] ?? parts[2]), port: Number(parts[3]) };
}

/**
 * An event: made by {@link exec}, `open` and so on, or of any kind and fields.
 *
 * One that is made of a kind alone succeeded: numbers that every host gives are 0 and texts are empty, files are regular, and
 * nothing else is known. Its methods give a changed copy.
 */
export class EventBuilder {
  /** @param {keyof import("../records.js").Events} kind */
  constructor(kind) {
    this.kind = /** @type {Record} */ (RECORDS.get(kind));
    /** @type {Values} */
    this._header = this.kind.hasResult ? { flags: 0, result: 0 } : { flags: 0 };
    /** @type {Values} */
    this._values = {};
    for (const { name, type, always, reads } of this.kind.fields.values()) {
      if (!always || reads === "row" || type === "list") continue;
      this._values[name] = type === "text" ? "" : type === "bytes16" ? new Uint8Array(16) : 0;
    }
    if (this.kind.fields.has("file_mode")) this._values.file_mode = 0o100644;
    /** @type {ProcessBuilder | undefined} */
    this._by = undefined;
    /**
     * How long after the event before it, ns; undefined where nothing is said.
     * @type {bigint | undefined}
     */
    this.since = undefined;
  }

  /** @param {Partial<Pick<EventBuilder, "_header" | "_values" | "_by" | "since">>} changes */
  _with(changes) {
    const copy = /** @type {this} */ (Object.create(Object.getPrototypeOf(this)));
    return Object.assign(copy, this, changes);
  }

  /**
   * Any field of its kind, by its name in the schema; undefined makes it unknown. A field that names a process takes one.
   * @param {string} field
   * @param {any} value
   */
  set(field, value) {
    return this._with({ _values: withValue(this.kind, this._values, field, value) });
  }

  /** @param {number} flag @param {number} result */
  _flag(flag, result) {
    return this._with({ _header: { ...this._header, flags: this._header.flags | flag, result } });
  }

  /**
   * Who did it; where nothing is said, a process of which nothing is known but that it is root's.
   * @param {ProcessBuilder} process
   */
  by(process) {
    return this._with({ _by: process });
  }

  /**
   * How long after the event before it, or the beginning of the test.
   * @param {number} seconds
   */
  after(seconds) {
    return this._with({ since: BigInt(Math.round(seconds * 1e9)) });
  }

  /**
   * It failed, with this errno.
   * @param {number} errno
   */
  failed(errno) {
    return this._flag(EventFlag.FAILED, -errno);
  }

  /** It was handed to io_uring, and what came of it is not known. */
  submitted() {
    return this._flag(EventFlag.IO_URING | EventFlag.SUBMITTED, 0);
  }

  /**
   * It returned this.
   * @param {number} result
   */
  returned(result) {
    return this._with({ _header: { ...this._header, result } });
  }

  /** A connect of a non-blocking socket: it has begun, and how it ends is not known yet. */
  underWay() {
    return this.returned(-EINPROGRESS);
  }

  /**
   * An open with just these flags (open(2)).
   * @param {number} flags
   */
  flags(flags) {
    return this.set("flags", flags);
  }

  /** An open, for reading. */
  read() {
    return this.flags(this._values.flags & ~(O_WRONLY | O_RDWR));
  }

  /** An open, for writing; the file is created where it is not there. */
  write() {
    return this.flags((this._values.flags & ~O_RDWR) | O_WRONLY | O_CREAT);
  }

  /** An open, for reading and writing. */
  readWrite() {
    return this.flags((this._values.flags & ~O_WRONLY) | O_RDWR);
  }

  /** An open, for writing at the end. */
  append() {
    const event = this.write();
    return event.flags(event._values.flags | O_APPEND);
  }

  /** An open, for writing; what was in the file is gone. */
  truncate() {
    const event = this.write();
    return event.flags(event._values.flags | O_TRUNC);
  }

  /** An open, for writing, that created the file. */
  created() {
    return this.write().set("created", true);
  }

  /** A connect, by UDP. */
  udp() {
    return this.set("protocol", UDP).set("socket_type", SOCK_DGRAM);
  }

  /**
   * An exec whose standard input, output and error are an internet socket, connected to this address and port.
   * @param {string} peer
   */
  stdioSocket(peer) {
    const { address, port } = peerOf(peer);
    const flags = StdioFlag.STDIN_SOCKET | StdioFlag.STDOUT_SOCKET | StdioFlag.STDERR_SOCKET;
    return this.set("stdio", flags).set("peer_address", address).set("peer_port", port);
  }

  /**
   * Writes it.
   * @param {import("./writer.js").FrameWriter} writer
   * @param {import("./process.js").Written} written
   * @param {bigint} seq
   * @param {bigint} time
   */
  add(writer, written, seq, time) {
    /** @type {Values} */
    const header = { ...this._header, seq, time };
    if (this.kind.hasProcess) header.process = written.row(this._by ?? process());
    const values = Object.entries(this._values).map(([name, value]) => {
      return [name, value instanceof ProcessBuilder ? written.row(value) : value];
    });
    writer.event(this.kind, header, Object.fromEntries(values));
  }
}
