/** Fields of events of the kind `pivot_root`. */
import { Scope, TextField } from "../filters.js";
/** Fields of events of the kind `pivot_root`. */
export declare class PivotRootFields extends Scope {
    /** The folder that becomes the root, as written. */
    get newRoot(): TextField;
    /** Where the old root is to be found afterwards, likewise. */
    get putOld(): TextField;
}
/** A mount namespace got another root, or could not (pivot_root). */
export declare const pivotRoot: PivotRootFields;
