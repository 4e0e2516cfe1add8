/** Filters, compared with events here: where the host does not say what passed, and in tests. */

import { Address } from "./address.js";
import { Filter, FilterError } from "./filters.js";
import { Networks } from "./matching/networks.js";
import { RECORDS } from "./schema.js";
import { camel } from "./tables.js";
import { Text, UNKNOWN } from "./text.js";

/**
 * @typedef {import("./tables.js").Field} Field
 * @typedef {import("./tables.js").Record} Record
 * @typedef {(event: any) => boolean} Sieve whether an event passes
 * @typedef {(event: any) => any} Getter the value of a field; undefined or UNKNOWN where it is not known
 * @typedef {(value: any) => boolean} Holds whether a value passes a test
 */

/** How deep filters may lie in one another: below the outermost one. */
const MAX_DEPTH = 16;
/**
 * What events have under another name than the schema, as kinds have fields of that name.
 * @type {{[name: string]: string}}
 */
const RENAMED = { flags: "eventFlags", kind: "kindNumber" };

/**
 * A filter for events of a kind, ready to be compared with them.
 * @param {Filter} filter
 * @param {Record} kind
 * @returns {Sieve}
 * @throws {FilterError} where it makes no sense
 */
export function check(filter, kind) {
  return sieve(node(filter, kind, 0));
}

/** A test of a field. */
class Test {
  /** @param {string} name @param {Getter} get @param {Holds} holds of a value that is known */
  constructor(name, get, holds) {
    this.name = name;
    this.get = get;
    this.holds = holds;
  }
}

/** @param {Filter} filter @param {Record} kind @param {number} depth @returns {Test | Sieve} */
function node(filter, kind, depth) {
  if (!(filter instanceof Filter)) throw new FilterError(`${JSON.stringify(filter)} is no filter`);
  if (depth > MAX_DEPTH) throw new FilterError(`a filter lies deeper than ${MAX_DEPTH} in others`);
  if (filter.field === undefined) {
    const inner = filter.values.map((each) => node(each, kind, depth + 1));
    if (filter.test === "not" && inner.length === 1) {
      const only = sieve(inner[0]);
      return (event) => !only(event);
    }
    if (filter.test === "all") {
      const sieves = inner.map(sieve);
      return (event) => sieves.every((each) => each(event));
    }
    if (filter.test === "any") return any(inner);
    throw new FilterError(`${filter.test} is not made of ${inner.length} filters`);
  }
  const [field, get] = resolve(filter.field, kind);
  checkValues(filter, field);
  return new Test(filter.field, get, holds(filter, field));
}

/** @param {Test | Sieve} node @returns {Sieve} */
function sieve(node) {
  return node instanceof Test ? someOf(node.get, [node.holds]) : node;
}

/**
 * Where one of several tests of a field has to hold, the field is read once.
 * @param {(Test | Sieve)[]} nodes
 * @returns {Sieve}
 */
function any(nodes) {
  /** @type {Map<string, Test[]>} */
  const fields = new Map();
  for (const node of nodes) {
    if (node instanceof Test) fields.set(node.name, [...(fields.get(node.name) ?? []), node]);
  }
  const sieves = [...fields.values()].map((tests) => someOf(tests[0].get, tests.map((test) => test.holds)));
  for (const node of nodes) if (!(node instanceof Test)) sieves.push(node);
  return sieves.length === 1 ? sieves[0] : (event) => sieves.some((each) => each(event));
}

/** @param {Getter} get @param {Holds[]} tests @returns {Sieve} */
function someOf(get, tests) {
  return (event) => {
    const value = get(event);
    if (value === undefined || value === UNKNOWN) return false;
    const compared = value instanceof Text ? value._raw : value;
    return tests.some((holds) => holds(compared));
  };
}

/**
 * The field of a name in events of a kind, and how to get it.
 * @param {string} name
 * @param {Record} kind
 * @returns {[Field, Getter]}
 */
function resolve(name, kind) {
  const [owner, ...path] = name.split(".");
  const rest = path.join(".");
  if (owner === "event") {
    const field = fieldOf("event", rest, name);
    return [field, getter((event) => event, RENAMED[rest] ?? camel(rest), field, "_event")];
  }
  if (owner === "process" || owner === "parent" || owner === "container") {
    if (!kind.hasProcess) {
      throw new FilterError(`events of the kind ${kind.name} have no field ${name}: they are nobody's doing`);
    }
    const field = fieldOf(owner === "container" ? "container" : "process", rest, name);
    /** @type {Getter} */
    const whose = owner === "process" ? (event) => event.process : (event) => event.process[owner];
    return [field, getter(whose, camel(rest), field, "_at")];
  }
  if (owner !== kind.name) throw new FilterError(`events of the kind ${kind.name} have no field ${name}`);
  if (path.length === 1) {
    const field = fieldOf(kind.name, rest, name);
    return [field, getter((event) => event, camel(rest), field, "_at")];
  }
  if (kind.fields.get(path[0])?.of !== "process") throw new FilterError(`there is no field ${name}`);
  const field = fieldOf("process", path.slice(1).join("."), name);
  const named = camel(path[0]);
  return [field, getter((event) => event[named], camel(path[1]), field, "_at")];
}

