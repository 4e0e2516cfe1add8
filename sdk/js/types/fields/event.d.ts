/** Fields of an event. */
import { NumberField, ResultField, Scope } from "../filters.js";
/** Fields of an event. */
export declare class EventFields extends Scope {
    /** Sequence number, from 1, without gaps in one run of the host. */
    get seq(): NumberField;
    /** When it happened, ns since 1970 (UTC). */
    get time(): NumberField;
    /** The kind's number. */
    get kind(): NumberField;
    /** Facts about the record, a bit each. */
    get flags(): NumberField;
    /** Thread id in the host's pid namespace. */
    get tid(): NumberField;
    /** What the call returned; a negative errno where it failed. */
    get result(): ResultField;
}
/** What events of all kinds have. */
export declare const event: EventFields;
