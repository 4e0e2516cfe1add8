/** Fields of events of the kind `chroot`. */
import { Scope, TextField } from "../filters.js";
/** Fields of events of the kind `chroot`. */
export declare class ChrootFields extends Scope {
    /** The new root: resolved by the kernel where the call succeeded, else as asked for, made absolute. */
    get path(): TextField;
}
/** A process changed its root folder, or could not (chroot). */
export declare const chroot: ChrootFields;
