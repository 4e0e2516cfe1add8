// What the host calls: sdk/wit/lanner.wit, by the canonical ABI of the component model. A list or a text is a pointer and a
// length. What the host passes in it has written to where `cabi_realloc` said; what is given back lies where a pointer says.

import { Bytes } from "./bytes";
import { Reader } from "./cbor";
import { log } from "./host";
import * as pack from "./pack";

export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  const at = heap.alloc(size);
  if (old) {
    memory.copy(at, old, oldSize);
    heap.free(old);
  }
  return at;
}

/** Lets go of what was passed in. Of nothing there is nothing to let go. */
function release(at: usize, length: usize): void {
  if (length) heap.free(at);
}

/** What the last call gave back, until the next one. */
const returned = new StaticArray<u32>(3);
let answer = new Bytes();

/** Where a list lies. */
function list(bytes: Bytes): usize {
  answer = bytes;
  returned[0] = <u32>bytes.pointer;
  returned[1] = bytes.length;
  // Nothing of this call is on the stack any more, but the answer, which is kept.
  __collect();
  return changetype<usize>(returned);
}

/** Where it lies whether something went well, or what went wrong. */
function result(error: string): usize {
  answer = new Bytes();
  answer.string(error);
  returned[0] = error.length > 0 ? 1 : 0;
  returned[1] = <u32>answer.pointer;
  returned[2] = answer.length;
  __collect();
  return changetype<usize>(returned);
}

export function describe(): usize {
  const out = new Bytes();
  pack.describe(out);
  return list(out);
}

export function configure(at: usize, length: usize): usize {
  const error = pack.configure(new Reader(at, at + length));
  release(at, length);
  return result(error);
}

export function evaluate(at: usize, length: usize): void {
  if (!pack.evaluate(at, <u32>length)) log("a batch could not be read");
  release(at, length);
  __collect();
}

export function tick(now: u64): void {}

export function save(): usize {
  const out = new Bytes();
  pack.save(out);
  return list(out);
}

export function restore(at: usize, length: usize, version: usize, versionLength: usize): usize {
  const error = pack.restore(new Reader(at, at + length));
  release(at, length);
  release(version, versionLength);
  return result(error);
}
