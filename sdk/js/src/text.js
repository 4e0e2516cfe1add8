/** Texts of the kernel: bytes, most often UTF-8, never certainly. */

/**
 * What a text is compared with: a string, or bytes where that is not UTF-8.
 * @typedef {string | Uint8Array | Text} TextLike
 */

/** How many strings it is kept of how their bytes are. */
const MOST_STRINGS = 4096;
/** @type {Map<string, string>} */
const strings = new Map();

/**
 * A text of the kernel.
 *
 * It is compared as bytes. In a template string (`${text}`) it is safe to print: what is not UTF-8 becomes U+FFFD, control
 * characters are escaped (`\n`, `\x1b`), and so are those that change the direction of text (`\u{202e}`), so that whoever names
 * a file cannot act on the terminal or deceive the eye of the one who reads it.
 *
 * A text that is not known (`isKnown`) is not the same as an empty one: it equals no other text, and nothing is in it.
 */
export class Text {
  /** @param {string} raw its bytes, a character each */
  constructor(raw) {
    /** @internal */
    this._raw = raw;
  }

  /**
   * A text of bytes, or of a string.
   * @param {TextLike} text
   */
  static of(text) {
    return text instanceof Text ? text : new Text(rawOf(text));
  }

  /** Whether it is known. A text that is known may be empty. */
  get isKnown() {
    return true;
  }

  /** Bytes in it. */
  get length() {
    return this._raw.length;
  }

  /** The bytes; none where it is unknown. */
  get bytes() {
    return bytesOf(this._raw);
  }

  /** The text as it is, but for what is not UTF-8, which becomes U+FFFD. Nothing is escaped: to print, use `${text}`. */
  get lossy() {
    return decoded(this._raw);
  }

  /**
   * As a path: what follows the last `/`.
   * @returns {Text}
   */
  get fileName() {
    return (/** @type {any} */ (this)._fileName ??= new Text(this._raw.substring(this._raw.lastIndexOf("/") + 1)));
  }

  /**
   * As a path: what stands before the last `/`; `/` for what lies at the top, empty where there is no `/`.
   * @returns {Text}
   */
  get directory() {
    const at = this._raw.lastIndexOf("/");
    return new Text(at < 0 ? "" : this._raw.substring(0, Math.max(at, 1)));
  }

  /**
   * Whether it is this one.
   * @param {TextLike} text
   */
  equals(text) {
    return this._raw === rawOf(text);
  }

  /**
   * Whether it begins with one of these.
   * @param {...TextLike} prefixes
   */
  startsWith(...prefixes) {
    return prefixes.some((prefix) => isThere(prefix) && this._raw.startsWith(rawOf(prefix)));
  }

  /**
   * Whether it ends with one of these.
   * @param {...TextLike} suffixes
   */
  endsWith(...suffixes) {
    return suffixes.some((suffix) => isThere(suffix) && this._raw.endsWith(rawOf(suffix)));
  }

  /**
   * Whether one of these is anywhere in it.
   * @param {...TextLike} parts
   */
  includes(...parts) {
    return parts.some((part) => isThere(part) && this._raw.includes(rawOf(part)));
  }

  /**
   * Whether it is one of these.
   * @param {Iterable<TextLike>} texts
   */
  oneOf(texts) {
    for (const text of texts) {
      if (this.equals(text)) return true;
    }
    return false;
  }

  /**
   * As a path: whether it lies below `directory`, at any depth. A path is not below itself, and `/etc/cron.daily` not below
   * `/etc/cron`.
   * @param {TextLike} directory
   */
  isUnder(directory) {
    if (!isThere(directory)) return false;
    const above = rawOf(directory);
    const below = above.endsWith("/") ? above : `${above}/`;
    return this._raw.length > below.length && this._raw.startsWith(below);
  }

  /** As it is safe to print. */
  toString() {
    return escapeRaw(this._raw);
  }

  toJSON() {
    return this.lossy;
  }
}

/** The text of which nothing is known. */
class UnknownText extends Text {
  constructor() {
    // No text of the kernel has such a character.
    super("\uffff");
  }

  get isKnown() {
    return false;
  }

  get length() {
    return 0;
  }

  get bytes() {
    return new Uint8Array(0);
  }

  get lossy() {
    return "";
  }

  get fileName() {
    return this;
  }

  get directory() {
    return this;
  }

  equals() {
    return false;
  }

