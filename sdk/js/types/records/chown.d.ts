/** Events of the kind `chown`. */
import { Event } from "../event.js";
/** The owner or the group of a file was changed, or could not be (chown, lchown, fchown, fchownat). */
export declare class ChownEvent extends Event {
    /** @type {"chown"} */
    get kind(): "chown";
    /** The file: of fchown resolved by the kernel, else as asked for, made absolute. */
    get path(): import("../text.js").Text;
    /** The new owner, in the caller's user namespace; not there where it stays. */
    get owner(): number | undefined;
    /** The new group, likewise. */
    get group(): number | undefined;
    /** The descriptor that was given instead of a path. */
    get fd(): number | undefined;
}
