/**
 * The component: what it exports, the interface `lanner:pack/rules`.
 *
 * All modules run when the component is built, and the instance that a host starts begins where they ended: rules are
 * described, sets are prepared. What is wrong with the pack is said then, and no component is built.
 */

import { host } from "./host.js";
import { Pack, PackError } from "./pack.js";
import { Running } from "./running.js";

/**
 * @param {unknown} pack
 * @param {typeof host} calls what the host gives
 */
export function component(pack, calls) {
  if (!(pack instanceof Pack)) throw new PackError("the module of the pack has no Pack that is exported as `pack`");
  const running = new Running(pack);
  host.emit = calls.emit;
  host.log = calls.log;
  // There is no terminal.
  const print = (/** @type {import("./host.js").Level} */ level) => (/** @type {unknown[]} */ ...values) => {
    host.log(level, values.join(" "));
  };
  const console = { debug: print("debug"), info: print("info"), log: print("info"), warn: print("warn"), error: print("error") };
  Object.assign(globalThis, { console });
  return {
    describe: () => running.description,
    /** @param {Uint8Array} configuration */
    configure: (configuration) => refused(() => running.configure(configuration)),
    /** @param {Uint8Array} frame */
    evaluate: (frame) => running.evaluate(frame),
    /** @param {number | bigint} now a number holds full seconds exactly, as they are multiples of 512 ns */
    tick: (now) => running.tick(BigInt(now)),
    save: () => pack.save(),
    /** @param {Uint8Array} state @param {string} version */
    restore: (state, version) => refused(() => pack.restore(state, version)),
  };
}

/**
 * What goes wrong is the answer.
 * @param {() => void} work
 */
function refused(work) {
  try {
    work();
  } catch (error) {
    throw error instanceof Error ? error.message : String(error);
  }
}
