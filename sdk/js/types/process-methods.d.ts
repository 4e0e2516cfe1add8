/** What rules ask of processes, beyond their bare fields. */
import { Text } from "./text.js";
import { View } from "./views.js";
export type Process = import("./records.js").Process;
/** @typedef {import("./records.js").Process} Process */
/** What rules ask of a process. */
export declare class ProcessMethods extends View {
    /**
     * The process that it is: what is generated goes on from here.
     * @returns {Process}
     */
    get _self(): Process;
    /** Whether the frame has it. Of a process that it does not have, nothing is known. */
    get isKnown(): boolean;
    /**
     * Its parent, the parent's parent, and so on.
     * @returns {Generator<Process, void, undefined>}
     */
    ancestors(): Generator<Process, void, undefined>;
    /** What it is called: the file name of its executable, or where there is none the kernel's short name. */
    get name(): Text;
    /**
     * The arguments, the program's name first.
     * @returns {Text[]}
     */
    get args(): Text[];
    /**
     * What an entry of the environment is set to that the image began with. Unknown where it is not set, and where no filter asks
     * for it by its name: there are secrets among the others.
     * @param {string} name
     */
    env(name: string): Text;
    /**
     * The same of each entry of that name: programs take the first (getenv), others the last, as the dynamic linker does.
     * @param {string} name
     */
    envs(name: string): Text[];
    /** The arguments in one line, to be shown. */
    get commandLine(): string;
    /** Whether it acts as root. */
    get isRoot(): boolean;
    /** Whether the executable lies on the upper layer of an overlay: it was written after the container began. */
    get isUpper(): boolean;
    /** Whether the executable is an anonymous memory file. */
    get isMemfd(): boolean;
    /** Whether the executable had been deleted when it was run. */
    get isDeleted(): boolean;
    /** Whether the executable is setuid or setgid. */
    get isSetuid(): boolean;
    /** Whether the executable is writable by its group or by everybody. */
    get isWritable(): boolean;
    /** Whether not all of it is known: its exec was lost or came before the host. */
    get isPartial(): boolean;
    /** Whether it is a thread of the kernel. */
    get isKernelThread(): boolean;
    /** Whether the host's own self-test started it. */
    get isSelfTest(): boolean;
    /**
     * Whether the executable is what its path says, as far as the kernel tells: it lies at that path in the process's own mount
     * namespace, belongs to root, and nobody else may write it; and the process is in the host's user namespace, as in another one
     * anybody may have mounted what he likes at that path. What is not known does not count against it. A path alone can be
     * forged: ask this of a process before you trust it by its path.
     */
    get exeIsGenuine(): boolean;
    /** `cat (pid 123, root)`, as it stands in messages. */
    toString(): string;
}
