/** Events of the kind `perf_event`. */
import { Event } from "../event.js";
/** A counter or a probe of perf was opened, or could not be (perf_event_open). */
export declare class PerfEventEvent extends Event {
    /** @type {"perf_event"} */
    get kind(): "perf_event";
    /**
     * Its type: 0 hardware, 1 software, 2 tracepoint, 5 breakpoint; others are those of the kernel's list,
     * such as kprobe.
     */
    get eventType(): number | undefined;
    /** Which of the type. */
    get config(): bigint | undefined;
    /** Whom it looks at, as the caller gave it: 0 himself, -1 everybody on the processor. */
    get targetNsPid(): number;
    /** On which processor, -1 on any. */
    get cpu(): number;
}
