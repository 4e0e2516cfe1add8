/** Fields of events of the kind `unlink`. */
import { Scope, TextField, YesNoField } from "../filters.js";
/** Fields of events of the kind `unlink`. */
export declare class UnlinkFields extends Scope {
    /** The path, as asked for, made absolute. */
    get path(): TextField;
    /** Whether it was asked for a folder. */
    get directory(): YesNoField;
}
/** A file or a folder was removed, or could not be (unlink, unlinkat, rmdir). */
export declare const unlink: UnlinkFields;
