/** What rules ask of events of some kinds, beyond their bare fields. */

import { Event } from "./event.js";
import { StdioFlag } from "./schema.js";

// Flags of open(2), the same numbers on all machines that Lanner runs on.
const O_ACCMODE = 0o3;
const O_WRONLY = 0o1;
const O_RDWR = 0o2;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;
const O_APPEND = 0o2000;
/** Gives a handle to a path, by which nothing can be read or written. */
const O_PATH = 0o10000000;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const TCP = 6;
const UDP = 17;
const EINPROGRESS = 115;

/** What rules ask of an open. */
export class OpenMethods extends Event {
  /** @returns {import("./records.js").OpenEvent} */
  get _self() {
    return /** @type {any} */ (this);
  }

  /** Each path that is known of the file: `path`, and the host's where that is another (`hostPath`). */
  get paths() {
    return [this._self.path, this._self.hostPath].filter((path) => path.isKnown);
  }

  /** Whether it may read, or would have, where it failed. */
  get isRead() {
    // Asked of every open: without a call for the cast.
    const flags = /** @type {any} */ (this).flags;
    return (flags & O_ACCMODE) !== O_WRONLY && !(flags & O_PATH);
  }

  /** Whether it may write, or would have, where it failed. */
  get isWrite() {
    // Asked of every open: without a call for the cast.
    const flags = /** @type {any} */ (this).flags;
    const access = flags & O_ACCMODE;
    return (access === O_WRONLY || access === O_RDWR) && !(flags & O_PATH);
  }

  /** Whether what was in the file is gone (`O_TRUNC`). */
  get truncates() {
    return (this._self.flags & (O_TRUNC | O_PATH)) === O_TRUNC;
  }

  /** Whether it may create the file (`O_CREAT`). Whether it did says `created`. */
  get mayCreate() {
    return (this._self.flags & (O_CREAT | O_PATH)) === O_CREAT;
  }

  /** Whether it writes at the end only (`O_APPEND`). */
  get appends() {
    return this.isWrite && (this._self.flags & O_APPEND) !== 0;
  }
}

/** What rules ask of an exec. */
export class ExecMethods extends Event {
  /** @returns {import("./records.js").ExecEvent} */
  get _self() {
    return /** @type {any} */ (this);
  }

  /** The process that a finding about this event is about: the image that begins. */
  get subject() {
    return this._self.image;
  }

  /** Whether standard input is an internet socket. */
  get stdinIsSocket() {
    return (this._self.stdio & StdioFlag.STDIN_SOCKET) !== 0;
  }

  /** Whether standard output is an internet socket. */
  get stdoutIsSocket() {
    return (this._self.stdio & StdioFlag.STDOUT_SOCKET) !== 0;
  }

  /** The peer behind standard input, where that is an internet socket that is connected: address and port. */
  get stdinPeer() {
    const { peerAddress: address, peerPort: port } = this._self;
    return address === undefined || port === undefined ? undefined : { address, port };
  }
}

/** What rules ask of a connect. */
export class ConnectMethods extends Event {
  /** @returns {import("./records.js").ConnectEvent} */
  get _self() {
    return /** @type {any} */ (this);
  }

  /** Whether the peer has an internet address (IPv4 or IPv6). */
  get isInternet() {
    return this._self.family === AF_INET || this._self.family === AF_INET6;
  }

  /** Whether the peer is a unix socket. */
  get isUnix() {
    return this._self.family === AF_UNIX;
  }

  /** Whether the peer's address is one of the internet at large: see `isPublic`. */
  get isPublic() {
    return this._self.address?.isPublic ?? false;
  }

  /** Whether it is TCP. */
  get isTcp() {
    return this._self.protocol === TCP;
  }

  /** Whether it is UDP. */
  get isUdp() {
    return this._self.protocol === UDP;
  }

  /** Whether it is under way: the result of a non-blocking connect is not known yet. */
  get isInProgress() {
    return this.result === -EINPROGRESS;
  }
}
