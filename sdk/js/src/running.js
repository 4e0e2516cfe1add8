/** A pack that runs: its rules and their handlers, as the contract asks for them. */

import { decode, encode } from "./cbor.js";
import { Out } from "./finding.js";
import { EVENT, Frame, FrameError, PASSED, PAYLOADS } from "./frame.js";
import * as log from "./log.js";
import { EVENTS } from "./records.js";

/** Of how many sets of subscriptions that events passed it is kept who is to be called; there are few in a pack's life. */
const MOST_SETS = 4096;
/** Kinds are numbered below. */
const KINDS = 128;

/**
 * What runs for an event: what else it has to pass, the handler, and where its findings go.
 * @typedef {{sieve: ((event: any) => boolean) | undefined, run: (event: any, out: Out) => void, out: Out}} Run
 */

/** How a kind's events are handled, by which subscriptions they passed. */
class Plan {
  /**
   * @param {number} kind
   * @param {typeof import("./event.js").Event} view
   * @param {import("./pack.js").Handler[]} handlers
   * @param {number} told the host speaks of subscriptions below this one
   */
  constructor(kind, view, handlers, told) {
    this.kind = kind;
    this.view = view;
    this._handlers = handlers;
    this._told = told;
    /**
     * By the bits of the first 32 subscriptions, where those are all that an event passed.
     * @type {Map<number, Run[]>}
     */
    this.runs = new Map();
    /**
     * By all bits.
     * @type {Map<string, Run[]>}
     */
    this._large = new Map();
    // Where its payloads lie in the frame at hand, if they are read in place.
    this.base = 0;
    this.stride = 0;
    this.count = 0;
  }

  /**
   * What runs for an event that passed these subscriptions, a bit each.
   * @param {Uint32Array} passed
   */
  find(passed) {
    const isSmall = passed.every((word, at) => at === 0 || word === 0);
    const [low, key] = [passed[0] ?? 0, passed.join()];
    let runs = isSmall ? this.runs.get(low) : this._large.get(key);
    if (runs === undefined) {
      runs = [];
      for (const { sieve, subscription, run, out } of this._handlers) {
        if (sieve === undefined) runs.push({ sieve, run, out });
        else if (subscription === undefined || subscription >= this._told) runs.push({ sieve, run, out });
        else if ((passed[subscription >> 5] >>> (subscription & 31)) & 1) runs.push({ sieve: undefined, run, out });
      }
      if (this.runs.size + this._large.size >= MOST_SETS) {
        this.runs.clear();
        this._large.clear();
      }
      if (isSmall) this.runs.set(low, runs);
      else this._large.set(key, runs);
    }
    return runs;
  }

  /**
   * Sees where its payloads lie in a frame, if they are read in place.
   * @param {Frame} frame
   */
  place(frame) {
    const section = frame.sections.get(PAYLOADS + this.kind);
    const inPlace = section?.inPlace ?? false;
    this.count = section !== undefined && inPlace ? section.count : 0;
    this.base = section !== undefined && inPlace ? section.offset / 4 : 0;
    this.stride = section !== undefined && inPlace ? section.stride / 4 : 0;
  }
}

/** A pack, and which of its rules run. */
export class Running {
  /**
   * @param {import("./pack.js").Pack} pack
   * @throws {import("./pack.js").PackError} where what it says of itself makes no sense
   */
  constructor(pack) {
    this.pack = pack;
    this.description = encode(pack.describe());
    let first = 0;
    for (const rule of pack.rules) {
      for (const { where, handlers } of rule.subscriptions()) {
        for (const handler of handlers) handler.subscription = where === undefined ? undefined : first;
        first++;
      }
    }
    const { on, ticks } = this._without([]);
    this._on = on;
    this._ticks = ticks;
    /**
     * By how many subscriptions the host speaks of: how events are handled, by their kind's number, and all that there are.
     * @type {Map<number, {byKind: (Plan | undefined)[], all: Plan[]}>}
     */
    this._plans = new Map();
  }

  /**
   * What runs where these rules do not.
   * @param {number[]} off
   */
  _without(off) {
    const rules = this.pack.rules.filter((rule) => !off.includes(rule.index));
    return {
      on: rules.flatMap((rule) => rule.handlers),
      ticks: rules.flatMap((rule) => rule.ticks.map((run) => ({ run, out: new Out(rule.index) }))),
    };
  }

  /** @param {number} told */
  _plansFor(told) {
    let plans = this._plans.get(told);
    if (plans === undefined) {
      plans = { byKind: new Array(KINDS).fill(undefined), all: [] };
      for (const [number, view] of EVENTS) {
        const handlers = this._on.filter((handler) => handler.kind.kind === number);
        if (handlers.length === 0) continue;
        const plan = new Plan(number, view, handlers, told);
        plans.byKind[number] = plan;
        plans.all.push(plan);
      }
      this._plans.set(told, plans);
    }
    return plans;
  }

  /**
   * Takes settings, before the first batch.
   * @param {Uint8Array} told
   * @throws {Error} where they make no sense
   */
  configure(told) {
    const configuration = decode(told);
    if (typeof configuration !== "object" || configuration === null || Array.isArray(configuration)) {
      throw new Error("the configuration is no map");
    }
    const { on, ticks } = this._without(this.pack.configure(configuration));
    this._on = on;
    this._ticks = ticks;
    this._plans = new Map();
  }

