/** A pack that runs: its rules and their handlers, as the contract asks for them. */
import { Out } from "./finding.js";
import { Frame } from "./frame.js";
export type Run = {
    sieve: ((event: any) => boolean) | undefined;
    run: (event: any, out: Out) => void;
    out: Out;
};
/**
 * What runs for an event: what else it has to pass, the handler, and where its findings go.
 * @typedef {{sieve: ((event: any) => boolean) | undefined, run: (event: any, out: Out) => void, out: Out}} Run
 */
/** How a kind's events are handled, by which subscriptions they passed. */
declare class Plan {
    kind: number;
    view: typeof import("./event.js").Event;
    _handlers: import("./pack.js").Handler[];
    _told: number;
    /**
     * By the bits of the first 32 subscriptions, where those are all that an event passed.
     * @type {Map<number, Run[]>}
     */
    runs: Map<number, Run[]>;
    /**
     * By all bits.
     * @type {Map<string, Run[]>}
     */
    _large: Map<string, Run[]>;
    base: number;
    stride: number;
    count: number;
    /**
     * @param {number} kind
     * @param {typeof import("./event.js").Event} view
     * @param {import("./pack.js").Handler[]} handlers
     * @param {number} told the host speaks of subscriptions below this one
     */
    constructor(kind: number, view: typeof import("./event.js").Event, handlers: import("./pack.js").Handler[], told: number);
    /**
     * What runs for an event that passed these subscriptions, a bit each.
     * @param {Uint32Array} passed
     */
    find(passed: Uint32Array): Run[];
    /**
     * Sees where its payloads lie in a frame, if they are read in place.
     * @param {Frame} frame
     */
    place(frame: Frame): void;
}
/** A pack, and which of its rules run. */
export declare class Running {
    pack: import("./pack.js").Pack;
    description: Uint8Array<ArrayBuffer>;
    _on: import("./pack.js").Handler[];
    _ticks: {
        run: (now: bigint, out: Out) => void;
        out: Out;
    }[];
    /**
     * By how many subscriptions the host speaks of: how events are handled, by their kind's number, and all that there are.
     * @type {Map<number, {byKind: (Plan | undefined)[], all: Plan[]}>}
     */
    _plans: Map<number, {
        byKind: (Plan | undefined)[];
        all: Plan[];
    }>;
    /**
     * @param {import("./pack.js").Pack} pack
     * @throws {import("./pack.js").PackError} where what it says of itself makes no sense
     */
    constructor(pack: import("./pack.js").Pack);
    /**
     * What runs where these rules do not.
     * @param {number[]} off
     */
    _without(off: number[]): {
        on: import("./pack.js").Handler[];
        ticks: {
            run: (now: bigint, out: Out) => void;
            out: Out;
        }[];
    };
    /** @param {number} told */
    _plansFor(told: number): {
        byKind: (Plan | undefined)[];
        all: Plan[];
    };
    /**
     * Takes settings, before the first batch.
     * @param {Uint8Array} told
     * @throws {Error} where they make no sense
     */
    configure(told: Uint8Array): void;
    /**
     * Hands each event of a frame to its handlers, in order.
     * @param {Uint8Array} data
     */
    evaluate(data: Uint8Array): void;
    /** @param {Frame} frame */
    _handle(frame: Frame): void;
    /**
     * The same, where events cannot be read in place: a host whose records have another length.
     * @param {Frame} frame
     * @param {(Plan | undefined)[]} plans
     * @param {Passed} passed
     */
    _handleCopied(frame: Frame, plans: (Plan | undefined)[], passed: Passed): void;
    /**
     * Event time has reached a full second.
     * @param {bigint} now
     */
    tick(now: bigint): void;
}
/** What the host says of the events of a frame: which of the pack's subscriptions each passed. */
export declare class Passed {
    /** Words of 32 bits an event. */
    words: number;
    /** It says it of so many subscriptions. */
    told: number;
    /** From one event's words to the next one's, where the first lie, and in what. */
    step: number;
    at: number;
    w32: Uint32Array<ArrayBufferLike>;
    /**
     * @param {Frame} frame
     * @param {number} count how many events there are
     */
    constructor(frame: Frame, count: number);
    /**
     * The bits of an event, in words.
     * @param {number} event
     */
    of(event: number): Uint32Array<ArrayBuffer>;
}
export {};
