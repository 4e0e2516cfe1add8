/** Packs and rules, as they are written. */

import { quoted } from "./address.js";
import { Filter, FilterError } from "./filters.js";
import { Out, SEVERITIES } from "./finding.js";
import { RECORDS } from "./schema.js";
import { Setting, TextsSetting } from "./settings.js";
import { check } from "./sieve.js";
import { restore, saved } from "./state.js";
import { utf8 } from "./text.js";

/**
 * @typedef {import("./records.js").Events} Events
 * @typedef {import("./finding.js").Severity} Severity
 */

/** The version of this package. */
export const VERSION = "0.1.0";

const WORD = /^[a-z0-9-]{1,128}$/;
const RULE = /^[a-z0-9-]{1,128}\/[a-z0-9-]{1,128}$/;
const TECHNIQUE = /^T[0-9]{4}(\.[0-9]{3})?$/;
const MAX_RULES = 4096;
const MAX_PROPERTIES = 32;
const MAX_PROPERTY = 1024;

/** What a pack says of itself makes no sense: the host would refuse it. */
export class PackError extends Error {}

/** A handler of a rule, for events of one kind. */
export class Handler {
  /**
   * @param {number} rule
   * @param {import("./tables.js").Record} kind
   * @param {Filter | undefined} where
   * @param {(event: any, out: Out) => void} run
   * @param {Out} out
   */
  constructor(rule, kind, where, run, out) {
    this.rule = rule;
    this.kind = kind;
    this.where = where;
    /** The filter, ready to be compared. */
    this.sieve = where && check(where, kind);
    this.run = run;
    this.out = out;
    /**
     * By which number the host knows what it wants; undefined where the rule asked for all of the kind.
     * @type {number | undefined}
     */
    this.subscription = undefined;
  }
}

/** A rule of a pack: see {@link Pack.rule}. */
export class Rule {
  /**
   * @param {number} index its place in the pack
   * @param {string} id
   * @param {{[key: string]: unknown, severity: Severity}} said
   */
  constructor(index, id, said) {
    this.index = index;
    this.id = id;
    this.severity = said.severity;
    /** @type {Handler[]} */
    this.handlers = [];
    /** @type {((now: bigint, out: Out) => void)[]} */
    this.ticks = [];
    this._said = said;
    this._out = new Out(index);
  }

  /**
   * Handles events of a kind, or of several, and of those the ones that pass the filter. The handler is given the event, and where
   * findings go. A rule may have several handlers, each with its own filter.
   *
   *     rule.on("open", f.open.path.equals("/etc/shadow"), (event, out) => { … });
   *     rule.on(["exec", "fork"], (event, out) => { … });
   *
   * @template {keyof Events} K
   * @overload
   * @param {K | readonly K[]} kinds
   * @param {Filter} where
   * @param {(event: Events[K], out: Out) => void} run
   * @returns {this}
   */
  /**
   * @template {keyof Events} K
   * @overload
   * @param {K | readonly K[]} kinds
   * @param {(event: Events[K], out: Out) => void} run
   * @returns {this}
   */
  /**
   * @param {string | readonly string[]} kinds
   * @param {Filter | ((event: any, out: Out) => void)} where
   * @param {(event: any, out: Out) => void} [run]
   */
  on(kinds, where, run) {
    const [filter, handler] = typeof where === "function" ? [undefined, where] : [where, run];
    if (typeof handler !== "function") throw new PackError(`rule ${this.id}: on(…) needs a function that handles the events`);
    const names = typeof kinds === "string" ? [kinds] : kinds;
    if (names.length === 0) throw new PackError(`rule ${this.id}: on(…) needs a kind of event, such as "open"`);
    for (const name of names) {
      const kind = RECORDS.get(name);
      if (kind?.kind === undefined) throw new PackError(`rule ${this.id}: ${quoted(name)} is no kind of event, such as "open"`);
      try {
        this.handlers.push(new Handler(this.index, kind, filter, handler, this._out));
      } catch (error) {
        if (error instanceof FilterError) throw new PackError(`rule ${this.id}: ${error.message}`);
        throw error;
      }
    }
    return this;
  }

  /**
   * Is called at every full second of event time, between two batches: with that time, ns since 1970 (UTC).
   * @param {(now: bigint, out: Out) => void} run
   */
  onTick(run) {
    this.ticks.push(run);
    return this;
  }

  /** What its handlers want, each once. Where one wants all of a kind, the others' filters change nothing. */
  subscriptions() {
    /** @type {{kind: import("./tables.js").Record, where: Filter | undefined, handlers: Handler[]}[]} */
    const wanted = [];
    for (const handler of this.handlers) {
      const all = this.handlers.some((other) => other.kind === handler.kind && other.where === undefined);
      const where = all ? undefined : handler.where;
      const key = JSON.stringify(where?.encoded(), exact);
      const known = wanted.find((each) => each.kind === handler.kind && JSON.stringify(each.where?.encoded(), exact) === key);
      if (known) known.handlers.push(handler);
      else wanted.push({ kind: handler.kind, where, handlers: [handler] });
    }
    return wanted;
  }

