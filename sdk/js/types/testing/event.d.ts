/** Events, made up. */
import { ProcessBuilder } from "./process.js";
export type Record = import("../tables.js").Record;
export type TextLike = import("../text.js").TextLike;
export type Values = import("./writer.js").Values;
/**
 * A process began a program. What it was before is a fork of its parent.
 * @param {ProcessBuilder} image
 */
export declare function exec(image: ProcessBuilder): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A process was created, by its parent.
 * @param {ProcessBuilder} child
 */
export declare function fork(child: ProcessBuilder): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A TCP socket was connected to an address and port, such as `1.2.3.4:443` or `[2001:db8::1]:443`.
 * @param {string} peer
 */
export declare function connect(peer: string): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A unix socket was connected.
 * @param {TextLike} path
 */
export declare function connectUnix(path: TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * An event: made by {@link exec}, `open` and so on, or of any kind and fields.
 *
 * One that is made of a kind alone succeeded: numbers that every host gives are 0 and texts are empty, files are regular, and
 * nothing else is known. Its methods give a changed copy.
 */
export declare class EventBuilder {
    kind: import("../tables.js").Record;
    /** @type {Values} */
    _header: Values;
    /** @type {Values} */
    _values: Values;
    /** @type {ProcessBuilder | undefined} */
    _by: ProcessBuilder | undefined;
    /**
     * How long after the event before it, ns; undefined where nothing is said.
     * @type {bigint | undefined}
     */
    since: bigint | undefined;
    /** @param {keyof import("../records.js").Events} kind */
    constructor(kind: keyof import("../records.js").Events);
    /** @param {Partial<Pick<EventBuilder, "_header" | "_values" | "_by" | "since">>} changes */
    _with(changes: Partial<Pick<EventBuilder, "_header" | "_values" | "_by" | "since">>): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /**
     * Any field of its kind, by its name in the schema; undefined makes it unknown. A field that names a process takes one.
     * @param {string} field
     * @param {any} value
     */
    set(field: string, value: any): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /** @param {number} flag @param {number} result */
    _flag(flag: number, result: number): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /**
     * Who did it; where nothing is said, a process of which nothing is known but that it is root's.
     * @param {ProcessBuilder} process
     */
    by(process: ProcessBuilder): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /**
     * How long after the event before it, or the beginning of the test.
     * @param {number} seconds
     */
    after(seconds: number): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /**
     * It failed, with this errno.
     * @param {number} errno
     */
    failed(errno: number): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /** It was handed to io_uring, and what came of it is not known. */
    submitted(): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /**
     * It returned this.
     * @param {number} result
     */
    returned(result: number): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /** A connect of a non-blocking socket: it has begun, and how it ends is not known yet. */
    underWay(): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /**
     * An open with just these flags (open(2)).
     * @param {number} flags
     */
    flags(flags: number): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /** An open, for reading. */
    read(): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /** An open, for writing; the file is created where it is not there. */
    write(): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /** An open, for reading and writing. */
    readWrite(): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /** An open, for writing at the end. */
    append(): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /** An open, for writing; what was in the file is gone. */
    truncate(): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /** An open, for writing, that created the file. */
    created(): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /** A connect, by UDP. */
    udp(): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /**
     * An exec whose standard input, output and error are an internet socket, connected to this address and port.
     * @param {string} peer
     */
    stdioSocket(peer: string): this & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
    /**
     * Writes it.
     * @param {import("./writer.js").FrameWriter} writer
     * @param {import("./process.js").Written} written
     * @param {bigint} seq
     * @param {bigint} time
     */
    add(writer: import("./writer.js").FrameWriter, written: import("./process.js").Written, seq: bigint, time: bigint): void;
}
