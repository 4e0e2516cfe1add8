/** Fields of events of the kind `unshare`. */
import { NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `unshare`. */
export declare class UnshareFields extends Scope {
    /** What it no longer shares, as flags of clone(2). */
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
/**
 * A thread left for namespaces of its own, or could not (unshare). `process` is as it was before; that a
 * fork makes them, the fork's flags say.
 */
export declare const unshare: UnshareFields;
