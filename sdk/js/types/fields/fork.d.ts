/** Fields of events of the kind `fork`. */
import { NumberField, Scope } from "../filters.js";
import { ProcessFields } from "./process.js";
/** Fields of events of the kind `fork`. */
export declare class ForkFields extends Scope {
    /** Row of the child's first image. */
    get child(): ProcessFields;
    /** Its process id in the host's pid namespace. */
    get childPid(): NumberField;
    /** Its process id in its own pid namespace. */
    get childNsPid(): NumberField;
    /** When it began, ns since boot. */
    get childStart(): NumberField;
    /** Flags of clone(2), such as CLONE_NEWUSER. */
    get flags(): NumberField;
    /** Process id of the child's parent: with CLONE_PARENT not who created it. */
    get childPpid(): NumberField;
}
/** A process was created. `process` is the parent. */
export declare const fork: ForkFields;
