import { Bytes } from "./bytes";
import * as cbor from "./cbor";

const LENGTH_NS: u64 = 10_000_000_000;
/** Processes that are remembered. */
const MOST = 1024;

@final
class Window {
  constructor(readonly process: u64, readonly start: u64, public count: u64, public reported: bool) {}
}

/** How many files each process opened lately: in the order in which they are forgotten, and saved. */
@final
export class Windows {
  private all: Window[] = [];

  /** Counts an open; gives the count where that is more than `burst` for the first time in its window, and else 0. */
  opened(process: u64, now: u64, burst: u64): u64 {
    let at = 0;
    while (at < this.all.length && this.all[at].process != process) at++;
    const there = at < this.all.length;
    if (there) {
      const window = this.all[at];
      if (now <= window.start || now - window.start <= LENGTH_NS) {
        window.count++;
        if (window.reported || window.count <= burst) return 0;
        window.reported = true;
        return window.count;
      }
      this.all.splice(at, 1);
    } else if (this.all.length >= MOST) {
      this.all.shift();
    }
    this.insert(new Window(process, now, 1, false));
    // A burst is at least 1.
    return 0;
  }

  private insert(window: Window): void {
    let at = this.all.length;
    while (at > 0) {
      const before = this.all[at - 1];
      if (before.start < window.start || (before.start == window.start && before.process < window.process)) break;
      at--;
    }
    this.all.push(window);
    for (let i = this.all.length - 1; i > at; i--) this.all[i] = this.all[i - 1];
    this.all[at] = window;
  }

  save(out: Bytes): void {
    cbor.map(out, 1);
    cbor.text(out, "windows");
    cbor.array(out, this.all.length);
    for (let i = 0; i < this.all.length; i++) {
      const window = this.all[i];
      cbor.array(out, 4);
      cbor.uint(out, window.process);
      cbor.uint(out, window.start);
      cbor.uint(out, window.count);
      cbor.boolean(out, window.reported);
    }
  }

  /** Whether the state could be read. */
  restore(reader: cbor.Reader): bool {
    const entries = reader.map();
    for (let entry: i64 = 0; reader.has(entry, entries); entry++) {
      if (reader.text() != "windows") {
        reader.skip();
        continue;
      }
      const windows = reader.array();
      for (let i: i64 = 0; reader.has(i, windows); i++) {
        if (reader.array() != 4) return false;
        this.insert(new Window(reader.uint(), reader.uint(), reader.uint(), reader.boolean()));
        if (this.all.length > MOST) this.all.shift();
      }
    }
    return reader.ok;
  }
}
