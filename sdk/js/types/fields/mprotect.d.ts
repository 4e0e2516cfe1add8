/** Fields of events of the kind `mprotect`. */
import { NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `mprotect`. */
export declare class MprotectFields extends Scope {
    /** Where it begins. */
    get address(): NumberField;
    /** Bytes. */
    get length(): NumberField;
    /** What it is to be: 1 read, 2 write, 4 execute. */
    get protection(): NumberField;
}
/** Memory was made executable, or could not be (mprotect, pkey_mprotect). */
export declare const mprotect: MprotectFields;
