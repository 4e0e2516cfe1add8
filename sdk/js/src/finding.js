/** What rules raise. */

import { Address } from "./address.js";
import { encode } from "./cbor.js";
import { Event } from "./event.js";
import { host } from "./host.js";
import { Process } from "./records.js";
import { Text, escape } from "./text.js";

/**
 * @typedef {"info" | "low" | "medium" | "high" | "critical"} Severity
 *
 * The value of a fact. A text of the kernel and bytes are a path, other strings a text; whole numbers are integers.
 * @typedef {Text | string | Uint8Array | boolean | number | bigint | Address | Process | FactList | undefined | null} Fact
 * @typedef {ReadonlyArray<Fact>} FactList
 */

/** @type {readonly Severity[]} */
export const SEVERITIES = ["info", "low", "medium", "high", "critical"];

/** Where a handler raises findings. It knows the rule and the event at hand. */
export class Out {
  /** @param {number} rule */
  constructor(rule) {
    /** @internal */
    this._rule = rule;
    /**
     * @internal
     * @type {Event | undefined}
     */
    this._event = undefined;
  }

  /**
   * Raises a finding.
   *
   * @param {string} message what happened, in one line for a person
   * @param {object} [more]
   * @param {{[name: string]: Fact}} [more.facts] more, by name, as what it is: a number, a path, an address, a process, or a list
   * of them. What is not known is left out.
   * @param {string} [more.key] what it is about, such as a path: findings of the rule with the same key are about the same thing,
   * and may be shown as one
   * @param {Severity} [more.severity] where it is worse, or less bad, than the rule's findings are
   * @param {Process | bigint} [more.process] the process that it is about, or its image id, which the pack kept. Otherwise it is
   * the one of the newest event: for an exec the image that begins.
   * @param {Iterable<Event | bigint | number>} [more.becauseOf] earlier events that are behind it, or their sequence numbers.
   * The one at hand is always.
   */
  finding(message, { facts = {}, key, severity, process, becauseOf = [] } = {}) {
    /** @type {{[key: string]: unknown}} */
    const finding = { rule: this._rule, message: escape(message) };
    if (severity !== undefined) {
      if (!SEVERITIES.includes(severity)) {
        throw new Error(`"${severity}" is no severity; there are ${SEVERITIES.join(", ")}`);
      }
      finding.severity = severity;
    }
    const events = new Set([...becauseOf].map((event) => BigInt(event instanceof Event ? event.seq : event)));
    if (this._event !== undefined) events.add(this._event.seq);
    if (events.size > 0) finding.events = [...events].sort((one, other) => (one < other ? -1 : 1));
    if (!(process instanceof Process)) finding.process = process;
    else if (process.isKnown) finding.process = process.image;
    if (finding.process === undefined) delete finding.process;
    if (key !== undefined) finding.key = escape(key);
    const fields = Object.entries(facts).map(([name, value]) => [name, travelling(value)]);
    const known = fields.filter(([, value]) => value !== undefined);
    if (known.length > 0) finding.fields = known;
    host.emit(encode(finding));
  }
}

/**
 * A fact as it travels; undefined for what is not known.
 * @param {Fact} value
 * @returns {unknown}
 */
function travelling(value) {
  if (value instanceof Text) return value.isKnown ? ["path", value.bytes] : undefined;
  if (value instanceof Uint8Array) return ["path", value];
  if (value instanceof Address) return ["address", value.packed];
  if (value instanceof Process) return value.isKnown ? ["process", value.image] : undefined;
  if (Array.isArray(value)) return ["list", ...value.map(travelling).filter((fact) => fact !== undefined)];
  if (value === undefined || value === null) return undefined;
  if (["string", "boolean", "number", "bigint"].includes(typeof value)) return value;
  const what = Object.getPrototypeOf(value)?.constructor?.name ?? typeof value;
  throw new TypeError(`a ${what} is no fact: numbers, texts, addresses, processes and lists of them are`);
}
