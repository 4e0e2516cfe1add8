/** Fields of events of the kind `module_load`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `module_load`. */
export declare class ModuleLoadFields extends Scope {
    /** The module's name, where it came so far as to have one. */
    get name(): TextField;
    /** The file that it is in, resolved by the kernel; not there for what was given in memory. */
    get path(): TextField;
    /** Its inode number. */
    get inode(): NumberField;
    /** Its type and permissions (st_mode). */
    get fileMode(): NumberField;
    /** What it was given, as written. */
    get parameters(): TextField;
}
/** A kernel module was loaded, or could not be (init_module, finit_module). */
export declare const moduleLoad: ModuleLoadFields;
