/** Events of the kind `kexec`. */
import { Event } from "../event.js";
/** Another kernel was loaded to be booted, or could not be (kexec_load, kexec_file_load). */
export declare class KexecEvent extends Event {
    /** @type {"kexec"} */
    get kind(): "kexec";
    /** The kernel's file, resolved by the kernel; not there for what was given in memory. */
    get path(): import("../text.js").Text;
    /** Its inode number. */
    get inode(): bigint | undefined;
    /** Its type and permissions (st_mode). */
    get fileMode(): number | undefined;
    /** What the kernel is to be told, as written. */
    get commandLine(): import("../text.js").Text;
    /** Flags of the call. */
    get flags(): bigint;
}
