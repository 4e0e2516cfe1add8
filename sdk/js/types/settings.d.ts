/** What can be set in a pack, and what it is set to. */
/**
 * Something that the people who run the host can set. `value` is what it is set to; the default otherwise.
 * @template T
 */
export declare class Setting<T> {
    name: string;
    summary: string;
    type: string;
    default: T;
    value: T;
    _more: {
        choices?: readonly string[];
        least?: number | bigint;
        most?: number | bigint;
    };
    /**
     * @param {string} name
     * @param {string} summary
     * @param {string} type
     * @param {T} fallback what it is where nobody sets it
     * @param {{choices?: readonly string[], least?: number | bigint, most?: number | bigint}} [more]
     */
    constructor(name: string, summary: string, type: string, fallback: T, more?: {
        choices?: readonly string[];
        least?: number | bigint;
        most?: number | bigint;
    });
    /**
     * Sets it to what travelled.
     * @param {any} value
     * @throws {Error} for what it does not take
     */
    set(value: any): void;
    /** Sets it to its default. */
    reset(): void;
    /** @param {T} value */
    _assign(value: T): void;
    /** @param {any} value */
    _takes(value: any): boolean;
    _what(): string;
    /** As it travels in a description. */
    described(): {
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
        default: T & ({} | null);
    };
}
/**
 * A setting that takes texts.
 * @extends {Setting<readonly string[]>}
 */
export declare class TextsSetting extends Setting<readonly string[]> {
    /** As bytes, a character each: what texts of the kernel are looked for by. */
    _raw: Set<string> | undefined;
    /** @param {string} name @param {string} summary @param {readonly string[]} fallback */
    constructor(name: string, summary: string, fallback: readonly string[]);
    /** @param {readonly string[]} value */
    _assign(value: readonly string[]): void;
    /**
     * Whether a text is one of them. One that is not known is not.
     * @param {import("./text.js").TextLike} text
     */
    has(text: import("./text.js").TextLike): boolean;
    [Symbol.iterator](): ArrayIterator<string>;
}
