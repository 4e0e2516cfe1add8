/** How many files processes opened, each in a window of its own. */

import { cbor } from "#lanner";

/** How long a window is, ns of event time. */
const LENGTH = 10_000_000_000n;
/** Processes that are remembered. */
const MOST = 1024;

/** @typedef {{id: bigint, start: bigint, count: number, reported: boolean}} Window */

/** Windows by the ids of processes. */
export class Windows {
  constructor() {
    /** @type {Map<bigint, Window>} */
    this._windows = new Map();
  }

  clear() {
    this._windows.clear();
  }

  /**
   * Counts an open; gives how many there are, where this is the one that is to be reported.
   * @param {bigint} id
   * @param {bigint} time
   * @param {number} burst
   */
  opened(id, time, burst) {
    let window = this._windows.get(id);
    if (window === undefined || time - window.start > LENGTH) {
      window = this._begin({ id, start: time, count: 0, reported: false });
    }
    window.count++;
    if (window.count <= burst || window.reported) return undefined;
    window.reported = true;
    return window.count;
  }

  /** @param {Window} window */
  _begin(window) {
    if (!this._windows.has(window.id) && this._windows.size === MOST) this._forgetFirst();
    this._windows.set(window.id, window);
    return window;
  }

  /** Forgets the process whose window began first; of several the one with the lowest id. */
  _forgetFirst() {
    let [first] = this._windows.values();
    for (const window of this._windows.values()) if (isBefore(window, first)) first = window;
    this._windows.delete(first.id);
  }

  save() {
    const windows = [...this._windows.values()].sort((one, other) => (isBefore(one, other) ? -1 : 1));
    return cbor.encode({ windows: windows.map(({ id, start, count, reported }) => [id, start, count, reported]) });
  }

  /**
   * @param {Uint8Array} state
   * @throws {Error} where the state cannot be read
   */
  restore(state) {
    const { windows } = cbor.decode(state);
    if (!Array.isArray(windows)) throw new Error("the saved state cannot be read: it has no windows");
    this.clear();
    for (const [id, start, count, reported] of windows) {
      this._begin({ id: BigInt(id), start: BigInt(start), count, reported });
    }
  }
}

/** @param {Window} one @param {Window} other */
function isBefore(one, other) {
  return one.start === other.start ? one.id < other.id : one.start < other.start;
}
