/** Events of the kind `prctl`. */
import { Event } from "../event.js";
/**
 * A thread changed something about itself that protects it or says who it is, or could not (prctl,
 * seccomp). Options that only ask are not told. `process` is as it was before.
 */
export declare class PrctlEvent extends Event {
    /** @type {"prctl"} */
    get kind(): "prctl";
    /**
     * Which: 4 PR_SET_DUMPABLE, 8 PR_SET_KEEPCAPS, 15 PR_SET_NAME, 22 PR_SET_SECCOMP (seccomp(2) too), 24
     * PR_CAPBSET_DROP, 28 PR_SET_SECUREBITS, 35 PR_SET_MM, 36 PR_SET_CHILD_SUBREAPER, 38
     * PR_SET_NO_NEW_PRIVS, 47 PR_CAP_AMBIENT, 0x59616d61 PR_SET_PTRACER.
     */
    get option(): number;
    /**
     * The option's first argument; of a name or a filter its address, of seccomp(2) the mode: 1 strict, 2 a
     * filter.
     */
    get value(): bigint;
    /** The thread's new name (PR_SET_NAME). */
    get name(): import("../text.js").Text;
}
