/** Fields of events of the kind `rename`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `rename`. */
export declare class RenameFields extends Scope {
    /** The path before, as asked for, made absolute. */
    get oldPath(): TextField;
    /** The path after, likewise. */
    get newPath(): TextField;
    /** Flags of renameat2(2): 1 not over another file, 2 exchanged with it, 4 a whiteout left behind. */
    get flags(): NumberField;
}
/** A file got another path, or could not (rename, renameat, renameat2). */
export declare const rename: RenameFields;
