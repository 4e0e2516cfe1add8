/** Events of the kind `container_stop`. */
import { Event } from "../event.js";
/** A container has stopped: its control group was removed. */
export declare class ContainerStopEvent extends Event {
    /** @type {"container_stop"} */
    get kind(): "container_stop";
    /** Id that its runtime gave it. */
    get id(): import("../text.js").Text;
    /** What ran it, where it is known. */
    get runtime(): import("../text.js").Text;
    /** Uid of its Kubernetes pod, where it is known. */
    get podUid(): import("../text.js").Text;
    /** Path of the control group. */
    get cgroup(): import("../text.js").Text;
    /** Id of the control group. */
    get cgroupId(): bigint;
}
