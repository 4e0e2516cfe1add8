/** Fields of events of the kind `loss`. */
import { NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `loss`. */
export declare class LossFields extends Scope {
    /** Of which kind. */
    get lostKind(): NumberField;
    /** How many, since the last such event. */
    get count(): NumberField;
}
/** Events were lost between the kernel and the host. */
export declare const loss: LossFields;
