/** Fields of events of the kind `container_start`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `container_start`. */
export declare class ContainerStartFields extends Scope {
    /** Id that its runtime gave it. */
    get id(): TextField;
    /** What runs it, where the control group tells. */
    get runtime(): TextField;
    /** Uid of its Kubernetes pod, where the control group tells. */
    get podUid(): TextField;
    /** Path of the control group. */
    get cgroup(): TextField;
    /** Id of the control group. */
    get cgroupId(): NumberField;
}
/**
 * A container starts: its control group was made. `process` is the runtime's, which made it; what else is
 * known of the container, events of its own processes tell.
 */
export declare const containerStart: ContainerStartFields;
