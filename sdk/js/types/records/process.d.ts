/** The record `process`. */
import { ProcessMethods } from "../process-methods.js";
import { Container } from "./container.js";
/**
 * The image of a process: what it runs, as whom, and where it comes from. Never changes; an exec begins a
 * new image.
 */
export declare class Process extends ProcessMethods {
    static section: number;
    /** Stable id of the process: boot, pid and start time. Never reused. */
    get id(): bigint;
    /** Id of this image; another after each exec. */
    get image(): bigint;
    /**
     * Row of the parent's image (at the time of the fork).
     * @returns {Process | undefined}
     */
    get parent(): Process | undefined;
    /**
     * Row of the container that it runs in; not there on the host itself, or where that is not known.
     * @returns {Container | undefined}
     */
    get container(): Container | undefined;
    /** Process id (thread group) in the host's pid namespace. */
    get pid(): number;
    /** Process id of the parent; 0 for what the kernel started. */
    get ppid(): number;
    /** Process id in the process's own pid namespace. */
    get nsPid(): number | undefined;
    /** Session leader's process id. */
    get sid(): number | undefined;
    /** Group leader's process id. */
    get pgid(): number | undefined;
    /** Real user id. */
    get uid(): number;
    /** Effective user id. */
    get euid(): number;
    /** Saved user id. */
    get suid(): number | undefined;
    /** Real group id. */
    get gid(): number;
    /** Effective group id. */
    get egid(): number;
    /** User id of the login that this process descends from; not there where it descends from none. */
    get loginUid(): number | undefined;
    /** Facts about the image, a bit each. */
    get flags(): number;
    /** When the process began, ns since 1970 (UTC). */
    get start(): bigint;
    /** When this image began (its exec, or the fork), ns since 1970 (UTC). */
    get imageStart(): bigint;
    /** Effective capabilities, a bit each (capabilities(7)). */
    get capsEffective(): bigint | undefined;
    /** Permitted capabilities. */
    get capsPermitted(): bigint | undefined;
    /** Inheritable capabilities. */
    get capsInheritable(): bigint | undefined;
    /** Inode number of the executable. */
    get exeInode(): bigint | undefined;
    /** Device of the executable (kernel encoding: major << 20 | minor). */
    get exeDev(): number | undefined;
    /** Owner of the executable. */
    get exeUid(): number | undefined;
    /** File type and permissions of the executable (st_mode). */
    get exeMode(): number | undefined;
    /** Magic number of the executable's file system (statfs(2)). */
    get exeFs(): number | undefined;
    /** Inode number of the mount namespace. */
    get mntNs(): number | undefined;
    /** Inode number of the pid namespace. */
    get pidNs(): number | undefined;
    /** Inode number of the network namespace. */
    get netNs(): number | undefined;
    /** Inode number of the user namespace. */
    get userNs(): number | undefined;
    /**
     * Path of the executable, resolved by the kernel.
     * @returns {import("../text.js").Text}
     */
    get exe(): import("../text.js").Text;
    /**
     * The kernel's short name of the process, at most 15 bytes.
     * @returns {import("../text.js").Text}
     */
    get comm(): import("../text.js").Text;
    /**
     * The arguments, each ended by a NUL.
     * @returns {import("../text.js").Text}
     */
    get argv(): import("../text.js").Text;
    /**
     * Working directory when the image began.
     * @returns {import("../text.js").Text}
     */
    get cwd(): import("../text.js").Text;
    /**
     * Path of the script that the executable interprets, where there is one.
     * @returns {import("../text.js").Text}
     */
    get script(): import("../text.js").Text;
    /**
     * Name of the real user, where the host knows it.
     * @returns {import("../text.js").Text}
     */
    get user(): import("../text.js").Text;
    /** Saved group id. */
    get sgid(): number | undefined;
    /** Group of the executable. */
    get exeGid(): number | undefined;
    /** When the content of the executable was last changed (st_mtim), ns since 1970 (UTC). */
    get exeMtime(): bigint | undefined;
    /** When the executable or what is said of it was last changed (st_ctim), ns since 1970 (UTC). */
    get exeCtime(): bigint | undefined;
    /**
     * Device of the controlling terminal (kernel encoding: major << 20 | minor); not there where there is
     * none.
     */
    get tty(): number | undefined;
    /** Id of the control group: the inode number of its folder. */
    get cgroupId(): bigint | undefined;
    /**
     * Path of the control group, from the root of its hierarchy.
     * @returns {import("../text.js").Text}
     */
    get cgroup(): import("../text.js").Text;
    /**
     * Entries of the environment that the image began with, NAME=VALUE, each ended by a NUL: those whose
     * names (up to the `=`) some pack's filter on this field has. Not there where none of them is.
     * @returns {import("../text.js").Text}
     */
    get environment(): import("../text.js").Text;
}
