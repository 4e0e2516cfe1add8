/** Records and frames, written. */
export type Record = import("../tables.js").Record;
export type Values = {
    [field: string]: any;
};
/**
 * @typedef {import("../tables.js").Record} Record
 * @typedef {{[field: string]: any}} Values
 */
/** Writes a frame. */
export declare class FrameWriter {
    /** @type {Map<number, {stride: number, rows: Uint8Array[]}>} */
    _sections: Map<number, {
        stride: number;
        rows: Uint8Array[];
    }>;
    _arena: string;
    constructor();
    /**
     * Adds a record with these fields; gives its row. A row is a number, a list is the values of its records.
     * @param {Record} record
     * @param {Values} values
     */
    record(record: Record, values: Values): number;
    /**
     * Adds an event.
     * @param {Record} kind
     * @param {Values} header
     * @param {Values} payload
     */
    event(kind: Record, header: Values, payload: Values): void;
    /**
     * The frame; with the subscriptions that each event passed, where that is said.
     * @param {number[][]} [passed] of each event the numbers of the subscriptions
     * @param {number} [subscriptions] how many there are
     */
    finish(passed?: number[][], subscriptions?: number): Uint8Array<ArrayBuffer>;
}
