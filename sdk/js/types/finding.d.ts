/** What rules raise. */
import { Address } from "./address.js";
import { Event } from "./event.js";
import { Process } from "./records.js";
import { Text } from "./text.js";
export type Severity = "info" | "low" | "medium" | "high" | "critical";
export type Fact = Text | string | Uint8Array | boolean | number | bigint | Address | Process | FactList | undefined | null;
export type FactList = ReadonlyArray<Fact>;
/**
 * @typedef {"info" | "low" | "medium" | "high" | "critical"} Severity
 *
 * The value of a fact. A text of the kernel and bytes are a path, other strings a text; whole numbers are integers.
 * @typedef {Text | string | Uint8Array | boolean | number | bigint | Address | Process | FactList | undefined | null} Fact
 * @typedef {ReadonlyArray<Fact>} FactList
 */
/** @type {readonly Severity[]} */
export declare const SEVERITIES: readonly Severity[];
/** Where a handler raises findings. It knows the rule and the event at hand. */
export declare class Out {
    /** @internal */
    _rule: number;
    /**
     * @internal
     * @type {Event | undefined}
     */
    _event: Event | undefined;
    /** @param {number} rule */
    constructor(rule: number);
    /**
     * Raises a finding.
     *
     * @param {string} message what happened, in one line for a person
     * @param {object} [more]
     * @param {{[name: string]: Fact}} [more.facts] more, by name, as what it is: a number, a path, an address, a process, or a list
     * of them. What is not known is left out.
     * @param {string} [more.key] what it is about, such as a path: findings of the rule with the same key are about the same thing,
     * and may be shown as one
     * @param {Severity} [more.severity] where it is worse, or less bad, than the rule's findings are
     * @param {Process | bigint} [more.process] the process that it is about, or its image id, which the pack kept. Otherwise it is
     * the one of the newest event: for an exec the image that begins.
     * @param {Iterable<Event | bigint | number>} [more.becauseOf] earlier events that are behind it, or their sequence numbers.
     * The one at hand is always.
     */
    finding(message: string, { facts, key, severity, process, becauseOf }?: {
        facts?: {
            [name: string]: Fact;
        };
        key?: string;
        severity?: Severity;
        process?: Process | bigint;
        becauseOf?: Iterable<Event | bigint | number>;
    }): void;
}
