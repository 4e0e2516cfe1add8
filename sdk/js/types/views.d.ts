/**
 * What the views of records are made of: how a field is read.
 *
 * Each `read…` is given the frame, the word at which the record begins, the word and the mask of the bit that says whether the
 * field is there, and the word at which it stands.
 */
import { Address } from "./address.js";
import { Frame } from "./frame.js";
/** A record of a frame. Fields are read when they are asked for. */
export declare class View {
    /** @internal */
    _frame: Frame;
    /** @internal */
    _at: number;
    /** The number of its section. */
    static section: number;
    /**
     * @param {Frame} frame
     * @param {number} at
     */
    constructor(frame: Frame, at: number);
}
/** @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place */
export declare function readText(frame: Frame, at: number, word: number, mask: number, place: number): import("./text.js").Text;
/**
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @param {number} shift
 * @returns {boolean | undefined}
 */
export declare function readBool(frame: Frame, at: number, word: number, mask: number, place: number, shift: number): boolean | undefined;
/**
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @param {number} shift @param {number} bits
 * @returns {number | undefined}
 */
export declare function readSmall(frame: Frame, at: number, word: number, mask: number, place: number, shift: number, bits: number): number | undefined;
/**
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @returns {number | undefined}
 */
export declare function readU32(frame: Frame, at: number, word: number, mask: number, place: number): number | undefined;
/**
 * A user or group that every host gives; one that nobody has where it is missing, as 0 is root.
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 */
export declare function readId(frame: Frame, at: number, word: number, mask: number, place: number): number;
/**
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @returns {bigint | undefined}
 */
export declare function readU64(frame: Frame, at: number, word: number, mask: number, place: number): bigint | undefined;
/**
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @returns {number | undefined}
 */
export declare function readI32(frame: Frame, at: number, word: number, mask: number, place: number): number | undefined;
/**
 * As a number, which is exact up to 2^53: what calls return and sizes of files are no more.
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @returns {number | undefined}
 */
export declare function readI64(frame: Frame, at: number, word: number, mask: number, place: number): number | undefined;
/** @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} offset in bytes */
export declare function readAddress(frame: Frame, at: number, word: number, mask: number, offset: number): Address | undefined;
/**
 * @template {typeof View} V
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @param {V} Of
 * @returns {InstanceType<V> | undefined}
 */
export declare function readRow<V extends typeof View>(frame: Frame, at: number, word: number, mask: number, place: number, Of: V): InstanceType<V> | undefined;
/**
 * @template {typeof View} V
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 * @param {V} Of
 * @returns {InstanceType<V>[] | undefined}
 */
export declare function readList<V extends typeof View>(frame: Frame, at: number, word: number, mask: number, place: number, Of: V): InstanceType<V>[] | undefined;
/**
 * The process of a row; where that is not there, one of which nothing is known.
 * @param {Frame} frame @param {number} at @param {number} word @param {number} mask @param {number} place
 */
export declare function processAt(frame: Frame, at: number, word: number, mask: number, place: number): import("./records.js").Process;
