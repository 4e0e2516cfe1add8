/** Events of the kind `module_unload`. */
import { Event } from "../event.js";
/** A kernel module was unloaded, or could not be (delete_module). */
export declare class ModuleUnloadEvent extends Event {
    /** @type {"module_unload"} */
    get kind(): "module_unload";
    /** The module's name, as asked for. */
    get name(): import("../text.js").Text;
    /** Flags of delete_module(2). */
    get flags(): number;
}
