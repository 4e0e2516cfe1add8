/** Events of the kind `ptrace`. */
import { Event } from "../event.js";
import { Process } from "./process.js";
/**
 * A process began to trace another, or wrote into its memory or registers, or could not (ptrace). What
 * only steers or reads who is traced already is not told.
 */
export declare class PtraceEvent extends Event {
    /** @type {"ptrace"} */
    get kind(): "ptrace";
    /**
     * What was asked for: 0 TRACEME, 4 and 5 POKETEXT and POKEDATA, 13 SETREGS, 16 ATTACH, 0x4206 SEIZE
     * (ptrace(2)).
     */
    get request(): number;
    /** Row of the process that was meant. */
    get target(): Process | undefined;
    /** Its process id in the host's pid namespace, where that is known. */
    get targetPid(): number | undefined;
    /** The thread's id as the caller gave it, in his own pid namespace; 0 for TRACEME. */
    get targetNsPid(): number;
    /** Address in the other's memory, as asked for. */
    get address(): bigint | undefined;
}
