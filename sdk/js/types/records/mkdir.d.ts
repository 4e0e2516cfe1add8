/** Events of the kind `mkdir`. */
import { Event } from "../event.js";
/** A folder was made, or could not be (mkdir, mkdirat). */
export declare class MkdirEvent extends Event {
    /** @type {"mkdir"} */
    get kind(): "mkdir";
    /** The path, as asked for, made absolute. */
    get path(): import("../text.js").Text;
    /** Permissions asked for. */
    get mode(): number;
}
