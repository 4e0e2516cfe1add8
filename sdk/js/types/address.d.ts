/** Addresses, and what rules ask of them. */
export type AddressLike = Address | string;
/** An address of the internet. IPv4 addresses are a part of the IPv6 ones, `::ffff:0:0/96`, and printed as what they are. */
export declare class Address {
    /** The 16 bytes, as they stand in frames. */
    bytes: Uint8Array<ArrayBufferLike>;
    /** @param {Uint8Array} bytes 16 of them */
    constructor(bytes: Uint8Array);
    /**
     * Reads an address.
     * @param {AddressLike} written
     * @throws {Error} where it is none
     */
    static parse(written: AddressLike): Address;
    /** Whether it is IPv4. */
    get isV4(): boolean;
    /** The 4 bytes of an IPv4 address, the 16 of an IPv6 one. */
    get packed(): Uint8Array<ArrayBufferLike>;
    /**
     * Whether it is one of the internet at large: not private, shared (carrier-grade NAT), loopback, link-local, multicast, for
     * documentation or benchmarks, or reserved (the special-purpose registries of IANA).
     */
    get isPublic(): boolean;
    /** @param {AddressLike} other */
    equals(other: AddressLike): boolean;
    toString(): string;
    toJSON(): string;
}
/**
 * Whether an address is one of the internet at large: see {@link Address.isPublic}. One that is not known is not.
 * @param {AddressLike | undefined} address
 */
export declare function isPublic(address: AddressLike | undefined): boolean;
/** @param {unknown} value */
export declare function quoted(value: unknown): string;
/**
 * @param {string} written
 * @returns {number[] | undefined}
 */
export declare function parseV4(written: string): number[] | undefined;
