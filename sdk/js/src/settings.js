/** What can be set in a pack, and what it is set to. */

import { quoted } from "./address.js";
import { rawOf } from "./text.js";

/**
 * Something that the people who run the host can set. `value` is what it is set to; the default otherwise.
 * @template T
 */
export class Setting {
  /**
   * @param {string} name
   * @param {string} summary
   * @param {string} type
   * @param {T} fallback what it is where nobody sets it
   * @param {{choices?: readonly string[], least?: number | bigint, most?: number | bigint}} [more]
   */
  constructor(name, summary, type, fallback, more = {}) {
    if (!/^[a-z0-9-]{1,128}$/.test(name)) {
      throw new Error(`the setting ${quoted(name)} is not lower-case letters, digits and \`-\``);
    }
    this.name = name;
    this.summary = summary;
    this.type = type;
    this.default = fallback;
    this.value = fallback;
    this._more = more;
    if (fallback !== undefined && !this._takes(fallback)) {
      throw new Error(`the setting ${name} does not take its own default: it takes ${this._what()}`);
    }
  }

  /**
   * Sets it to what travelled.
   * @param {any} value
   * @throws {Error} for what it does not take
   */
  set(value) {
    if (!this._takes(value)) {
      throw new Error(`the setting ${this.name} takes ${this._what()}, and cannot be ${quoted(value)}`);
    }
    this._assign(value);
  }

  /** Sets it to its default. */
  reset() {
    this._assign(this.default);
  }

  /** @param {T} value */
  _assign(value) {
    this.value = value;
  }

  /** @param {any} value */
  _takes(value) {
    const { choices = [], least = 0, most = 0 } = this._more;
    switch (this.type) {
      case "boolean":
        return typeof value === "boolean";
      case "number":
        return Number.isSafeInteger(value) && value >= least && value <= most;
      case "texts":
        return Array.isArray(value) && value.every((text) => typeof text === "string");
      case "one-of":
        return choices.includes(value);
      default:
        return typeof value === "string";
    }
  }

  _what() {
    const { choices = [], least, most } = this._more;
    switch (this.type) {
      case "boolean":
        return "true or false";
      case "number":
        return `a whole number from ${least} to ${most}`;
      case "texts":
        return "texts";
      case "one-of":
        return `one of ${choices.join(", ")}`;
      default:
        return "a text";
    }
  }

  /** As it travels in a description. */
  described() {
    const said = { name: this.name, summary: this.summary, type: this.type, ...this._more };
    return this.default === undefined ? said : { ...said, default: this.default };
  }
}

/**
 * A setting that takes texts.
 * @extends {Setting<readonly string[]>}
 */
export class TextsSetting extends Setting {
  /** @param {string} name @param {string} summary @param {readonly string[]} fallback */
  constructor(name, summary, fallback) {
    super(name, summary, "texts", [...fallback]);
    this._assign(this.default);
  }

  /** @param {readonly string[]} value */
  _assign(value) {
    this.value = [...value];
    /** As bytes, a character each: what texts of the kernel are looked for by. */
    this._raw = new Set(value.map(rawOf));
  }

  /**
   * Whether a text is one of them. One that is not known is not.
   * @param {import("./text.js").TextLike} text
   */
  has(text) {
    return /** @type {Set<string>} */ (this._raw).has(rawOf(text));
  }

  [Symbol.iterator]() {
    return this.value[Symbol.iterator]();
  }
}
