//! Fields, and events that are of several of Falco's types.

use lanner_abi::field;
use lanner_sdk::testing::{
    TestEvent, accept, bpf, chmod, container, credentials, dns, dup, exec, exec_failed, listen, open, process, ptrace,
    rename, send, setns, socket, symlink, unlink,
};

use super::{Judge, holds, pack, rule};

fn all(event: &TestEvent, conditions: &[(&str, bool)]) {
    for (condition, expected) in conditions {
        assert_eq!(holds(condition, event), *expected, "{condition}");
    }
}

#[test]
fn types_of_events_are_kinds() {
    let cat = process("/usr/bin/cat");
    for (types, event) in [
        ("execve, execveat", exec(&cat)),
        ("execve, execveat", exec_failed("/bin/x").failed(2).by(&cat)),
        ("open, openat, openat2", open("/etc/passwd").by(&cat)),
        ("rmdir, unlink, unlinkat", unlink("/x").by(&cat)),
        ("rename, renameat, renameat2", rename("/a", "/b").by(&cat)),
        ("symlink, symlinkat", symlink("/a", "/b").by(&cat)),
        ("chmod, fchmod, fchmodat", chmod("/a", 0o4755).by(&cat)),
        ("ptrace", ptrace(16).by(&cat)),
        ("setns", setns(0).by(&cat)),
        ("bpf", bpf(5).by(&cat)),
        ("socket", socket(17, 3).by(&cat)),
        ("sendto, sendmsg", send("192.0.2.1".parse().expect("an address"), 53).by(&cat)),
        ("accept, accept4, listen", accept("192.0.2.1".parse().expect("an address"), 40000).by(&cat)),
        ("dup, dup2, dup3", dup("192.0.2.1".parse().expect("an address"), 443).by(&cat)),
    ] {
        all(
            &event,
            &[
                (&format!("evt.type in ({types})"), true),
                (&format!("not evt.type in ({types})"), false),
                ("evt.type in (mkdir, mkdirat)", false),
                ("evt.type != mkdir", true),
                ("evt.dir = <", true),
            ],
        );
    }
}

#[test]
fn arguments_are_written_as_falco_writes_them() {
    let cat = process("/usr/bin/cat");
    all(
        &chmod("/a", 0o4755).by(&cat),
        &[("evt.type=chmod and evt.arg.mode contains S_ISUID", true), ("evt.arg.mode contains S_ISGID", false)],
    );
    all(
        &open("/a").write().truncate().created().by(&cat),
        &[
            ("evt.arg.flags contains O_TRUNC", true),
            ("evt.arg.flags contains O_WRONLY", true),
            ("evt.arg.flags contains O_APPEND", false),
            ("evt.arg.flags contains O_F_CREATED", true),
            ("evt.is_open_create = true", true),
        ],
    );
    all(
        &ptrace(16).by(&cat),
        &[("evt.arg.request contains PTRACE_ATTACH", true), ("evt.arg.request contains PTRACE_TRACEME", false)],
    );
    all(
        &bpf(5).by(&cat),
        &[("evt.arg.cmd=5 or evt.arg.cmd=BPF_PROG_LOAD", true), ("evt.arg.cmd = BPF_MAP_CREATE", false)],
    );
    all(&socket(17, 3).by(&cat), &[("evt.arg.domain = AF_PACKET", true), ("evt.arg.domain contains INET", false)]);
    all(
        &rename("/usr/bin/a", "/tmp/.b").by(&cat),
        &[
            ("evt.arg.oldpath startswith /usr/bin/", true),
            ("evt.arg.newpath contains \"/.\"", true),
            ("evt.arg.path exists", false),
            ("fs.path.target = /tmp/.b", true),
        ],
    );
    all(
        &unlink("/root/.bash_history").by(&cat),
        &[("evt.arg.name endswith history", true), ("evt.arg.path endswith history", true)],
    );
    all(
        &open("/a").failed(13).by(&cat),
        &[("evt.res = EACCES", true), ("evt.res startswith E", true), ("fd.num = -1", true), ("fd.num >= 0", false)],
    );
    all(&open("/a").returned(3).by(&cat), &[("evt.res = SUCCESS", true), ("fd.num >= 0", true), ("fd.num = 3", true)]);
}

