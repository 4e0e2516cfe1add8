/** Fields of events of the kind `chown`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `chown`. */
export declare class ChownFields extends Scope {
    /** The file: of fchown resolved by the kernel, else as asked for, made absolute. */
    get path(): TextField;
    /** The new owner, in the caller's user namespace; not there where it stays. */
    get owner(): NumberField;
    /** The new group, likewise. */
    get group(): NumberField;
    /** The descriptor that was given instead of a path. */
    get fd(): NumberField;
}
/** The owner or the group of a file was changed, or could not be (chown, lchown, fchown, fchownat). */
export declare const chown: ChownFields;
