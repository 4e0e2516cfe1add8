/** Events of the kind `module_load`. */
import { Event } from "../event.js";
/** A kernel module was loaded, or could not be (init_module, finit_module). */
export declare class ModuleLoadEvent extends Event {
    /** @type {"module_load"} */
    get kind(): "module_load";
    /** The module's name, where it came so far as to have one. */
    get name(): import("../text.js").Text;
    /** The file that it is in, resolved by the kernel; not there for what was given in memory. */
    get path(): import("../text.js").Text;
    /** Its inode number. */
    get inode(): bigint | undefined;
    /** Its type and permissions (st_mode). */
    get fileMode(): number | undefined;
    /** What it was given, as written. */
    get parameters(): import("../text.js").Text;
}
