/** Fields of events of the kind `signal`. */
import { NumberField, Scope } from "../filters.js";
import { ProcessFields } from "./process.js";
/** Fields of events of the kind `signal`. */
export declare class SignalFields extends Scope {
    /** The signal's number. */
    get signal(): NumberField;
    /** Row of the process that it is for. */
    get target(): ProcessFields;
    /** Its process id in the host's pid namespace, where that is known. */
    get targetPid(): NumberField;
    /**
     * The id as the caller gave it, in his own pid namespace, where that is all that is known; negative for
     * a group, -1 for all.
     */
    get targetNsPid(): NumberField;
}
/**
 * A process sent a signal to another one, or could not (kill, tkill, tgkill, rt_sigqueueinfo,
 * pidfd_send_signal). Not those of the kernel, nor what a process sends itself.
 */
export declare const signal: SignalFields;
