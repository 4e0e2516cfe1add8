/** Events of the kind `setns`. */
import { Event } from "../event.js";
/** A thread entered namespaces that are there, or could not (setns). `process` is as it was before. */
export declare class SetnsEvent extends Event {
    /** @type {"setns"} */
    get kind(): "setns";
    /** The descriptor that says which. */
    get fd(): number;
    /**
     * Types of namespaces that were asked for, as flags of clone(2); 0 for whatever the descriptor stands
     * for.
     */
    get flags(): number;
    /** Inode number of the mount namespace, now. */
    get mntNs(): number | undefined;
    /** Inode number of the pid namespace of its children, now. */
    get pidNs(): number | undefined;
    /** Inode number of the network namespace, now. */
    get netNs(): number | undefined;
    /** Inode number of the user namespace, now. */
    get userNs(): number | undefined;
}
