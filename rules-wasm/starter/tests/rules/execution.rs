use lanner_sdk::prelude::Severity::{Critical, High, Medium};
use lanner_sdk::testing::{exec, process};

use super::{finds, found, silent};

const TMPFS: u32 = 0x0102_1994;

#[test]
fn programs_in_memory() {
    let rule = "execution/exec-from-memory";
    let perl = process("/usr/bin/perl");
    let memfd = process("memfd:x").memfd().deleted().parent(&perl);
    finds([exec(memfd)], rule, High, "/usr/bin/perl ran memfd:x, which exists in memory only");
    let shm = process("/dev/shm/x").exe_fs(TMPFS).parent(&perl);
    finds([exec(shm)], rule, High, "/usr/bin/perl ran /dev/shm/x, on a memory file system");
    let run = process("/run/user/1000/x").exe_fs(TMPFS).parent(&perl);
    finds([exec(run)], rule, High, "/usr/bin/perl ran /run/user/1000/x, on a memory file system");
    let gone = process("/home/ada/x").deleted().parent(&perl);
    finds([exec(gone)], rule, Medium, "/usr/bin/perl ran /home/ada/x, which had been deleted");
}

#[test]
fn what_runs_in_memory_by_right() {
    // runc is called again from a sealed copy of itself.
    let runc = process("/usr/sbin/runc");
    silent([exec(process("memfd:runc_cloned:/proc/self/exe").memfd().deleted().parent(&runc))]);
    let k3s = "/var/lib/rancher/k3s/data/0123/bin/runc";
    silent([exec(process("memfd:runc_cloned:/proc/self/exe").memfd().deleted().parent(process(k3s)))]);
    // A live system has its root in memory.
    silent([exec(process("/usr/bin/ls").exe_fs(TMPFS).parent(process("/usr/bin/bash").exe_fs(TMPFS)))]);
    // But others do not get through under its name.
    let evil = process("/usr/bin/python3");
    let copy = process("memfd:runc_cloned:/proc/self/exe").memfd().deleted().parent(&evil);
    assert_eq!(found([exec(copy)]).len(), 1);
}

#[test]
fn programs_where_everybody_may_write() {
    let rule = "execution/exec-from-world-writable";
    let bash = process("/usr/bin/bash");
    finds([exec(process("/tmp/x").parent(&bash))], rule, Medium, "/usr/bin/bash ran /tmp/x");
    finds([exec(process("/tmp/x").exe_fs(TMPFS).parent(&bash))], rule, Medium, "/usr/bin/bash ran /tmp/x");
    let script = process("/usr/bin/dash").script("/var/tmp/x.sh").parent(&bash);
    finds([exec(script)], rule, Medium, "/usr/bin/bash ran the script /var/tmp/x.sh");
    let winding = process("/usr/bin/dash").script("/usr/../tmp/x.sh").parent(&bash);
    finds([exec(winding)], rule, Medium, "/usr/bin/bash ran the script /usr/../tmp/x.sh");
    let open_to_all = process("/opt/tool/run").exe_mode(0o100_777).parent(&bash);
    finds([exec(open_to_all)], rule, Medium, "/usr/bin/bash ran /opt/tool/run, which everybody may change");
    let dpkg = process("/usr/bin/dpkg");
    silent([exec(process("/tmp/x.config.1").parent(&dpkg)), exec(process("/dev/shm/x").exe_fs(TMPFS).parent(&dpkg))]);
    silent([exec(process("/usr/bin/ls").args(["ls", "/tmp/x"]).parent(&bash))]);
    silent([exec(process("/home/ada/tmp/x").parent(&bash))]);
    silent([exec(process("/tmpfiles/x").parent(&bash))]);
}

#[test]
fn a_shell_on_a_socket() {
    let rule = "execution/reverse-shell";
    let nc = process("/usr/bin/nc.traditional").parent(process("/usr/bin/bash"));
    let shell = process("/usr/bin/dash").args(["sh", "-i"]).parent(&nc);
    let message = "/usr/bin/dash, started by /usr/bin/nc.traditional, is controlled from 198.51.100.7:4444";
    finds([exec(&shell).stdio_socket("198.51.100.7:4444")], rule, Critical, message);
    let busybox = process("/bin/busybox").args(["-sh"]).parent(&nc);
    assert_eq!(found([exec(busybox).stdio_socket("[2001:db8::1]:443")])[0].field("peer"), Some("[2001:db8::1]:443"));
    silent([exec(&shell).stdin_tty()]);
    silent([exec(&shell).stdin_pipe()]);
    // A service that is started for each connection, by inetd or systemd, is no shell.
    silent([exec(process("/usr/sbin/in.tftpd")).stdio_socket("198.51.100.7:4444")]);
    silent([exec(process("/bin/busybox").args(["httpd", "-i"])).stdio_socket("198.51.100.7:4444")]);
}

#[test]
fn a_shell_of_a_server() {
    let rule = "execution/shell-from-server";
    let fpm = process("/usr/sbin/php-fpm8.2").uid(33).user("www-data");
    let shell = process("/usr/bin/dash").args(["sh", "-c", "id"]).uid(33).parent(&fpm);
    finds([exec(&shell)], rule, High, "/usr/sbin/php-fpm8.2 started sh -c id");
    let wrapped = process("/usr/bin/bash").parent(process("/usr/bin/timeout").parent(process("/usr/sbin/nginx")));
    finds([exec(wrapped)], rule, High, "/usr/sbin/nginx started bash");
    // The shell is reported, not all that it starts.
    silent([exec(process("/usr/bin/bash").parent(&shell))]);
    let filter = process("/usr/bin/dash").script("/usr/lib/cups/filter/x").parent(process("/usr/sbin/cupsd"));
    silent([exec(filter)]);
    let mail = |command| exec(process("/usr/bin/dash").args(["sh", "-c", command]).uid(33).parent(&fpm));
    silent([mail("/usr/sbin/sendmail -t -i -fwww@example.org")]);
    assert_eq!(found([mail("/usr/sbin/sendmail -t; id")]).len(), 1);
    silent([exec(process("/usr/bin/id").parent(&fpm))]);
    silent([exec(process("/usr/bin/bash").parent(process("/usr/sbin/sshd")))]);
    silent([exec(process("/usr/bin/bash").parent(process("/usr/bin/tmux")))]);
}
