/** Bytes that grow at the end: what is handed to the host is written here. */
export class Bytes {
  private buffer: ArrayBuffer = new ArrayBuffer(256);
  length: i32 = 0;

  get pointer(): usize {
    return changetype<usize>(this.buffer);
  }

  private room(more: i32): usize {
    const needed = this.length + more;
    if (needed > this.buffer.byteLength) {
      const larger = new ArrayBuffer(max(needed, this.buffer.byteLength * 2));
      memory.copy(changetype<usize>(larger), this.pointer, this.length);
      this.buffer = larger;
    }
    const at = this.pointer + this.length;
    this.length = needed;
    return at;
  }

  push(byte: u32): void {
    const at = this.room(1);
    store<u8>(at, byte);
  }

  copy(from: usize, length: i32): void {
    const at = this.room(length);
    memory.copy(at, from, length);
  }

  append(other: Bytes): void {
    this.copy(other.pointer, other.length);
  }

  string(text: string): void {
    const encoded = String.UTF8.encode(text);
    this.copy(changetype<usize>(encoded), encoded.byteLength);
  }

  /** A character, in UTF-8. */
  character(code: u32): void {
    if (code < 0x80) {
      this.push(code);
    } else if (code < 0x800) {
      this.push(0xc0 | (code >> 6));
      this.push(0x80 | (code & 63));
    } else if (code < 0x10000) {
      this.push(0xe0 | (code >> 12));
      this.push(0x80 | ((code >> 6) & 63));
      this.push(0x80 | (code & 63));
    } else {
      this.push(0xf0 | (code >> 18));
      this.push(0x80 | ((code >> 12) & 63));
      this.push(0x80 | ((code >> 6) & 63));
      this.push(0x80 | (code & 63));
    }
  }
}
