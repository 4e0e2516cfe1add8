/** Events of the kind `io_uring`. */
import { Event } from "../event.js";
/** An io_uring instance was made, or could not be (io_uring_setup). */
export declare class IoUringEvent extends Event {
    /** @type {"io_uring"} */
    get kind(): "io_uring";
    /** Entries of its queue, as asked for. */
    get entries(): number;
    /** Flags of io_uring_setup(2). */
    get flags(): number | undefined;
}