  /** As it travels in a description. */
  described() {
    if (this.handlers.length === 0 && this.ticks.length === 0) {
      throw new PackError(`rule ${this.id} handles nothing: give it a function, by .on("open", …)`);
    }
    const events = this.subscriptions().map(({ kind, where }) =>
      where === undefined ? { kind: kind.name } : { kind: kind.name, filter: where.encoded() },
    );
    return { id: this.id, ...this._said, events };
  }
}

/**
 * Bigints and bytes, which JSON does not have, as something that no other value is.
 * @param {string} _
 * @param {unknown} value
 */
function exact(_, value) {
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof Uint8Array ? { bytes: [...value] } : value;
}

/** Rules that travel together. The module `pack.js` exports one, named `pack`. */
export class Pack {
  /**
   * @param {object} info
   * @param {string} info.name lower-case letters, digits and `-`
   * @param {string} info.version of the pack (semver)
   * @param {string} [info.summary] what it is for, in one line
   * @param {{[name: string]: string}} [info.properties] anything else worth saying
   */
  constructor({ name, version, summary = "", properties = {} }) {
    if (!WORD.test(name)) throw new PackError(`the pack's name ${quoted(name)} is not lower-case letters, digits and \`-\``);
    this.name = name;
    this.version = version;
    this.summary = summary;
    /** @type {Rule[]} */
    this.rules = [];
    /** @type {Map<string, Setting<any>>} */
    this.settings = new Map();
    this._properties = pairs(properties, "the pack");
    /** @type {{state: {[name: string]: any}, make: () => object} | undefined} */
    this._state = undefined;
    /** @type {(() => void)[]} */
    this._configure = [];
    /** @type {(() => Uint8Array) | undefined} */
    this._save = undefined;
    /** @type {((state: Uint8Array, version: string) => void) | undefined} */
    this._restore = undefined;
  }

  /**
   * Adds a rule, which {@link Rule.on} gives its handlers.
   *
   * @param {string} id unique among all packs that a host runs, such as `credential-access/shadow-read`
   * @param {object} [info]
   * @param {string} [info.summary] what a finding of it means, in one line
   * @param {Severity} [info.severity] how bad its findings are: `medium`, where nothing is said
   * @param {string | readonly string[]} [info.attack] MITRE ATT&CK techniques that it detects, such as `T1003.008`
   * @param {{[name: string]: string}} [info.properties] anything else worth saying
   */
  rule(id, { summary = "", severity = "medium", attack = [], properties = {} } = {}) {
    if (!RULE.test(id)) throw new PackError(`the rule id ${quoted(id)} is not of the form group/name in lower case`);
    if (this.rules.some((rule) => rule.id === id)) throw new PackError(`there are two rules ${id}`);
    if (!SEVERITIES.includes(severity)) {
      throw new PackError(`rule ${id}: ${quoted(severity)} is no severity; there are ${SEVERITIES.join(", ")}`);
    }
    const techniques = typeof attack === "string" ? [attack] : [...attack];
    for (const technique of techniques) {
      if (!TECHNIQUE.test(technique)) {
        throw new PackError(`rule ${id}: ${quoted(technique)} is not an ATT&CK technique id such as T1003.008`);
      }
    }
    if (this.rules.length === MAX_RULES) throw new PackError(`a pack has ${MAX_RULES} rules at the most`);
    const more = pairs(properties, `rule ${id}`);
    const said = { summary, severity, attack: techniques, ...(more.length > 0 ? { properties: more } : {}) };
    const rule = new Rule(this.rules.length, id, said);
    this.rules.push(rule);
    return rule;
  }

  // === settings ===

  /**
   * Adds a setting that takes any text. Without a default, its value is undefined where nobody sets it.
   * @template {string | undefined} [D=undefined]
   * @param {string} name
   * @param {D} [fallback]
   * @param {{summary?: string}} [info]
   * @returns {Setting<D extends undefined ? string | undefined : string>}
   */
  text(name, fallback, { summary = "" } = {}) {
    return this._setting(new Setting(name, summary, "text", /** @type {any} */ (fallback)));
  }

  /**
   * Adds a setting that takes one of these texts.
   * @template {string} C
   * @param {string} name
   * @param {readonly C[]} choices
   * @param {C} fallback
   * @param {{summary?: string}} [info]
   * @returns {Setting<C>}
   */
  oneOf(name, choices, fallback, { summary = "" } = {}) {
    return this._setting(new Setting(name, summary, "one-of", fallback, { choices: [...choices] }));
  }

