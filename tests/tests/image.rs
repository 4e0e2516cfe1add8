//! The container image: built by Docker, and run with what a host needs and no more.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lanner_tests::docker::{Docker, said};
use lanner_tests::packages::{Maker, VERSION};
use lanner_tests::{PATIENCE, require_kernel, root};
use serde_json::Value;
use tempfile::TempDir;

/// The rule that is put to the test.
const RULE: &str = "credential-access/shadow-read";

/// What the host of `compose.yaml` is run with, as options of `docker run`.
fn options_of_the_host(image: &Path) -> (Vec<String>, Vec<String>) {
    let parse = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let python = root().join("target/python/bin/python3");
    let compose: Value =
        serde_json::from_str(&said(Command::new(python).args(["-c", parse]).arg(image.join("compose.yaml"))))
            .expect("JSON");
    let services = compose["services"].as_object().expect("services");
    assert_eq!(services.keys().collect::<Vec<_>>(), ["registry", "host", "sink"]);
    let host = &services["host"];
    let texts = |key: &str| -> Vec<String> {
        host[key].as_array().expect(key).iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
    };
    let mut options = vec![format!("--pid={}", host["pid"].as_str().expect("a namespace"))];
    options.push(format!("--cgroupns={}", host["cgroup"].as_str().expect("a namespace")));
    for (key, option) in
        [("cap_drop", "--cap-drop"), ("cap_add", "--cap-add"), ("security_opt", "--security-opt"), ("tmpfs", "--tmpfs")]
    {
        // Who does not have AppArmor does not take options for it.
        let has_apparmor = Path::new("/sys/kernel/security/apparmor").exists();
        let values = texts(key).into_iter().filter(|value| has_apparmor || !value.starts_with("apparmor"));
        options.extend(values.map(|value| format!("{option}={}", value.replace(':', "="))));
    }
    assert_eq!(host["read_only"], true);
    options.push("--read-only".to_owned());
    for volume in texts("volumes") {
        // Compose makes its volumes and what is to be mounted; of files of this machine, those that are there.
        let source = volume.split(':').next().unwrap_or_default();
        if !source.starts_with('/') || Path::new(source).exists() {
            options.push(format!("--volume={volume}"));
        }
    }
    (options, texts("command"))
}

/// Podman with a store of its own, emptied when dropped.
struct Podman {
    folder: TempDir,
}

impl Podman {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("podman");
        // runc: crun knows no cgroup v2 beside v1.
        command.args(["--cgroup-manager=cgroupfs", "--runtime=runc", "--root"]).arg(self.folder.path().join("root"));
        command.arg("--runroot").arg(self.folder.path().join("run")).args(arguments);
        command
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        for all in [["rm", "--all", "--force"], ["rmi", "--all", "--force"]] {
            let _ = self.command(&all).output();
        }
    }
}

/// An engine of containers: a command of its client's.
type Engine<'a> = &'a dyn Fn(&[&str]) -> Command;

/// Runs the image's host with these options and this command, until it has found something; stops it, and gives what it said.
fn finds(engine: Engine<'_>, options: &[String], command: &[String]) -> String {
    let mut run = engine(&["run", "--detach", "--name", "host", "--network", "none"]);
    said(run.args(options).arg("lanner").args(command));
    let logs = || {
        let output = engine(&["logs", "host"]).output().expect("it runs");
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    let wait = |what: &str, done: &dyn Fn() -> bool| {
        let until = Instant::now() + PATIENCE;
        while !done() {
            let state = said(&mut engine(&["inspect", "--format", "{{.State.Running}}", "host"]));
            assert!(state == "true" && Instant::now() < until, "no {what}: {:?}", logs());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    wait("watching kernel", &|| logs()[1].contains("watching kernel"));
    let found = |line: &str| serde_json::from_str::<Value>(line).is_ok_and(|finding| finding["rule"] == RULE);
    wait("finding", &|| {
        said(Command::new("cat").arg("/etc/shadow"));
        logs()[0].lines().any(found)
    });
    let inside = |arguments: &[&str]| said(engine(&["exec", "host", "/usr/bin/lanner"]).args(arguments));
    assert!(inside(&["status"]).contains("credential-access"));
    assert!(inside(&["findings", "list"]).contains(RULE));
    said(&mut engine(&["stop", "host"]));
    let code = said(&mut engine(&["inspect", "--format", "{{.State.ExitCode}}", "host"]));
    assert_eq!(code, "0", "{:?}", logs());
    let said_of_itself = logs()[1].clone();
    said(&mut engine(&["rm", "--volumes", "host"]));
    said_of_itself
}

#[test]
fn an_image_is_built_and_finds() {
    require_kernel!();
    let maker = Maker::new();
    let image = maker.make("made", VERSION, &["credential-access"]).join("image");
    let docker = Docker::start();
    // The one that is in every Docker, with a plugin or without.
    said(docker.command(&["build", "--network", "none", "--tag", "lanner"]).arg(&image).env("DOCKER_BUILDKIT", "0"));
    let labels = said(&mut docker.command(&["inspect", "--format", "{{json .Config.Labels}}", "lanner"]));
    let labels: Value = serde_json::from_str(&labels).expect("JSON");
    assert_eq!(labels["org.opencontainers.image.version"], VERSION);
    let registry = ["run", "--rm", "--network", "none", "--entrypoint", "/usr/bin/lanner-registry", "lanner"];
    let config = "/usr/share/lanner/compose/registry.toml";
    said(docker.command(&registry).args(["check", "--config", config]));
    // Debian's Docker does not know CAP_BPF and CAP_PERFMON by name; CAP_SYS_ADMIN has both in it.
    let older = ["--cap-drop=ALL", "--cap-add=SYS_ADMIN", "--cap-add=SYS_PTRACE", "--cap-add=DAC_READ_SEARCH"];
    let older = [&older[..], &["--security-opt=seccomp=unconfined", "--pid=host", "--cgroupns=host"]].concat();
    let older: Vec<String> = older.into_iter().map(str::to_owned).collect();
    finds(&|arguments| docker.command(arguments), &older, &[]);

    // Its Podman knows them.
    let archive = maker.file("image.tar");
    said(docker.command(&["save", "--output"]).arg(&archive).arg("lanner"));
    let podman = Podman { folder: tempfile::tempdir().expect("a folder") };
    said(podman.command(&["load", "--input"]).arg(archive));
    let (mut options, command) = options_of_the_host(&image);
    options.extend(["--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000"].map(str::to_owned));
    let own = finds(&|arguments| podman.command(arguments), &options, &command);
    assert!(!own.contains("CAP_"), "nothing is lacking: {own}");
}
