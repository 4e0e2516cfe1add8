/** Sets of networks. */
/**
 * A network as filters have it: its address and how many of the 128 bits count.
 * @param {string} network
 * @returns {[Uint8Array, number]}
 * @throws {Error} where it is none
 */
export declare function parseNetwork(network: string): [Uint8Array, number];
/**
 * Networks, IPv4 and IPv6, such as `10.0.0.0/8` and `fd00::/8`. An address is looked for by a binary search.
 *
 * IPv4 addresses are a part of the IPv6 ones, `::ffff:0:0/96`, as they are in events: `::/0` has all of both.
 */
export declare class Networks {
    /** Each as its address, and how many of its 128 bits count. */
    parts: [Uint8Array<ArrayBufferLike>, number][];
    /** @type {{first: string, last: string}[]} */
    _ranges: {
        first: string;
        last: string;
    }[];
    /**
     * @param {Iterable<string>} [networks]
     * @throws {Error} where one is no network
     */
    constructor(networks?: Iterable<string>);
    /**
     * Networks that were read before.
     * @param {[Uint8Array, number][]} parts
     */
    static ofParts(parts: [Uint8Array, number][]): Networks;
    _prepare(): void;
    /**
     * Whether one of them has the address. None has one that is not known.
     * @param {import("../address.js").AddressLike | undefined} address
     */
    contains(address: import("../address.js").AddressLike | undefined): boolean;
}
