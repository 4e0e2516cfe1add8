/** Fields of events of the kind `xattr`. */
import { NumberField, Scope, TextField, YesNoField } from "../filters.js";
/** Fields of events of the kind `xattr`. */
export declare class XattrFields extends Scope {
    /**
     * The file: resolved by the kernel where a descriptor alone was given, else as asked for, made
     * absolute.
     */
    get path(): TextField;
    /** The attribute, such as security.capability. */
    get name(): TextField;
    /** Whether it was to be removed. */
    get removed(): YesNoField;
    /** The descriptor that was given instead of a path. */
    get fd(): NumberField;
}
/**
 * An extended attribute of a file was set or removed, or could not be (setxattr and removexattr, and
 * their families).
 */
export declare const xattr: XattrFields;
