/** Fields of events of the kind `mkdir`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `mkdir`. */
export declare class MkdirFields extends Scope {
    /** The path, as asked for, made absolute. */
    get path(): TextField;
    /** Permissions asked for. */
    get mode(): NumberField;
}
/** A folder was made, or could not be (mkdir, mkdirat). */
export declare const mkdir: MkdirFields;
