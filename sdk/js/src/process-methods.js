/** What rules ask of processes, beyond their bare fields. */

import { Frame } from "./frame.js";
import { ProcessFlag } from "./schema.js";
import { Text, UNKNOWN, rawOf } from "./text.js";
import { View } from "./views.js";

const FORGED =
  ProcessFlag.EXE_DELETED |
  ProcessFlag.EXE_MEMFD |
  ProcessFlag.EXE_WRITABLE |
  ProcessFlag.EXE_UNREACHABLE |
  ProcessFlag.EXE_FOREIGN;
/** The host's own user namespace (PROC_USER_INIT_INO of include/linux/proc_ns.h). */
const FIRST_USER_NAMESPACE = 0xeffffffd;

/** @typedef {import("./records.js").Process} Process */

/** What rules ask of a process. */
export class ProcessMethods extends View {
  /**
   * The process that it is: what is generated goes on from here.
   * @returns {Process}
   */
  get _self() {
    return /** @type {any} */ (this);
  }

  /** Whether the frame has it. Of a process that it does not have, nothing is known. */
  get isKnown() {
    return this._self !== Frame.unknownProcess;
  }

  /**
   * Its parent, the parent's parent, and so on.
   * @returns {Generator<Process, void, undefined>}
   */
  *ancestors() {
    let process = this._self.parent;
    // A line longer than there are processes is a circle.
    for (let left = this._frame.processCount; left > 0 && process !== undefined; left--) {
      yield process;
      process = process.parent;
    }
  }

  /** What it is called: the file name of its executable, or where there is none the kernel's short name. */
  get name() {
    const name = this._self.exe.fileName;
    return name.length > 0 ? name : this._self.comm;
  }

  /**
   * The arguments, the program's name first.
   * @returns {Text[]}
   */
  get args() {
    return (/** @type {any} */ (this)._args ??= split(this._self.argv));
  }

  /**
   * What an entry of the environment is set to that the image began with. Unknown where it is not set, and where no filter asks
   * for it by its name: there are secrets among the others.
   * @param {string} name
   */
  env(name) {
    return this.envs(name)[0] ?? UNKNOWN;
  }

  /**
   * The same of each entry of that name: programs take the first (getenv), others the last, as the dynamic linker does.
   * @param {string} name
   */
  envs(name) {
    const begin = rawOf(`${name}=`);
    const entries = split(this._self.environment).filter((entry) => entry._raw.startsWith(begin));
    return entries.map((entry) => new Text(entry._raw.substring(begin.length)));
  }

  /** The arguments in one line, to be shown. */
  get commandLine() {
    return this.args.join(" ");
  }

  /** Whether it acts as root. */
  get isRoot() {
    return this._self.euid === 0;
  }

  /** Whether the executable lies on the upper layer of an overlay: it was written after the container began. */
  get isUpper() {
    return (this._self.flags & ProcessFlag.EXE_UPPER) !== 0;
  }

  /** Whether the executable is an anonymous memory file. */
  get isMemfd() {
    return (this._self.flags & ProcessFlag.EXE_MEMFD) !== 0;
  }

  /** Whether the executable had been deleted when it was run. */
  get isDeleted() {
    return (this._self.flags & ProcessFlag.EXE_DELETED) !== 0;
  }

  /** Whether the executable is setuid or setgid. */
  get isSetuid() {
    return (this._self.flags & ProcessFlag.EXE_SETUID) !== 0;
  }

  /** Whether the executable is writable by its group or by everybody. */
  get isWritable() {
    return (this._self.flags & ProcessFlag.EXE_WRITABLE) !== 0;
  }

  /** Whether not all of it is known: its exec was lost or came before the host. */
  get isPartial() {
    return (this._self.flags & ProcessFlag.PARTIAL) !== 0;
  }

  /** Whether it is a thread of the kernel. */
  get isKernelThread() {
    return (this._self.flags & ProcessFlag.KERNEL_THREAD) !== 0;
  }

  /** Whether the host's own self-test started it. */
  get isSelfTest() {
    return (this._self.flags & ProcessFlag.SELF_TEST) !== 0;
  }

  /**
   * Whether the executable is what its path says, as far as the kernel tells: it lies at that path in the process's own mount
   * namespace, belongs to root, and nobody else may write it; and the process is in the host's user namespace, as in another one
   * anybody may have mounted what he likes at that path. What is not known does not count against it. A path alone can be
   * forged: ask this of a process before you trust it by its path.
   */
  get exeIsGenuine() {
    const { flags, exeUid = 0, userNs = FIRST_USER_NAMESPACE } = this._self;
    return (flags & FORGED) === 0 && exeUid === 0 && userNs === FIRST_USER_NAMESPACE;
  }

  /** `cat (pid 123, root)`, as it stands in messages. */
  toString() {
    if (!this.isKnown) return "an unknown process";
    const { user, uid, pid } = this._self;
    const name = this.name.length > 0 ? `${this.name}` : "?";
    return `${name} (pid ${pid}, ${user.length > 0 ? user : `uid ${uid}`})`;
  }
}

/**
 * Texts that are each ended by a NUL, but the last where it was cut off.
 * @param {Text} texts
 */
function split(texts) {
  if (texts.length === 0) return [];
  const parts = texts._raw.split("\0");
  if (parts[parts.length - 1] === "") parts.pop();
  return parts.map((part) => new Text(part));
}
