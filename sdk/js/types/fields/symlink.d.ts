/** Fields of events of the kind `symlink`. */
import { Scope, TextField } from "../filters.js";
/** Fields of events of the kind `symlink`. */
export declare class SymlinkFields extends Scope {
    /** What it leads to, as written. */
    get target(): TextField;
    /** The link, as asked for, made absolute. */
    get path(): TextField;
}
/** A symbolic link was made, or could not be (symlink, symlinkat). */
export declare const symlink: SymlinkFields;
