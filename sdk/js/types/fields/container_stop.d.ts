/** Fields of events of the kind `container_stop`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `container_stop`. */
export declare class ContainerStopFields extends Scope {
    /** Id that its runtime gave it. */
    get id(): TextField;
    /** What ran it, where it is known. */
    get runtime(): TextField;
    /** Uid of its Kubernetes pod, where it is known. */
    get podUid(): TextField;
    /** Path of the control group. */
    get cgroup(): TextField;
    /** Id of the control group. */
    get cgroupId(): NumberField;
}
/** A container has stopped: its control group was removed. */
export declare const containerStop: ContainerStopFields;
