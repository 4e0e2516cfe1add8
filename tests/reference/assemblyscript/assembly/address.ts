import { Bytes } from "./bytes";

// Addresses: 16 bytes, IPv4 as an IPv4-mapped IPv6 address (::ffff:0:0/96).

function group(at: usize, index: i32): u32 {
  return (<u32>load<u8>(at + 2 * index) << 8) | load<u8>(at + 2 * index + 1);
}

export function isV4(at: usize): bool {
  for (let i = 0; i < 5; i++) {
    if (group(at, i) != 0) return false;
  }
  return group(at, 5) == 0xffff;
}

/** Whether the address is one of the internet at large. */
export function isPublic(at: usize): bool {
  if (isV4(at)) return isPublicV4(at + 12);
  const first = group(at, 0), second = group(at, 1);
  let zeros = true;
  for (let i = 2; i < 6; i++) zeros = zeros && group(at, i) == 0;
  // NAT64 and 6to4: the IPv4 address that they stand for.
  if (first == 0x64 && second == 0xff9b && zeros) return isPublicV4(at + 12);
  if (first == 0x2002) return isPublicV4(at + 2);
  if (first == 0x2001 && ((second >= 1 && second <= 0x1ff) || second == 0xdb8)) return false;
  if (first == 0x3fff && second <= 0xfff) return false;
  return (first & 0xe000) == 0x2000;
}

function isPublicV4(at: usize): bool {
  const a: u32 = load<u8>(at), b: u32 = load<u8>(at + 1), c: u32 = load<u8>(at + 2);
  switch (a) {
    case 0: case 10: case 127: return false;
    case 100: return (b & 0xc0) != 64;
    case 169: return b != 254;
    case 172: return (b & 0xf0) != 16;
    case 192: return b != 168 && !(b == 0 && (c == 0 || c == 2));
    case 198: return (b & 0xfe) != 18 && !(b == 51 && c == 100);
    case 203: return !(b == 0 && c == 113);
  }
  return a < 224;
}

/** As people write it (RFC 5952). */
export function show(at: usize, out: Bytes): void {
  if (isV4(at)) {
    for (let i = 12; i < 16; i++) {
      if (i > 12) out.push(0x2e);
      out.string(load<u8>(at + i).toString());
    }
    return;
  }
  // The longest run of two zeros or more, of several the first, is left out.
  let begin = -1, length = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && group(at, i + run) == 0) run++;
    if (run > length) {
      begin = i;
      length = run;
    }
  }
  for (let i = 0; i < 8; i++) {
    if (i == begin) {
      out.string("::");
      i += length - 1;
    } else {
      if (i > 0 && i != begin + length) out.push(0x3a);
      else if (i > 0 && begin < 0) out.push(0x3a);
      out.string(group(at, i).toString(16));
    }
  }
}
