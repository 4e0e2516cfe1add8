/** Records and frames, written. */

import { Address } from "../address.js";
import { ARENA, ENTRY_SIZE, HEADER_SIZE, MAGIC, PASSED } from "../frame.js";
import { RECORDS, VERSION } from "../schema.js";
import { bytesOf, rawOf } from "../text.js";

/**
 * @typedef {import("../tables.js").Record} Record
 * @typedef {{[field: string]: any}} Values
 */

/** Writes a frame. */
export class FrameWriter {
  constructor() {
    /** @type {Map<number, {stride: number, rows: Uint8Array[]}>} */
    this._sections = new Map();
    this._arena = "";
  }

  /**
   * Adds a record with these fields; gives its row. A row is a number, a list is the values of its records.
   * @param {Record} record
   * @param {Values} values
   */
  record(record, values) {
    const written = new Uint8Array(record.size);
    const view = new DataView(written.buffer);
    for (const [name, value] of Object.entries(values)) {
      const field = record.fields.get(name);
      if (field === undefined) throw new Error(`a record ${record.name} has no field ${name}`);
      const at = field.offset;
      switch (field.type) {
        case "list": {
          const of = /** @type {Record} */ (RECORDS.get(field.of ?? ""));
          const listed = value.map((/** @type {Values} */ each) => this.record(of, each));
          view.setUint32(at, listed[0] ?? 0, true);
          view.setUint32(at + 4, listed.length, true);
          break;
        }
        case "text": {
          const raw = rawOf(value);
          view.setUint32(at, raw.length > 0 ? this._arena.length : 0, true);
          view.setUint32(at + 4, raw.length, true);
          this._arena += raw;
          break;
        }
        case "bytes16":
          written.set(value instanceof Uint8Array ? value : Address.parse(value).bytes, at);
          break;
        case "u64":
        case "i64":
          view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
          break;
        case "u32":
        case "i32":
          view.setUint32(at, Number(value), true);
          break;
        case "u16":
          view.setUint16(at, Number(value), true);
          break;
        default:
          view.setUint8(at, Number(value));
      }
      written[field.word + (field.bit >> 3)] |= 1 << (field.bit & 7);
    }
    const section = this._sections.get(record.section) ?? { stride: record.size, rows: [] };
    this._sections.set(record.section, section);
    section.rows.push(written);
    return section.rows.length - 1;
  }

  /**
   * Adds an event.
   * @param {Record} kind
   * @param {Values} header
   * @param {Values} payload
   */
  event(kind, header, payload) {
    const row = this.record(kind, payload);
    const event = /** @type {Record} */ (RECORDS.get("event"));
    this.record(event, { ...header, kind: kind.kind, payload: row });
  }

  /**
   * The frame; with the subscriptions that each event passed, where that is said.
   * @param {number[][]} [passed] of each event the numbers of the subscriptions
   * @param {number} [subscriptions] how many there are
   */
  finish(passed, subscriptions = 0) {
    const sections = [...this._sections].sort(([one], [other]) => one - other).map(([number, { stride, rows }]) => {
      return { number, stride, count: rows.length, bytes: joined(rows) };
    });
    if (passed !== undefined) {
      const stride = Math.ceil(subscriptions / 64) * 8;
      const rows = passed.map((numbers) => {
        const row = new Uint8Array(stride);
        for (const number of numbers) row[number >> 3] |= 1 << (number & 7);
        return row;
      });
      sections.push({ number: PASSED, stride, count: rows.length, bytes: joined(rows) });
    }
    const arena = bytesOf(this._arena);
    sections.push({ number: ARENA, stride: 1, count: arena.length, bytes: arena });
    const header = new DataView(new ArrayBuffer(HEADER_SIZE + ENTRY_SIZE * sections.length));
    const parts = [new Uint8Array(header.buffer)];
    let length = header.byteLength;
    for (const [number, section] of sections.entries()) {
      const at = HEADER_SIZE + number * ENTRY_SIZE;
      header.setUint16(at, section.number, true);
      header.setUint16(at + 2, section.stride, true);
      header.setUint32(at + 4, section.count, true);
      header.setUint32(at + 8, length, true);
      parts.push(section.bytes, new Uint8Array(-section.bytes.length & 7));
      length += (section.bytes.length + 7) & ~7;
    }
    header.setUint32(0, MAGIC, true);
    header.setUint16(4, VERSION, true);
    header.setUint16(6, HEADER_SIZE, true);
    header.setUint32(8, length, true);
    header.setUint32(12, sections.length, true);
    return joined(parts);
  }
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
