/**
 * A frame: a batch of events, as bytes.
 *
 * Fields are read from it as 32-bit and 64-bit words, with no check of their own. That they all lie within it is seen to once:
 * a section whose records are as this version writes them, or longer, is read in place; of any other, a record is copied when
 * it is asked for, and padded with what is not there.
 */

import { RECORDS, VERSION } from "./schema.js";
import { UNKNOWN, Text, rawOfBytes } from "./text.js";

if (new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1) {
  throw new Error("frames are little-endian, and lanner reads them on little-endian machines only");
}

export const MAGIC = 0x46524e4c;
export const HEADER_SIZE = 16;
export const ENTRY_SIZE = 16;
export const ARENA = 0;
/** The section that says which of a pack's subscriptions each event passed. */
export const PASSED = 0xffff;
export const PROCESS = 1;
export const EVENT = 2;
/** Payload sections have the number of their kind, plus this. */
export const PAYLOADS = 0x100;

/** Bytes are not a frame that this version reads. */
export class FrameError extends Error {}

/** Where the records of a section lie. */
export class Section {
  /**
   * @param {number} offset
   * @param {number} stride bytes from one record to the next
   * @param {number} count
   */
  constructor(offset, stride, count) {
    this.offset = offset;
    this.stride = stride;
    this.count = count;
    /** Whether records can be read where they are. */
    this.inPlace = false;
  }
}

const NONE = new Section(0, 8, 0);
/** By their section's number. */
const BY_SECTION = new Map([...RECORDS.values()].map((record) => [record.section, record]));

/** A batch of events, whose bytes were checked. */
export class Frame {
  /**
   * What is generated builds on this module, and sets these: the views of events by their kind's number,
   * @type {Map<number, typeof import("./event.js").Event>}
   */
  static eventViews;
  /**
   * that of processes,
   * @type {typeof import("./records.js").Process}
   */
  static processView;
  /**
   * and a process of which nothing is known.
   * @type {import("./records.js").Process}
   */
  static unknownProcess;

