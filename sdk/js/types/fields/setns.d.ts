/** Fields of events of the kind `setns`. */
import { NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `setns`. */
export declare class SetnsFields extends Scope {
    /** The descriptor that says which. */
    get fd(): NumberField;
    /**
     * Types of namespaces that were asked for, as flags of clone(2); 0 for whatever the descriptor stands
     * for.
     */
    get flags(): NumberField;
    /** Inode number of the mount namespace, now. */
    get mntNs(): NumberField;
    /** Inode number of the pid namespace of its children, now. */
    get pidNs(): NumberField;
    /** Inode number of the network namespace, now. */
    get netNs(): NumberField;
    /** Inode number of the user namespace, now. */
    get userNs(): NumberField;
}
/** A thread entered namespaces that are there, or could not (setns). `process` is as it was before. */
export declare const setns: SetnsFields;
