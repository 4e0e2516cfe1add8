/** What follows from the schema: kinds, flags, and how records are laid out. */
import { Record } from "./tables.js";
/** The version of the layout that this package reads and writes. */
export declare const VERSION = 2;
/** The numbers of kinds. */
export declare const Kind: Readonly<{
    /** A process began a new program. `process` is the image before, `image` the one that begins. */
    EXEC: 1;
    /** A process was created. `process` is the parent. */
    FORK: 2;
    /** A process ended, all its threads. */
    EXIT: 3;
    /**
     * A process changed its user, groups or capabilities, or could not (setuid and its family, setgroups,
     * capset). `process` is who it was before; that an exec changes them, the exec says.
     */
    CREDENTIALS: 4;
    /**
     * A process began to trace another, or wrote into its memory or registers, or could not (ptrace). What
     * only steers or reads who is traced already is not told.
     */
    PTRACE: 5;
    /**
     * A process sent a signal to another one, or could not (kill, tkill, tgkill, rt_sigqueueinfo,
     * pidfd_send_signal). Not those of the kernel, nor what a process sends itself.
     */
    SIGNAL: 6;
    /**
     * A thread changed something about itself that protects it or says who it is, or could not (prctl,
     * seccomp). Options that only ask are not told. `process` is as it was before.
     */
    PRCTL: 7;
    /** A thread entered namespaces that are there, or could not (setns). `process` is as it was before. */
    SETNS: 8;
    /**
     * A thread left for namespaces of its own, or could not (unshare). `process` is as it was before; that
     * a fork makes them, the fork's flags say.
     */
    UNSHARE: 9;
    /** A process changed its root folder, or could not (chroot). */
    CHROOT: 10;
    /** A mount namespace got another root, or could not (pivot_root). */
    PIVOT_ROOT: 11;
    /** A process read or wrote the memory of another, or could not (process_vm_readv, process_vm_writev). */
    PROCESS_MEMORY: 12;
    /** A process could not begin a program (execve, execveat). */
    EXEC_FAILED: 13;
    /** A file was opened, or could not be (open, openat, openat2, creat, open_by_handle_at). */
    OPEN: 32;
    /** A file or a folder was removed, or could not be (unlink, unlinkat, rmdir). */
    UNLINK: 33;
    /** A file got another path, or could not (rename, renameat, renameat2). */
    RENAME: 34;
    /** A file got another name, or could not (link, linkat). */
    LINK: 35;
    /** A symbolic link was made, or could not be (symlink, symlinkat). */
    SYMLINK: 36;
    /** The permissions of a file were changed, or could not be (chmod, fchmod, fchmodat, fchmodat2). */
    CHMOD: 37;
    /** The owner or the group of a file was changed, or could not be (chown, lchown, fchown, fchownat). */
    CHOWN: 38;
    /**
     * A file got another length, or could not (truncate, ftruncate). That an open cuts it, the open's flags
     * say.
     */
    TRUNCATE: 39;
    /** The times of a file were changed, or could not be (utime, utimes, futimesat, utimensat). */
    UTIMES: 40;
    /**
     * An extended attribute of a file was set or removed, or could not be (setxattr and removexattr, and
     * their families).
     */
    XATTR: 41;
    /** Something was mounted, bound or moved, or could not be (mount, move_mount). */
    MOUNT: 42;
    /** Something was unmounted, or could not be (umount2). */
    UMOUNT: 43;
    /** A folder was made, or could not be (mkdir, mkdirat). */
    MKDIR: 44;
    /** A device node, a named pipe or an empty file was made, or could not be (mknod, mknodat). */
    MKNOD: 45;
    /** A file that has no place in any folder was made, or could not be (memfd_create). */
    MEMFD: 64;
    /**
     * Memory was mapped that can be executed and is of no file, or can be written as well, or could not be
     * (mmap). A program's code that is mapped from its file is not told.
     */
    MMAP: 65;
    /** Memory was made executable, or could not be (mprotect, pkey_mprotect). */
    MPROTECT: 66;
    /** A kernel module was loaded, or could not be (init_module, finit_module). */
    MODULE_LOAD: 67;
    /** A kernel module was unloaded, or could not be (delete_module). */
    MODULE_UNLOAD: 68;
    /** Another kernel was loaded to be booted, or could not be (kexec_load, kexec_file_load). */
    KEXEC: 69;
    /**
     * A process loaded, attached or asked for something of BPF, or could not (bpf). What reads and writes
     * maps is not told.
     */
    BPF: 70;
    /** A counter or a probe of perf was opened, or could not be (perf_event_open). */
    PERF_EVENT: 71;
    /** A process asked to handle page faults itself, or could not (userfaultfd). */
    USERFAULTFD: 72;
    /** An io_uring instance was made, or could not be (io_uring_setup). */
    IO_URING: 73;
    /**
     * A socket was connected, or could not be (connect, and sending with MSG_FASTOPEN). A non-blocking
     * connect has the result -115 (EINPROGRESS).
     */
    CONNECT: 80;
    /**
     * A connect came to its end that was under way when its call returned (-115, EINPROGRESS, or -4,
     * EINTR): the peer has answered, or not (a negative errno; -103, ECONNABORTED, where the socket was
     * closed before). Of IPv4 and IPv6. `process` is who had called connect.
     */
    CONNECT_END: 88;
    /** A socket got an address of its own, or could not (bind). */
    BIND: 81;
    /** A socket waits for connections, or could not. */
    LISTEN: 82;
    /**
     * A connection was taken, or could not be (accept, accept4). That there was none to be had (-11,
     * EAGAIN) is not told.
     */
    ACCEPT: 83;
    /**
     * Data was sent to an address that was given with it, or could not be (sendto, sendmsg, sendmmsg). Of
     * sendmmsg each of the first eight messages is one, and the result its bytes. What is sent over a
     * connection is not told; what makes one (MSG_FASTOPEN) is a connect.
     */
    SEND: 84;
    /**
     * A program asked a name server, or got its answer: what it sent to port 53 of UDP, or received from
     * there. Of sendmmsg and recvmmsg the first eight messages. What is asked over TCP or HTTPS is not
     * told.
     */
    DNS: 85;
    /** A socket was made, or could not be (socket). */
    SOCKET: 86;
    /** A socket was put behind standard input, output or error (dup, dup2, dup3, fcntl). */
    DUP: 87;
    /** Events were lost between the kernel and the host. */
    LOSS: 112;
    /**
     * A container starts: its control group was made. `process` is the runtime's, which made it; what else
     * is known of the container, events of its own processes tell.
     */
    CONTAINER_START: 116;
    /** A container has stopped: its control group was removed. */
    CONTAINER_STOP: 117;
}>;
/** Bits of the fields that hold a `process_flag`. */
export declare const ProcessFlag: Readonly<{
    /** The executable lies on the upper layer of an overlay: it was written after the container began. */
    EXE_UPPER: number;
    /** The executable is an anonymous memory file (memfd_create). */
    EXE_MEMFD: number;
    /** The executable had been deleted when it was run. */
    EXE_DELETED: number;
    /** The executable is setuid or setgid. */
    EXE_SETUID: number;
    /** The executable is writable by its group or by everybody. */
    EXE_WRITABLE: number;
    /** Not all of the image is known: its exec was lost or came before the host. */
    PARTIAL: number;
    /** The arguments are longer than what was recorded. */
    ARGV_TRUNCATED: number;
    /** A path is longer than what was recorded; its end is kept. */
    PATH_TRUNCATED: number;
    /** A thread of the kernel: no executable. */
    KERNEL_THREAD: number;
    /** Started by the host's own self-test, or by a descendant of it. */
    SELF_TEST: number;
    /**
     * The executable was run from a mount that belongs to no mount namespace: its path begins with
     * (unreachable).
     */
    EXE_UNREACHABLE: number;
    /** The executable was run from a mount of another mount namespace than the process's own. */
    EXE_FOREIGN: number;
    /** The working directory had been deleted when the image began. */
    CWD_DELETED: number;
    /**
     * The environment is longer than what was looked at: there may be more of the entries that were asked
     * for.
     */
    ENVIRONMENT_TRUNCATED: number;
}>;
/** Bits of the fields that hold a `event_flag`. */
export declare const EventFlag: Readonly<{
    /** A text of this event is longer than what was recorded. */
    TRUNCATED: number;
    /** Something about this event could not be read. */
    PARTIAL: number;
    /** The call failed; `result` says how. */
    FAILED: number;
    /**
     * The path or address is what the caller passed, not what the kernel resolved: it could have changed
     * meanwhile.
     */
    UNRESOLVED: number;
    /**
     * A path of this event leads through a mount that belongs to no mount namespace; it begins with
     * (unreachable).
     */
    UNREACHABLE: number;
    /** A path of this event is one of another mount namespace than the process's own. */
    FOREIGN: number;
    /** It was a 32-bit system call of a 64-bit kernel. */
    COMPAT: number;
    /**
     * The path or address is what stood behind a descriptor when the call returned, and others share the
     * descriptors of the one who made it: they may have put something else there meanwhile.
     */
    SHARED: number;
    /** It was done through io_uring, not by a system call. */
    IO_URING: number;
    /** It was handed to io_uring, and what came of it is not known: `result` is 0. */
    SUBMITTED: number;
}>;
/** Bits of the fields that hold a `stdio_flag`. */
export declare const StdioFlag: Readonly<{
    /** Standard input is an internet socket. */
    STDIN_SOCKET: number;
    /** Standard output is an internet socket. */
    STDOUT_SOCKET: number;
    /** Standard error is an internet socket. */
    STDERR_SOCKET: number;
    /** Standard input is a unix socket. */
    STDIN_UNIX: number;
    /** Standard input is a pipe. */
    STDIN_PIPE: number;
    /** Standard input is a terminal. */
    STDIN_TTY: number;
}>;
/**
 * The records, by their names.
 * @type {Map<string, Record>}
 */
export declare const RECORDS: Map<string, Record>;
