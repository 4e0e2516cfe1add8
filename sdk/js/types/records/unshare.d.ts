/** Events of the kind `unshare`. */
import { Event } from "../event.js";
/**
 * A thread left for namespaces of its own, or could not (unshare). `process` is as it was before; that a
 * fork makes them, the fork's flags say.
 */
export declare class UnshareEvent extends Event {
    /** @type {"unshare"} */
    get kind(): "unshare";
    /** What it no longer shares, as flags of clone(2). */
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