  /** @param {Uint8Array} data */
  constructor(data) {
    if (data.length < HEADER_SIZE) throw new FrameError("these bytes are not a frame");
    const bytes = aligned(data);
    const w16 = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
    const w32 = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    if (w32[0] !== MAGIC) throw new FrameError("these bytes are not a frame");
    if (w16[2] !== VERSION) {
      throw new FrameError(`the frame's layout has version ${w16[2]}; this reader knows version ${VERSION}`);
    }
    const length = w32[2];
    if (length > data.length) throw new FrameError(`the frame has ${data.length} bytes of the ${length} that it names`);
    const table = w16[3];
    const tableEnd = table + w32[3] * ENTRY_SIZE;
    if (table < HEADER_SIZE || tableEnd > length) {
      throw new FrameError("the frame's section table does not lie within it");
    }
    this.bytes = bytes;
    this.w32 = w32;
    this.w64 = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length >> 3);
    /** @type {Map<number, Section>} */
    this.sections = new Map();
    /**
     * Of a record that was copied: the frame that it is of.
     * @type {Frame | undefined}
     */
    this._whole = undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = table; at < tableEnd; at += ENTRY_SIZE) this._addSection(view, at, length);
    const arena = this.sections.get(ARENA) ?? NONE;
    this.arena = bytes.subarray(arena.offset, arena.offset + arena.count * arena.stride);
    this.end = this.arena.length;
    /**
     * By their rows; made when they are asked for.
     * @type {(import("./records.js").Process | undefined)[]}
     */
    this.processes = [];
    this.processCount = this.count(PROCESS);
  }

  /**
   * @param {DataView} view
   * @param {number} at
   * @param {number} length
   */
  _addSection(view, at, length) {
    const number = view.getUint16(at, true);
    const stride = view.getUint16(at + 2, true);
    const count = view.getUint32(at + 4, true);
    const offset = view.getUint32(at + 8, true);
    if (count > 0 && (stride === 0 || offset + stride * count > length)) {
      throw new FrameError(`the frame's section ${number} does not lie within it`);
    }
    const record = BY_SECTION.get(number);
    if (record === undefined && number !== ARENA && number !== PASSED) return;
    if (this.sections.has(number)) throw new FrameError(`the frame's section ${number} is there twice`);
    if (count === 0 && number !== ARENA) return;
    const section = new Section(offset, stride, count);
    section.inPlace = record !== undefined && stride >= record.size && stride % 8 === 0 && offset % 8 === 0;
    this.sections.set(number, section);
  }

  /**
   * A frame without records, in which nothing is known of a record of up to so many bytes.
   * @param {number} size
   */
  static empty(size) {
    const frame = new Frame(EMPTY);
    frame._take(new Uint8Array(size));
    return frame;
  }

  /** @param {Uint8Array} bytes */
  _take(bytes) {
    const data = aligned(bytes);
    this.bytes = data;
    this.w32 = new Uint32Array(data.buffer, data.byteOffset, data.length >> 2);
    this.w64 = new BigUint64Array(data.buffer, data.byteOffset, data.length >> 3);
  }

  /**
   * The same frame, with a record of its own to be read.
   * @param {Uint8Array} bytes
   */
  _with(bytes) {
    const frame = /** @type {Frame} */ (Object.create(Frame.prototype));
    frame._whole = this._whole ?? this;
    frame.sections = this.sections;
    frame.arena = this.arena;
    frame.end = this.end;
    frame.processes = this.processes;
    frame.processCount = this.processCount;
    frame._take(bytes);
    return frame;
  }

  /**
   * How many records a section has.
   * @param {number} section
   */
  count(section) {
    return this.sections.get(section)?.count ?? 0;
  }

  /**
   * A record, as this version writes it; of a row that is not there one in which nothing is known.
   * @param {number} section
   * @param {number} row
   */
  copied(section, row) {
    const there = this.sections.get(section) ?? NONE;
    const record = /** @type {import("./tables.js").Record} */ (BY_SECTION.get(section));
    if (row >= there.count) return new Uint8Array(record.size);
    const at = there.offset + row * there.stride;
    return record.padded((this._whole ?? this).bytes.subarray(at, at + there.stride));
  }

  /**
   * Where the record of a row is to be read: the frame, and the word.
   * @param {number} section
   * @param {number} row
   * @returns {[Frame, number]}
   */
  locate(section, row) {
    const there = this.sections.get(section) ?? NONE;
    if (there.inPlace && row < there.count) return [this._whole ?? this, (there.offset + row * there.stride) / 4];
    return [this._with(this.copied(section, row)), 0];
  }

  /**
   * The process of a row; where it is not there, one of which nothing is known.
   * @param {number} row
   */
  process(row) {
    if (row >= this.processCount) return Frame.unknownProcess;
    let process = this.processes[row];
    if (process === undefined) {
      const [frame, at] = this.locate(PROCESS, row);
      process = this.processes[row] = new Frame.processView(frame, at);
    }
    return process;
  }

  /**
   * The event of a row; undefined where it is of a kind that this version does not know.
   * @param {number} row
   */
  event(row) {
    let [frame, event] = this.locate(EVENT, row);
    const kind = frame.w32[event + 6] & 0xffff;
    const payload = frame.w32[event + 9];
    const View = Frame.eventViews.get(kind);
    if (View === undefined) return undefined;
    let [place, at] = this.locate(PAYLOADS + kind, payload);
    if (place !== frame) {
      // One of the two was copied: both lie side by side then.
      const header = this.copied(EVENT, row);
      const both = new Uint8Array([...header, ...this.copied(PAYLOADS + kind, payload)]);
      [place, event, at] = [this._with(both), 0, header.length / 4];
    }
    return new View(place, event, at);
  }

  /** The events of kinds that are known, in order. */
  *events() {
    for (let row = 0; row < this.count(EVENT); row++) {
      const event = this.event(row);
      if (event !== undefined) yield event;
    }
  }

  /**
   * The text of a span; unknown where it points outside of the arena.
   * @param {number} start
   * @param {number} length
   */
  text(start, length) {
    const end = start + length;
    return end <= this.end ? new Text(rawOfBytes(this.arena.subarray(start, end))) : UNKNOWN;
  }

  /** Lets go of the views that were made, which know their frame: so it goes as soon as nobody has a view any more. */
  release() {
    this.processes = [];
  }
}

/**
 * Bytes that can be read as words: they begin and end at multiples of 8.
 * @param {Uint8Array} data
 */
function aligned(data) {
  if (data.byteOffset % 8 === 0 && data.length % 8 === 0) return data;
  const copy = new Uint8Array((data.length + 7) & ~7);
  copy.set(data);
  return copy;
}

/** A frame of no sections. */
const EMPTY = new Uint8Array([0x4c, 0x4e, 0x52, 0x46, VERSION, 0, 16, 0, 16, 0, 0, 0, 0, 0, 0, 0]);
