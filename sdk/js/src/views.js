/**
 * What the views of records are made of: how a field is read.
 *
 * Each `read…` is given the frame, the word at which the record begins, the word and the mask of the bit that says whether the
 * field is there, and the word at which it stands.
 */

import { Address } from "./address.js";
import { Frame } from "./frame.js";
import { UNKNOWN } from "./text.js";

/** A record of a frame. Fields are read when they are asked for. */
export class View {
  /** The number of its section. */
  static section = 0;

  /**
   * @param {Frame} frame
   * @param {number} at
   */
  constructor(frame, at) {
    /** @internal */
    this._frame = frame;
    /** @internal */
    this._at = at;
  }
}

/** @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place */
export function readText(frame, at, word, mask, place) {
  const w32 = frame.w32;
  return w32[at + word] & mask ? frame.text(w32[at + place], w32[at + place + 1]) : UNKNOWN;
}

/**
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @param {number} shift
 * @returns {boolean | undefined}
 */
export function readBool(frame, at, word, mask, place, shift) {
  return frame.w32[at + word] & mask ? ((frame.w32[at + place] >>> shift) & 0xff) !== 0 : undefined;
}

/**
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @param {number} shift @param {number} bits
 * @returns {number | undefined}
 */
export function readSmall(frame, at, word, mask, place, shift, bits) {
  return frame.w32[at + word] & mask ? (frame.w32[at + place] >>> shift) & bits : undefined;
}

/**
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @returns {number | undefined}
 */
export function readU32(frame, at, word, mask, place) {
  return frame.w32[at + word] & mask ? frame.w32[at + place] : undefined;
}

/**
 * A user or group that every host gives; one that nobody has where it is missing, as 0 is root.
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 */
export function readId(frame, at, word, mask, place) {
  return frame.w32[at + word] & mask ? frame.w32[at + place] : 0xffffffff;
}

/**
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @returns {bigint | undefined}
 */
export function readU64(frame, at, word, mask, place) {
  return frame.w32[at + word] & mask ? frame.w64[(at + place) >> 1] : undefined;
}

/**
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @returns {number | undefined}
 */
export function readI32(frame, at, word, mask, place) {
  return frame.w32[at + word] & mask ? frame.w32[at + place] | 0 : undefined;
}

/**
 * As a number, which is exact up to 2^53: what calls return and sizes of files are no more.
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @returns {number | undefined}
 */
export function readI64(frame, at, word, mask, place) {
  const w32 = frame.w32;
  return w32[at + word] & mask ? (w32[at + place + 1] | 0) * 0x100000000 + w32[at + place] : undefined;
}

/** @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} offset in bytes */
export function readAddress(frame, at, word, mask, offset) {
  if (!(frame.w32[at + word] & mask)) return undefined;
  const begin = at * 4 + offset;
  return new Address(frame.bytes.slice(begin, begin + 16));
}

/**
 * @template {typeof View} V
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @param {V} Of
 * @returns {InstanceType<V> | undefined}
 */
export function readRow(frame, at, word, mask, place, Of) {
  if (!(frame.w32[at + word] & mask)) return undefined;
  const row = frame.w32[at + place];
  if (row >= frame.count(Of.section)) return undefined;
  if (Of.section === 1) return /** @type {any} */ (frame.process(row));
  return /** @type {any} */ (new Of(...frame.locate(Of.section, row)));
}

/**
 * @template {typeof View} V
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @param {V} Of
 * @returns {InstanceType<V>[] | undefined}
 */
export function readList(frame, at, word, mask, place, Of) {
  if (!(frame.w32[at + word] & mask)) return undefined;
  const first = frame.w32[at + place];
  const count = frame.w32[at + place + 1];
  if (count === 0) return [];
  if (first + count > frame.count(Of.section)) return undefined;
  const records = [];
  for (let row = first; row < first + count; row++) records.push(new Of(...frame.locate(Of.section, row)));
  return /** @type {any} */ (records);
}

/**
 * The process of a row; where that is not there, one of which nothing is known.
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 */
export function processAt(frame, at, word, mask, place) {
  return frame.w32[at + word] & mask ? frame.process(frame.w32[at + place]) : Frame.unknownProcess;
}
