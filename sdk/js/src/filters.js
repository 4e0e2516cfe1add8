/**
 * Filters: what of a kind's events a rule wants. The host compares, and hands over only what passes.
 *
 * Fields are in `fields`; their methods make filters, and `and`, `or` and `not` put them together:
 *
 *     f.open.path.startsWith("/etc/cron.").and(f.process.exe.equals("/usr/bin/crontab").not())
 *
 * A test of a field that is not known does not hold; its negation does.
 */

import { Address, quoted } from "./address.js";
import { Networks, parseNetwork } from "./matching/networks.js";
import { TextSet } from "./matching/text-set.js";
import { EventFlag } from "./schema.js";
import { Text, UNKNOWN, bytesOf, decoded, rawOf, utf8 } from "./text.js";

/** @typedef {import("./text.js").TextLike} TextLike */

/** A filter that makes no sense: the host would refuse the pack. */
export class FilterError extends Error {}

/** What an event must be like. Made by the methods of fields. */
export class Filter {
  /**
   * @param {string} test its name, as it travels: `equals`, `all` and so on
   * @param {string | undefined} field the name of the field that it is a test of; undefined for `all`, `any` and `not`
   * @param {any[]} values what the field is compared with, or the filters that it is made of; texts have a character a byte
   */
  constructor(test, field, values) {
    this.test = test;
    this.field = field;
    this.values = values;
  }

  /**
   * This and those hold.
   * @param {...Filter} others
   */
  and(...others) {
    return joined("all", [this, ...others]);
  }

  /**
   * This or one of those holds.
   * @param {...Filter} others
   */
  or(...others) {
    return joined("any", [this, ...others]);
  }

  /** This does not hold. */
  not() {
    return new Filter("not", undefined, [this]);
  }

  /**
   * As it travels in a description.
   * @returns {any[]}
   */
  encoded() {
    if (this.field === undefined) return [this.test, ...this.values.map((inner) => inner.encoded())];
    return [this.test, this.field, ...this.values.map((value) => (typeof value === "string" ? travelling(value) : value))];
  }
}

/**
 * Bytes as a string where they are one, which is easier to read.
 * @param {string} raw
 */
function travelling(raw) {
  const text = decoded(raw);
  return utf8(text) === raw ? text : bytesOf(raw);
}

/** @param {string} test @param {Filter[]} filters */
function joined(test, filters) {
  for (const filter of filters) {
    if (!(filter instanceof Filter)) throw new FilterError(`${quoted(filter)} is no filter`);
  }
  return new Filter(test, undefined, filters.flatMap((filter) => (filter.test === test ? filter.values : [filter])));
}

/**
 * All of these hold.
 * @param {...Filter} filters
 */
export function allOf(...filters) {
  return joined("all", filters);
}

/**
 * At least one of these holds.
 * @param {...Filter} filters
 */
export function anyOf(...filters) {
  return joined("any", filters);
}

/** The tests of a field, whatever it holds. */
export class FieldTests {
  /** @param {string} name as it stands in filters: `open.path` */
  constructor(name) {
    this.name = name;
  }

  /** What it holds, as a sentence says it. */
  get what() {
    return "";
  }

  /** Is known. A text that is known may be empty, a number 0. */
  known() {
    return new Filter("known", this.name, []);
  }

  /** @param {string} test @param {any[]} values */
  _test(test, values) {
    if (values.length === 0) throw new FilterError(`the field ${this.name} is tested by ${test} with no value at all`);
    return new Filter(test, this.name, values);
  }

  /** @param {unknown} value */
  _wrong(value) {
    return new FilterError(`the field ${this.name} is ${this.what}, and cannot be compared with ${quoted(value)}`);
  }
}

/** A text: paths, names, arguments. Compared as bytes, and with strings or bytes. */
export class TextField extends FieldTests {
  get what() {
    return "a text";
  }

