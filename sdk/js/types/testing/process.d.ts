/** Processes and containers, made up. */
export type Record = import("../tables.js").Record;
export type TextLike = import("../text.js").TextLike;
export type Values = import("./writer.js").Values;
/**
 * @typedef {import("../tables.js").Record} Record
 * @typedef {import("../text.js").TextLike} TextLike
 * @typedef {import("./writer.js").Values} Values
 */
/** When the first event happens: any time will do, but not 0. */
export declare const BEGINNING = 1700000000000000000n;
/**
 * A process that runs this executable, as root; where that is empty, nothing is known of it.
 * @param {TextLike} [exe]
 */
export declare function process(exe?: TextLike): ProcessBuilder;
/**
 * A container with this id, of which nothing else is known.
 * @param {TextLike} id
 */
export declare function container(id: TextLike): ContainerBuilder;
/** A container, for {@link ProcessBuilder.container}. Its methods give a changed copy. */
export declare class ContainerBuilder {
    values: import("./writer.js").Values;
    /** @param {Values} values */
    constructor(values: Values);
    /**
     * Any field of a container, by its name in the schema; undefined makes it unknown. Labels are objects of `name` and `value`.
     * @param {string} field
     * @param {any} value
     */
    set(field: string, value: any): ContainerBuilder;
    /**
     * Its name.
     * @param {TextLike} name
     */
    name(name: TextLike): ContainerBuilder;
    /**
     * The image that it was made from.
     * @param {TextLike} image
     */
    image(image: TextLike): ContainerBuilder;
    /**
     * What runs it.
     * @param {TextLike} runtime
     */
    runtime(runtime: TextLike): ContainerBuilder;
    /**
     * One more label.
     * @param {TextLike} name
     * @param {TextLike} value
     */
    label(name: TextLike, value: TextLike): ContainerBuilder;
}
/** A process: the image that events come from. Its methods give a changed copy, which is the same process. */
export declare class ProcessBuilder {
    _values: import("./writer.js").Values;
    _said: Set<string>;
    _parent: ProcessBuilder | undefined;
    _container: ContainerBuilder | undefined;
    /**
     * @param {Values} values
     * @param {Set<string>} said the fields that the test has said something of; what follows from others does not change them
     * @param {ProcessBuilder | undefined} parent
     * @param {ContainerBuilder | undefined} container
     */
    constructor(values: Values, said: Set<string>, parent: ProcessBuilder | undefined, container: ContainerBuilder | undefined);
    /**
     * Any field of a process, by its name in the schema; undefined makes it unknown.
     * @param {string} field
     * @param {any} value
     */
    set(field: string, value: any): ProcessBuilder;
    /**
     * Its arguments, the program's name first. Where nothing is said, there is only that.
     * @param {...TextLike} args
     */
    args(...args: TextLike[]): ProcessBuilder;
    /**
     * Entries of the environment that it began with.
     * @param {{[name: string]: TextLike}} entries
     */
    env(entries: {
        [name: string]: TextLike;
    }): ProcessBuilder;
    /**
     * The process that it was forked from.
     * @param {ProcessBuilder} parent
     */
    childOf(parent: ProcessBuilder): ProcessBuilder;
    /**
     * The container that it runs in.
     * @param {ContainerBuilder} container
     */
    container(container: ContainerBuilder): ProcessBuilder;
    /**
     * Another executable: what the same process is before, or after, an exec.
     * @param {TextLike} exe
     */
    exe(exe: TextLike): ProcessBuilder;
    /**
     * The kernel's short name; where nothing is said, the beginning of the executable's.
     * @param {TextLike} comm
     */
    comm(comm: TextLike): ProcessBuilder;
    /**
     * Real, effective and saved user id.
     * @param {number} uid
     */
    uid(uid: number): ProcessBuilder;
    /**
     * Effective user id, after {@link ProcessBuilder.uid}.
     * @param {number} euid
     */
    euid(euid: number): ProcessBuilder;
    /**
     * Name of the user; where nothing is said, `root` for 0 and nothing for others.
     * @param {TextLike} user
     */
    user(user: TextLike): ProcessBuilder;
    /**
     * Working directory.
     * @param {TextLike} cwd
     */
    cwd(cwd: TextLike): ProcessBuilder;
    /**
     * The script that the executable interprets.
     * @param {TextLike} script
     */
    script(script: TextLike): ProcessBuilder;
    /**
     * More of `ProcessFlag`: `EXE_MEMFD` for what runs from an anonymous memory file.
     * @param {number} flags
     */
    flags(flags: number): ProcessBuilder;
    /** Runs from an anonymous memory file. */
    memfd(): ProcessBuilder;
    /** Its executable had been deleted. */
    deleted(): ProcessBuilder;
    /** Its executable lies on the upper layer of an overlay. */
    upper(): ProcessBuilder;
    /**
     * Its process id.
     * @returns {number}
     */
    get pid(): number;
    /**
     * Its image id.
     * @returns {bigint}
     */
    get image(): bigint;
    /**
     * The same process before it became this image: a fork of its parent, or where that is not known, of nobody.
     * @returns {ProcessBuilder}
     */
    before(): ProcessBuilder;
    /** Its fields, with what follows from them. */
    finished(): {
        [x: string]: any;
    };
}
/** What is written of a frame, so that it is there once: rows of processes, by image, and of containers. */
export declare class Written {
    _writer: import("./writer.js").FrameWriter;
    /** @type {Map<bigint, number>} */
    _processes: Map<bigint, number>;
    /** @type {Map<ContainerBuilder, number>} */
    _containers: Map<ContainerBuilder, number>;
    /** @param {import("./writer.js").FrameWriter} writer */
    constructor(writer: import("./writer.js").FrameWriter);
    /**
     * The row of a process; it and its ancestors are written where they are not yet.
     * @param {ProcessBuilder} process
     * @returns {number}
     */
    row(process: ProcessBuilder): number;
    /** @param {ContainerBuilder} container */
    _container(container: ContainerBuilder): number;
}
/**
 * Fields, with one of them set, or where there is no value, unknown.
 * @param {Record} record
 * @param {Values} values
 * @param {string} field
 * @param {any} value
 */
export declare function withValue(record: Record, values: Values, field: string, value: any): {
    [field: string]: any;
};
