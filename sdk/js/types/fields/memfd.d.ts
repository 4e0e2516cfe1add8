/** Fields of events of the kind `memfd`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `memfd`. */
export declare class MemfdFields extends Scope {
    /** The name that it is given; anything. */
    get name(): TextField;
    /** Flags of memfd_create(2). */
    get flags(): NumberField;
}
/** A file that has no place in any folder was made, or could not be (memfd_create). */
export declare const memfd: MemfdFields;
