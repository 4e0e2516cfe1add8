/** Fields of events of the kind `perf_event`. */
import { NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `perf_event`. */
export declare class PerfEventFields extends Scope {
    /**
     * Its type: 0 hardware, 1 software, 2 tracepoint, 5 breakpoint; others are those of the kernel's list,
     * such as kprobe.
     */
    get eventType(): NumberField;
    /** Which of the type. */
    get config(): NumberField;
    /** Whom it looks at, as the caller gave it: 0 himself, -1 everybody on the processor. */
    get targetNsPid(): NumberField;
    /** On which processor, -1 on any. */
    get cpu(): NumberField;
}
/** A counter or a probe of perf was opened, or could not be (perf_event_open). */
export declare const perfEvent: PerfEventFields;
