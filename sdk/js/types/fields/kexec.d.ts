/** Fields of events of the kind `kexec`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `kexec`. */
export declare class KexecFields extends Scope {
    /** The kernel's file, resolved by the kernel; not there for what was given in memory. */
    get path(): TextField;
    /** Its inode number. */
    get inode(): NumberField;
    /** Its type and permissions (st_mode). */
    get fileMode(): NumberField;
    /** What the kernel is to be told, as written. */
    get commandLine(): TextField;
    /** Flags of the call. */
    get flags(): NumberField;
}
/** Another kernel was loaded to be booted, or could not be (kexec_load, kexec_file_load). */
export declare const kexec: KexecFields;
