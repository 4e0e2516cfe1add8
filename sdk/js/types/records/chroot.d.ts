/** Events of the kind `chroot`. */
import { Event } from "../event.js";
/** A process changed its root folder, or could not (chroot). */
export declare class ChrootEvent extends Event {
    /** @type {"chroot"} */
    get kind(): "chroot";
    /** The new root: resolved by the kernel where the call succeeded, else as asked for, made absolute. */
    get path(): import("../text.js").Text;
}
