/** Events of the kind `chmod`. */
import { Event } from "../event.js";
/** The permissions of a file were changed, or could not be (chmod, fchmod, fchmodat, fchmodat2). */
export declare class ChmodEvent extends Event {
    /** @type {"chmod"} */
    get kind(): "chmod";
    /** The file: of fchmod resolved by the kernel, else as asked for, made absolute. */
    get path(): import("../text.js").Text;
    /** The new permissions. */
    get mode(): number;
    /** The descriptor that was given instead of a path. */
    get fd(): number | undefined;
}
