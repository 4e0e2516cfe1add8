/** Events of the kind `process_memory`. */
import { Event } from "../event.js";
import { Process } from "./process.js";
/** A process read or wrote the memory of another, or could not (process_vm_readv, process_vm_writev). */
export declare class ProcessMemoryEvent extends Event {
    /** @type {"process_memory"} */
    get kind(): "process_memory";
    /** Whether it was to be written. */
    get written(): boolean;
    /** Row of the process whose memory it is. */
    get target(): Process | undefined;
    /** Its process id in the host's pid namespace, where that is known. */
    get targetPid(): number | undefined;
    /** The id as the caller gave it, in his own pid namespace. */
    get targetNsPid(): number;
}
