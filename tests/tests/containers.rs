//! Containers of real runtimes: whose a process is, what is known of it, and when they start and stop.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lanner_tests::docker::{Docker, said};
use lanner_tests::{Lanner, no_kernel, run, test_pack};
use serde_json::{Value, json};

/// A file that a test pack reports the opens of.
const MARKED: &str = "/lanner-count-me";
/// Where the container has a file of the host's.
const SHARED: &str = "/etc/hostname:/host:ro";

/// What the container does until it is stopped: a program of its own opens the marked file.
const SCRIPT: &str = "while :; do /bin/busybox cat /lanner-count-me /host; /bin/busybox usleep 100000; done";

/// A root file system of one static program, as a tar archive.
fn root_file_system(folder: &Path) -> PathBuf {
    let root = folder.join("root");
    fs::create_dir_all(root.join("bin")).expect("folders");
    fs::copy("/bin/busybox", root.join("bin/busybox")).expect("busybox-static is installed");
    std::os::unix::fs::symlink("busybox", root.join("bin/sh")).expect("a link");
    fs::write(root.join(MARKED.trim_start_matches('/')), "").expect("a file");
    let archive = folder.join("root.tar");
    said(Command::new("tar").arg("-C").arg(&root).arg("-cf").arg(&archive).arg("."));
    archive
}

/// What two hosts saw of a container: findings about it, and all events, replayed.
struct Seen {
    finding: Value,
    events: Vec<Value>,
}

/// Watches while a container is started, until a finding about it has what its runtime knows of it, and while it is stopped.
fn watch(folder: &Path, start: &mut Command, name: &str, stop: &mut Command) -> (String, Seen) {
    let capture = folder.join("seen.lcap");
    let recorder = Lanner::start(["record".as_ref(), "--output".as_ref(), capture.as_os_str()]);
    recorder.wait_for_stderr("recording to");
    let host = Lanner::watch(&[&test_pack("counter-1")], &[]);
    let id = said(start);
    let is_named = |finding: &Value| finding["process"]["container"]["name"] == name;
    let finding = host.wait_for_finding("finding about the named container", is_named);
    said(stop);
    assert!(host.stop().status.success() && recorder.stop().status.success());
    let replayed = run(["replay".as_ref(), "--output".as_ref(), "events".as_ref(), capture.as_os_str()]);
    assert!(replayed.status.success(), "{}", replayed.stderr);
    let events = replayed.stdout.iter().map(|line| serde_json::from_str(line).expect("an event")).collect();
    (id, Seen { finding, events })
}

/// The same of all runtimes.
fn check(id: &str, runtime: &str, seen: &Seen) {
    let Seen { finding, events } = seen;
    let process = &finding["process"];
    assert_eq!((&process["container"]["id"], &process["container"]["runtime"]), (&id.into(), &runtime.into()));
    assert_eq!((&process["exe"], &process["uid"], &process["user"]), (&"/bin/busybox".into(), &0.into(), &Value::Null));
    assert!(process["cgroup"].as_str().is_some_and(|cgroup| cgroup.contains(id)), "{process}");
    let own = fs::read_link("/proc/self/ns/mnt").expect("a namespace");
    assert_ne!(format!("mnt:[{}]", process["namespaces"]["mnt"]), own.to_str().expect("UTF-8"));

    let of = |kind: &str| events.iter().filter(|event| event["kind"] == kind).collect::<Vec<_>>();
    let starts: Vec<_> =
        of("container_start").into_iter().filter(|start| start["container_start"]["id"] == id).collect();
    assert_eq!(starts.len(), 1, "{starts:?}");
    assert_eq!(starts[0]["container_start"]["runtime"], runtime);
    let stops: Vec<_> = of("container_stop").into_iter().filter(|stop| stop["container_stop"]["id"] == id).collect();
    assert_eq!(stops.len(), 1, "{stops:?}");
    let seq = |event: &Value| event["seq"].as_u64().expect("a number");
    let execs: Vec<_> = of("exec").into_iter().filter(|exec| exec["image"]["container"]["id"] == id).collect();
    assert!(!execs.is_empty());
    assert!(execs.iter().all(|exec| (seq(starts[0])..seq(stops[0])).contains(&seq(exec))));
    // A path is the container's own, the host's stands beside it, and the process that opened it is there.
    let of_files = of("open").into_iter().filter(|open| open["process"]["container"]["id"] == id);
    let opens: Vec<_> = of_files.map(|open| (&open["open"]["path"], &open["open"]["host_path"])).collect();
    assert!(opens.iter().any(|(path, _)| *path == MARKED), "{opens:?}");
    let shared = fs::canonicalize("/etc/hostname").expect("a file");
    assert!(opens.contains(&(&"/host".into(), &shared.to_str().expect("UTF-8").into())), "{opens:?}");
}

#[test]
fn docker() {
    if let Some(why) = no_kernel() {
        eprintln!("skipped: {why}");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let docker = Docker::start();
    let archive = root_file_system(folder.path());
    said(docker.command(&["import"]).arg(archive).arg("lanner-test:one"));
    let mut start = docker.command(&["run", "--detach", "--name", "web", "--label", "team=blue", "--network", "none"]);
    start.args(["--volume", SHARED, "lanner-test:one", "/bin/sh", "-c", SCRIPT]);
    let (id, seen) = watch(folder.path(), &mut start, "web", &mut docker.command(&["rm", "--force", "web"]));
    check(&id, "docker", &seen);
    let container = &seen.finding["process"]["container"];
    assert_eq!(container["image"], "lanner-test:one");
    assert_eq!((&container["image_repository"], &container["image_tag"]), (&"lanner-test".into(), &"one".into()));
    assert_eq!(container["labels"], json!({ "team": "blue" }));
    assert_eq!(container["privileged"], false);
    let host_path = seen.finding["event"]["host_path"].as_str().expect("a text");
    assert!(Path::new(host_path).starts_with(docker.folder()) && host_path.ends_with(MARKED), "{host_path}");
    let mount = json!({ "source": "/etc/hostname", "destination": "/host", "writable": false });
    assert!(container["mounts"].as_array().is_some_and(|mounts| mounts.contains(&mount)), "{container}");
}

#[test]
fn podman() {
    if let Some(why) = no_kernel() {
        eprintln!("skipped: {why}");
        return;
    }
    // Where Podman of the system keeps what is known of its containers; our own beside others'.
    let folder = tempfile::tempdir().expect("a folder");
    let archive = root_file_system(folder.path());
    let name = format!("lanner-test-{}", std::process::id());
    let image = format!("{name}:two");
    let podman = |arguments: &[&str]| {
        let mut command = Command::new("podman");
        // runc: crun knows no cgroup v2 beside v1.
        command.args(["--cgroup-manager=cgroupfs", "--runtime=runc"]).args(arguments);
        command
    };
    said(podman(&["import"]).arg(archive).arg(&image));
    let limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"];
    let mut start = podman(&["run", "--detach", "--name", &name, "--network", "none"]);
    start.args(limits).args(["--volume", SHARED]).args([&image, "/bin/sh", "-c", SCRIPT]);
    let (id, seen) = watch(folder.path(), &mut start, &name, &mut podman(&["rm", "--force", "--time", "0", &name]));
    said(&mut podman(&["rmi", &image]));
    check(&id, "podman", &seen);
    let container = &seen.finding["process"]["container"];
    assert_eq!(container["image_tag"], "two");
    assert_eq!(container["privileged"], false);
}
