/** Events of the kind `xattr`. */
import { Event } from "../event.js";
/**
 * An extended attribute of a file was set or removed, or could not be (setxattr and removexattr, and
 * their families).
 */
export declare class XattrEvent extends Event {
    /** @type {"xattr"} */
    get kind(): "xattr";
    /**
     * The file: resolved by the kernel where a descriptor alone was given, else as asked for, made
     * absolute.
     */
    get path(): import("../text.js").Text;
    /** The attribute, such as security.capability. */
    get name(): import("../text.js").Text;
    /** Whether it was to be removed. */
    get removed(): boolean;
    /** The descriptor that was given instead of a path. */
    get fd(): number | undefined;
}
