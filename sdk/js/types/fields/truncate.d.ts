/** Fields of events of the kind `truncate`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `truncate`. */
export declare class TruncateFields extends Scope {
    /** The file: of ftruncate resolved by the kernel, else as asked for, made absolute. */
    get path(): TextField;
    /** The new length, bytes. */
    get size(): NumberField;
    /** The descriptor that was given instead of a path. */
    get fd(): NumberField;
}
/**
 * A file got another length, or could not (truncate, ftruncate). That an open cuts it, the open's flags
 * say.
 */
export declare const truncate: TruncateFields;
