/** Fields of events of the kind `userfaultfd`. */
import { NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `userfaultfd`. */
export declare class UserfaultfdFields extends Scope {
    /** Flags of userfaultfd(2). */
    get flags(): NumberField;
}
/** A process asked to handle page faults itself, or could not (userfaultfd). */
export declare const userfaultfd: UserfaultfdFields;
