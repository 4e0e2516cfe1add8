/** What rules ask of an event of whatever kind. */
import { Frame } from "./frame.js";
/** What rules ask of an event of whatever kind. */
export declare class EventMethods {
    /** @internal */
    _frame: Frame;
    /** @internal */
    _event: number;
    /** @internal */
    _at: number;
    /**
     * @param {Frame} frame
     * @param {number} event where the event's own record begins
     * @param {number} at where that of its kind does
     */
    constructor(frame: Frame, event: number, at: number);
    /**
     * The name of its kind.
     * @returns {keyof import("./records.js").Events | undefined}
     */
    get kind(): keyof import("./records.js").Events | undefined;
    /** The image that did it, as it was before the event; unknown where it is nobody's doing. */
    get process(): import("./records.js").Process;
    /** The process that a finding about this event is about: for an exec the image that begins. */
    get subject(): import("./records.js").Process;
    /** @param {number} flag */
    _has(flag: number): boolean;
    /** Whether the call failed; `result` says how. */
    get failed(): boolean;
    /** Whether a text of it is longer than what was recorded. */
    get isTruncated(): boolean;
    /** Whether something about it could not be read. */
    get isPartial(): boolean;
    /** Whether the path or address is what the caller passed, not what the kernel resolved. */
    get isUnresolved(): boolean;
    /** Whether it was handed to io_uring, and what came of it is not known: its result says nothing. */
    get isSubmitted(): boolean;
}
