/** Fields of events of the kind `exec_failed`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `exec_failed`. */
export declare class ExecFailedFields extends Scope {
    /** The program as asked for, made absolute. */
    get path(): TextField;
    /** Flags of execveat(2). */
    get flags(): NumberField;
}
/** A process could not begin a program (execve, execveat). */
export declare const execFailed: ExecFailedFields;
