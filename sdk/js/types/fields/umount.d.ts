/** Fields of events of the kind `umount`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `umount`. */
export declare class UmountFields extends Scope {
    /** Where it was mounted, as asked for, made absolute. */
    get path(): TextField;
    /** Flags of umount2(2). */
    get flags(): NumberField;
}
/** Something was unmounted, or could not be (umount2). */
export declare const umount: UmountFields;
