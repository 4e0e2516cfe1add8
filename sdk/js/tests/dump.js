/** What a frame holds, read through the views, in the form of the golden texts. */

import { Address, Container, Event, Text } from "../src/index.js";
import { EVENT, PROCESS } from "../src/frame.js";
import { RECORDS } from "../src/schema.js";
import { camel } from "../src/tables.js";

/**
 * @typedef {import("../src/frame.js").Frame} Frame
 * @typedef {import("../src/tables.js").Field} Field
 * @typedef {import("../src/tables.js").Record} Record
 */

/** @type {{[name: string]: string}} */
const RENAMED = { flags: "eventFlags", kind: "kindNumber" };

/**
 * Lines as those of the golden text, in the order of the frame's sections.
 * @param {Frame} frame
 */
export function dump(frame) {
  /** @type {string[]} */
  const lines = [];
  const add = (/** @type {string} */ name, /** @type {number} */ row, /** @type {any} */ view) => {
    const record = /** @type {Record} */ (RECORDS.get(name));
    for (const field of record.fields.values()) lines.push(`${name} ${row} ${field.name} ${value(record, field, view)}`);
  };
  for (let row = 0; row < frame.count(PROCESS); row++) add("process", row, frame.process(row));
  for (let row = 0; row < frame.count(EVENT); row++) {
    const [place, at] = frame.locate(EVENT, row);
    add("event", row, new Event(place, at, 0));
  }
  const containers = frame.count(Container.section) > 0 ? [new Container(...frame.locate(Container.section, 0))] : [];
  for (const [row, container] of containers.entries()) add("container", row, container);
  // Rows count on from list to list.
  const labels = containers.flatMap((container) => [...(container.labels ?? []), ...(container.podLabels ?? [])]);
  for (const [row, label] of labels.entries()) add("label", row, label);
  const mounts = containers.flatMap((container) => container.mounts ?? []);
  for (const [row, mount] of mounts.entries()) add("container_mount", row, mount);
  for (let row = 0; row < frame.count(EVENT); row++) {
    const event = frame.event(row);
    if (event?.kind !== undefined) add(event.kind, event._frame.w32[event._event + 9], event);
  }
  return lines;
}

/** @param {Record} record @param {Field} field @param {any} view */
function value(record, field, view) {
  const isEvent = record.name === "event";
  if (field.reads === "row" || field.reads === "payload") {
    // The row as it stands there, whether there is such a row or not.
    const { w32 } = view._frame;
    const at = isEvent ? view._event : view._at;
    const isThere = (w32[at + field.word / 4 + (field.bit >> 5)] >>> (field.bit & 31)) & 1;
    if (isThere) return `${w32[at + field.offset / 4]}`;
    return !field.always ? "-" : field.reads === "row" ? "4294967295" : "0";
  }
  return shown(view[(isEvent && RENAMED[field.name]) || camel(field.name)]);
}

/**
 * A value as it stands in the golden text; `-` where it is not known.
 * @param {any} value
 */
function shown(value) {
  if (value === undefined) return "-";
  if (value instanceof Address) return Buffer.from(value.bytes).toString("hex");
  if (Array.isArray(value)) return `${value.length}`;
  if (!(value instanceof Text)) return `${value}`;
  if (!value.isKnown) return "-";
  const byte = (/** @type {number} */ byte) =>
    byte < 0x20 || byte >= 0x7f || byte === 0x22 || byte === 0x5c
      ? `\\x${byte.toString(16).padStart(2, "0")}`
      : String.fromCharCode(byte);
  return `"${[...value.bytes].map(byte).join("")}"`;
}
