/** Filters, compared with events here: where the host does not say what passed, and in tests. */
import { Filter } from "./filters.js";
export type Field = import("./tables.js").Field;
export type Record = import("./tables.js").Record;
export type Sieve = (event: any) => boolean;
export type Getter = (event: any) => any;
export type Holds = (value: any) => boolean;
/**
 * A filter for events of a kind, ready to be compared with them.
 * @param {Filter} filter
 * @param {Record} kind
 * @returns {Sieve}
 * @throws {FilterError} where it makes no sense
 */
export declare function check(filter: Filter, kind: Record): Sieve;
