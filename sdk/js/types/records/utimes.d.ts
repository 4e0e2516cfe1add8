/** Events of the kind `utimes`. */
import { Event } from "../event.js";
/** The times of a file were changed, or could not be (utime, utimes, futimesat, utimensat). */
export declare class UtimesEvent extends Event {
    /** @type {"utimes"} */
    get kind(): "utimes";
    /**
     * The file: resolved by the kernel where a descriptor alone was given, else as asked for, made
     * absolute.
     */
    get path(): import("../text.js").Text;
    /** The new time of the last change, seconds since 1970 (UTC); not there where it is now, or stays. */
    get mtime(): number | undefined;
    /** The descriptor that was given instead of a path. */
    get fd(): number | undefined;
}
