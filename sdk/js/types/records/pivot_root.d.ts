/** Events of the kind `pivot_root`. */
import { Event } from "../event.js";
/** A mount namespace got another root, or could not (pivot_root). */
export declare class PivotRootEvent extends Event {
    /** @type {"pivot_root"} */
    get kind(): "pivot_root";
    /** The folder that becomes the root, as written. */
    get newRoot(): import("../text.js").Text;
    /** Where the old root is to be found afterwards, likewise. */
    get putOld(): import("../text.js").Text;
}
