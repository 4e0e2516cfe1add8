/** Fields of events of the kind `mount`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `mount`. */
export declare class MountFields extends Scope {
    /**
     * What was mounted, as written: a device, a folder, or any word; of move_mount the path of the mount,
     * empty where a descriptor alone was given.
     */
    get source(): TextField;
    /** Where, as asked for, made absolute. */
    get path(): TextField;
    /** Type of the file system; not there for what is bound, moved or mounted anew. */
    get fsType(): TextField;
    /** Flags of mount(2), such as MS_BIND (4096); not there for move_mount. */
    get flags(): NumberField;
}
/** Something was mounted, bound or moved, or could not be (mount, move_mount). */
export declare const mount: MountFields;
