/** Events of the kind `umount`. */
import { Event } from "../event.js";
/** Something was unmounted, or could not be (umount2). */
export declare class UmountEvent extends Event {
    /** @type {"umount"} */
    get kind(): "umount";
    /** Where it was mounted, as asked for, made absolute. */
    get path(): import("../text.js").Text;
    /** Flags of umount2(2). */
    get flags(): number;
}
