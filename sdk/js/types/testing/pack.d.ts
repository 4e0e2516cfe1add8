/** A pack under test. */
import { Running } from "../running.js";
export type EventBuilder = import("./event.js").EventBuilder;
export type Happened = {
    seq: bigint;
    time: bigint;
    event: EventBuilder;
};
export type Finding = {
    /**
     * the rule's id
     */
    rule: string;
    /**
     * what happened
     */
    message: string;
    /**
     * the finding's, or where it has none the rule's
     */
    severity: import("../finding.js").Severity;
    /**
     * more, by name: a path is a string (`Text.lossy`), an address likewise, a process its
     * image id as a bigint
     */
    facts: {
        [name: string]: any;
    };
    /**
     * sequence numbers of the events behind it; the first event that was fed has 1
     */
    events: bigint[];
    /**
     * image id of the process it is about, where that was said
     */
    process: bigint | undefined;
    /**
     * what it is about, where that was said
     */
    key: string | undefined;
};
/**
 * A pack that has just been loaded. There is one instance of a pack's module, so make the next test when you are done with this
 * one.
 */
export declare class PackTest {
    _pack: import("../pack.js").Pack;
    _told: Uint8Array<ArrayBuffer>;
    /**
     * What was logged.
     * @type {{level: string, message: string}[]}
     */
    logged: {
        level: string;
        message: string;
    }[];
    _now: bigint;
    _nextTick: bigint;
    _seq: bigint;
    _running: Running;
    _wanted: {
        kind: number | undefined;
        sieve: import("../sieve.js").Sieve | undefined;
    }[];
    /**
     * @param {import("../pack.js").Pack} pack
     * @param {object} [how]
     * @param {{[name: string]: unknown}} [how.settings] what is set, by name
     * @param {readonly string[]} [how.off] ids of rules that are switched off
     */
    constructor(pack: import("../pack.js").Pack, { settings, off }?: {
        settings?: {
            [name: string]: unknown;
        };
        off?: readonly string[];
    });
    /**
     * Lets events happen, one after the other; gives what was raised.
     * @param {...(EventBuilder | Iterable<EventBuilder>)} events
     */
    feed(...events: (EventBuilder | Iterable<EventBuilder>)[]): Finding[];
    /**
     * Judges a frame that was made elsewhere, as a host hands it over; gives what was raised.
     * @param {Uint8Array} frame
     */
    judge(frame: Uint8Array): Finding[];
    /**
     * Lets time go by; gives what was raised.
     * @param {number} seconds
     */
    wait(seconds: number): Finding[];
    /** Reloads the pack, as the host would with another version of it. */
    saveAndRestore(): void;
    /** Ticks at every full second that has passed, as the host does. */
    _tick(): void;
    /**
     * Hands over what the pack asked for, and says which of its subscriptions each event passed, as the host does.
     * @param {Happened[]} batch
     */
    _evaluate(batch: Happened[]): void;
    /**
     * What is raised meanwhile.
     * @param {() => void} work
     * @returns {Finding[]}
     */
    _collect(work: () => void): Finding[];
    /** @param {any} finding @returns {Finding} */
    _finding({ rule: number, message, severity, events, process, key, fields }: any): Finding;
}
