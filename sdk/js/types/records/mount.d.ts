/** Events of the kind `mount`. */
import { Event } from "../event.js";
/** Something was mounted, bound or moved, or could not be (mount, move_mount). */
export declare class MountEvent extends Event {
    /** @type {"mount"} */
    get kind(): "mount";
    /**
     * What was mounted, as written: a device, a folder, or any word; of move_mount the path of the mount,
     * empty where a descriptor alone was given.
     */
    get source(): import("../text.js").Text;
    /** Where, as asked for, made absolute. */
    get path(): import("../text.js").Text;
    /** Type of the file system; not there for what is bound, moved or mounted anew. */
    get fsType(): import("../text.js").Text;
    /** Flags of mount(2), such as MS_BIND (4096); not there for move_mount. */
    get flags(): bigint | undefined;
}
