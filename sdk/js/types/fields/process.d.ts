/** Fields of a process. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of a process. */
export declare class ProcessFields extends Scope {
    /** Stable id of the process: boot, pid and start time. Never reused. */
    get id(): NumberField;
    /** Id of this image; another after each exec. */
    get image(): NumberField;
    /** Process id (thread group) in the host's pid namespace. */
    get pid(): NumberField;
    /** Process id of the parent; 0 for what the kernel started. */
    get ppid(): NumberField;
    /** Process id in the process's own pid namespace. */
    get nsPid(): NumberField;
    /** Session leader's process id. */
    get sid(): NumberField;
    /** Group leader's process id. */
    get pgid(): NumberField;
    /** Real user id. */
    get uid(): NumberField;
    /** Effective user id. */
    get euid(): NumberField;
    /** Saved user id. */
    get suid(): NumberField;
    /** Real group id. */
    get gid(): NumberField;
    /** Effective group id. */
    get egid(): NumberField;
    /** User id of the login that this process descends from; not there where it descends from none. */
    get loginUid(): NumberField;
    /** Facts about the image, a bit each. */
    get flags(): NumberField;
    /** When the process began, ns since 1970 (UTC). */
    get start(): NumberField;
    /** When this image began (its exec, or the fork), ns since 1970 (UTC). */
    get imageStart(): NumberField;
    /** Effective capabilities, a bit each (capabilities(7)). */
    get capsEffective(): NumberField;
    /** Permitted capabilities. */
    get capsPermitted(): NumberField;
    /** Inheritable capabilities. */
    get capsInheritable(): NumberField;
    /** Inode number of the executable. */
    get exeInode(): NumberField;
    /** Device of the executable (kernel encoding: major << 20 | minor). */
    get exeDev(): NumberField;
    /** Owner of the executable. */
    get exeUid(): NumberField;
    /** File type and permissions of the executable (st_mode). */
    get exeMode(): NumberField;
    /** Magic number of the executable's file system (statfs(2)). */
    get exeFs(): NumberField;
    /** Inode number of the mount namespace. */
    get mntNs(): NumberField;
    /** Inode number of the pid namespace. */
    get pidNs(): NumberField;
    /** Inode number of the network namespace. */
    get netNs(): NumberField;
    /** Inode number of the user namespace. */
    get userNs(): NumberField;
    /** Path of the executable, resolved by the kernel. */
    get exe(): TextField;
    /** The kernel's short name of the process, at most 15 bytes. */
    get comm(): TextField;
    /** The arguments, each ended by a NUL. */
    get argv(): TextField;
    /** Working directory when the image began. */
    get cwd(): TextField;
    /** Path of the script that the executable interprets, where there is one. */
    get script(): TextField;
    /** Name of the real user, where the host knows it. */
    get user(): TextField;
    /** Saved group id. */
    get sgid(): NumberField;
    /** Group of the executable. */
    get exeGid(): NumberField;
    /** When the content of the executable was last changed (st_mtim), ns since 1970 (UTC). */
    get exeMtime(): NumberField;
    /** When the executable or what is said of it was last changed (st_ctim), ns since 1970 (UTC). */
    get exeCtime(): NumberField;
    /**
     * Device of the controlling terminal (kernel encoding: major << 20 | minor); not there where there is
     * none.
     */
    get tty(): NumberField;
    /** Id of the control group: the inode number of its folder. */
    get cgroupId(): NumberField;
    /** Path of the control group, from the root of its hierarchy. */
    get cgroup(): TextField;
    /**
     * Entries of the environment that the image began with, NAME=VALUE, each ended by a NUL: those whose
     * names (up to the `=`) some pack's filter on this field has. Not there where none of them is.
     */
    get environment(): TextField;
}
/** The process that did it, as it was before the event. */
export declare const process: ProcessFields;
/** The parent of the process that did it. */
export declare const parent: ProcessFields;
