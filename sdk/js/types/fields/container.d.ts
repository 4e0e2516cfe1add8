/** Fields of a container. */
import { NumberField, Scope, TextField, YesNoField } from "../filters.js";
/** Fields of a container. */
export declare class ContainerFields extends Scope {
    /** Id that its runtime gave it; of systemd-nspawn and LXC its name. */
    get id(): TextField;
    /** Its name. */
    get name(): TextField;
    /** The image that it was made from, as it was named. */
    get image(): TextField;
    /** What runs it: docker, podman, containerd, cri-o, systemd-nspawn, lxc. */
    get runtime(): TextField;
    /** The image's name without tag and digest. */
    get imageRepository(): TextField;
    /** Its tag. */
    get imageTag(): TextField;
    /** Its digest, such as sha256:…: of its manifest, or where only that is known of its configuration. */
    get imageDigest(): TextField;
    /** Whether it may do all that the host's root may. */
    get privileged(): YesNoField;
    /** When it was started, ns since 1970 (UTC). */
    get started(): NumberField;
    /** Uid of the Kubernetes pod that it belongs to. */
    get podUid(): TextField;
    /** Name of that pod. */
    get pod(): TextField;
    /** Kubernetes namespace of that pod. */
    get namespace(): TextField;
}
/** The container in which the process runs that did it. */
export declare const container: ContainerFields;