  /**
   * Hands each event of a frame to its handlers, in order.
   * @param {Uint8Array} data
   */
  evaluate(data) {
    let frame;
    try {
      frame = new Frame(data);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      log.error(`a batch could not be read: ${error.message}`);
      return;
    }
    try {
      this._handle(frame);
    } catch (error) {
      log.error(trouble(error));
      throw error;
    } finally {
      frame.release();
      for (const handler of this._on) handler.out._event = undefined;
    }
  }

  /** @param {Frame} frame */
  _handle(frame) {
    const events = frame.sections.get(EVENT);
    if (events === undefined) return;
    const passed = new Passed(frame, events.count);
    const { byKind, all } = this._plansFor(passed.told);
    if (!events.inPlace) {
      this._handleCopied(frame, byKind, passed);
      return;
    }
    for (let each = 0; each < all.length; each++) all[each].place(frame);
    const { w32 } = frame;
    const step = events.stride / 4;
    // As local variables: all events come by here.
    const { words, w32: bits, step: bitsStep } = passed;
    const isSmall = words <= 2;
    let at = events.offset / 4;
    let bitsAt = passed.at;
    let lastPlan, lastLow, lastRuns;
    for (let number = 0; number < events.count; number++, at += step, bitsAt += bitsStep) {
      const plan = byKind[w32[at + 6] & 0xffff];
      if (plan === undefined) continue;
      let runs;
      if (isSmall) {
        const low = words > 0 ? bits[bitsAt] : 0;
        if (words === 0 || bits[bitsAt + 1] === 0) {
          // Events come in rows that are for the same rules.
          if (plan === lastPlan && low === lastLow) runs = lastRuns;
          else {
            runs = plan.runs.get(low);
            if (runs !== undefined) [lastPlan, lastLow, lastRuns] = [plan, low, runs];
          }
        }
      }
      if (runs === undefined) runs = plan.find(passed.of(number));
      if (runs.length === 0) continue;
      const row = w32[at + 9];
      const event = row < plan.count ? new plan.view(frame, at, plan.base + row * plan.stride) : frame.event(number);
      for (let each = 0; each < runs.length; each++) {
        const { sieve, run, out } = runs[each];
        if (sieve === undefined || sieve(event)) {
          out._event = event;
          run(event, out);
        }
      }
    }
  }

  /**
   * The same, where events cannot be read in place: a host whose records have another length.
   * @param {Frame} frame
   * @param {(Plan | undefined)[]} plans
   * @param {Passed} passed
   */
  _handleCopied(frame, plans, passed) {
    for (let number = 0; number < frame.count(EVENT); number++) {
      const event = frame.event(number);
      const plan = event && plans[event.kindNumber];
      for (const { sieve, run, out } of plan?.find(passed.of(number)) ?? []) {
        if (sieve === undefined || sieve(event)) {
          out._event = event;
          run(event, out);
        }
      }
    }
  }

  /**
   * Event time has reached a full second.
   * @param {bigint} now
   */
  tick(now) {
    try {
      for (const { run, out } of this._ticks) run(now, out);
    } catch (error) {
      log.error(trouble(error));
      throw error;
    }
  }
}

/** What the host says of the events of a frame: which of the pack's subscriptions each passed. */
export class Passed {
  /**
   * @param {Frame} frame
   * @param {number} count how many events there are
   */
  constructor(frame, count) {
    const section = frame.sections.get(PASSED);
    const says = section !== undefined && section.count >= count && section.stride >= 8;
    /** Words of 32 bits an event. */
    this.words = says ? (section.stride & ~7) / 4 : 0;
    /** It says it of so many subscriptions. */
    this.told = this.words * 32;
    /** From one event's words to the next one's, where the first lie, and in what. */
    this.step = says ? section.stride / 4 : 0;
    this.at = says ? section.offset / 4 : 0;
    this.w32 = frame.w32;
    if (says && (section.offset % 4 !== 0 || section.stride % 4 !== 0)) {
      // Not as a host writes it: copied, so that it can be read as words.
      const copy = new Uint8Array(count * this.words * 4);
      for (let event = 0; event < count; event++) {
        const from = section.offset + event * section.stride;
        copy.set(frame.bytes.subarray(from, from + this.words * 4), event * this.words * 4);
      }
      this.w32 = new Uint32Array(copy.buffer);
      this.step = this.words;
      this.at = 0;
    }
  }

  /**
   * The bits of an event, in words.
   * @param {number} event
   */
  of(event) {
    const from = this.at + event * this.step;
    return this.w32.slice(from, from + this.words);
  }
}

/**
 * What went wrong, and where in the pack: once this call has trapped, there is nobody left to say it.
 * @param {unknown} error
 */
function trouble(error) {
  if (!(error instanceof Error)) return `${error} was thrown`;
  const calls = (error.stack ?? "").split("\n").filter((line) => line.trimStart().startsWith("at "));
  const where = calls.map((line) => line.trim().replace(/^at /, "")).filter((line) => !/\/running\.js:/.test(line));
  return `${error.name}: ${error.message}, in ${where.slice(0, 4).join(", called by ")}`;
}
