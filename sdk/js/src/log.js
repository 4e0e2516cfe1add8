/**
 * Saying something to the people who run the host. Limited there: a flood is cut and counted. In tests it goes to standard
 * error.
 */

import { host } from "./host.js";
import { escape } from "./text.js";

/**
 * Says it to who writes the pack.
 * @param {string} message
 */
export function debug(message) {
  host.log("debug", escape(message));
}

/**
 * Says what is worth knowing.
 * @param {string} message
 */
export function info(message) {
  host.log("info", escape(message));
}

/**
 * Says that something is not as it should be, and the pack goes on.
 * @param {string} message
 */
export function warn(message) {
  host.log("warn", escape(message));
}

/**
 * Says that something did not work.
 * @param {string} message
 */
export function error(message) {
  host.log("error", escape(message));
}
