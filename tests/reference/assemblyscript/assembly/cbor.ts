// As much of CBOR as a pack needs: docs/contract.md, "Encoding".

import { Bytes } from "./bytes";

const UNSIGNED: u32 = 0;
const BYTES: u32 = 2;
const TEXT: u32 = 3;
const ARRAY: u32 = 4;
const MAP: u32 = 5;
const TAG: u32 = 6;
const SIMPLE: u32 = 7;

function head(out: Bytes, major: u32, number: u64): void {
  major <<= 5;
  if (number < 24) {
    out.push(major | <u32>number);
    return;
  }
  const size = number < 0x100 ? 0 : number < 0x10000 ? 1 : number < 0x100000000 ? 2 : 3;
  out.push(major | (24 + size));
  for (let shift = (8 << size) - 8; shift >= 0; shift -= 8) out.push(<u32>(number >> shift) & 0xff);
}

export function uint(out: Bytes, number: u64): void {
  head(out, UNSIGNED, number);
}

export function bytes(out: Bytes, from: usize, length: i32): void {
  head(out, BYTES, length);
  out.copy(from, length);
}

export function text(out: Bytes, value: string): void {
  const encoded = String.UTF8.encode(value);
  utf8(out, changetype<usize>(encoded), encoded.byteLength);
}

/** A text that is UTF-8 already. */
export function utf8(out: Bytes, from: usize, length: i32): void {
  head(out, TEXT, length);
  out.copy(from, length);
}

export function array(out: Bytes, items: i32): void {
  head(out, ARRAY, items);
}

export function map(out: Bytes, entries: i32): void {
  head(out, MAP, entries);
}

export function boolean(out: Bytes, yes: bool): void {
  out.push(yes ? 0xf5 : 0xf4);
}

export function texts(out: Bytes, values: string[]): void {
  array(out, values.length);
  for (let i = 0; i < values.length; i++) text(out, values[i]);
}

/**
 * Reads what the host says. There are no exceptions in AssemblyScript: where the bytes are not what is asked for, `ok` is false
 * from then on, and all that is read is 0 and empty.
 */
export class Reader {
  ok: bool = true;
  /** Of the last item, of which the head was read. */
  major: u32 = 0;
  private info: u32 = 0;

  constructor(private at: usize, private readonly end: usize) {}

  private fail(): void {
    this.ok = false;
    this.at = this.end;
    this.major = SIMPLE;
  }

  private head(): u64 {
    if (this.at >= this.end) {
      this.fail();
      return 0;
    }
    const first: u32 = load<u8>(this.at++);
    this.major = first >> 5;
    this.info = first & 31;
    if (this.info < 24) return this.info;
    if (this.info == 31) return 0;
    const size: usize = <usize>1 << (this.info - 24);
    if (this.info > 27 || this.end - this.at < size) {
      this.fail();
      return 0;
    }
    let number: u64 = 0;
    for (let i: usize = 0; i < size; i++) number = (number << 8) | load<u8>(this.at++);
    return this.major == TAG ? this.head() : number;
  }

  uint(): u64 {
    const number = this.head();
    if (this.major != UNSIGNED) this.fail();
    return this.ok ? number : 0;
  }

  boolean(): bool {
    this.head();
    if (this.major != SIMPLE || (this.info != 20 && this.info != 21)) this.fail();
    return this.ok && this.info == 21;
  }

  text(): string {
    const length = this.head();
    if (this.major != TEXT || this.info == 31 || length > <u64>(this.end - this.at)) this.fail();
    if (!this.ok) return "";
    const value = String.UTF8.decodeUnsafe(this.at, <usize>length);
    this.at += <usize>length;
    return value;
  }

  /** How many entries a map has; -1 where they end with a break. */
  map(): i64 {
    return this.many(MAP);
  }

  array(): i64 {
    return this.many(ARRAY);
  }

  private many(major: u32): i64 {
    const count = this.head();
    if (this.major != major) this.fail();
    if (!this.ok) return 0;
    return this.info == 31 ? -1 : <i64>count;
  }

  /** Whether there is an item of that number, of so many. */
  has(number: i64, count: i64): bool {
    if (!this.ok) return false;
    if (count >= 0) return number < count;
    if (this.at < this.end && load<u8>(this.at) == 0xff) {
      this.at++;
      return false;
    }
    return true;
  }

  skip(depth: i32 = 0): void {
    const count = this.head();
    if (!this.ok || depth > 64) {
      this.fail();
      return;
    }
    const open = this.info == 31;
    switch (this.major) {
      case BYTES:
      case TEXT:
        if (open) {
          for (let i: i64 = 0; this.has(i, -1); i++) this.skip(depth + 1);
        } else if (count > <u64>(this.end - this.at)) {
          this.fail();
        } else {
          this.at += <usize>count;
        }
        break;
      case ARRAY:
      case MAP: {
        const values = this.major == MAP ? 2 : 1;
        for (let i: i64 = 0; this.has(i, open ? -1 : <i64>count); i++) {
          for (let value = 0; value < values; value++) this.skip(depth + 1);
        }
        break;
      }
    }
  }
}
