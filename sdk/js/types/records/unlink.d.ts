/** Events of the kind `unlink`. */
import { Event } from "../event.js";
/** A file or a folder was removed, or could not be (unlink, unlinkat, rmdir). */
export declare class UnlinkEvent extends Event {
    /** @type {"unlink"} */
    get kind(): "unlink";
    /** The path, as asked for, made absolute. */
    get path(): import("../text.js").Text;
    /** Whether it was asked for a folder. */
    get directory(): boolean;
}
