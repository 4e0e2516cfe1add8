/** The reference pack in JavaScript. `tests/reference/README.md` says what it does. */

import { Pack, TextSet, fields as f } from "#lanner";
import { Windows } from "./windows.js";

/** @typedef {import("#lanner").Process} Process */

export const pack = new Pack({ name: "reference", version: "1.0.0", summary: "The same five rules in every language" });

const isPrivateToo = pack.boolean("private", false, { summary: "Report odd ports at addresses that are not public too" });
const burst = pack.number("burst", 20, {
  least: 1,
  most: 10_000,
  summary: "Files below /etc that a process may open within 10 s",
});

/** Programs that read secrets as a matter of course. */
const READERS = new TextSet({
  equals: ["sshd", "passwd", "login", "su", "sudo", "cron", "nginx", "apache2", "systemd", "dockerd"],
});
/** By the kernel's short names. */
const SERVERS = new TextSet({ equals: ["nginx", "httpd", "apache2", "java", "node", "php-fpm", "postgres"] });

const windows = new Windows();
pack.onConfigure(() => windows.clear());
pack.onSave(() => windows.save());
pack.onRestore((state) => windows.restore(state));

/**
 * What messages call a process.
 * @param {Process} process
 */
function exeOf(process) {
  return process.exe.isKnown ? process.exe : process.comm;
}

const secrets = f.open.path.equals("/etc/shadow").or(f.open.path.startsWith("/root/.ssh/"), f.open.path.endsWith(".pem"));

pack
  .rule("reference/secret-open", {
    summary: "A process that has no business with it read a secret",
    severity: "high",
    attack: "T1552.004",
  })
  .on("open", secrets, (event, out) => {
    const { process } = event;
    if (event.isRead && !event.failed && !READERS.matches(process.exe.fileName)) {
      const exe = exeOf(process);
      out.finding(`${exe} read ${event.path}`, { facts: { path: event.path }, key: `${exe}` });
    }
  });

pack
  .rule("reference/exec-from-tmp", {
    summary: "A program was run from a folder that anybody may write to",
    severity: "medium",
    attack: "T1059.004",
  })
  .on("exec", f.exec.image.exe.startsWith("/tmp/", "/var/tmp/", "/dev/shm/"), ({ image }, out) => {
    out.finding(`${image.exe} was run from a folder that anybody may write to`, {
      facts: { exe: image.exe, command_line: image.commandLine },
    });
  });

pack
  .rule("reference/odd-port", {
    summary: "A process connected to a port that remote shells are known for",
    severity: "medium",
    attack: "T1571",
  })
  .on("connect", f.connect.port.equals(4444, 1337, 31337), (event, out) => {
    const { address, port } = event;
    if (address !== undefined && (event.isPublic || isPrivateToo.value)) {
      const peer = address.isV4 ? `${address}:${port}` : `[${address}]:${port}`;
      out.finding(`${exeOf(event.process)} connects to ${peer}`, { facts: { address, port } });
    }
  });

pack
  .rule("reference/shell-of-server", { summary: "A server started a shell", severity: "high", attack: "T1505.003" })
  .on("exec", f.exec.image.exe.endsWith("/sh", "/bash", "/dash", "/zsh"), ({ image }, out) => {
    for (const server of image.ancestors()) {
      if (SERVERS.matches(server.comm)) {
        out.finding(`${server.comm} started a shell: ${image.commandLine}`, { facts: { server } });
        return;
      }
    }
  });

pack
  .rule("reference/many-opens", {
    summary: "A process opened many files below /etc in a short time",
    severity: "low",
    attack: "T1083",
  })
  .on("open", f.open.path.startsWith("/etc/"), (event, out) => {
    const { process } = event;
    if (!process.isKnown) return;
    const count = windows.opened(process.id, event.time, burst.value);
    if (count !== undefined) {
      out.finding(`${exeOf(process)} opened ${count} files below /etc within 10 s`, { facts: { count } });
    }
  });
