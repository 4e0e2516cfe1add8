/** Events of the kind `exit`. */
import { Event } from "../event.js";
/** A process ended, all its threads. */
export declare class ExitEvent extends Event {
    /** @type {"exit"} */
    get kind(): "exit";
    /** Exit code, 0 to 255. */
    get code(): number;
    /** The signal that ended it, or 0. */
    get signal(): number;
}
