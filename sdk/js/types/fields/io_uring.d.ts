/** Fields of events of the kind `io_uring`. */
import { NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `io_uring`. */
export declare class IoUringFields extends Scope {
    /** Entries of its queue, as asked for. */
    get entries(): NumberField;
    /** Flags of io_uring_setup(2). */
    get flags(): NumberField;
}
/** An io_uring instance was made, or could not be (io_uring_setup). */
export declare const ioUring: IoUringFields;
