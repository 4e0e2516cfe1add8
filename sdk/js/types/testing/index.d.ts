/**
 * Testing packs without a host: events are made up, written as a real frame, filtered as the host would, and handled by the same
 * code that runs in the component.
 *
 *     import { PackTest, exec, process } from "#lanner/testing";
 *     import { pack } from "./pack.js";
 *
 *     const nginx = process("/usr/sbin/nginx").uid(33).user("www-data");
 *     const shell = process("/usr/bin/dash").args("sh", "-c", "id").childOf(nginx);
 *     const findings = new PackTest(pack).feed(exec(shell).after(5));
 *     assert.equal(findings[0].rule, "execution/shell");
 */
export { EventBuilder, connect, connectUnix, exec, fork } from "./event.js";
export * from "./kinds.js";
export { PackTest } from "./pack.js";
export { ContainerBuilder, ProcessBuilder, container, process } from "./process.js";
export type Finding = import("./pack.js").Finding;
/** @typedef {import("./pack.js").Finding} Finding */
