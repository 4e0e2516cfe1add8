/** Events of the kind `mprotect`. */
import { Event } from "../event.js";
/** Memory was made executable, or could not be (mprotect, pkey_mprotect). */
export declare class MprotectEvent extends Event {
    /** @type {"mprotect"} */
    get kind(): "mprotect";
    /** Where it begins. */
    get address(): bigint;
    /** Bytes. */
    get length(): bigint;
    /** What it is to be: 1 read, 2 write, 4 execute. */
    get protection(): number;
}
