/** Fields of events of the kind `module_unload`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `module_unload`. */
export declare class ModuleUnloadFields extends Scope {
    /** The module's name, as asked for. */
    get name(): TextField;
    /** Flags of delete_module(2). */
    get flags(): NumberField;
}
/** A kernel module was unloaded, or could not be (delete_module). */
export declare const moduleUnload: ModuleUnloadFields;
