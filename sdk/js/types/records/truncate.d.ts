/** Events of the kind `truncate`. */
import { Event } from "../event.js";
/**
 * A file got another length, or could not (truncate, ftruncate). That an open cuts it, the open's flags
 * say.
 */
export declare class TruncateEvent extends Event {
    /** @type {"truncate"} */
    get kind(): "truncate";
    /** The file: of ftruncate resolved by the kernel, else as asked for, made absolute. */
    get path(): import("../text.js").Text;
    /** The new length, bytes. */
    get size(): number;
    /** The descriptor that was given instead of a path. */
    get fd(): number | undefined;
}
