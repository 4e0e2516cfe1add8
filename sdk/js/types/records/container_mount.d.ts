/** The record `container_mount`. */
import { View } from "../views.js";
/** A part of the host that is mounted into a container. */
export declare class ContainerMount extends View {
    static section: number;
    /** The path on the host. */
    get source(): import("../text.js").Text;
    /** The path in the container. */
    get destination(): import("../text.js").Text;
    /** Whether it may be written. */
    get writable(): boolean;
}
