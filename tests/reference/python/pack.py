"""The reference pack in Python. `tests/reference/README.md` says what it does."""

from __future__ import annotations

from ipaddress import IPv6Address

from lanner import ConnectEvent, ExecEvent, OpenEvent, Out, Pack, Process, Text
from lanner import fields as f
from windows import Windows

pack = Pack("reference", version="1.0.0", summary="The same five rules in every language")

private = pack.boolean("private", False, summary="Report odd ports at addresses that are not public too")
burst = pack.number(
    "burst", 20, least=1, most=10_000, summary="Files below /etc that a process may open within 10 s"
)

#: Programs that read secrets as a matter of course.
READERS = {"sshd", "passwd", "login", "su", "sudo", "cron", "nginx", "apache2", "systemd", "dockerd"}
#: By the kernel's short names.
SERVERS = {"nginx", "httpd", "apache2", "java", "node", "php-fpm", "postgres"}

windows = Windows()
pack.on_configure(windows.clear)
pack.on_save(windows.save)
pack.on_restore(lambda state, version: windows.restore(state))


def exe(process: Process) -> Text:
    """What messages call a process."""
    return process.exe if process.exe.is_known else process.comm


SECRETS = f.open.path.equals("/etc/shadow") | f.open.path.starts_with("/root/.ssh/") | f.open.path.ends_with(".pem")


@pack.rule("reference/secret-open", severity="high", attack="T1552.004").on(OpenEvent, where=SECRETS)
def secret_open(event: OpenEvent, out: Out) -> None:
    """A process that has no business with it read a secret"""
    process = event.process
    if event.is_read and not event.failed and process.exe.file_name not in READERS:
        out.finding(f"{exe(process)} read {event.path}", facts={"path": event.path}, key=f"{exe(process)}")


TEMPORARY = f.exec.image.exe.starts_with("/tmp/", "/var/tmp/", "/dev/shm/")


@pack.rule("reference/exec-from-tmp", severity="medium", attack="T1059.004").on(ExecEvent, where=TEMPORARY)
def exec_from_tmp(event: ExecEvent, out: Out) -> None:
    """A program was run from a folder that anybody may write to"""
    image = event.image
    out.finding(
        f"{image.exe} was run from a folder that anybody may write to",
        facts={"exe": image.exe, "command_line": image.command_line},
    )


ODD_PORTS = f.connect.port.equals(4444, 1337, 31337)


@pack.rule("reference/odd-port", severity="medium", attack="T1571").on(ConnectEvent, where=ODD_PORTS)
def odd_port(event: ConnectEvent, out: Out) -> None:
    """A process connected to a port that remote shells are known for"""
    address, port = event.address, event.port
    if address is not None and (event.is_public or private.value):
        peer = f"[{address}]:{port}" if isinstance(address, IPv6Address) else f"{address}:{port}"
        out.finding(f"{exe(event.process)} connects to {peer}", facts={"address": address, "port": port})


SHELLS = f.exec.image.exe.ends_with("/sh", "/bash", "/dash", "/zsh")


@pack.rule("reference/shell-of-server", severity="high", attack="T1505.003").on(ExecEvent, where=SHELLS)
def shell_of_server(event: ExecEvent, out: Out) -> None:
    """A server started a shell"""
    image = event.image
    server = next((ancestor for ancestor in image.ancestors() if ancestor.comm in SERVERS), None)
    if server is not None:
        out.finding(f"{server.comm} started a shell: {image.command_line}", facts={"server": server})


CONFIGURATION = f.open.path.starts_with("/etc/")


@pack.rule("reference/many-opens", severity="low", attack="T1083").on(OpenEvent, where=CONFIGURATION)
def many_opens(event: OpenEvent, out: Out) -> None:
    """A process opened many files below /etc in a short time"""
    process = event.process
    if process:
        count = windows.opened(process.id, event.time, burst.value)
        if count is not None:
            out.finding(f"{exe(process)} opened {count} files below /etc within 10 s", facts={"count": count})
