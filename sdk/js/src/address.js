/** Addresses, and what rules ask of them. */

/**
 * An address, or as it is written, such as `192.0.2.7` or `2001:db8::7`.
 * @typedef {Address | string} AddressLike
 */

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** An address of the internet. IPv4 addresses are a part of the IPv6 ones, `::ffff:0:0/96`, and printed as what they are. */
export class Address {
  /** @param {Uint8Array} bytes 16 of them */
  constructor(bytes) {
    /** The 16 bytes, as they stand in frames. */
    this.bytes = bytes;
  }

  /**
   * Reads an address.
   * @param {AddressLike} written
   * @throws {Error} where it is none
   */
  static parse(written) {
    if (written instanceof Address) return written;
    const bytes = parse(written);
    if (bytes === undefined) throw new Error(`${quoted(written)} is not an address such as 192.0.2.7 or 2001:db8::7`);
    return new Address(bytes);
  }

  /** Whether it is IPv4. */
  get isV4() {
    return MAPPED.every((byte, at) => this.bytes[at] === byte);
  }

  /** The 4 bytes of an IPv4 address, the 16 of an IPv6 one. */
  get packed() {
    return this.isV4 ? this.bytes.subarray(12) : this.bytes;
  }

  /**
   * Whether it is one of the internet at large: not private, shared (carrier-grade NAT), loopback, link-local, multicast, for
   * documentation or benchmarks, or reserved (the special-purpose registries of IANA).
   */
  get isPublic() {
    const b = this.bytes;
    if (this.isV4) return isPublicV4(b[12], b[13], b[14]);
    const [first, second] = [(b[0] << 8) | b[1], (b[2] << 8) | b[3]];
    // NAT64: the IPv4 address that it stands for. 6to4, likewise.
    if (first === 0x64 && second === 0xff9b && b.subarray(4, 12).every((byte) => byte === 0)) {
      return isPublicV4(b[12], b[13], b[14]);
    }
    if (first === 0x2002) return isPublicV4(b[2], b[3], b[4]);
    // IETF protocol assignments but Teredo, documentation.
    if (first === 0x2001 && ((second >= 1 && second <= 0x1ff) || second === 0xdb8)) return false;
    if (first === 0x3fff && second <= 0xfff) return false;
    // All else of the internet lies in 2000::/3.
    return (first & 0xe000) === 0x2000;
  }

  /** @param {AddressLike} other */
  equals(other) {
    const bytes = Address.parse(other).bytes;
    return this.bytes.every((byte, at) => byte === bytes[at]);
  }

  toString() {
    return this.isV4 ? this.bytes.subarray(12).join(".") : printed(this.bytes);
  }

  toJSON() {
    return this.toString();
  }
}

/**
 * Whether an address is one of the internet at large: see {@link Address.isPublic}. One that is not known is not.
 * @param {AddressLike | undefined} address
 */
export function isPublic(address) {
  return address !== undefined && Address.parse(address).isPublic;
}

/** @param {number} a @param {number} b @param {number} c */
function isPublicV4(a, b, c) {
  return !(
    // "This network", private, loopback; shared address space (RFC 6598); link-local.
    (
      a === 0 ||
      a === 10 ||
      a === 127 ||
      (a === 100 && b >= 64 && b <= 127) ||
      (a === 169 && b === 254) ||
      (a === 172 && b >= 16 && b <= 31) ||
      // IETF protocol assignments, documentation; benchmarks, documentation; multicast, reserved, broadcast.
      (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)))) ||
      (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) ||
      (a === 203 && b === 0 && c === 113) ||
      a >= 224
    )
  );
}

/** @param {unknown} value */
export function quoted(value) {
  return typeof value === "bigint" ? `${value}n` : value instanceof Uint8Array ? `bytes` : JSON.stringify(value) ?? String(value);
}

/**
 * The groups of 16 bits, the longest run of zeros left out (RFC 5952).
 * @param {Uint8Array} bytes
 */
function printed(bytes) {
  const groups = [];
  for (let at = 0; at < 16; at += 2) groups.push((bytes[at] << 8) | bytes[at + 1]);
  let [best, length] = [-1, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > length) [best, length] = [at, end - at];
  }
  const hex = (/** @type {number[]} */ some) => some.map((group) => group.toString(16)).join(":");
  return best < 0 ? hex(groups) : `${hex(groups.slice(0, best))}::${hex(groups.slice(best + length))}`;
}

/**
 * @param {string} written
 * @returns {Uint8Array | undefined}
 */
function parse(written) {
  if (typeof written !== "string") return undefined;
  const v4 = parseV4(written);
  if (v4 !== undefined) return new Uint8Array([...MAPPED, ...v4]);
  const halves = written.split("::");
  if (halves.length > 2) return undefined;
  const parts = halves.map((half, at) => parseGroups(half, at === halves.length - 1));
  if (parts.some((part) => part === undefined)) return undefined;
  const [high, low] = [parts[0] ?? [], parts[1]];
  if (low === undefined) return high.length === 16 ? new Uint8Array(high) : undefined;
  const gap = 16 - high.length - low.length;
  return gap >= 2 ? new Uint8Array([...high, ...new Array(gap).fill(0), ...low]) : undefined;
}

/**
 * Groups of 16 bits; the last two may be written as an IPv4 address.
 * @param {string} written
 * @param {boolean} last
 * @returns {number[] | undefined}
 */
function parseGroups(written, last) {
  if (written === "") return [];
  const bytes = [];
  const groups = written.split(":");
  for (const [at, group] of groups.entries()) {
    const v4 = last && at === groups.length - 1 ? parseV4(group) : undefined;
    if (v4 !== undefined) {
      bytes.push(...v4);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const number = parseInt(group, 16);
      bytes.push(number >> 8, number & 0xff);
    } else {
      return undefined;
    }
  }
  return bytes.length <= 16 ? bytes : undefined;
}

/**
 * @param {string} written
 * @returns {number[] | undefined}
 */
export function parseV4(written) {
  const parts = written.split(".");
  const sound = parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
  return sound ? parts.map(Number) : undefined;
}
