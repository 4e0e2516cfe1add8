/** Events of the kind `mknod`. */
import { Event } from "../event.js";
/** A device node, a named pipe or an empty file was made, or could not be (mknod, mknodat). */
export declare class MknodEvent extends Event {
    /** @type {"mknod"} */
    get kind(): "mknod";
    /** The path, as asked for, made absolute. */
    get path(): import("../text.js").Text;
    /** Type and permissions asked for. */
    get mode(): number;
    /** The device that a node stands for, as the caller gave it. */
    get dev(): number | undefined;
}
