import { Bytes } from "./bytes";

/** A text of the kernel: bytes, most often UTF-8, never certainly. It may be unknown, which is not the same as empty. */
@final
export class Text {
  constructor(readonly at: usize, readonly length: i32, readonly known: bool) {}

  is(other: string): bool {
    return this.known && this.length == other.length && this.startsWith(other);
  }

  /** Of ASCII. */
  startsWith(prefix: string): bool {
    if (!this.known || this.length < prefix.length) return false;
    for (let i = 0; i < prefix.length; i++) {
      if (load<u8>(this.at + i) != <u8>prefix.charCodeAt(i)) return false;
    }
    return true;
  }

  endsWith(suffix: string): bool {
    const begin = this.length - suffix.length;
    return begin >= 0 && new Text(this.at + begin, suffix.length, this.known).startsWith(suffix);
  }

  isOneOf(others: StaticArray<string>): bool {
    for (let i = 0; i < others.length; i++) {
      if (this.is(others[i])) return true;
    }
    return false;
  }

  fileName(): Text {
    let begin = this.length;
    while (begin > 0 && load<u8>(this.at + begin - 1) != 0x2f) begin--;
    return new Text(this.at + begin, this.length - begin, this.known);
  }

  /** As it stands in messages: what acts on a terminal, or on the direction of text, is escaped. */
  show(out: Bytes): void {
    if (!this.known) {
      out.push(0x3f);
      return;
    }
    for (let i = 0; i < this.length; ) {
      const first: u32 = load<u8>(this.at + i);
      if (first >= 0x20 && first < 0x7f) {
        out.push(first);
        i++;
        continue;
      }
      const decoded = decode(this.at + i, this.length - i);
      i += <i32>(decoded >> 32);
      escape(out, <u32>decoded);
    }
  }
}

function escape(out: Bytes, code: u32): void {
  if (code == 0x0a) out.string("\\n");
  else if (code == 0x0d) out.string("\\r");
  else if (code == 0x09) out.string("\\t");
  else if (code < 0x20 || code == 0x7f) out.string("\\x" + (code < 0x10 ? "0" : "") + code.toString(16));
  else if (acts(code)) out.string("\\u{" + code.toString(16) + "}");
  else out.character(code);
}

function acts(code: u32): bool {
  return (code >= 0x80 && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f ||
    (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/** The first character in the lower half, and how many bytes it has in the upper one. What could have begun one is one U+FFFD. */
function decode(at: usize, length: i32): u64 {
  const first: u32 = load<u8>(at);
  if (first < 0x80) return (<u64>1 << 32) | first;
  let low: u32 = 0x80, high: u32 = 0xbf, more = 0;
  let code: u32 = 0;
  if (first >= 0xc2 && first <= 0xdf) {
    more = 1;
    code = first & 0x1f;
  } else if (first >= 0xe0 && first <= 0xef) {
    more = 2;
    code = first & 0x0f;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    more = 3;
    code = first & 0x07;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  }
  let size = 1;
  while (size <= more && size < length) {
    const next: u32 = load<u8>(at + size);
    if (next < low || next > high) break;
    code = (code << 6) | (next & 63);
    low = 0x80;
    high = 0xbf;
    size++;
  }
  if (more == 0 || size <= more) code = 0xfffd;
  return (<u64>size << 32) | code;
}
