"""The pack {{name}}: rules for Lanner."""

from __future__ import annotations

from lanner import OpenEvent, Out, Pack
from lanner import fields as f

pack = Pack("{{name}}", version="0.1.0", summary="Reads of secrets by programs that have no business with them")

# What the people who run the host can set.
trusted = pack.texts(
    "trusted",
    ["sshd", "passwd", "login", "su", "sudo", "unix_chkpwd", "systemd"],
    summary="Programs that may read secrets, by the names of their files",
)

# The host compares this itself, and hands over only the opens that pass.
secrets = f.open.path.equals("/etc/shadow", "/etc/gshadow") | f.open.path.starts_with("/root/.ssh/")


@pack.rule("{{name}}/secret-read", severity="high", attack="T1003.008").on(OpenEvent, where=secrets)
def secret_read(event: OpenEvent, out: Out) -> None:
    """A secret was read by a program that is not trusted with it"""
    exe = event.process.exe
    if event.is_read and exe.file_name not in trusted:
        out.finding(f"{exe} read {event.path}", facts={"path": event.path}, key=f"{exe}")
