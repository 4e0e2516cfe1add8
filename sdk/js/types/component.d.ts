/**
 * The component: what it exports, the interface `lanner:pack/rules`.
 *
 * All modules run when the component is built, and the instance that a host starts begins where they ended: rules are
 * described, sets are prepared. What is wrong with the pack is said then, and no component is built.
 */
import { host } from "./host.js";
/**
 * @param {unknown} pack
 * @param {typeof host} calls what the host gives
 */
export declare function component(pack: unknown, calls: typeof host): {
    describe: () => Uint8Array<ArrayBuffer>;
    /** @param {Uint8Array} configuration */
    configure: (configuration: Uint8Array) => void;
    /** @param {Uint8Array} frame */
    evaluate: (frame: Uint8Array) => void;
    /** @param {number | bigint} now a number holds full seconds exactly, as they are multiples of 512 ns */
    tick: (now: number | bigint) => void;
    save: () => Uint8Array<ArrayBufferLike>;
    /** @param {Uint8Array} state @param {string} version */
    restore: (state: Uint8Array, version: string) => void;
};
