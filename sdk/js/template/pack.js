/** The pack {{name}}: rules for Lanner. */

import { Pack, fields as f } from "#lanner";

export const pack = new Pack({
  name: "{{name}}",
  version: "0.1.0",
  summary: "Reads of secrets by programs that have no business with them",
});

// What the people who run the host can set.
const trusted = pack.texts("trusted", ["sshd", "passwd", "login", "su", "sudo", "unix_chkpwd", "systemd"], {
  summary: "Programs that may read secrets, by the names of their files",
});

// The host compares this itself, and hands over only the opens that pass.
const secrets = f.open.path.equals("/etc/shadow", "/etc/gshadow").or(f.open.path.startsWith("/root/.ssh/"));

pack
  .rule("{{name}}/secret-read", {
    summary: "A secret was read by a program that is not trusted with it",
    severity: "high",
    attack: "T1003.008",
  })
  .on("open", secrets, (event, out) => {
    const { exe } = event.process;
    if (event.isRead && !trusted.has(exe.fileName)) {
      out.finding(`${exe} read ${event.path}`, { facts: { path: event.path }, key: `${exe}` });
    }
  });
