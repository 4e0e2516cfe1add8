// Reading a frame: docs/frame.md. Of its records only the fields that the rules ask for.

import { Text } from "./text";

/** "LNRF", little-endian. */
const MAGIC: u32 = 0x46524e4c;
const VERSION: u16 = 2;

export const OPEN: u16 = 32;
export const CONNECT: u16 = 80;
export const EXEC: u16 = 1;
/** The section of a kind's payload is its number and this. */
const PAYLOAD: u16 = 0x100;

/** A section: `count` records of `stride` bytes. */
@final
class Section {
  at: usize = 0;
  stride: u32 = 1;
  count: u32 = 0;

  row(row: u32): Record {
    return row < this.count ? new Record(this.at + <usize>row * this.stride, this.stride) : new Record(0, 0);
  }
}

/** A record: the bytes of one row. What is not there has no bytes, and so no field. */
@final
export class Record {
  constructor(private readonly at: usize, private readonly stride: u32) {}

  get isThere(): bool {
    return this.stride > 0;
  }

  /** Whether the field of that bit, offset and size is there. All records here have fewer than 65 fields, and so one word of bits. */
  has(bit: u32, offset: u32, size: u32): bool {
    return offset + size <= this.stride && ((load<u64>(this.at) >> bit) & 1) != 0;
  }

  u16(bit: u32, offset: u32): u16 {
    return this.has(bit, offset, 2) ? load<u16>(this.at + offset) : 0;
  }

  u32(bit: u32, offset: u32, otherwise: u32 = 0): u32 {
    return this.has(bit, offset, 4) ? load<u32>(this.at + offset) : otherwise;
  }

  u64(bit: u32, offset: u32): u64 {
    return this.has(bit, offset, 8) ? load<u64>(this.at + offset) : 0;
  }

  /** Where the 16 bytes of an address are; 0 where it is not there. */
  address(bit: u32, offset: u32): usize {
    return this.has(bit, offset, 16) ? this.at + offset : 0;
  }

  text(bit: u32, offset: u32, frame: Frame): Text {
    if (!this.has(bit, offset, 8)) return new Text(0, 0, false);
    const start: u64 = load<u32>(this.at + offset), length: u64 = load<u32>(this.at + offset + 4);
    if (start + length > frame.arena.count) return new Text(0, 0, false);
    return new Text(frame.arena.at + <usize>start, <i32>length, true);
  }
}

/** No row has this number. */
const NOBODY: u32 = u32.MAX_VALUE;

@final
export class Frame {
  ok: bool = false;
  arena: Section = new Section();
  processes: Section = new Section();
  events: Section = new Section();
  opens: Section = new Section();
  connects: Section = new Section();
  execs: Section = new Section();

  constructor(at: usize, length: u32) {
    this.ok = this.parse(at, length);
  }

  private parse(at: usize, given: u32): bool {
    if (given < 16 || load<u32>(at) != MAGIC || load<u16>(at + 4) != VERSION) return false;
    const table: u64 = load<u16>(at + 6), length: u64 = load<u32>(at + 8), entries: u64 = load<u32>(at + 12);
    if (length > given || table < 16 || table + entries * 16 > length) return false;
    for (let entry: u64 = 0; entry < entries; entry++) {
      const place = at + <usize>(table + entry * 16);
      const stride: u64 = load<u16>(place + 2), count: u64 = load<u32>(place + 4), start: u64 = load<u32>(place + 8);
      if (count == 0) continue;
      if (stride == 0 || start + stride * count > length) return false;
      const section = this.section(load<u16>(place));
      if (!section) continue;
      if (section.count > 0) return false;
      section.at = at + <usize>start;
      section.stride = <u32>stride;
      section.count = <u32>count;
    }
    return true;
  }

  /** The section of a number, where anything here is of it. */
  private section(number: u16): Section | null {
    switch (number) {
      case 0: return this.arena;
      case 1: return this.processes;
      case 2: return this.events;
      case PAYLOAD + OPEN: return this.opens;
      case PAYLOAD + CONNECT: return this.connects;
      case PAYLOAD + EXEC: return this.execs;
    }
    return null;
  }

  event(row: u32): Event {
    return new Event(this, this.events.row(row));
  }

  process(row: u32): Process {
    return new Process(this, this.processes.row(row));
  }
}

@final
export class Event {
  constructor(readonly frame: Frame, private readonly record: Record) {}

  get seq(): u64 { return this.record.u64(0, 8); }
  get time(): u64 { return this.record.u64(1, 16); }
  get kind(): u16 { return this.record.u16(2, 24); }
  /** Bit 2 of the flags. */
  get failed(): bool { return (this.record.u16(3, 26) & 4) != 0; }
  get process(): Process { return this.frame.process(this.record.u32(4, 28, NOBODY)); }
  private get payload(): u32 { return this.record.u32(6, 36, NOBODY); }

  get open(): Record { return this.frame.opens.row(this.payload); }
  get connect(): Record { return this.frame.connects.row(this.payload); }
  /** Of an exec: the image that begins. */
  get image(): Process { return this.frame.process(this.frame.execs.row(this.payload).u32(0, 8, NOBODY)); }
}

@final
export class Process {
  constructor(private readonly frame: Frame, private readonly record: Record) {}

  get isKnown(): bool { return this.record.isThere; }
  get id(): u64 { return this.record.u64(0, 8); }
  get image(): u64 { return this.record.u64(1, 16); }
  get parent(): Process { return this.frame.process(this.record.u32(2, 24, NOBODY)); }
  get exe(): Text { return this.record.text(30, 160, this.frame); }
  get comm(): Text { return this.record.text(31, 168, this.frame); }
  get argv(): Text { return this.record.text(32, 176, this.frame); }
}
