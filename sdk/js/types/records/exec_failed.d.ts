/** Events of the kind `exec_failed`. */
import { Event } from "../event.js";
/** A process could not begin a program (execve, execveat). */
export declare class ExecFailedEvent extends Event {
    /** @type {"exec_failed"} */
    get kind(): "exec_failed";
    /** The program as asked for, made absolute. */
    get path(): import("../text.js").Text;
    /** Flags of execveat(2). */
    get flags(): number | undefined;
}
