/** Events of the kind `memfd`. */
import { Event } from "../event.js";
/** A file that has no place in any folder was made, or could not be (memfd_create). */
export declare class MemfdEvent extends Event {
    /** @type {"memfd"} */
    get kind(): "memfd";
    /** The name that it is given; anything. */
    get name(): import("../text.js").Text;
    /** Flags of memfd_create(2). */
    get flags(): number;
}
