/**
 * CBOR (RFC 8949), as far as the contract uses it: what descriptions, configurations, findings and states are written in.
 *
 * `null` and `undefined`, booleans, numbers (whole ones as integers), bigints from -2^64 to 2^64 - 1, strings, `Uint8Array`, arrays,
 * and objects and maps as maps. Integers that a number does not hold exactly are read as bigints, maps as objects.
 */

import { decoded, rawOfBytes, utf8 } from "./text.js";

/** How deep arrays and maps may lie in one another; deeper is no state of a pack, but an attack on its stack. */
const MAX_DEPTH = 64;
const BIG = 1n << 64n;
const BREAK = Symbol("break");

/** Bytes are not CBOR, or a value cannot be written as CBOR. */
export class CborError extends Error {}

/**
 * A value as it travels.
 * @param {unknown} value
 * @throws {CborError} where it is of another type
 */
export function encode(value) {
  const writer = new Writer();
  writer.value(value, 0);
  return writer.finish();
}

/**
 * A value from what travelled; what follows it is ignored.
 * @param {Uint8Array} bytes
 * @returns {any}
 * @throws {CborError} where it is cut, or none
 */
export function decode(bytes) {
  return new Reader(bytes).whole(0);
}

class Writer {
  constructor() {
    this.bytes = new Uint8Array(256);
    this.length = 0;
  }

  finish() {
    return this.bytes.slice(0, this.length);
  }

  /** @param {number} more */
  reserve(more) {
    if (this.length + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    grown.set(this.bytes);
    this.bytes = grown;
  }

  /** @param {number} major @param {number} number */
  head(major, number) {
    this.reserve(9);
    const first = major << 5;
    if (number < 24) this.bytes[this.length++] = first | number;
    else if (number < 0x100) this.number(first | 24, number, 1);
    else if (number < 0x10000) this.number(first | 25, number, 2);
    else if (number < 0x100000000) this.number(first | 26, number, 4);
    else this.big(first | 27, BigInt(number));
  }

  /** @param {number} first @param {number} number @param {number} size */
  number(first, number, size) {
    this.bytes[this.length++] = first;
    for (let shift = (size - 1) * 8; shift >= 0; shift -= 8) this.bytes[this.length++] = number >>> shift;
  }

  /** @param {number} first @param {bigint} number */
  big(first, number) {
    this.bytes[this.length++] = first;
    for (let shift = 56n; shift >= 0n; shift -= 8n) this.bytes[this.length++] = Number((number >> shift) & 0xffn);
  }

  /** @param {unknown} value @param {number} depth */
  value(value, depth) {
    if (depth > MAX_DEPTH) throw new CborError(`a value lies deeper than ${MAX_DEPTH} in others`);
    if (typeof value === "string") this.text(value);
    else if (typeof value === "number") this.plain(value);
    else if (typeof value === "bigint") this.integer(value);
    else if (typeof value === "boolean") this.head(7, value ? 21 : 20);
    else if (value === null || value === undefined) this.head(7, 22);
    else if (value instanceof Uint8Array) this.string(2, value);
    else if (Array.isArray(value)) {
      this.head(4, value.length);
      for (const item of value) this.value(item, depth + 1);
    } else this.map(value, depth);
  }

  /** @param {string} text */
  text(text) {
    const raw = utf8(text);
    this.head(3, raw.length);
    this.reserve(raw.length);
    for (let at = 0; at < raw.length; at++) this.bytes[this.length++] = raw.charCodeAt(at);
  }

  /** @param {number} major @param {Uint8Array} bytes */
  string(major, bytes) {
    this.head(major, bytes.length);
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** @param {number} value */
  plain(value) {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      if (value >= 0) this.head(0, value);
      else this.head(1, -1 - value);
      return;
    }
    this.reserve(9);
    this.bytes[this.length] = 0xfb;
    new DataView(this.bytes.buffer).setFloat64(this.length + 1, value);
    this.length += 9;
  }

  /** @param {bigint} value */
  integer(value) {
    if (value < -BIG || value >= BIG) throw new CborError(`the number ${value} has more than 64 bits`);
    const [major, number] = value >= 0n ? [0, value] : [1, -1n - value];
    if (number < 0x100000000n) return this.head(major, Number(number));
    this.reserve(9);
    this.big((major << 5) | 27, number);
  }

  /** @param {object} value @param {number} depth */
  map(value, depth) {
    const isPlain = value instanceof Map || [Object.prototype, null].includes(Object.getPrototypeOf(value));
    if (!isPlain) throw new CborError(`a ${value.constructor?.name ?? typeof value} cannot be written as CBOR`);
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    this.head(5, entries.length);
    for (const [key, item] of entries) {
      this.value(key, depth + 1);
      this.value(item, depth + 1);
    }
  }
}

class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  /** @param {number} count */
  take(count) {
    if (count > this.bytes.length - this.at) throw new CborError("the bytes end in the middle of a value");
    const taken = this.bytes.subarray(this.at, this.at + count);
    this.at += count;
    return taken;
  }

