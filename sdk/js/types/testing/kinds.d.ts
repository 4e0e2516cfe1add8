/** Events of the kinds that a line of a test makes. */
import { EventBuilder } from "./event.js";
/**
 * A process ended, all its threads.
 * @param {number} code
 */
export declare function exit(code: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A process changed its user, groups or capabilities, or could not (setuid and its family, setgroups,
 * capset). `process` is who it was before; that an exec changes them, the exec says.
 * @param {number} uid
 * @param {number} euid
 */
export declare function credentials(uid: number, euid: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A process began to trace another, or wrote into its memory or registers, or could not (ptrace). What
 * only steers or reads who is traced already is not told.
 * @param {number} request
 */
export declare function ptrace(request: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A process sent a signal to another one, or could not (kill, tkill, tgkill, rt_sigqueueinfo,
 * pidfd_send_signal). Not those of the kernel, nor what a process sends itself.
 * @param {number} signal
 */
export declare function signal(signal: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A thread changed something about itself that protects it or says who it is, or could not (prctl,
 * seccomp). Options that only ask are not told. `process` is as it was before.
 * @param {number} option
 * @param {import("../text.js").TextLike} name
 */
export declare function prctl(option: number, name: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A thread entered namespaces that are there, or could not (setns). `process` is as it was before.
 * @param {number} flags
 */
export declare function setns(flags: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A thread left for namespaces of its own, or could not (unshare). `process` is as it was before; that a
 * fork makes them, the fork's flags say.
 * @param {number} flags
 */
export declare function unshare(flags: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A process changed its root folder, or could not (chroot).
 * @param {import("../text.js").TextLike} path
 */
export declare function chroot(path: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A mount namespace got another root, or could not (pivot_root).
 * @param {import("../text.js").TextLike} newRoot
 */
export declare function pivotRoot(newRoot: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A process read or wrote the memory of another, or could not (process_vm_readv, process_vm_writev).
 * @param {boolean} written
 */
export declare function processMemory(written: boolean): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A process could not begin a program (execve, execveat).
 * @param {import("../text.js").TextLike} path
 */
export declare function execFailed(path: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A file was opened, or could not be (open, openat, openat2, creat, open_by_handle_at).
 * @param {import("../text.js").TextLike} path
 */
export declare function open(path: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A file or a folder was removed, or could not be (unlink, unlinkat, rmdir).
 * @param {import("../text.js").TextLike} path
 */
export declare function unlink(path: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A file got another path, or could not (rename, renameat, renameat2).
 * @param {import("../text.js").TextLike} oldPath
 * @param {import("../text.js").TextLike} newPath
 */
export declare function rename(oldPath: import("../text.js").TextLike, newPath: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A file got another name, or could not (link, linkat).
 * @param {import("../text.js").TextLike} oldPath
 * @param {import("../text.js").TextLike} newPath
 */
export declare function link(oldPath: import("../text.js").TextLike, newPath: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A symbolic link was made, or could not be (symlink, symlinkat).
 * @param {import("../text.js").TextLike} target
 * @param {import("../text.js").TextLike} path
 */
export declare function symlink(target: import("../text.js").TextLike, path: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * The permissions of a file were changed, or could not be (chmod, fchmod, fchmodat, fchmodat2).
 * @param {import("../text.js").TextLike} path
 * @param {number} mode
 */
export declare function chmod(path: import("../text.js").TextLike, mode: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * The owner or the group of a file was changed, or could not be (chown, lchown, fchown, fchownat).
 * @param {import("../text.js").TextLike} path
 * @param {number} owner
 */
export declare function chown(path: import("../text.js").TextLike, owner: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A file got another length, or could not (truncate, ftruncate). That an open cuts it, the open's flags
 * say.
 * @param {import("../text.js").TextLike} path
 * @param {number} size
 */
export declare function truncate(path: import("../text.js").TextLike, size: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * The times of a file were changed, or could not be (utime, utimes, futimesat, utimensat).
 * @param {import("../text.js").TextLike} path
 */
export declare function utimes(path: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * An extended attribute of a file was set or removed, or could not be (setxattr and removexattr, and
 * their families).
 * @param {import("../text.js").TextLike} path
 * @param {import("../text.js").TextLike} name
 */
export declare function xattr(path: import("../text.js").TextLike, name: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * Something was mounted, bound or moved, or could not be (mount, move_mount).
 * @param {import("../text.js").TextLike} source
 * @param {import("../text.js").TextLike} path
 */
export declare function mount(source: import("../text.js").TextLike, path: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * Something was unmounted, or could not be (umount2).
 * @param {import("../text.js").TextLike} path
 */
export declare function umount(path: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A folder was made, or could not be (mkdir, mkdirat).
 * @param {import("../text.js").TextLike} path
 */
export declare function mkdir(path: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A device node, a named pipe or an empty file was made, or could not be (mknod, mknodat).
 * @param {import("../text.js").TextLike} path
 * @param {number} mode
 */
export declare function mknod(path: import("../text.js").TextLike, mode: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A file that has no place in any folder was made, or could not be (memfd_create).
 * @param {import("../text.js").TextLike} name
 */
export declare function memfd(name: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * Memory was mapped that can be executed and is of no file, or can be written as well, or could not be
 * (mmap). A program's code that is mapped from its file is not told.
 * @param {number} protection
 */
export declare function mmap(protection: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * Memory was made executable, or could not be (mprotect, pkey_mprotect).
 * @param {number} protection
 */
export declare function mprotect(protection: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A kernel module was loaded, or could not be (init_module, finit_module).
 * @param {import("../text.js").TextLike} name
 * @param {import("../text.js").TextLike} path
 */
export declare function moduleLoad(name: import("../text.js").TextLike, path: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A kernel module was unloaded, or could not be (delete_module).
 * @param {import("../text.js").TextLike} name
 */
export declare function moduleUnload(name: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * Another kernel was loaded to be booted, or could not be (kexec_load, kexec_file_load).
 * @param {import("../text.js").TextLike} path
 */
export declare function kexec(path: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A process loaded, attached or asked for something of BPF, or could not (bpf). What reads and writes
 * maps is not told.
 * @param {number} command
 */
export declare function bpf(command: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A counter or a probe of perf was opened, or could not be (perf_event_open).
 * @param {number} eventType
 */
export declare function perfEvent(eventType: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A process asked to handle page faults itself, or could not (userfaultfd).
 * @param {number} flags
 */
export declare function userfaultfd(flags: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * An io_uring instance was made, or could not be (io_uring_setup).
 * @param {number} entries
 */
export declare function ioUring(entries: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A connect came to its end that was under way when its call returned (-115, EINPROGRESS, or -4, EINTR):
 * the peer has answered, or not (a negative errno; -103, ECONNABORTED, where the socket was closed
 * before). Of IPv4 and IPv6. `process` is who had called connect.
 * @param {import("../address.js").AddressLike} address
 * @param {number} port
 */
export declare function connectEnd(address: import("../address.js").AddressLike, port: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A socket got an address of its own, or could not (bind).
 * @param {import("../address.js").AddressLike} address
 * @param {number} port
 */
export declare function bind(address: import("../address.js").AddressLike, port: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A socket waits for connections, or could not.
 * @param {import("../address.js").AddressLike} address
 * @param {number} port
 */
export declare function listen(address: import("../address.js").AddressLike, port: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A connection was taken, or could not be (accept, accept4). That there was none to be had (-11, EAGAIN)
 * is not told.
 * @param {import("../address.js").AddressLike} address
 * @param {number} port
 */
export declare function accept(address: import("../address.js").AddressLike, port: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * Data was sent to an address that was given with it, or could not be (sendto, sendmsg, sendmmsg). Of
 * sendmmsg each of the first eight messages is one, and the result its bytes. What is sent over a
 * connection is not told; what makes one (MSG_FASTOPEN) is a connect.
 * @param {import("../address.js").AddressLike} address
 * @param {number} port
 */
export declare function send(address: import("../address.js").AddressLike, port: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A program asked a name server, or got its answer: what it sent to port 53 of UDP, or received from
 * there. Of sendmmsg and recvmmsg the first eight messages. What is asked over TCP or HTTPS is not told.
 * @param {import("../text.js").TextLike} name
 * @param {number} recordType
 */
export declare function dns(name: import("../text.js").TextLike, recordType: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A socket was made, or could not be (socket).
 * @param {number} family
 * @param {number} socketType
 */
export declare function socket(family: number, socketType: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A socket was put behind standard input, output or error (dup, dup2, dup3, fcntl).
 * @param {import("../address.js").AddressLike} address
 * @param {number} port
 */
export declare function dup(address: import("../address.js").AddressLike, port: number): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * Events were lost between the kernel and the host.
 * @param {number} lostKind
 * @param {number | bigint} count
 */
export declare function loss(lostKind: number, count: number | bigint): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A container starts: its control group was made. `process` is the runtime's, which made it; what else is
 * known of the container, events of its own processes tell.
 * @param {import("../text.js").TextLike} id
 */
export declare function containerStart(id: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
/**
 * A container has stopped: its control group was removed.
 * @param {import("../text.js").TextLike} id
 */
export declare function containerStop(id: import("../text.js").TextLike): EventBuilder & Partial<Pick<EventBuilder, "_by" | "_header" | "_values" | "since">>;
