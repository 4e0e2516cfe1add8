/** What all events have, which follows from the schema. */
import { EventMethods } from "./event-methods.js";
/** One thing that happened. Rows stand in the order of `seq`. */
export declare class Event extends EventMethods {
    /** Sequence number, from 1, without gaps in one run of the host. */
    get seq(): bigint;
    /** When it happened, ns since 1970 (UTC). */
    get time(): bigint;
    /** The kind's number. */
    get kindNumber(): number;
    /** Facts about the record, a bit each. */
    get eventFlags(): number;
    /** Thread id in the host's pid namespace. */
    get tid(): number | undefined;
    /** What the call returned; a negative errno where it failed. */
    get result(): number | undefined;
}