  startsWith() {
    return false;
  }

  endsWith() {
    return false;
  }

  includes() {
    return false;
  }

  isUnder() {
    return false;
  }

  toString() {
    return "?";
  }
}

/** A text that is not known. It equals nothing: ask `text.isKnown`. It is shown as `?`. */
export const UNKNOWN = /** @type {Text} */ (new UnknownText());

/** @param {TextLike} text */
function isThere(text) {
  return text !== UNKNOWN;
}

/**
 * The bytes of a text, a character each.
 * @param {TextLike} text
 * @returns {string}
 */
export function rawOf(text) {
  if (typeof text === "string") {
    // Most are literals of the source, which come again and again.
    let raw = strings.get(text);
    if (raw === undefined) {
      raw = utf8(text);
      if (strings.size === MOST_STRINGS) strings.clear();
      strings.set(text, raw);
    }
    return raw;
  }
  return "_raw" in text ? text._raw : rawOfBytes(text);
}

/**
 * Bytes, a character each.
 * @param {Uint8Array} bytes
 */
export function rawOfBytes(bytes) {
  if (bytes.length <= 4096) return String.fromCharCode.apply(null, /** @type {any} */ (bytes));
  let raw = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    raw += String.fromCharCode.apply(null, /** @type {any} */ (bytes.subarray(at, at + 4096)));
  }
  return raw;
}

/**
 * The bytes that a string has a character for each of.
 * @param {string} raw
 */
export function bytesOf(raw) {
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  return bytes;
}

/**
 * A string as UTF-8, a character for each byte. A surrogate without its other half becomes U+FFFD.
 * @param {string} text
 */
export function utf8(text) {
  if (/^[\0-\x7f]*$/.test(text)) return text;
  let raw = "";
  for (const character of text) {
    let code = /** @type {number} */ (character.codePointAt(0));
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    if (code < 0x80) raw += character;
    else if (code < 0x800) raw += String.fromCharCode(0xc0 | (code >> 6), tail(code));
    else if (code < 0x10000) raw += String.fromCharCode(0xe0 | (code >> 12), tail(code >> 6), tail(code));
    else raw += String.fromCharCode(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code));
  }
  return raw;
}

/** @param {number} code */
function tail(code) {
  return 0x80 | (code & 0x3f);
}

/**
 * Bytes, a character each, read as UTF-8: of what is none, each longest beginning of a character is one U+FFFD, as the
 * Unicode Standard recommends.
 * @param {string} raw
 */
export function decoded(raw) {
  if (/^[\0-\x7f]*$/.test(raw)) return raw;
  let text = "";
  let at = 0;
  while (at < raw.length) {
    const first = raw.charCodeAt(at++);
    if (first < 0x80) {
      text += String.fromCharCode(first);
      continue;
    }
    // How many bytes follow, and what the first of them may be: nothing is longer than it has to be, no surrogates, and
    // nothing beyond U+10FFFF.
    let [left, low, high] = [0, 0x80, 0xbf];
    if (first >= 0xc2 && first <= 0xdf) left = 1;
    else if (first >= 0xe0 && first <= 0xef) [left, low, high] = [2, first === 0xe0 ? 0xa0 : 0x80, first === 0xed ? 0x9f : 0xbf];
    else if (first >= 0xf0 && first <= 0xf4) [left, low, high] = [3, first === 0xf0 ? 0x90 : 0x80, first === 0xf4 ? 0x8f : 0xbf];
    let code = left === 0 ? 0xfffd : first & (0x3f >> left);
    for (; left > 0; left--, low = 0x80, high = 0xbf) {
      const next = at < raw.length ? raw.charCodeAt(at) : 0;
      if (next < low || next > high) {
        code = 0xfffd;
        break;
      }
      code = (code << 6) | (next & 0x3f);
      at++;
    }
    text += String.fromCodePoint(code);
  }
  return text;
}

/** @type {{[character: string]: string}} */
const NAMED = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** @param {string} raw */
function escapeRaw(raw) {
  return /^[\x20-\x7e]*$/.test(raw) ? raw : escape(decoded(raw));
}

/**
 * A string as it is safe to print, in one line.
 * @param {string} text
 */
export function escape(text) {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text.replace(/[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    if (code >= 0x80) return `\\u{${code.toString(16)}}`;
    return NAMED[character] ?? `\\x${code.toString(16).padStart(2, "0")}`;
  });
}