  /** @param {TextLike[]} texts */
  _raw(texts) {
    return texts.map((text) => {
      const sound = typeof text === "string" || text instanceof Uint8Array || (text instanceof Text && text !== UNKNOWN);
      if (!sound) throw this._wrong(text);
      return rawOf(text);
    });
  }

  /**
   * Is one of these.
   * @param {...TextLike} texts
   */
  equals(...texts) {
    return this._test("equals", this._raw(texts));
  }

  /**
   * Begins with one of these.
   * @param {...TextLike} texts
   */
  startsWith(...texts) {
    return this._test("starts-with", this._raw(texts));
  }

  /**
   * Ends with one of these.
   * @param {...TextLike} texts
   */
  endsWith(...texts) {
    return this._test("ends-with", this._raw(texts));
  }

  /**
   * Has one of these somewhere in it.
   * @param {...TextLike} texts
   */
  includes(...texts) {
    return this._test("contains", this._raw(texts));
  }

  /**
   * Is a path whose last part is one of these, or is one of them itself.
   * @param {...TextLike} names
   */
  fileName(...names) {
    const raw = this._raw(names);
    return this._test("ends-with", raw.map((name) => `/${name}`)).or(this._test("equals", raw));
  }

  /**
   * Is in the set. The host compares no globs: ask for them in the handler.
   * @param {TextSet} texts
   */
  matches(texts) {
    const tests = texts.tests().map(([test, values]) => this._test(test, values));
    return tests.length === 1 ? tests[0] : anyOf(...tests);
  }
}

/** The file, by any path that is known of it. A test holds where it holds of one of its paths. */
export class FileField {
  /** @param {TextField} path @param {TextField} hostPath */
  constructor(path, hostPath) {
    this._paths = [path, hostPath];
  }

  /** @param {(path: TextField) => Filter} test */
  _either(test) {
    return anyOf(...this._paths.map(test));
  }

  /**
   * Is called one of these.
   * @param {...TextLike} paths
   */
  equals(...paths) {
    return this._either((path) => path.equals(...paths));
  }

  /**
   * Is called by what begins with one of these.
   * @param {...TextLike} paths
   */
  startsWith(...paths) {
    return this._either((path) => path.startsWith(...paths));
  }

  /**
   * Is called by what ends with one of these.
   * @param {...TextLike} paths
   */
  endsWith(...paths) {
    return this._either((path) => path.endsWith(...paths));
  }

  /**
   * Is called by what has one of these somewhere in it.
   * @param {...TextLike} paths
   */
  includes(...paths) {
    return this._either((path) => path.includes(...paths));
  }

  /**
   * Is called so, in whatever folder.
   * @param {...TextLike} names
   */
  fileName(...names) {
    return this._either((path) => path.fileName(...names));
  }

  /**
   * Is called by what is in the set.
   * @param {TextSet} texts
   */
  matches(texts) {
    return this._either((path) => path.matches(texts));
  }
}

/** A number, or bits. Those that do not fit into a number are given as bigints. */
export class NumberField extends FieldTests {
  get what() {
    return "a number";
  }

  /** @param {(number | bigint)[]} numbers */
  _numbers(numbers) {
    for (const number of numbers) {
      if (typeof number !== "bigint" && !Number.isSafeInteger(number)) throw this._wrong(number);
    }
    return numbers;
  }

  /**
   * Is one of these.
   * @param {...(number | bigint)} numbers
   */
  equals(...numbers) {
    return this._test("equals", this._numbers(numbers));
  }

  /**
   * Lies in this range, both ends included.
   * @param {number | bigint} least
   * @param {number | bigint} most
   */
  between(least, most) {
    this._numbers([least, most]);
    if (least > most) throw new FilterError(`nothing is between ${least} and ${most}, which ${this.name} is tested for`);
    return this._test("between", [[least, most]]);
  }

  /**
   * Is this number, or more.
   * @param {number | bigint} least
   */
  atLeast(least) {
    return this.between(least, (1n << 64n) - 1n);
  }

