/** A pack under test. */

import { Address } from "../address.js";
import { decode, encode } from "../cbor.js";
import { Frame } from "../frame.js";
import { host } from "../host.js";
import { Running } from "../running.js";
import { check } from "../sieve.js";
import { Text } from "../text.js";
import { BEGINNING, Written } from "./process.js";
import { FrameWriter } from "./writer.js";

/**
 * @typedef {import("./event.js").EventBuilder} EventBuilder
 * @typedef {{seq: bigint, time: bigint, event: EventBuilder}} Happened
 *
 * What a rule raised.
 * @typedef {object} Finding
 * @property {string} rule the rule's id
 * @property {string} message what happened
 * @property {import("../finding.js").Severity} severity the finding's, or where it has none the rule's
 * @property {{[name: string]: any}} facts more, by name: a path is a string (`Text.lossy`), an address likewise, a process its
 * image id as a bigint
 * @property {bigint[]} events sequence numbers of the events behind it; the first event that was fed has 1
 * @property {bigint | undefined} process image id of the process it is about, where that was said
 * @property {string | undefined} key what it is about, where that was said
 */

/** Between two events, where nothing is said, ns. */
const STEP = 1_000_000n;
/** The host ticks at every full second of event time, */
const TICK = 1_000_000_000n;
/** and after a jump in time makes up for so many. */
const MISSED_TICKS = 3600n;

/**
 * A pack that has just been loaded. There is one instance of a pack's module, so make the next test when you are done with this
 * one.
 */
export class PackTest {
  /**
   * @param {import("../pack.js").Pack} pack
   * @param {object} [how]
   * @param {{[name: string]: unknown}} [how.settings] what is set, by name
   * @param {readonly string[]} [how.off] ids of rules that are switched off
   */
  constructor(pack, { settings = {}, off = [] } = {}) {
    this._pack = pack;
    const numbers = off.map((id) => {
      const rule = pack.rules.find((each) => each.id === id);
      if (rule === undefined) throw new Error(`the pack has no rule ${id}`);
      return rule.index;
    });
    this._told = encode({ settings, off: numbers });
    /**
     * What was logged.
     * @type {{level: string, message: string}[]}
     */
    this.logged = [];
    this._now = BEGINNING;
    this._nextTick = BEGINNING + TICK;
    this._seq = 0n;
    this._running = load(pack, this._told);
    this._wanted = pack.rules.flatMap((rule) => rule.subscriptions()).map(({ kind, where }) => {
      return { kind: kind.kind, sieve: where && check(where, kind) };
    });
  }

  /**
   * Lets events happen, one after the other; gives what was raised.
   * @param {...(EventBuilder | Iterable<EventBuilder>)} events
   */
  feed(...events) {
    return this._collect(() => {
      /** @type {Happened[]} */
      let batch = [];
      for (const event of events.flatMap((some) => (Symbol.iterator in some ? [...some] : [some]))) {
        this._now += event.since ?? STEP;
        this._seq += 1n;
        if (this._now >= this._nextTick) {
          this._evaluate(batch);
          batch = [];
          this._tick();
        }
        batch.push({ seq: this._seq, time: this._now, event });
      }
      this._evaluate(batch);
    });
  }

  /**
   * Judges a frame that was made elsewhere, as a host hands it over; gives what was raised.
   * @param {Uint8Array} frame
   */
  judge(frame) {
    return this._collect(() => this._running.evaluate(frame));
  }

  /**
   * Lets time go by; gives what was raised.
   * @param {number} seconds
   */
  wait(seconds) {
    return this._collect(() => {
      this._now += BigInt(Math.round(seconds * 1e9));
      this._tick();
    });
  }

  /** Reloads the pack, as the host would with another version of it. */
  saveAndRestore() {
    const state = this._pack.save();
    this._running = load(this._pack, this._told);
    this._pack.restore(state, this._pack.version);
  }

  /** Ticks at every full second that has passed, as the host does. */
  _tick() {
    const first = this._now - (this._now % TICK) - MISSED_TICKS * TICK;
    if (this._nextTick < first) this._nextTick = first;
    for (; this._nextTick <= this._now; this._nextTick += TICK) this._running.tick(this._nextTick);
  }

  /**
   * Hands over what the pack asked for, and says which of its subscriptions each event passed, as the host does.
   * @param {Happened[]} batch
   */
  _evaluate(batch) {
    const frame = new Frame(written(batch).finish());
    const passed = batch.map((_, row) => {
      const event = frame.event(row);
      const numbers = [];
      for (const [number, { kind, sieve }] of this._wanted.entries()) {
        if (event?.kindNumber === kind && (sieve?.(event) ?? true)) numbers.push(number);
      }
      return numbers;
    });
    const chosen = batch.filter((_, row) => passed[row].length > 0);
    if (chosen.length === 0) return;
    const numbers = passed.filter((each) => each.length > 0);
    this._running.evaluate(written(chosen).finish(numbers, this._wanted.length));
  }

  /**
   * What is raised meanwhile.
   * @param {() => void} work
   * @returns {Finding[]}
   */
  _collect(work) {
    /** @type {Uint8Array[]} */
    const found = [];
    const { emit, log } = host;
    host.emit = (finding) => void found.push(finding);
    host.log = (level, message) => {
      this.logged.push({ level, message });
      log(level, message);
    };
    try {
      work();
    } finally {
      Object.assign(host, { emit, log });
    }
    return found.map((finding) => this._finding(decode(finding)));
  }

  /** @param {any} finding @returns {Finding} */
  _finding({ rule: number, message, severity, events = [], process, key, fields = [] }) {
    const rule = this._pack.rules[number];
    /** @type {[string, any][]} */
    const facts = fields.map((/** @type {[string, any]} */ [name, value]) => [name, fact(value)]);
    return {
      rule: rule.id,
      message,
      severity: severity ?? rule.severity,
      facts: Object.fromEntries(facts),
      events: events.map(BigInt),
      process: process === undefined ? undefined : BigInt(process),
      key,
    };
  }
}

/**
 * A new instance.
 * @param {import("../pack.js").Pack} pack
 * @param {Uint8Array} told
 */
function load(pack, told) {
  pack.reset();
  const running = new Running(pack);
  running.configure(told);
  return running;
}

/** @param {Happened[]} batch */
function written(batch) {
  const writer = new FrameWriter();
  const rows = new Written(writer);
  for (const { seq, time, event } of batch) event.add(writer, rows, seq, time);
  return writer;
}

/**
 * A fact, as tests compare it.
 * @param {any} value
 * @returns {any}
 */
function fact(value) {
  if (!Array.isArray(value)) return value;
  const [kind, ...values] = value;
  if (kind === "list") return values.map(fact);
  if (kind === "process") return BigInt(values[0]);
  if (kind === "path") return Text.of(values[0]).lossy;
  const mapped = values[0].length === 4 ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...values[0]] : values[0];
  return new Address(new Uint8Array(mapped)).toString();
}