  /**
   * What follows the first byte; undefined for a length that a break ends.
   * @param {number} info
   * @returns {number | bigint | undefined}
   */
  number(info) {
    if (info < 24) return info;
    if (info === 31) return undefined;
    if (info > 27) throw new CborError("a value is not of a known form");
    let number = 0;
    const bytes = this.take(1 << (info - 24));
    if (bytes.length === 8 && (bytes[0] > 0 || bytes[1] > 31)) {
      let big = 0n;
      for (const byte of bytes) big = (big << 8n) | BigInt(byte);
      return big;
    }
    for (const byte of bytes) number = number * 256 + byte;
    return number;
  }

  /** @param {number} depth @returns {any} */
  whole(depth) {
    const value = this.item(depth);
    if (value === BREAK) throw new CborError("a break stands where a value should");
    return value;
  }

  /** @param {number} depth @returns {any} */
  item(depth) {
    if (depth > MAX_DEPTH) throw new CborError(`a value lies deeper than ${MAX_DEPTH} in others`);
    const first = this.take(1)[0];
    const [major, info] = [first >> 5, first & 31];
    if (major === 7) return this.simple(info);
    const number = this.number(info);
    if (major === 2 || major === 3) return this.string(major, number);
    if (major === 4) return this.array(number, depth);
    if (major === 5) return this.map(number, depth);
    if (number === undefined) throw new CborError("a number has no length");
    // A tag says more about a value; it is the same without.
    if (major === 6) return this.whole(depth + 1);
    if (major === 0) return number;
    return typeof number === "bigint" || number === Number.MAX_SAFE_INTEGER ? -1n - BigInt(number) : -1 - number;
  }

  /** @param {number} info */
  simple(info) {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22 || info === 23) return null;
    if (info === 31) return BREAK;
    if (info === 25) return half(this.take(2));
    if (info !== 26 && info !== 27) throw new CborError("a value is not of a known form");
    const bytes = this.take(info === 26 ? 4 : 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return info === 26 ? view.getFloat32(0) : view.getFloat64(0);
  }

  /** @param {number} major @param {number | bigint | undefined} length */
  string(major, length) {
    let raw = "";
    if (length === undefined) {
      for (let first = this.take(1)[0]; first !== 0xff; first = this.take(1)[0]) {
        const part = this.number(first & 31);
        if (first >> 5 !== major || part === undefined) throw new CborError("a part of a text is none");
        raw += rawOfBytes(this.take(Number(part)));
      }
    } else if (major === 2) {
      return this.take(Number(length)).slice();
    } else {
      raw = rawOfBytes(this.take(Number(length)));
    }
    if (major === 2) return Uint8Array.from(raw, (character) => character.charCodeAt(0));
    const text = decoded(raw);
    if (utf8(text) !== raw) throw new CborError("a text is not UTF-8");
    return text;
  }

  /** @param {number | bigint | undefined} length @param {number} depth */
  array(length, depth) {
    const items = [];
    while (length === undefined || items.length < length) {
      const item = this.item(depth + 1);
      if (item === BREAK) {
        if (length === undefined) break;
        throw new CborError("a break stands where a value should");
      }
      items.push(item);
    }
    return items;
  }

  /** @param {number | bigint | undefined} length @param {number} depth */
  map(length, depth) {
    /** @type {{[key: string]: any}} */
    const entries = Object.create(null);
    for (let read = 0; length === undefined || read < length; read++) {
      const key = this.item(depth + 1);
      if (key === BREAK) {
        if (length === undefined) break;
        throw new CborError("a break stands where a value should");
      }
      const value = this.whole(depth + 1);
      // A key of another type is one that nobody asks for.
      if (typeof key === "string") entries[key] = value;
    }
    return entries;
  }
}

/**
 * A float of 16 bits: a sign, 5 bits of the exponent, 10 of the fraction.
 * @param {Uint8Array} bytes
 */
function half(bytes) {
  const exponent = (bytes[0] >> 2) & 31;
  const fraction = ((bytes[0] & 3) << 8) | bytes[1];
  const sign = bytes[0] & 0x80 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
