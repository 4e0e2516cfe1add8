/** Packs and rules, as they are written. */
import { Filter } from "./filters.js";
import { Out } from "./finding.js";
import { Setting, TextsSetting } from "./settings.js";
export type Events = import("./records.js").Events;
export type Severity = import("./finding.js").Severity;
/**
 * @typedef {import("./records.js").Events} Events
 * @typedef {import("./finding.js").Severity} Severity
 */
/** The version of this package. */
export declare const VERSION = "0.1.0";
/** What a pack says of itself makes no sense: the host would refuse it. */
export declare class PackError extends Error {
}
/** A handler of a rule, for events of one kind. */
export declare class Handler {
    rule: number;
    kind: import("./tables.js").Record;
    where: Filter | undefined;
    /** The filter, ready to be compared. */
    sieve: import("./sieve.js").Sieve | undefined;
    run: (event: any, out: Out) => void;
    out: Out;
    /**
     * By which number the host knows what it wants; undefined where the rule asked for all of the kind.
     * @type {number | undefined}
     */
    subscription: number | undefined;
    /**
     * @param {number} rule
     * @param {import("./tables.js").Record} kind
     * @param {Filter | undefined} where
     * @param {(event: any, out: Out) => void} run
     * @param {Out} out
     */
    constructor(rule: number, kind: import("./tables.js").Record, where: Filter | undefined, run: (event: any, out: Out) => void, out: Out);
}
/** A rule of a pack: see {@link Pack.rule}. */
export declare class Rule {
    index: number;
    id: string;
    severity: import("./finding.js").Severity;
    /** @type {Handler[]} */
    handlers: Handler[];
    /** @type {((now: bigint, out: Out) => void)[]} */
    ticks: ((now: bigint, out: Out) => void)[];
    _said: {
        [key: string]: unknown;
        severity: Severity;
    };
    _out: Out;
    /**
     * @param {number} index its place in the pack
     * @param {string} id
     * @param {{[key: string]: unknown, severity: Severity}} said
     */
    constructor(index: number, id: string, said: {
        [key: string]: unknown;
        severity: Severity;
    });
    /**
     * Handles events of a kind, or of several, and of those the ones that pass the filter. The handler is given the event, and where
     * findings go. A rule may have several handlers, each with its own filter.
     *
     *     rule.on("open", f.open.path.equals("/etc/shadow"), (event, out) => { … });
     *     rule.on(["exec", "fork"], (event, out) => { … });
     *
     * @template {keyof Events} K
     * @overload
     * @param {K | readonly K[]} kinds
     * @param {Filter} where
     * @param {(event: Events[K], out: Out) => void} run
     * @returns {this}
     */
    /**
     * @template {keyof Events} K
     * @overload
     * @param {K | readonly K[]} kinds
     * @param {(event: Events[K], out: Out) => void} run
     * @returns {this}
     */
    /**
     * @param {string | readonly string[]} kinds
     * @param {Filter | ((event: any, out: Out) => void)} where
     * @param {(event: any, out: Out) => void} [run]
     */
    on<K extends keyof Events>(kinds: K | readonly K[], where: Filter, run: (event: Events[K], out: Out) => void): this;
    /**
     * Handles events of a kind, or of several, and of those the ones that pass the filter. The handler is given the event, and where
     * findings go. A rule may have several handlers, each with its own filter.
     *
     *     rule.on("open", f.open.path.equals("/etc/shadow"), (event, out) => { … });
     *     rule.on(["exec", "fork"], (event, out) => { … });
     *
     * @template {keyof Events} K
     * @overload
     * @param {K | readonly K[]} kinds
     * @param {Filter} where
     * @param {(event: Events[K], out: Out) => void} run
     * @returns {this}
     */
    /**
     * @template {keyof Events} K
     * @overload
     * @param {K | readonly K[]} kinds
     * @param {(event: Events[K], out: Out) => void} run
     * @returns {this}
     */
    /**
     * @param {string | readonly string[]} kinds
     * @param {Filter | ((event: any, out: Out) => void)} where
     * @param {(event: any, out: Out) => void} [run]
     */
    on<K extends keyof Events>(kinds: K | readonly K[], run: (event: Events[K], out: Out) => void): this;
    /**
     * Is called at every full second of event time, between two batches: with that time, ns since 1970 (UTC).
     * @param {(now: bigint, out: Out) => void} run
     */
    onTick(run: (now: bigint, out: Out) => void): this;
    /** What its handlers want, each once. Where one wants all of a kind, the others' filters change nothing. */
    subscriptions(): {
        kind: import("./tables.js").Record;
        where: Filter | undefined;
        handlers: Handler[];
    }[];
    /** As it travels in a description. */
    described(): {
        severity: Severity;
        id: string;
        events: ({
            kind: string;
            filter?: undefined;
        } | {
            kind: string;
            filter: any[];
        })[];
    };
}
/** Rules that travel together. The module `pack.js` exports one, named `pack`. */
export declare class Pack {
    name: string;
    version: string;
    summary: string;
    /** @type {Rule[]} */
    rules: Rule[];
    /** @type {Map<string, Setting<any>>} */
    settings: Map<string, Setting<any>>;
    _properties: [string, string][];
    /** @type {{state: {[name: string]: any}, make: () => object} | undefined} */
    _state: {
        state: {
            [name: string]: any;
        };
        make: () => object;
    } | undefined;
    /** @type {(() => void)[]} */
    _configure: (() => void)[];
    /** @type {(() => Uint8Array) | undefined} */
    _save: (() => Uint8Array) | undefined;
    /** @type {((state: Uint8Array, version: string) => void) | undefined} */
    _restore: ((state: Uint8Array, version: string) => void) | undefined;
    /**
     * @param {object} info
     * @param {string} info.name lower-case letters, digits and `-`
     * @param {string} info.version of the pack (semver)
     * @param {string} [info.summary] what it is for, in one line
     * @param {{[name: string]: string}} [info.properties] anything else worth saying
     */
    constructor({ name, version, summary, properties }: {
        name: string;
        version: string;
        summary?: string;
        properties?: {
            [name: string]: string;
        };
    });
    /**
     * Adds a rule, which {@link Rule.on} gives its handlers.
     *
     * @param {string} id unique among all packs that a host runs, such as `credential-access/shadow-read`
     * @param {object} [info]
     * @param {string} [info.summary] what a finding of it means, in one line
     * @param {Severity} [info.severity] how bad its findings are: `medium`, where nothing is said
     * @param {string | readonly string[]} [info.attack] MITRE ATT&CK techniques that it detects, such as `T1003.008`
     * @param {{[name: string]: string}} [info.properties] anything else worth saying
     */
    rule(id: string, { summary, severity, attack, properties }?: {
        summary?: string;
        severity?: Severity;
        attack?: string | readonly string[];
        properties?: {
            [name: string]: string;
        };
    }): Rule;
    /**
     * Adds a setting that takes any text. Without a default, its value is undefined where nobody sets it.
     * @template {string | undefined} [D=undefined]
     * @param {string} name
     * @param {D} [fallback]
     * @param {{summary?: string}} [info]
     * @returns {Setting<D extends undefined ? string | undefined : string>}
     */
    text<D extends string | undefined = undefined>(name: string, fallback?: D, { summary }?: {
        summary?: string;
    }): Setting<D extends undefined ? string | undefined : string>;
    /**
     * Adds a setting that takes one of these texts.
     * @template {string} C
     * @param {string} name
     * @param {readonly C[]} choices
     * @param {C} fallback
     * @param {{summary?: string}} [info]
     * @returns {Setting<C>}
     */
    oneOf<C extends string>(name: string, choices: readonly C[], fallback: C, { summary }?: {
        summary?: string;
    }): Setting<C>;
    /**
     * Adds a setting that takes texts, any number of them; `setting.has(text)` asks for one.
     * @param {string} name
     * @param {readonly string[]} [fallback]
     * @param {{summary?: string}} [info]
     * @returns {TextsSetting}
     */
    texts(name: string, fallback?: readonly string[], { summary }?: {
        summary?: string;
    }): TextsSetting;
    /**
     * Adds a setting that takes a whole number in this range, both ends included.
     * @param {string} name
     * @param {number} fallback
     * @param {{summary?: string, least?: number, most?: number}} [info]
     * @returns {Setting<number>}
     */
    number(name: string, fallback: number, { summary, least, most }?: {
        summary?: string;
        least?: number;
        most?: number;
    }): Setting<number>;
    /**
     * Adds a setting that takes yes or no.
     * @param {string} name
     * @param {boolean} [fallback]
     * @param {{summary?: string}} [info]
     * @returns {Setting<boolean>}
     */
    boolean(name: string, fallback?: boolean, { summary }?: {
        summary?: string;
    }): Setting<boolean>;
    /**
     * @template {Setting<any>} S
     * @param {S} setting
     */
    _setting<S extends Setting<any>>(setting: S): S;
    /**
     * Is called when settings have their values, before the first event. An error keeps the pack from being loaded, with what it
     * says.
     * @param {() => void} run
     */
    onConfigure(run: () => void): this;
    /**
     * Adds state: an object that is carried over a reload and a restart. Its values may be numbers, bigints, strings, bytes, booleans,
     * texts, and arrays, maps, sets and plain objects of them. What the version before did not save keeps its value.
     *
     * @template {object} S
     * @param {() => S} make
     * @returns {S}
     */
    state<S extends object>(make: () => S): S;
    /**
     * Gives the state that the next version shall start from, as bytes, in place of that of {@link Pack.state}.
     * @param {() => Uint8Array} run
     */
    onSave(run: () => Uint8Array): this;
    /**
     * Takes over what a version of the pack saved: those bytes, and that version. An error keeps the old version running.
     * @param {(state: Uint8Array, version: string) => void} run
     */
    onRestore(run: (state: Uint8Array, version: string) => void): this;
    /**
     * What it is and wants, as it travels.
     * @throws {PackError} where that makes no sense
     */
    describe(): {
        name: string;
        version: string;
        summary: string;
        rules: {
            severity: Severity;
            id: string;
            events: ({
                kind: string;
                filter?: undefined;
            } | {
                kind: string;
                filter: any[];
            })[];
        }[];
        settings?: ({
            choices?: readonly string[];
            least?: number | bigint;
            most?: number | bigint;
            name: string;
            summary: string;
            type: string;
        } | {
            choices?: readonly string[];
            least?: number | bigint;
            most?: number | bigint;
            name: string;
            summary: string;
            type: string;
            default: any;
        })[] | undefined;
        properties: string[][];
    };
    /**
     * Takes settings; gives the rules that are off.
     * @param {{settings?: {[name: string]: unknown}, off?: number[]}} told
     * @throws {Error} for what a setting does not take
     */
    configure({ settings, off }: {
        settings?: {
            [name: string]: unknown;
        };
        off?: number[];
    }): number[];
    /** The state, as it travels; nothing where there is none. */
    save(): Uint8Array<ArrayBufferLike>;
    /**
     * Takes over what a version of the pack saved.
     * @param {Uint8Array} state
     * @param {string} version
     * @throws {Error} where it cannot
     */
    restore(state: Uint8Array, version: string): void;
    /** Forgets what was set and seen, as a new instance does. */
    reset(): void;
}