#[test]
fn files_are_told_by_their_names() {
    let opened = open("/etc/pam.d/sshd").read().returned(3).by(process("/usr/bin/cat"));
    all(
        &opened,
        &[
            ("fd.name = /etc/pam.d/sshd", true),
            ("fd.directory = /etc/pam.d", true),
            ("fd.directory = /etc", false),
            ("fd.directory in (/etc/pam.d)", true),
            ("fd.filename = sshd", true),
            ("fd.filename in (sshd)", true),
            ("fd.filename startswith ss", true),
            ("fd.name glob /etc/*/sshd", true),
            ("fd.name pmatch (/etc/pam.d)", true),
            ("fd.typechar = f", true),
            ("fd.type = file", true),
            ("fd.nameraw contains pam", true),
        ],
    );
    let folder = open("/root").flags(0o200_000).returned(3).by(process("/usr/bin/ls"));
    all(&folder, &[("fd.typechar = d", true), ("fd.typechar = f", false), ("fd.directory = /", true)]);
    let asked = open("/etc/passwd").set(field::open::ASKED, "/srv/../../etc/passwd").by(process("/usr/bin/cat"));
    all(&asked, &[("fd.nameraw glob \"*../*../*\"", true), ("fd.name glob \"*../*../*\"", false)]);
    // Links that lead elsewhere in each process are what Falco compares, and not what they lead to.
    let link = open("/usr/sbin/runc").set(field::open::ASKED, "/proc/self/exe").by(process("/tmp/x"));
    all(
        &link,
        &[
            ("fd.name = /proc/self/exe", true),
            ("fd.name in (/proc/self/exe, /proc/self/fd/3)", true),
            ("fd.name startswith /proc/self/", true),
            ("fd.name = /usr/sbin/runc", true),
            ("fd.name in (/proc/self/fd/3, /dev/fd/3)", false),
        ],
    );
}

#[test]
fn processes_are_told_as_falco_tells_them() {
    let shell = process("/usr/bin/dash")
        .args(["sh", "-c", "id"])
        .uid(1000)
        .user("anna")
        .set(field::process::CWD, "/dev/shm")
        .set(field::process::CAPS_EFFECTIVE, 1_u64 << 21)
        .set(field::process::TTY, 34816_u32)
        .set(field::process::COMM, "sh");
    all(
        &exec(&shell),
        &[
            ("proc.name = sh", true),
            ("proc.exe = sh", true),
            ("proc.exepath = /usr/bin/dash", true),
            ("proc.args = \"-c id\"", true),
            ("proc.cmdline = \"sh -c id\"", true),
            ("proc.exeline = \"sh -c id\"", true),
            ("proc.cwd = /dev/shm/", true),
            ("proc.cwd startswith /dev/shm/", true),
            ("proc.tty != 0", true),
            ("user.name = anna", true),
            ("user.uid = 1000", true),
            ("user.name in (root, daemon)", false),
            ("thread.cap_effective contains CAP_SYS_ADMIN", true),
            ("thread.cap_effective icontains sys_admin", true),
            ("thread.cap_effective contains CAP_SYS_MODULE", false),
            ("proc.is_exe_from_memfd = false", true),
            ("proc.is_exe_upper_layer = true", false),
        ],
    );
    all(&exec(process("/usr/bin/id").uid(0)), &[("user.name = root", true), ("user.name != root", false)]);
    // Whose user is not known has the name that Falco gives it.
    all(
        &exec(process("/usr/bin/id").uid(4711)),
        &[("user.name = \"<NA>\"", true), ("user.name in (\"<NA>\",\"N/A\",\"\")", true)],
    );
    let entries = "HTTP_PROXY=http://x\0GLIBC_TUNABLES=a=b\0";
    let curl = process("/usr/bin/curl").set(field::process::ENVIRONMENT, entries);
    all(
        &exec(&curl),
        &[
            ("proc.env icontains http_proxy", true),
            ("proc.env contains GLIBC_TUNABLES", true),
            ("proc.env contains LD_PRELOAD", false),
            ("proc.env[HTTP_PROXY] = http://x", true),
            ("proc.env[LD_PRELOAD] exists", false),
        ],
    );
}

#[test]
fn containers_are_told_as_falco_tells_them() {
    let in_container = |process: lanner_sdk::testing::TestProcess| {
        process.container(container("0123456789abcdef").image("docker.io/library/nginx:1.2").label("team", "web"))
    };
    let event = open("/etc/shadow").by(in_container(process("/usr/bin/cat")));
    all(
        &event,
        &[
            ("container.id != host", true),
            ("container.id = 0123456789ab", true),
            ("container.full_id = 0123456789abcdef", true),
            ("container.image startswith docker.io/", true),
            ("container.label[team] = web", true),
            ("container.label.team = web", true),
            ("container.labels contains \"team:web\"", true),
            ("k8s.ns.name exists", false),
        ],
    );
    all(
        &open("/etc/shadow").by(process("/usr/bin/cat")),
        &[("container.id = host", true), ("container.name = host", true)],
    );
}

