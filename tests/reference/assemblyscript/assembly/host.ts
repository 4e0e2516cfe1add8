// What a pack may call: the interface `host` of sdk/wit/lanner.wit.

import { Bytes } from "./bytes";

@external("lanner:pack/host@2.0.0", "emit")
declare function hostEmit(finding: usize, length: i32): void;

@external("lanner:pack/host@2.0.0", "log")
declare function hostLog(level: u32, message: usize, length: i32): void;

/** Raises a finding. */
export function emit(finding: Bytes): void {
  hostEmit(finding.pointer, finding.length);
}

/** Says that something did not work. */
export function log(message: string): void {
  const error: u32 = 3;
  const encoded = String.UTF8.encode(message);
  hostLog(error, changetype<usize>(encoded), encoded.byteLength);
}

/** In place of an import of AssemblyScript's: says why the instance ends, and ends it. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  log((message ? message : "aborted") + " (" + (file ? file : "?") + ":" + line.toString() + ")");
  unreachable();
}
