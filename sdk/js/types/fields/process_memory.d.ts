/** Fields of events of the kind `process_memory`. */
import { NumberField, Scope, YesNoField } from "../filters.js";
import { ProcessFields } from "./process.js";
/** Fields of events of the kind `process_memory`. */
export declare class ProcessMemoryFields extends Scope {
    /** Whether it was to be written. */
    get written(): YesNoField;
    /** Row of the process whose memory it is. */
    get target(): ProcessFields;
    /** Its process id in the host's pid namespace, where that is known. */
    get targetPid(): NumberField;
    /** The id as the caller gave it, in his own pid namespace. */
    get targetNsPid(): NumberField;
}
/** A process read or wrote the memory of another, or could not (process_vm_readv, process_vm_writev). */
export declare const processMemory: ProcessMemoryFields;