#[test]
fn users_are_changed() {
    let anna = || process("/usr/bin/x").uid(1000).user("anna");
    let event =
        credentials(1000, 1000).set(field::credentials::SUID, 1000_u32).by(anna().set(field::process::SUID, 1000_u32));
    // Only groups or capabilities changed.
    all(&event, &[("evt.type = setuid", false)]);
    let event = credentials(65534, 65534).by(anna());
    all(
        &event,
        &[
            ("evt.type = setuid", true),
            ("evt.type = setgid", false),
            ("evt.arg.uid = 65534", true),
            ("evt.arg.uid = anna", false),
        ],
    );
    all(&credentials(0, 0).by(anna()), &[("evt.arg.uid = root", true)]);
    all(&credentials(1000, 0).by(anna()), &[("evt.arg.uid = anna", true)]);
}

#[test]
fn sides_of_connections_are_told_apart() {
    let peer = "192.0.2.1".parse().expect("an address");
    let local: std::net::IpAddr = "10.0.0.5".parse().expect("an address");
    let accepted = accept(peer, 40000)
        .set(field::accept::LOCAL_ADDRESS, local)
        .set(field::accept::LOCAL_PORT, 80_u16)
        .by(process("/usr/sbin/nginx"));
    all(
        &accepted,
        &[
            ("fd.cip = \"192.0.2.1\"", true),
            ("fd.sip = \"10.0.0.5\"", true),
            ("fd.rip = \"192.0.2.1\"", true),
            ("fd.lip = \"10.0.0.5\"", true),
            ("fd.sport = 80", true),
            ("fd.cport = 40000", true),
            ("fd.ip = \"10.0.0.5\"", true),
            ("fd.ip = \"192.0.2.1\"", true),
            ("fd.ip = \"192.0.2.2\"", false),
            ("fd.net != \"10.0.0.0/8\"", false),
            ("fd.net != \"172.16.0.0/12\"", true),
            ("fd.is_server = true", true),
            ("fd.name = \"192.0.2.1:40000->10.0.0.5:80\"", true),
        ],
    );
    let waiting = listen(local, 80).by(process("/usr/sbin/nginx"));
    all(
        &waiting,
        &[
            ("fd.sip = \"10.0.0.5\"", true),
            ("fd.cip exists", false),
            ("fd.sport = 80", true),
            ("fd.ip = \"10.0.0.5\"", true),
        ],
    );
}

#[test]
fn hosts_are_known_from_answers() {
    let text = rule("evt.type = connect and fd.sip.name in (pool.example, other.example)");
    let mut judge = Judge::of(&pack(&[&text]));
    let address: std::net::IpAddr = "192.0.2.9".parse().expect("an address");
    let curl = || process("/usr/bin/curl");
    let asked = |name: &str| dns(name, 1).set(field::dns::RESPONSE, true).set(field::dns::ANSWER, address).by(curl());
    let connected = || lanner_sdk::testing::connect("192.0.2.9:443").by(curl());
    assert!(judge.judge(&[connected()]).is_empty());
    assert!(judge.judge(&[asked("third.example"), connected()]).is_empty());
    assert_eq!(judge.judge(&[asked("Pool.example"), connected()]).len(), 1);
    // A cluster's API server is known to its containers.
    let text = rule("evt.type = connect and fd.sip.name = \"kubernetes.default.svc.cluster.local\"");
    let told = process("/usr/bin/curl").set(field::process::ENVIRONMENT, "KUBERNETES_SERVICE_HOST=192.0.2.9\0");
    let mut judge = Judge::of(&pack(&[&text]));
    assert_eq!(judge.judge(&[lanner_sdk::testing::connect("192.0.2.9:443").by(&told)]).len(), 1);
    let without = process("/usr/bin/wget").parent(told);
    assert_eq!(judge.judge(&[lanner_sdk::testing::connect("192.0.2.9:443").by(&without)]).len(), 1);
    assert!(judge.judge(&[lanner_sdk::testing::connect("192.0.2.8:443").by(without)]).is_empty());
    assert!(judge.judge(&[connected()]).is_empty());
}

#[test]
fn a_peer_is_new_once() {
    let text =
        rule("evt.type in (sendto, sendmsg) and fd.connected = false and fd.name_changed = true and fd.name exists");
    let mut judge = Judge::of(&pack(&[&text]));
    let who = process("/usr/bin/x");
    let to = |last: u8| send(std::net::Ipv4Addr::new(192, 0, 2, last).into(), 53).by(&who);
    assert_eq!(judge.judge(&[to(1), to(1), to(2), to(2), to(1)]).len(), 3);
}
