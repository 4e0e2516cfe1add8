/** Rules for Lanner, in JavaScript and TypeScript. The package's README says how a rule is written. */

export * as cbor from "./cbor.js";
export * as fields from "./fields.js";
export * as log from "./log.js";
export { Address, isPublic } from "./address.js";
export { Event } from "./event.js";
export { Filter, FilterError, allOf, anyOf } from "./filters.js";
export { Out } from "./finding.js";
export { Networks } from "./matching/networks.js";
export { TextSet } from "./matching/text-set.js";
export { Pack, PackError, Rule } from "./pack.js";
export * from "./records.js";
export { EventFlag, Kind, ProcessFlag, StdioFlag } from "./schema.js";
export { Setting, TextsSetting } from "./settings.js";
export { Text, UNKNOWN, escape } from "./text.js";

/**
 * @typedef {import("./address.js").AddressLike} AddressLike
 * @typedef {import("./finding.js").Fact} Fact
 * @typedef {import("./finding.js").Severity} Severity
 * @typedef {import("./text.js").TextLike} TextLike
 */
