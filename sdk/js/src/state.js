/**
 * State that a pack keeps over a reload, to and from what travels.
 *
 * What CBOR does not tell apart is written as a map with one key that begins with `$`: `{"$map": [[key, value], …]}`, `$set`, `$bigint`,
 * `$text`, so that it comes back as what it was.
 */

import { decode, encode } from "./cbor.js";
import { Text, UNKNOWN } from "./text.js";

/** A state cannot be saved, or not be taken over. */
export class StateError extends Error {}

/**
 * A state, as it travels.
 * @param {{[name: string]: unknown}} state
 */
export function saved(state) {
  return encode(plain(state, "the state"));
}

/**
 * Takes over what was saved. What was not saved keeps the value that it has, and what is not there any more is passed over.
 * @param {{[name: string]: any}} state
 * @param {Uint8Array} bytes
 * @throws {StateError} where a value is not of the type that it has now
 */
export function restore(state, bytes) {
  const told = decode(bytes);
  if (!isPlain(told)) throw new StateError("the state is no map");
  const taken = Object.entries(told).filter(([name]) => Object.hasOwn(state, name));
  const values = taken.map(([name, value]) => /** @type {[string, unknown]} */ ([name, revived(value)]));
  for (const [name, value] of values) {
    if (typeOf(value) !== typeOf(state[name]) && state[name] !== undefined && state[name] !== null) {
      throw new StateError(`${name}: a ${typeOf(value)} was saved where a ${typeOf(state[name])} is expected`);
    }
  }
  for (const [name, value] of values) state[name] = value;
}

/** @param {unknown} value @param {string} where @returns {unknown} */
function plain(value, where) {
  if (value === null || ["undefined", "string", "boolean", "number"].includes(typeof value)) return value;
  if (typeof value === "bigint") return { $bigint: value };
  if (value instanceof Uint8Array) return value;
  if (value instanceof Text) return { $text: value.isKnown ? value.bytes : null };
  if (value instanceof Set) return { $set: [...value].map((item) => plain(item, where)) };
  if (value instanceof Map) return { $map: [...value].map((entry) => entry.map((each) => plain(each, where))) };
  if (Array.isArray(value)) return value.map((item) => plain(item, where));
  if (!isPlain(value)) {
    throw new StateError(`${where}: a ${Object.getPrototypeOf(value)?.constructor?.name} cannot be saved`);
  }
  const entries = Object.entries(/** @type {object} */ (value)).map(([name, item]) => {
    if (name.startsWith("$")) throw new StateError(`${where}.${name}: what is saved has no names that begin with $`);
    return [name, plain(item, `${where}.${name}`)];
  });
  return Object.fromEntries(entries);
}

/** @param {any} value @returns {unknown} */
function revived(value) {
  if (Array.isArray(value)) return value.map(revived);
  if (!isPlain(value)) return value;
  const [[key, inside] = ["", undefined], ...others] = Object.entries(value);
  if (others.length === 0 && key.startsWith("$")) {
    if (key === "$bigint" && inside !== null && typeof inside !== "object") return BigInt(inside);
    if (key === "$text") return inside === null ? UNKNOWN : Text.of(inside);
    if (key === "$set" && Array.isArray(inside)) return new Set(inside.map(revived));
    if (key === "$map" && Array.isArray(inside) && inside.every((entry) => Array.isArray(entry) && entry.length === 2)) {
      return new Map(inside.map(([name, item]) => [revived(name), revived(item)]));
    }
    throw new StateError(`what was saved as ${key} is none`);
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, revived(item)]));
}

/** @param {unknown} value */
function isPlain(value) {
  return typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** @param {any} value */
function typeOf(value) {
  const isObject = typeof value === "object" && value !== null;
  return isObject ? (Object.getPrototypeOf(value)?.constructor?.name ?? "Object") : typeof value;
}
