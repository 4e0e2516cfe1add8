/** Processes and containers, made up. */

import { ProcessFlag, RECORDS } from "../schema.js";
import { Text, rawOf } from "../text.js";

/**
 * @typedef {import("../tables.js").Record} Record
 * @typedef {import("../text.js").TextLike} TextLike
 * @typedef {import("./writer.js").Values} Values
 */

/** When the first event happens: any time will do, but not 0. */
export const BEGINNING = 1_700_000_000_000_000_000n;

const PROCESS = /** @type {Record} */ (RECORDS.get("process"));
const CONTAINER = /** @type {Record} */ (RECORDS.get("container"));
/** Pids and ids of processes; no two tests share one. */
let next = 1000;

/**
 * A process that runs this executable, as root; where that is empty, nothing is known of it.
 * @param {TextLike} [exe]
 */
export function process(exe = "") {
  const number = next++;
  /** @type {Values} */
  const values = {
    id: BigInt(number),
    image: BigInt(number) << 32n,
    pid: number,
    ns_pid: number,
    start: BEGINNING,
    image_start: BEGINNING,
    flags: 0,
    exe_mode: 0o100755,
    exe_fs: 0xef53, // ext4's.
    cwd: "/",
    uid: 0,
    euid: 0,
    suid: 0,
    gid: 0,
    egid: 0,
  };
  if (rawOf(exe) !== "") values.exe = exe;
  return new ProcessBuilder(values, new Set(), undefined, undefined);
}

/**
 * A container with this id, of which nothing else is known.
 * @param {TextLike} id
 */
export function container(id) {
  return new ContainerBuilder({ id });
}

/** A container, for {@link ProcessBuilder.container}. Its methods give a changed copy. */
export class ContainerBuilder {
  /** @param {Values} values */
  constructor(values) {
    this.values = values;
  }

  /**
   * Any field of a container, by its name in the schema; undefined makes it unknown. Labels are objects of `name` and `value`.
   * @param {string} field
   * @param {any} value
   */
  set(field, value) {
    return new ContainerBuilder(withValue(CONTAINER, this.values, field, value));
  }

  /**
   * Its name.
   * @param {TextLike} name
   */
  name(name) {
    return this.set("name", name);
  }

  /**
   * The image that it was made from.
   * @param {TextLike} image
   */
  image(image) {
    return this.set("image", image);
  }

  /**
   * What runs it.
   * @param {TextLike} runtime
   */
  runtime(runtime) {
    return this.set("runtime", runtime);
  }

  /**
   * One more label.
   * @param {TextLike} name
   * @param {TextLike} value
   */
  label(name, value) {
    return this.set("labels", [...(this.values.labels ?? []), { name, value }]);
  }
}

/** A process: the image that events come from. Its methods give a changed copy, which is the same process. */
export class ProcessBuilder {
  /**
   * @param {Values} values
   * @param {Set<string>} said the fields that the test has said something of; what follows from others does not change them
   * @param {ProcessBuilder | undefined} parent
   * @param {ContainerBuilder | undefined} container
   */
  constructor(values, said, parent, container) {
    this._values = values;
    this._said = said;
    this._parent = parent;
    this._container = container;
  }

  /**
   * Any field of a process, by its name in the schema; undefined makes it unknown.
   * @param {string} field
   * @param {any} value
   */
  set(field, value) {
    const values = withValue(PROCESS, this._values, field, value);
    return new ProcessBuilder(values, new Set([...this._said, field]), this._parent, this._container);
  }

  /**
   * Its arguments, the program's name first. Where nothing is said, there is only that.
   * @param {...TextLike} args
   */
  args(...args) {
    return this.set("argv", new Text(args.map((arg) => `${rawOf(arg)}\0`).join("")));
  }

  /**
   * Entries of the environment that it began with.
   * @param {{[name: string]: TextLike}} entries
   */
  env(entries) {
    const written = Object.entries(entries).map(([name, value]) => `${rawOf(name)}=${rawOf(value)}\0`);
    return this.set("environment", new Text(written.join("")));
  }

  /**
   * The process that it was forked from.
   * @param {ProcessBuilder} parent
   */
  childOf(parent) {
    return new ProcessBuilder(this._values, this._said, parent, this._container);
  }

  /**
   * The container that it runs in.
   * @param {ContainerBuilder} container
   */
  container(container) {
    return new ProcessBuilder(this._values, this._said, this._parent, container);
  }

