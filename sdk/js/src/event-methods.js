/** What rules ask of an event of whatever kind. */

import { Frame } from "./frame.js";
import { EventFlag, RECORDS } from "./schema.js";

const FIELDS = /** @type {import("./tables.js").Record} */ (RECORDS.get("event")).fields;
/** @param {string} name */
const field = (name) => /** @type {import("./tables.js").Field} */ (FIELDS.get(name));
/** Where these stand, in words of 32 bits. */
const FLAGS = field("flags").offset >> 2;
const FLAGS_SHIFT = (field("flags").offset & 3) * 8;
const FAILED_HERE = EventFlag.FAILED << FLAGS_SHIFT;
const PROCESS = field("process").offset >> 2;
const HAS_PROCESS = 1 << field("process").bit;

/** What rules ask of an event of whatever kind. */
export class EventMethods {
  /**
   * @param {Frame} frame
   * @param {number} event where the event's own record begins
   * @param {number} at where that of its kind does
   */
  constructor(frame, event, at) {
    /** @internal */
    this._frame = frame;
    /** @internal */
    this._event = event;
    /** @internal */
    this._at = at;
  }

  /**
   * The name of its kind.
   * @returns {keyof import("./records.js").Events | undefined}
   */
  get kind() {
    return undefined;
  }

  /** The image that did it, as it was before the event; unknown where it is nobody's doing. */
  get process() {
    const frame = this._frame;
    const w32 = frame.w32;
    if (!(w32[this._event] & HAS_PROCESS)) return Frame.unknownProcess;
    const row = w32[this._event + PROCESS];
    return frame.processes[row] ?? frame.process(row);
  }

  /** The process that a finding about this event is about: for an exec the image that begins. */
  get subject() {
    return this.process;
  }

  /** @param {number} flag */
  _has(flag) {
    return ((this._frame.w32[this._event + FLAGS] >>> FLAGS_SHIFT) & flag) !== 0;
  }

  /** Whether the call failed; `result` says how. */
  get failed() {
    return (this._frame.w32[this._event + FLAGS] & FAILED_HERE) !== 0;
  }

  /** Whether a text of it is longer than what was recorded. */
  get isTruncated() {
    return this._has(EventFlag.TRUNCATED);
  }

  /** Whether something about it could not be read. */
  get isPartial() {
    return this._has(EventFlag.PARTIAL);
  }

  /** Whether the path or address is what the caller passed, not what the kernel resolved. */
  get isUnresolved() {
    return this._has(EventFlag.UNRESOLVED);
  }

  /** Whether it was handed to io_uring, and what came of it is not known: its result says nothing. */
  get isSubmitted() {
    return this._has(EventFlag.SUBMITTED);
  }
}
