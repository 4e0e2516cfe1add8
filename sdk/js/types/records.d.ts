/** The views of records, which follow from the schema. */
import { Event } from "./event.js";
import { Process } from "./records/process.js";
import { Container } from "./records/container.js";
import { Label } from "./records/label.js";
import { ContainerMount } from "./records/container_mount.js";
import { ExecEvent } from "./records/exec.js";
import { ForkEvent } from "./records/fork.js";
import { ExitEvent } from "./records/exit.js";
import { CredentialsEvent } from "./records/credentials.js";
import { PtraceEvent } from "./records/ptrace.js";
import { SignalEvent } from "./records/signal.js";
import { PrctlEvent } from "./records/prctl.js";
import { SetnsEvent } from "./records/setns.js";
import { UnshareEvent } from "./records/unshare.js";
import { ChrootEvent } from "./records/chroot.js";
import { PivotRootEvent } from "./records/pivot_root.js";
import { ProcessMemoryEvent } from "./records/process_memory.js";
import { ExecFailedEvent } from "./records/exec_failed.js";
import { OpenEvent } from "./records/open.js";
import { UnlinkEvent } from "./records/unlink.js";
import { RenameEvent } from "./records/rename.js";
import { LinkEvent } from "./records/link.js";
import { SymlinkEvent } from "./records/symlink.js";
import { ChmodEvent } from "./records/chmod.js";
import { ChownEvent } from "./records/chown.js";
import { TruncateEvent } from "./records/truncate.js";
import { UtimesEvent } from "./records/utimes.js";
import { XattrEvent } from "./records/xattr.js";
import { MountEvent } from "./records/mount.js";
import { UmountEvent } from "./records/umount.js";
import { MkdirEvent } from "./records/mkdir.js";
import { MknodEvent } from "./records/mknod.js";
import { MemfdEvent } from "./records/memfd.js";
import { MmapEvent } from "./records/mmap.js";
import { MprotectEvent } from "./records/mprotect.js";
import { ModuleLoadEvent } from "./records/module_load.js";
import { ModuleUnloadEvent } from "./records/module_unload.js";
import { KexecEvent } from "./records/kexec.js";
import { BpfEvent } from "./records/bpf.js";
import { PerfEventEvent } from "./records/perf_event.js";
import { UserfaultfdEvent } from "./records/userfaultfd.js";
import { IoUringEvent } from "./records/io_uring.js";
import { ConnectEvent } from "./records/connect.js";
import { ConnectEndEvent } from "./records/connect_end.js";
import { BindEvent } from "./records/bind.js";
import { ListenEvent } from "./records/listen.js";
import { AcceptEvent } from "./records/accept.js";
import { SendEvent } from "./records/send.js";
import { DnsEvent } from "./records/dns.js";
import { SocketEvent } from "./records/socket.js";
import { DupEvent } from "./records/dup.js";
import { LossEvent } from "./records/loss.js";
import { ContainerStartEvent } from "./records/container_start.js";
import { ContainerStopEvent } from "./records/container_stop.js";
export { Process, Container, Label, ContainerMount, ExecEvent, ForkEvent, ExitEvent, CredentialsEvent, PtraceEvent, SignalEvent, PrctlEvent, SetnsEvent, UnshareEvent, ChrootEvent, PivotRootEvent, ProcessMemoryEvent, ExecFailedEvent, OpenEvent, UnlinkEvent, RenameEvent, LinkEvent, SymlinkEvent, ChmodEvent, ChownEvent, TruncateEvent, UtimesEvent, XattrEvent, MountEvent, UmountEvent, MkdirEvent, MknodEvent, MemfdEvent, MmapEvent, MprotectEvent, ModuleLoadEvent, ModuleUnloadEvent, KexecEvent, BpfEvent, PerfEventEvent, UserfaultfdEvent, IoUringEvent, ConnectEvent, ConnectEndEvent, BindEvent, ListenEvent, AcceptEvent, SendEvent, DnsEvent, SocketEvent, DupEvent, LossEvent, ContainerStartEvent, ContainerStopEvent, };
export type Events = {
    exec: ExecEvent;
    fork: ForkEvent;
    exit: ExitEvent;
    credentials: CredentialsEvent;
    ptrace: PtraceEvent;
    signal: SignalEvent;
    prctl: PrctlEvent;
    setns: SetnsEvent;
    unshare: UnshareEvent;
    chroot: ChrootEvent;
    pivot_root: PivotRootEvent;
    process_memory: ProcessMemoryEvent;
    exec_failed: ExecFailedEvent;
    open: OpenEvent;
    unlink: UnlinkEvent;
    rename: RenameEvent;
    link: LinkEvent;
    symlink: SymlinkEvent;
    chmod: ChmodEvent;
    chown: ChownEvent;
    truncate: TruncateEvent;
    utimes: UtimesEvent;
    xattr: XattrEvent;
    mount: MountEvent;
    umount: UmountEvent;
    mkdir: MkdirEvent;
    mknod: MknodEvent;
    memfd: MemfdEvent;
    mmap: MmapEvent;
    mprotect: MprotectEvent;
    module_load: ModuleLoadEvent;
    module_unload: ModuleUnloadEvent;
    kexec: KexecEvent;
    bpf: BpfEvent;
    perf_event: PerfEventEvent;
    userfaultfd: UserfaultfdEvent;
    io_uring: IoUringEvent;
    connect: ConnectEvent;
    connect_end: ConnectEndEvent;
    bind: BindEvent;
    listen: ListenEvent;
    accept: AcceptEvent;
    send: SendEvent;
    dns: DnsEvent;
    socket: SocketEvent;
    dup: DupEvent;
    loss: LossEvent;
    container_start: ContainerStartEvent;
    container_stop: ContainerStopEvent;
};
/**
 * The views of events, by their kind's name.
 * @typedef {object} Events
 * @property {ExecEvent} exec
 * @property {ForkEvent} fork
 * @property {ExitEvent} exit
 * @property {CredentialsEvent} credentials
 * @property {PtraceEvent} ptrace
 * @property {SignalEvent} signal
 * @property {PrctlEvent} prctl
 * @property {SetnsEvent} setns
 * @property {UnshareEvent} unshare
 * @property {ChrootEvent} chroot
 * @property {PivotRootEvent} pivot_root
 * @property {ProcessMemoryEvent} process_memory
 * @property {ExecFailedEvent} exec_failed
 * @property {OpenEvent} open
 * @property {UnlinkEvent} unlink
 * @property {RenameEvent} rename
 * @property {LinkEvent} link
 * @property {SymlinkEvent} symlink
 * @property {ChmodEvent} chmod
 * @property {ChownEvent} chown
 * @property {TruncateEvent} truncate
 * @property {UtimesEvent} utimes
 * @property {XattrEvent} xattr
 * @property {MountEvent} mount
 * @property {UmountEvent} umount
 * @property {MkdirEvent} mkdir
 * @property {MknodEvent} mknod
 * @property {MemfdEvent} memfd
 * @property {MmapEvent} mmap
 * @property {MprotectEvent} mprotect
 * @property {ModuleLoadEvent} module_load
 * @property {ModuleUnloadEvent} module_unload
 * @property {KexecEvent} kexec
 * @property {BpfEvent} bpf
 * @property {PerfEventEvent} perf_event
 * @property {UserfaultfdEvent} userfaultfd
 * @property {IoUringEvent} io_uring
 * @property {ConnectEvent} connect
 * @property {ConnectEndEvent} connect_end
 * @property {BindEvent} bind
 * @property {ListenEvent} listen
 * @property {AcceptEvent} accept
 * @property {SendEvent} send
 * @property {DnsEvent} dns
 * @property {SocketEvent} socket
 * @property {DupEvent} dup
 * @property {LossEvent} loss
 * @property {ContainerStartEvent} container_start
 * @property {ContainerStopEvent} container_stop
 */
/** The views of events, by their kind's number. */
export declare const EVENTS: Map<number, typeof Event>;
/** A process of which nothing is known. */
export declare const UNKNOWN_PROCESS: Process;