  /**
   * Another executable: what the same process is before, or after, an exec.
   * @param {TextLike} exe
   */
  exe(exe) {
    return this.set("image", this.image + 1n).set("exe", exe);
  }

  /**
   * The kernel's short name; where nothing is said, the beginning of the executable's.
   * @param {TextLike} comm
   */
  comm(comm) {
    return this.set("comm", comm);
  }

  /**
   * Real, effective and saved user id.
   * @param {number} uid
   */
  uid(uid) {
    return this.set("uid", uid).set("euid", uid).set("suid", uid);
  }

  /**
   * Effective user id, after {@link ProcessBuilder.uid}.
   * @param {number} euid
   */
  euid(euid) {
    return this.set("euid", euid);
  }

  /**
   * Name of the user; where nothing is said, `root` for 0 and nothing for others.
   * @param {TextLike} user
   */
  user(user) {
    return this.set("user", user);
  }

  /**
   * Working directory.
   * @param {TextLike} cwd
   */
  cwd(cwd) {
    return this.set("cwd", cwd);
  }

  /**
   * The script that the executable interprets.
   * @param {TextLike} script
   */
  script(script) {
    return this.set("script", script);
  }

  /**
   * More of `ProcessFlag`: `EXE_MEMFD` for what runs from an anonymous memory file.
   * @param {number} flags
   */
  flags(flags) {
    return this.set("flags", this._values.flags | flags);
  }

  /** Runs from an anonymous memory file. */
  memfd() {
    return this.flags(ProcessFlag.EXE_MEMFD);
  }

  /** Its executable had been deleted. */
  deleted() {
    return this.flags(ProcessFlag.EXE_DELETED);
  }

  /** Its executable lies on the upper layer of an overlay. */
  upper() {
    return this.flags(ProcessFlag.EXE_UPPER);
  }

  /**
   * Its process id.
   * @returns {number}
   */
  get pid() {
    return this._values.pid;
  }

  /**
   * Its image id.
   * @returns {bigint}
   */
  get image() {
    return this._values.image;
  }

  /**
   * The same process before it became this image: a fork of its parent, or where that is not known, of nobody.
   * @returns {ProcessBuilder}
   */
  before() {
    const before = (this._parent ?? process()).set("id", this._values.id).set("image", this.image - 1n).set("pid", this.pid);
    return new ProcessBuilder(before._values, before._said, this._parent, before._container);
  }

  /** Its fields, with what follows from them. */
  finished() {
    const { exe, uid } = this._values;
    const name = exe === undefined ? new Text("") : Text.of(exe).fileName;
    /** @type {Values} */
    const follows = { comm: new Text(name._raw.substring(0, 15)), ppid: this._parent?.pid ?? 0 };
    if (exe !== undefined) follows.argv = new Text(`${name._raw}\0`);
    if (uid === 0) follows.user = "root";
    const unsaid = Object.entries(follows).filter(([field]) => !this._said.has(field));
    return { ...this._values, ...Object.fromEntries(unsaid) };
  }
}

/** What is written of a frame, so that it is there once: rows of processes, by image, and of containers. */
export class Written {
  /** @param {import("./writer.js").FrameWriter} writer */
  constructor(writer) {
    this._writer = writer;
    /** @type {Map<bigint, number>} */
    this._processes = new Map();
    /** @type {Map<ContainerBuilder, number>} */
    this._containers = new Map();
  }

  /**
   * The row of a process; it and its ancestors are written where they are not yet.
   * @param {ProcessBuilder} process
   * @returns {number}
   */
  row(process) {
    const known = this._processes.get(process.image);
    if (known !== undefined) return known;
    /** @type {Values} */
    const values = process.finished();
    if (process._parent !== undefined) values.parent = this.row(process._parent);
    if (process._container !== undefined) values.container = this._container(process._container);
    const row = this._writer.record(PROCESS, values);
    this._processes.set(process.image, row);
    return row;
  }

  /** @param {ContainerBuilder} container */
  _container(container) {
    const row = this._containers.get(container) ?? this._writer.record(CONTAINER, container.values);
    this._containers.set(container, row);
    return row;
  }
}

/**
 * Fields, with one of them set, or where there is no value, unknown.
 * @param {Record} record
 * @param {Values} values
 * @param {string} field
 * @param {any} value
 */
export function withValue(record, values, field, value) {
  if (!record.fields.has(field)) {
    throw new Error(`a record ${record.name} has no field ${field}; there are ${[...record.fields.keys()].join(", ")}`);
  }
  const { [field]: _, ...others } = values;
  return value === undefined ? others : { ...others, [field]: value };
}
