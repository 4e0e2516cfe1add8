/**
 * Filters: what of a kind's events a rule wants. The host compares, and hands over only what passes.
 *
 * Fields are in `fields`; their methods make filters, and `and`, `or` and `not` put them together:
 *
 *     f.open.path.startsWith("/etc/cron.").and(f.process.exe.equals("/usr/bin/crontab").not())
 *
 * A test of a field that is not known does not hold; its negation does.
 */
import { Networks } from "./matching/networks.js";
import { TextSet } from "./matching/text-set.js";
export type TextLike = import("./text.js").TextLike;
/** @typedef {import("./text.js").TextLike} TextLike */
/** A filter that makes no sense: the host would refuse the pack. */
export declare class FilterError extends Error {
}
/** What an event must be like. Made by the methods of fields. */
export declare class Filter {
    test: string;
    field: string | undefined;
    values: any[];
    /**
     * @param {string} test its name, as it travels: `equals`, `all` and so on
     * @param {string | undefined} field the name of the field that it is a test of; undefined for `all`, `any` and `not`
     * @param {any[]} values what the field is compared with, or the filters that it is made of; texts have a character a byte
     */
    constructor(test: string, field: string | undefined, values: any[]);
    /**
     * This and those hold.
     * @param {...Filter} others
     */
    and(...others: Filter[]): Filter;
    /**
     * This or one of those holds.
     * @param {...Filter} others
     */
    or(...others: Filter[]): Filter;
    /** This does not hold. */
    not(): Filter;
    /**
     * As it travels in a description.
     * @returns {any[]}
     */
    encoded(): any[];
}
/**
 * All of these hold.
 * @param {...Filter} filters
 */
export declare function allOf(...filters: Filter[]): Filter;
/**
 * At least one of these holds.
 * @param {...Filter} filters
 */
export declare function anyOf(...filters: Filter[]): Filter;
/** The tests of a field, whatever it holds. */
export declare class FieldTests {
    name: string;
    /** @param {string} name as it stands in filters: `open.path` */
    constructor(name: string);
    /** What it holds, as a sentence says it. */
    get what(): string;
    /** Is known. A text that is known may be empty, a number 0. */
    known(): Filter;
    /** @param {string} test @param {any[]} values */
    _test(test: string, values: any[]): Filter;
    /** @param {unknown} value */
    _wrong(value: unknown): FilterError;
}
/** A text: paths, names, arguments. Compared as bytes, and with strings or bytes. */
export declare class TextField extends FieldTests {
    get what(): string;
    /** @param {TextLike[]} texts */
    _raw(texts: TextLike[]): string[];
    /**
     * Is one of these.
     * @param {...TextLike} texts
     */
    equals(...texts: TextLike[]): Filter;
    /**
     * Begins with one of these.
     * @param {...TextLike} texts
     */
    startsWith(...texts: TextLike[]): Filter;
    /**
     * Ends with one of these.
     * @param {...TextLike} texts
     */
    endsWith(...texts: TextLike[]): Filter;
    /**
     * Has one of these somewhere in it.
     * @param {...TextLike} texts
     */
    includes(...texts: TextLike[]): Filter;
    /**
     * Is a path whose last part is one of these, or is one of them itself.
     * @param {...TextLike} names
     */
    fileName(...names: TextLike[]): Filter;
    /**
     * Is in the set. The host compares no globs: ask for them in the handler.
     * @param {TextSet} texts
     */
    matches(texts: TextSet): Filter;
}
/** The file, by any path that is known of it. A test holds where it holds of one of its paths. */
export declare class FileField {
    _paths: TextField[];
    /** @param {TextField} path @param {TextField} hostPath */
    constructor(path: TextField, hostPath: TextField);
    /** @param {(path: TextField) => Filter} test */
    _either(test: (path: TextField) => Filter): Filter;
    /**
     * Is called one of these.
     * @param {...TextLike} paths
     */
    equals(...paths: TextLike[]): Filter;
    /**
     * Is called by what begins with one of these.
     * @param {...TextLike} paths
     */
    startsWith(...paths: TextLike[]): Filter;
    /**
     * Is called by what ends with one of these.
     * @param {...TextLike} paths
     */
    endsWith(...paths: TextLike[]): Filter;
    /**
     * Is called by what has one of these somewhere in it.
     * @param {...TextLike} paths
     */
    includes(...paths: TextLike[]): Filter;
    /**
     * Is called so, in whatever folder.
     * @param {...TextLike} names
     */
    fileName(...names: TextLike[]): Filter;
    /**
     * Is called by what is in the set.
     * @param {TextSet} texts
     */
    matches(texts: TextSet): Filter;
}
/** A number, or bits. Those that do not fit into a number are given as bigints. */
export declare class NumberField extends FieldTests {
    get what(): string;
    /** @param {(number | bigint)[]} numbers */
    _numbers(numbers: (number | bigint)[]): (number | bigint)[];
    /**
     * Is one of these.
     * @param {...(number | bigint)} numbers
     */
    equals(...numbers: (number | bigint)[]): Filter;
    /**
     * Lies in this range, both ends included.
     * @param {number | bigint} least
     * @param {number | bigint} most
     */
    between(least: number | bigint, most: number | bigint): Filter;
    /**
     * Is this number, or more.
     * @param {number | bigint} least
     */
    atLeast(least: number | bigint): Filter;
    /**
     * Is this number, or less.
     * @param {number | bigint} most
     */
    atMost(most: number | bigint): Filter;
    /**
     * Has at least one of these bits.
     * @param {number | bigint} bits
     */
    anyBits(bits: number | bigint): Filter;
    /**
     * Has all of these bits.
     * @param {number | bigint} bits
     */
    allBits(bits: number | bigint): Filter;
    /**
     * Has none of these bits.
     * @param {number | bigint} bits
     */
    noBits(bits: number | bigint): Filter;
    /** @param {string} test @param {number | bigint} bits */
    _bits(test: string, bits: number | bigint): Filter;
}
/** What the call returned: a number, a negative errno where it failed. */
export declare class ResultField extends NumberField {
    /** The call failed, as `event.failed` says. What is under way did not. */
    failed(): Filter;
    /** The call did what it was to do, or that is under way. */
    succeeded(): Filter;
    /**
     * The call failed with one of these, such as 13 for `EACCES`.
     * @param {...number} numbers
     */
    errno(...numbers: number[]): Filter;
}
/** Yes or no. */
export declare class YesNoField extends FieldTests {
    get what(): string;
    /**
     * Is so, or is known not to be.
     * @param {boolean} yes
     */
    equals(yes: boolean): Filter;
}
/** An address. */
export declare class AddressField extends FieldTests {
    get what(): string;
    /**
     * Is one of these: addresses, or as they are written, such as `"192.0.2.7"`.
     * @param {...import("./address.js").AddressLike} addresses
     */
    equals(...addresses: import("./address.js").AddressLike[]): Filter;
    /**
     * Lies in one of these networks, such as `"10.0.0.0/8"` or `"fd00::/8"`.
     * @param {...(string | Networks)} networks
     */
    within(...networks: (string | Networks)[]): Filter;
}
/** Fields, by whose they are. */
export declare class Scope {
    _owner: string;
    /** @param {string} owner */
    constructor(owner: string);
    /**
     * The name of a field of its.
     * @param {string} field
     */
    of(field: string): string;
    /**
     * The same, in which a field that is not there is said rather than undefined.
     * @template {Scope} S
     * @param {S} scope
     * @returns {S}
     */
    static strict<S extends Scope>(scope: S): S;
}
