/** Fields of events of the kind `utimes`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `utimes`. */
export declare class UtimesFields extends Scope {
    /**
     * The file: resolved by the kernel where a descriptor alone was given, else as asked for, made
     * absolute.
     */
    get path(): TextField;
    /** The new time of the last change, seconds since 1970 (UTC); not there where it is now, or stays. */
    get mtime(): NumberField;
    /** The descriptor that was given instead of a path. */
    get fd(): NumberField;
}
/** The times of a file were changed, or could not be (utime, utimes, futimesat, utimensat). */
export declare const utimes: UtimesFields;
