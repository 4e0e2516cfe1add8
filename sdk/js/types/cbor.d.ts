/**
 * CBOR (RFC 8949), as far as the contract uses it: what descriptions, configurations, findings and states are written in.
 *
 * `null` and `undefined`, booleans, numbers (whole ones as integers), bigints from -2^64 to 2^64 - 1, strings, `Uint8Array`, arrays,
 * and objects and maps as maps. Integers that a number does not hold exactly are read as bigints, maps as objects.
 */
/** Bytes are not CBOR, or a value cannot be written as CBOR. */
export declare class CborError extends Error {
}
/**
 * A value as it travels.
 * @param {unknown} value
 * @throws {CborError} where it is of another type
 */
export declare function encode(value: unknown): Uint8Array<ArrayBuffer>;
/**
 * A value from what travelled; what follows it is ignored.
 * @param {Uint8Array} bytes
 * @returns {any}
 * @throws {CborError} where it is cut, or none
 */
export declare function decode(bytes: Uint8Array): any;
