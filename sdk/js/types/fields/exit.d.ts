/** Fields of events of the kind `exit`. */
import { NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `exit`. */
export declare class ExitFields extends Scope {
    /** Exit code, 0 to 255. */
    get code(): NumberField;
    /** The signal that ended it, or 0. */
    get signal(): NumberField;
}
/** A process ended, all its threads. */
export declare const exit: ExitFields;
