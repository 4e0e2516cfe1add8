/** Fields of events of the kind `mknod`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `mknod`. */
export declare class MknodFields extends Scope {
    /** The path, as asked for, made absolute. */
    get path(): TextField;
    /** Type and permissions asked for. */
    get mode(): NumberField;
    /** The device that a node stands for, as the caller gave it. */
    get dev(): NumberField;
}
/** A device node, a named pipe or an empty file was made, or could not be (mknod, mknodat). */
export declare const mknod: MknodFields;