  /**
   * Is this number, or less.
   * @param {number | bigint} most
   */
  atMost(most) {
    return this.between(-(1n << 63n), most);
  }

  /**
   * Has at least one of these bits.
   * @param {number | bigint} bits
   */
  anyBits(bits) {
    return this._bits("any-bits", bits);
  }

  /**
   * Has all of these bits.
   * @param {number | bigint} bits
   */
  allBits(bits) {
    return this._bits("all-bits", bits);
  }

  /**
   * Has none of these bits.
   * @param {number | bigint} bits
   */
  noBits(bits) {
    return this._bits("no-bits", bits);
  }

  /** @param {string} test @param {number | bigint} bits */
  _bits(test, bits) {
    this._numbers([bits]);
    // What `1 << 31` gives is negative, and those 32 bits are meant.
    const all = typeof bits === "number" && bits < 0 && bits >= -0x80000000 ? bits >>> 0 : bits;
    if (all < 0 || all >= 1n << 64n) {
      throw new FilterError(`the field ${this.name} has 64 bits at the most, which ${bits} is not made of`);
    }
    return this._test(test, [all]);
  }
}

/** What the call returned: a number, a negative errno where it failed. */
export class ResultField extends NumberField {
  /** The call failed, as `event.failed` says. What is under way did not. */
  failed() {
    return new NumberField("event.flags").anyBits(EventFlag.FAILED);
  }

  /** The call did what it was to do, or that is under way. */
  succeeded() {
    return this.known().and(new NumberField("event.flags").noBits(EventFlag.FAILED));
  }

  /**
   * The call failed with one of these, such as 13 for `EACCES`.
   * @param {...number} numbers
   */
  errno(...numbers) {
    return this.equals(...numbers.map((number) => -number));
  }
}

/** Yes or no. */
export class YesNoField extends FieldTests {
  get what() {
    return "yes or no";
  }

  /**
   * Is so, or is known not to be.
   * @param {boolean} yes
   */
  equals(yes) {
    if (typeof yes !== "boolean") throw this._wrong(yes);
    return this._test("equals", [yes]);
  }
}

/** An address. */
export class AddressField extends FieldTests {
  get what() {
    return "an address";
  }

  /**
   * Is one of these: addresses, or as they are written, such as `"192.0.2.7"`.
   * @param {...import("./address.js").AddressLike} addresses
   */
  equals(...addresses) {
    const bytes = addresses.map((address) => {
      try {
        return Address.parse(address).bytes;
      } catch {
        throw this._wrong(address);
      }
    });
    return this._test("equals", bytes);
  }

  /**
   * Lies in one of these networks, such as `"10.0.0.0/8"` or `"fd00::/8"`.
   * @param {...(string | Networks)} networks
   */
  within(...networks) {
    const parts = networks.flatMap((network) => {
      if (network instanceof Networks) return network.parts;
      try {
        return [parseNetwork(network)];
      } catch (error) {
        throw new FilterError(`${this.name}: ${/** @type {Error} */ (error).message}`);
      }
    });
    return this._test("within", parts);
  }
}

/** Fields, by whose they are. */
export class Scope {
  /** @param {string} owner */
  constructor(owner) {
    this._owner = owner;
  }

  /**
   * The name of a field of its.
   * @param {string} field
   */
  of(field) {
    return `${this._owner}.${field}`;
  }

  /**
   * The same, in which a field that is not there is said rather than undefined.
   * @template {Scope} S
   * @param {S} scope
   * @returns {S}
   */
  static strict(scope) {
    return new Proxy(scope, {
      get(target, name, receiver) {
        if (typeof name === "symbol" || name in target) return Reflect.get(target, name, receiver);
        const known = Object.getOwnPropertyNames(Object.getPrototypeOf(target)).filter((own) => own !== "constructor");
        throw new FilterError(`there is no field ${target._owner}.${name}; there are ${known.join(", ")}`);
      },
    });
  }
}