/** @param {string} record @param {string} field @param {string} name */
function fieldOf(record, field, name) {
  const known = RECORDS.get(record)?.fields.get(field);
  if (known === undefined) throw new FilterError(`there is no field ${name}`);
  if (!known.comparable) throw new FilterError(`the field ${name} cannot be compared`);
  return known;
}

/**
 * How to get a field of an event, or of a process or container of it.
 * @param {Getter} whose @param {string} property @param {Field} field @param {"_event" | "_at"} base
 * @returns {Getter}
 */
function getter(whose, property, field, base) {
  const word = field.word / 4 + (field.bit >> 5);
  const mask = 1 << (field.bit & 31);
  return (event) => {
    const record = whose(event);
    if (record === undefined) return undefined;
    const { w32, w64 } = record._frame;
    const isExact = field.type === "i64";
    // What every host gives may still be missing, as of a process that is not known; views give 0 then.
    if ((field.always || isExact) && !(w32[record[base] + word] & mask)) return undefined;
    // Views give a number, which may be a little less or more.
    return isExact ? BigInt.asIntN(64, w64[(record[base] + field.offset / 4) >> 1]) : record[property];
  };
}

/**
 * What a field is, and the tests that go with it, each with what it takes.
 * @param {Field} field
 * @returns {[string, {[test: string]: (value: any) => boolean}]}
 */
function fitting(field) {
  if (field.type === "text") {
    return ["a text", { equals: isText, "starts-with": isText, "ends-with": isText, contains: isText }];
  }
  if (field.type === "bytes16") return ["an address", { equals: isAddress, within: isNetwork }];
  if (field.reads === "bool") return ["yes or no", { equals: (value) => typeof value === "boolean" }];
  const bits = (/** @type {any} */ value) => isNumber(value) && value >= 0 && value < 1n << 64n;
  return ["a number", { equals: isNumber, between: isRange, "any-bits": bits, "all-bits": bits, "no-bits": bits }];
}

const isText = (/** @type {any} */ value) => typeof value === "string";
const isAddress = (/** @type {any} */ value) => value instanceof Uint8Array && value.length === 16;
const isNumber = (/** @type {any} */ value) => typeof value === "bigint" || Number.isSafeInteger(value);
const isPair = (/** @type {any} */ value) => Array.isArray(value) && value.length === 2;
const isRange = (/** @type {any} */ value) => isPair(value) && value.every(isNumber) && value[0] <= value[1];
const isNetwork = (/** @type {any} */ value) =>
  isPair(value) && isAddress(value[0]) && isNumber(value[1]) && value[1] >= 0 && value[1] <= 128;

/**
 * Whether a test goes with its field.
 * @param {Filter} filter
 * @param {Field} field
 */
function checkValues({ test, field: name, values }, field) {
  const [what, fits] = fitting(field);
  if (test === "known" && values.length === 0) return;
  if (!(test in fits) || !values.every(fits[test])) {
    throw new FilterError(`the field ${name} is ${what}, and cannot be tested by ${test} as it is`);
  }
  if (values.length === 0 || (test.endsWith("-bits") && values.length !== 1)) {
    throw new FilterError(`the field ${name} is tested by ${test} with ${values.length} values`);
  }
}

/** @param {Filter} filter @param {Field} field @returns {Holds} */
function holds({ test, values }, field) {
  switch (test) {
    case "known":
      return () => true;
    case "equals":
      return equals(values, field);
    case "starts-with":
      return (raw) => values.some((value) => raw.startsWith(value));
    case "ends-with":
      return (raw) => values.some((value) => raw.endsWith(value));
    case "contains":
      return (raw) => values.some((value) => raw.includes(value));
    case "between":
      return (number) => values.some(([least, most]) => least <= number && number <= most);
    case "within": {
      const networks = Networks.ofParts(values.map(([address, bits]) => [address, Number(bits)]));
      return (address) => networks.contains(address);
    }
    default:
      return bits(test, BigInt(values[0]));
  }
}

/** @param {any[]} values @param {Field} field @returns {Holds} */
function equals(values, field) {
  if (field.type === "text" || field.reads === "bool") {
    const these = new Set(values);
    return (value) => these.has(value);
  }
  if (field.type === "bytes16") {
    const these = values.map((bytes) => new Address(bytes));
    return (address) => these.some((each) => each.equals(address));
  }
  // A bigint is never the same as a number, even where it is as large.
  const these = new Set(values.map(BigInt));
  return (number) => these.has(BigInt(number));
}

/** @param {string} test @param {bigint} mask @returns {Holds} */
function bits(test, mask) {
  return (number) => {
    const set = BigInt.asUintN(64, BigInt(number)) & mask;
    return test === "any-bits" ? set !== 0n : test === "all-bits" ? set === mask : set === 0n;
  };
}
