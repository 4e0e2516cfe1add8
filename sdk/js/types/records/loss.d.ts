/** Events of the kind `loss`. */
import { Event } from "../event.js";
/** Events were lost between the kernel and the host. */
export declare class LossEvent extends Event {
    /** @type {"loss"} */
    get kind(): "loss";
    /** Of which kind. */
    get lostKind(): number;
    /** How many, since the last such event. */
    get count(): bigint;
}
