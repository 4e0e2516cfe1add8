/** Fields of events of the kind `chmod`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `chmod`. */
export declare class ChmodFields extends Scope {
    /** The file: of fchmod resolved by the kernel, else as asked for, made absolute. */
    get path(): TextField;
    /** The new permissions. */
    get mode(): NumberField;
    /** The descriptor that was given instead of a path. */
    get fd(): NumberField;
}
/** The permissions of a file were changed, or could not be (chmod, fchmod, fchmodat, fchmodat2). */
export declare const chmod: ChmodFields;
