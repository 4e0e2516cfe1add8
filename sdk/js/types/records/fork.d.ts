/** Events of the kind `fork`. */
import { Event } from "../event.js";
/** A process was created. `process` is the parent. */
export declare class ForkEvent extends Event {
    /** @type {"fork"} */
    get kind(): "fork";
    /** Row of the child's first image. */
    get child(): import("./process.js").Process;
    /** Its process id in the host's pid namespace. */
    get childPid(): number;
    /** Its process id in its own pid namespace. */
    get childNsPid(): number;
    /** When it began, ns since boot. */
    get childStart(): bigint;
    /** Flags of clone(2), such as CLONE_NEWUSER. */
    get flags(): bigint | undefined;
    /** Process id of the child's parent: with CLONE_PARENT not who created it. */
    get childPpid(): number | undefined;
}
