/** Events of the kind `userfaultfd`. */
import { Event } from "../event.js";
/** A process asked to handle page faults itself, or could not (userfaultfd). */
export declare class UserfaultfdEvent extends Event {
    /** @type {"userfaultfd"} */
    get kind(): "userfaultfd";
    /** Flags of userfaultfd(2). */
    get flags(): number;
}
