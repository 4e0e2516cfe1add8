/** Where the repository's vectors lie, and how they are read. */

import { readFileSync } from "node:fs";

import { Text, UNKNOWN } from "../src/index.js";

const TESTS = new URL("../../../tests/", import.meta.url);

/** @param {string} name */
export function bytes(name) {
  return new Uint8Array(readFileSync(new URL(name, TESTS)));
}

/** @param {string} name */
export function lines(name) {
  return readFileSync(new URL(name, TESTS), "latin1").split("\n").slice(0, -1);
}

/**
 * The rows of a file of vectors, their fields as they stand there: `-` is not `\x2d`.
 * @param {string} name
 */
export function rows(name) {
  return lines(name).slice(1).map((line) => line.split("\t"));
}

/**
 * A field's bytes.
 * @param {string} field
 */
export function unescaped(field) {
  const raw = field.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Uint8Array.from(raw, (character) => character.charCodeAt(0));
}

/**
 * A field as UTF-8.
 * @param {string} field
 */
export function string(field) {
  return Buffer.from(unescaped(field)).toString();
}

/**
 * A field of text.
 * @param {string} field
 */
export function text(field) {
  return field === "-" ? UNKNOWN : Text.of(unescaped(field));
}

/**
 * A text, as a field: `-` where it is not known, else its bytes.
 * @param {Text} value
 */
export function shown(value) {
  return value.isKnown ? Buffer.from(value.bytes).toString("hex") : "-";
}

/** @param {string} hex */
export function fromHex(hex) {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

/** @param {string} field */
export function yes(field) {
  return field === "yes";
}
