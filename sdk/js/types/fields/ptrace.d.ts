/** Fields of events of the kind `ptrace`. */
import { NumberField, Scope } from "../filters.js";
import { ProcessFields } from "./process.js";
/** Fields of events of the kind `ptrace`. */
export declare class PtraceFields extends Scope {
    /**
     * What was asked for: 0 TRACEME, 4 and 5 POKETEXT and POKEDATA, 13 SETREGS, 16 ATTACH, 0x4206 SEIZE
     * (ptrace(2)).
     */
    get request(): NumberField;
    /** Row of the process that was meant. */
    get target(): ProcessFields;
    /** Its process id in the host's pid namespace, where that is known. */
    get targetPid(): NumberField;
    /** The thread's id as the caller gave it, in his own pid namespace; 0 for TRACEME. */
    get targetNsPid(): NumberField;
    /** Address in the other's memory, as asked for. */
    get address(): NumberField;
}
/**
 * A process began to trace another, or wrote into its memory or registers, or could not (ptrace). What
 * only steers or reads who is traced already is not told.
 */
export declare const ptrace: PtraceFields;
