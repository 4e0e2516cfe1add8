/**
 * A frame: a batch of events, as bytes.
 *
 * Fields are read from it as 32-bit and 64-bit words, with no check of their own. That they all lie within it is seen to once:
 * a section whose records are as this version writes them, or longer, is read in place; of any other, a record is copied when
 * it is asked for, and padded with what is not there.
 */
import { Text } from "./text.js";
export declare const MAGIC = 1179799116;
export declare const HEADER_SIZE = 16;
export declare const ENTRY_SIZE = 16;
export declare const ARENA = 0;
/** The section that says which of a pack's subscriptions each event passed. */
export declare const PASSED = 65535;
export declare const PROCESS = 1;
export declare const EVENT = 2;
/** Payload sections have the number of their kind, plus this. */
export declare const PAYLOADS = 256;
/** Bytes are not a frame that this version reads. */
export declare class FrameError extends Error {
}
/** Where the records of a section lie. */
export declare class Section {
    offset: number;
    stride: number;
    count: number;
    /** Whether records can be read where they are. */
    inPlace: boolean;
    /**
     * @param {number} offset
     * @param {number} stride bytes from one record to the next
     * @param {number} count
     */
    constructor(offset: number, stride: number, count: number);
}
/** A batch of events, whose bytes were checked. */
export declare class Frame {
    bytes: Uint8Array<ArrayBufferLike>;
    w32: Uint32Array<ArrayBufferLike>;
    w64: BigUint64Array<ArrayBufferLike>;
    /** @type {Map<number, Section>} */
    sections: Map<number, Section>;
    /**
     * Of a record that was copied: the frame that it is of.
     * @type {Frame | undefined}
     */
    _whole: Frame | undefined;
    arena: Uint8Array<ArrayBufferLike>;
    end: number;
    /**
     * By their rows; made when they are asked for.
     * @type {(import("./records.js").Process | undefined)[]}
     */
    processes: (import("./records.js").Process | undefined)[];
    processCount: number;
    /**
     * What is generated builds on this module, and sets these: the views of events by their kind's number,
     * @type {Map<number, typeof import("./event.js").Event>}
     */
    static eventViews: Map<number, typeof import("./event.js").Event>;
    /**
     * that of processes,
     * @type {typeof import("./records.js").Process}
     */
    static processView: typeof import("./records.js").Process;
    /**
     * and a process of which nothing is known.
     * @type {import("./records.js").Process}
     */
    static unknownProcess: import("./records.js").Process;
    /** @param {Uint8Array} data */
    constructor(data: Uint8Array);
    /**
     * @param {DataView} view
     * @param {number} at
     * @param {number} length
     */
    _addSection(view: DataView, at: number, length: number): void;
    /**
     * A frame without records, in which nothing is known of a record of up to so many bytes.
     * @param {number} size
     */
    static empty(size: number): Frame;
    /** @param {Uint8Array} bytes */
    _take(bytes: Uint8Array): void;
    /**
     * The same frame, with a record of its own to be read.
     * @param {Uint8Array} bytes
     */
    _with(bytes: Uint8Array): Frame;
    /**
     * How many records a section has.
     * @param {number} section
     */
    count(section: number): number;
    /**
     * A record, as this version writes it; of a row that is not there one in which nothing is known.
     * @param {number} section
     * @param {number} row
     */
    copied(section: number, row: number): Uint8Array<ArrayBuffer>;
    /**
     * Where the record of a row is to be read: the frame, and the word.
     * @param {number} section
     * @param {number} row
     * @returns {[Frame, number]}
     */
    locate(section: number, row: number): [Frame, number];
    /**
     * The process of a row; where it is not there, one of which nothing is known.
     * @param {number} row
     */
    process(row: number): import("./records.js").Process;
    /**
     * The event of a row; undefined where it is of a kind that this version does not know.
     * @param {number} row
     */
    event(row: number): import("./event.js").Event | undefined;
    /** The events of kinds that are known, in order. */
    events(): Generator<import("./event.js").Event, void, unknown>;
    /**
     * The text of a span; unknown where it points outside of the arena.
     * @param {number} start
     * @param {number} length
     */
    text(start: number, length: number): Text;
    /** Lets go of the views that were made, which know their frame: so it goes as soon as nobody has a view any more. */
    release(): void;
}