  /**
   * Adds a setting that takes texts, any number of them; `setting.has(text)` asks for one.
   * @param {string} name
   * @param {readonly string[]} [fallback]
   * @param {{summary?: string}} [info]
   * @returns {TextsSetting}
   */
  texts(name, fallback = [], { summary = "" } = {}) {
    return this._setting(new TextsSetting(name, summary, fallback));
  }

  /**
   * Adds a setting that takes a whole number in this range, both ends included.
   * @param {string} name
   * @param {number} fallback
   * @param {{summary?: string, least?: number, most?: number}} [info]
   * @returns {Setting<number>}
   */
  number(name, fallback, { summary = "", least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER } = {}) {
    return this._setting(new Setting(name, summary, "number", fallback, { least, most }));
  }

  /**
   * Adds a setting that takes yes or no.
   * @param {string} name
   * @param {boolean} [fallback]
   * @param {{summary?: string}} [info]
   * @returns {Setting<boolean>}
   */
  boolean(name, fallback = false, { summary = "" } = {}) {
    return this._setting(new Setting(name, summary, "boolean", fallback));
  }

  /**
   * @template {Setting<any>} S
   * @param {S} setting
   */
  _setting(setting) {
    if (this.settings.has(setting.name)) throw new PackError(`the setting ${setting.name} stands twice`);
    this.settings.set(setting.name, setting);
    return setting;
  }

  /**
   * Is called when settings have their values, before the first event. An error keeps the pack from being loaded, with what it
   * says.
   * @param {() => void} run
   */
  onConfigure(run) {
    this._configure.push(run);
    return this;
  }

  // === state ===

  /**
   * Adds state: an object that is carried over a reload and a restart. Its values may be numbers, bigints, strings, bytes, booleans,
   * texts, and arrays, maps, sets and plain objects of them. What the version before did not save keeps its value.
   *
   * @template {object} S
   * @param {() => S} make
   * @returns {S}
   */
  state(make) {
    if (this._state !== undefined) throw new PackError("a pack has one state, with whatever is in it");
    const state = make();
    this._state = { state, make };
    return state;
  }

  /**
   * Gives the state that the next version shall start from, as bytes, in place of that of {@link Pack.state}.
   * @param {() => Uint8Array} run
   */
  onSave(run) {
    this._save = run;
    return this;
  }

  /**
   * Takes over what a version of the pack saved: those bytes, and that version. An error keeps the old version running.
   * @param {(state: Uint8Array, version: string) => void} run
   */
  onRestore(run) {
    this._restore = run;
    return this;
  }

  // === what the host asks ===

  /**
   * What it is and wants, as it travels.
   * @throws {PackError} where that makes no sense
   */
  describe() {
    if (this.rules.length === 0) throw new PackError(`the pack ${this.name} has no rules`);
    const settings = [...this.settings.values()].map((setting) => setting.described());
    return {
      name: this.name,
      version: this.version,
      summary: this.summary,
      rules: this.rules.map((rule) => rule.described()),
      ...(settings.length > 0 ? { settings } : {}),
      properties: [["sdk", `js/${VERSION}`], ...this._properties],
    };
  }

  /**
   * Takes settings; gives the rules that are off.
   * @param {{settings?: {[name: string]: unknown}, off?: number[]}} told
   * @throws {Error} for what a setting does not take
   */
  configure({ settings = {}, off = [] }) {
    for (const setting of this.settings.values()) setting.reset();
    for (const [name, value] of Object.entries(settings)) {
      const setting = this.settings.get(name);
      if (setting === undefined) throw new Error(`there is no setting ${quoted(name)}`);
      setting.set(value);
    }
    for (const run of this._configure) run();
    return off;
  }

  /** The state, as it travels; nothing where there is none. */
  save() {
    if (this._save !== undefined) return this._save();
    return this._state === undefined ? new Uint8Array(0) : saved(this._state.state);
  }

  /**
   * Takes over what a version of the pack saved.
   * @param {Uint8Array} state
   * @param {string} version
   * @throws {Error} where it cannot
   */
  restore(state, version) {
    if (state.length === 0) return;
    if (this._restore !== undefined) this._restore(state, version);
    else if (this._state !== undefined) restore(this._state.state, state);
  }

  /** Forgets what was set and seen, as a new instance does. */
  reset() {
    for (const setting of this.settings.values()) setting.reset();
    if (this._state !== undefined) Object.assign(this._state.state, this._state.make());
  }
}

/**
 * @param {{[name: string]: string}} properties
 * @param {string} whose
 */
function pairs(properties, whose) {
  const all = Object.entries(properties);
  if (all.length > MAX_PROPERTIES || all.some((pair) => pair.some((text) => utf8(text).length > MAX_PROPERTY))) {
    throw new PackError(`${whose} may have ${MAX_PROPERTIES} properties of ${MAX_PROPERTY} bytes, and has more`);
  }
  return all;
}
