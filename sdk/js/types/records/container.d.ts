/** The record `container`. */
import { View } from "../views.js";
import { ContainerMount } from "./container_mount.js";
import { Label } from "./label.js";
/** A container. Never changes. */
export declare class Container extends View {
    static section: number;
    /**
     * Id that its runtime gave it; of systemd-nspawn and LXC its name.
     * @returns {import("../text.js").Text}
     */
    get id(): import("../text.js").Text;
    /**
     * Its name.
     * @returns {import("../text.js").Text}
     */
    get name(): import("../text.js").Text;
    /**
     * The image that it was made from, as it was named.
     * @returns {import("../text.js").Text}
     */
    get image(): import("../text.js").Text;
    /**
     * What runs it: docker, podman, containerd, cri-o, systemd-nspawn, lxc.
     * @returns {import("../text.js").Text}
     */
    get runtime(): import("../text.js").Text;
    /**
     * Its labels.
     * @returns {Label[] | undefined}
     */
    get labels(): Label[] | undefined;
    /**
     * The image's name without tag and digest.
     * @returns {import("../text.js").Text}
     */
    get imageRepository(): import("../text.js").Text;
    /**
     * Its tag.
     * @returns {import("../text.js").Text}
     */
    get imageTag(): import("../text.js").Text;
    /**
     * Its digest, such as sha256:…: of its manifest, or where only that is known of its configuration.
     * @returns {import("../text.js").Text}
     */
    get imageDigest(): import("../text.js").Text;
    /** Whether it may do all that the host's root may. */
    get privileged(): boolean | undefined;
    /** When it was started, ns since 1970 (UTC). */
    get started(): bigint | undefined;
    /**
     * Uid of the Kubernetes pod that it belongs to.
     * @returns {import("../text.js").Text}
     */
    get podUid(): import("../text.js").Text;
    /**
     * Name of that pod.
     * @returns {import("../text.js").Text}
     */
    get pod(): import("../text.js").Text;
    /**
     * Kubernetes namespace of that pod.
     * @returns {import("../text.js").Text}
     */
    get namespace(): import("../text.js").Text;
    /**
     * Labels of that pod.
     * @returns {Label[] | undefined}
     */
    get podLabels(): Label[] | undefined;
    /**
     * What of the host is mounted into it.
     * @returns {ContainerMount[] | undefined}
     */
    get mounts(): ContainerMount[] | undefined;
}
