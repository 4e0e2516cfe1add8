/** Sets of texts. */

import { quoted } from "../address.js";
import { UNKNOWN, rawOf } from "../text.js";
import { globs } from "./glob.js";

/** @typedef {import("../text.js").TextLike} TextLike */

/**
 * Texts that other texts are compared with: paths, names, arguments.
 *
 * A text is in the set where it passes any of its comparisons. Texts are compared as bytes; one that is not known is in no set. A
 * set is prepared once, where it is made, and asked often:
 *
 *     const KEYS = new TextSet({ startsWith: ["/root/.ssh/"], fileName: ["id_rsa"], glob: ["/home/*\/.ssh/id_*"] });
 *     if (KEYS.matches(event.path)) …
 *
 * A glob is compared with the whole path: `*` stands for bytes but `/`, `**` for any, `**` and a `/` between two `/` or at the
 * beginning for any folders or none, `?` for a byte but `/`, `[a-z_]` and `[!a-z]` for one of these ASCII characters or none of
 * them, `{etc,usr/etc}` for one of these, `\*` for the character itself. It takes a time that grows with the text and no faster.
 */
export class TextSet {
  /**
   * @param {object} texts
   * @param {Iterable<TextLike>} [texts.equals]
   * @param {Iterable<TextLike>} [texts.startsWith]
   * @param {Iterable<TextLike>} [texts.endsWith]
   * @param {Iterable<TextLike>} [texts.includes]
   * @param {Iterable<TextLike>} [texts.fileName]
   * @param {Iterable<string>} [texts.glob]
   * @throws {Error} where one is no glob
   */
  constructor({ equals = [], startsWith = [], endsWith = [], includes = [], fileName = [], glob = [] }) {
    this._equals = new Set([...equals].map(rawOf));
    this._prefixes = [...startsWith].map(rawOf);
    this._suffixes = [...endsWith].map(rawOf);
    this._parts = [...includes].map(rawOf);
    this._names = new Set([...fileName].map(rawOf));
    this._patterns = [...glob];
    this._globs = this._patterns.flatMap(globs);
  }

  /**
   * Whether a text is in the set.
   * @param {TextLike} text
   */
  matches(text) {
    if (text === UNKNOWN) return false;
    const raw = rawOf(text);
    return (
      this._equals.has(raw) ||
      this._prefixes.some((prefix) => raw.startsWith(prefix)) ||
      this._suffixes.some((suffix) => raw.endsWith(suffix)) ||
      (this._names.size > 0 && this._names.has(raw.substring(raw.lastIndexOf("/") + 1))) ||
      this._parts.some((part) => raw.includes(part)) ||
      this._globs.some((glob) => glob.matches(raw))
    );
  }

  /**
   * What a host can compare: tests of which one has to hold, with their values as bytes, a character each.
   * @returns {[string, string[]][]}
   */
  tests() {
    if (this._patterns.length > 0) {
      throw new Error(`the set with ${quoted(this._patterns[0])} cannot be a filter: the host compares no globs`);
    }
    /** @type {[string, string[]][]} */
    const tests = [
      ["equals", [...this._equals, ...this._names]],
      ["starts-with", this._prefixes],
      ["ends-with", [...this._suffixes, ...[...this._names].map((name) => `/${name}`)]],
      ["contains", this._parts],
    ];
    return tests.filter(([, values]) => values.length > 0);
  }
}
