/** What rules ask of events of some kinds, beyond their bare fields. */
import { Event } from "./event.js";
/** What rules ask of an open. */
export declare class OpenMethods extends Event {
    /** @returns {import("./records.js").OpenEvent} */
    get _self(): import("./records.js").OpenEvent;
    /** Each path that is known of the file: `path`, and the host's where that is another (`hostPath`). */
    get paths(): import("./text.js").Text[];
    /** Whether it may read, or would have, where it failed. */
    get isRead(): boolean;
    /** Whether it may write, or would have, where it failed. */
    get isWrite(): boolean;
    /** Whether what was in the file is gone (`O_TRUNC`). */
    get truncates(): boolean;
    /** Whether it may create the file (`O_CREAT`). Whether it did says `created`. */
    get mayCreate(): boolean;
    /** Whether it writes at the end only (`O_APPEND`). */
    get appends(): boolean;
}
/** What rules ask of an exec. */
export declare class ExecMethods extends Event {
    /** @returns {import("./records.js").ExecEvent} */
    get _self(): import("./records.js").ExecEvent;
    /** The process that a finding about this event is about: the image that begins. */
    get subject(): import("./records.js").Process;
    /** Whether standard input is an internet socket. */
    get stdinIsSocket(): boolean;
    /** Whether standard output is an internet socket. */
    get stdoutIsSocket(): boolean;
    /** The peer behind standard input, where that is an internet socket that is connected: address and port. */
    get stdinPeer(): {
        address: import("./address.js").Address;
        port: number;
    } | undefined;
}
/** What rules ask of a connect. */
export declare class ConnectMethods extends Event {
    /** @returns {import("./records.js").ConnectEvent} */
    get _self(): import("./records.js").ConnectEvent;
    /** Whether the peer has an internet address (IPv4 or IPv6). */
    get isInternet(): boolean;
    /** Whether the peer is a unix socket. */
    get isUnix(): boolean;
    /** Whether the peer's address is one of the internet at large: see `isPublic`. */
    get isPublic(): boolean;
    /** Whether it is TCP. */
    get isTcp(): boolean;
    /** Whether it is UDP. */
    get isUdp(): boolean;
    /** Whether it is under way: the result of a non-blocking connect is not known yet. */
    get isInProgress(): boolean;
}
