/** Events of the kind `container_start`. */
import { Event } from "../event.js";
/**
 * A container starts: its control group was made. `process` is the runtime's, which made it; what else is
 * known of the container, events of its own processes tell.
 */
export declare class ContainerStartEvent extends Event {
    /** @type {"container_start"} */
    get kind(): "container_start";
    /** Id that its runtime gave it. */
    get id(): import("../text.js").Text;
    /** What runs it, where the control group tells. */
    get runtime(): import("../text.js").Text;
    /** Uid of its Kubernetes pod, where the control group tells. */
    get podUid(): import("../text.js").Text;
    /** Path of the control group. */
    get cgroup(): import("../text.js").Text;
    /** Id of the control group. */
    get cgroupId(): bigint;
}
