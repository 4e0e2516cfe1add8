/** Sets of networks. */

import { Address, parseV4, quoted } from "../address.js";

/**
 * A network as filters have it: its address and how many of the 128 bits count.
 * @param {string} network
 * @returns {[Uint8Array, number]}
 * @throws {Error} where it is none
 */
export function parseNetwork(network) {
  const written = /^([0-9a-fA-F.:]+)\/(0|[1-9][0-9]{0,2})$/.exec(network);
  if (written) {
    const bits = Number(written[2]);
    const isV4 = parseV4(written[1]) !== undefined;
    if (isV4 && bits <= 32) return [Address.parse(written[1]).bytes, 96 + bits];
    if (!isV4 && bits <= 128 && written[1].includes(":")) {
      try {
        return [Address.parse(written[1]).bytes, bits];
      } catch {
        // Said below.
      }
    }
  }
  throw new Error(`${quoted(network)} is no network: networks are written like 10.0.0.0/8 or fd00::/8`);
}

/**
 * Networks, IPv4 and IPv6, such as `10.0.0.0/8` and `fd00::/8`. An address is looked for by a binary search.
 *
 * IPv4 addresses are a part of the IPv6 ones, `::ffff:0:0/96`, as they are in events: `::/0` has all of both.
 */
export class Networks {
  /**
   * @param {Iterable<string>} [networks]
   * @throws {Error} where one is no network
   */
  constructor(networks = []) {
    /** Each as its address, and how many of its 128 bits count. */
    this.parts = [...networks].map(parseNetwork);
    this._prepare();
  }

  /**
   * Networks that were read before.
   * @param {[Uint8Array, number][]} parts
   */
  static ofParts(parts) {
    const networks = new Networks();
    networks.parts = parts;
    networks._prepare();
    return networks;
  }

  _prepare() {
    const ranges = this.parts.map(([address, bits]) => range(address, bits));
    ranges.sort((one, other) => (one.first < other.first ? -1 : one.first > other.first ? 1 : 0));
    /** @type {{first: string, last: string}[]} */
    this._ranges = [];
    for (const { first, last } of ranges) {
      const before = this._ranges[this._ranges.length - 1];
      if (before && first <= before.last) {
        if (last > before.last) before.last = last;
      } else this._ranges.push({ first, last });
    }
  }

  /**
   * Whether one of them has the address. None has one that is not known.
   * @param {import("../address.js").AddressLike | undefined} address
   */
  contains(address) {
    if (address === undefined) return false;
    const ranges = this._ranges ?? [];
    const key = keyOf(Address.parse(address).bytes);
    let [low, high] = [0, ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ranges[middle].first <= key) low = middle + 1;
      else high = middle;
    }
    return low > 0 && key <= ranges[low - 1].last;
  }
}

/**
 * Bytes as a string that is in their order.
 * @param {Uint8Array} bytes
 */
function keyOf(bytes) {
  return String.fromCharCode(...bytes);
}

/** @param {Uint8Array} address @param {number} bits */
function range(address, bits) {
  const [first, last] = [address.slice(), address.slice()];
  for (let bit = bits; bit < 128; bit++) {
    first[bit >> 3] &= ~(0x80 >> (bit & 7));
    last[bit >> 3] |= 0x80 >> (bit & 7);
  }
  return { first: keyOf(first), last: keyOf(last) };
}
