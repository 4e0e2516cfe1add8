/**
 * State that a pack keeps over a reload, to and from what travels.
 *
 * What CBOR does not tell apart is written as a map with one key that begins with `$`: `{"$map": [[key, value], …]}`, `$set`, `$bigint`,
 * `$text`, so that it comes back as what it was.
 */
/** A state cannot be saved, or not be taken over. */
export declare class StateError extends Error {
}
/**
 * A state, as it travels.
 * @param {{[name: string]: unknown}} state
 */
export declare function saved(state: {
    [name: string]: unknown;
}): Uint8Array<ArrayBuffer>;
/**
 * Takes over what was saved. What was not saved keeps the value that it has, and what is not there any more is passed over.
 * @param {{[name: string]: any}} state
 * @param {Uint8Array} bytes
 * @throws {StateError} where a value is not of the type that it has now
 */
export declare function restore(state: {
    [name: string]: any;
}, bytes: Uint8Array): void;
