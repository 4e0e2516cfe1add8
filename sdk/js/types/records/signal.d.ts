/** Events of the kind `signal`. */
import { Event } from "../event.js";
import { Process } from "./process.js";
/**
 * A process sent a signal to another one, or could not (kill, tkill, tgkill, rt_sigqueueinfo,
 * pidfd_send_signal). Not those of the kernel, nor what a process sends itself.
 */
export declare class SignalEvent extends Event {
    /** @type {"signal"} */
    get kind(): "signal";
    /** The signal's number. */
    get signal(): number;
    /** Row of the process that it is for. */
    get target(): Process | undefined;
    /** Its process id in the host's pid namespace, where that is known. */
    get targetPid(): number | undefined;
    /**
     * The id as the caller gave it, in his own pid namespace, where that is all that is known; negative for
     * a group, -1 for all.
     */
    get targetNsPid(): number | undefined;
}
