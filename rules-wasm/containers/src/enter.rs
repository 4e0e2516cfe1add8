//! Commands that are run in containers from outside.

use common::contained::{entry, is_contained, is_main, is_setting_up, place};
use common::context::{is_ci, is_configuration_management, is_container_runtime, is_interactive, is_scheduled};
use common::families;
use common::programs::{is_installed, is_shell, label};
use lanner_sdk::prelude::*;

use crate::Containers;
use crate::client::{CLIENTS, Call, Tool};

/// What starts a low-level runtime, and has to.
static RUNTIME_PARENTS: TextSet = TextSet::new()
    .equals(&[
        "buildah",
        "buildkitd",
        "catatonit",
        "conmon",
        "conmonrs",
        "containerd",
        "containerd-shim",
        "containerd-shim-runc-v1",
        "containerd-shim-runc-v2",
        "crio",
        "crun",
        "docker",
        "dockerd",
        "nerdctl",
        "podman",
        "runc",
        "systemd",
        "systemd-executor",
        "youki",
    ])
    .starts_with(&["memfd:crun", "memfd:runc_cloned:"]);
/// Shells, and what has one in it.
static SHELLS: TextSet = TextSet::new().file_name(families::SHELLS);
/// What only asks whether a container is well.
static HARMLESS: TextSet =
    TextSet::new().file_name(&["cat", "date", "mysqldump", "pg_dump", "pg_isready", "redis-cli", "true"]);

/// What somebody runs who looks around, or brings something.
static HANDS_ON: TextSet = TextSet::new().file_name(&[
    "apk", "apt", "apt-get", "base64", "capsh", "chroot", "curl", "dnf", "env", "id", "mount", "nc", "ncat", "nsenter",
    "perl", "printenv", "python", "python3", "uname", "useradd", "wget", "whoami", "yum",
]);

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("execution/container-exec")
        .summary("A command was run in a container that runs already, by the runtime's own client")
        .severity(Medium)
        .attack("T1609")
        .property("maturity", "stable")
        .property(
            "misses",
            "Clients elsewhere, and those of other names: container-api-call and terminal-in-container see some of it",
        )
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(call) = Call::of(&image) else { return };
            let is_copy = call.is(Tool::Kubectl, &["cp"]) || call.is(Tool::Engine, &["cp"]);
            let is_exec = match call.tool {
                Tool::Engine | Tool::Crictl | Tool::Ctr | Tool::Lxc => {
                    matches!(call.verb.as_ref(), "exec" | "attach" | "shell" | "compose exec")
                }
                Tool::Kubectl => matches!(call.verb.as_ref(), "exec" | "attach" | "debug" | "rsh"),
                Tool::Runc => false,
            };
            if !(is_exec || is_copy) || e.process().name() == image.name() {
                return;
            }
            let skip = usize::from(call.tool != Tool::Kubectl || !call.operands.is_empty());
            let is_node =
                call.is(Tool::Kubectl, &["debug"]) && call.operands.iter().any(|what| what.starts_with(b"node/"));
            let is_routine = is_ci(&image) || is_configuration_management(&image) || is_scheduled(&image);
            let as_root = call.has(&["privileged"])
                || call.values(&["u", "user"]).any(|user| matches!(user, b"0" | b"root" | b"0:0" | b"root:root"));
            let is_hands_on = call.operands.get(skip).is_some_and(|command| HANDS_ON.matches(Text::new(command)));
            let is_harmless = call.operands.get(skip).is_some_and(|command| HARMLESS.matches(Text::new(command)));
            let severity = match () {
                () if is_node => High,
                () if is_copy => Low,
                () if is_routine && !call.has(&["privileged"]) => Low,
                () if as_root || call.runs_shell(skip) || call.tool == Tool::Kubectl => Medium,
                () if is_harmless => Low,
                () if is_hands_on => Medium,
                () => Low,
            };
            out.finding(format!("{} enters a container", image.command_line())).severity(severity);
        });

    r.rule("execution/runtime-by-hand")
        .summary("A low-level runtime was used by hand, past the daemon that keeps account of containers")
        .severity(Medium)
        .attack("T1610")
        .attack("T1609")
        .property("maturity", "incubating")
        .property("misses", "Runtimes of other names")
        .only(exec::image::exe().ends_with(["/runc", "/crun", "/ctr", "/youki"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(call) = Call::of(&image) else { return };
            let enters = call.verb == "exec";
            let steers = enters || matches!(call.verb.as_ref(), "run" | "create" | "start");
            let starter = image.parent();
            let by_runtime = |parent: &Process<'_>| {
                is_container_runtime(parent) || RUNTIME_PARENTS.matches(parent.name()) || is_setting_up(parent)
            };
            if matches!(call.tool, Tool::Runc | Tool::Ctr)
                && steers
                && !starter.is_some_and(|parent| by_runtime(&parent))
            {
                out.finding(format!("{} by hand", image.command_line())).severity(if enters { Medium } else { Low });
            }
        });

    r.rule("execution/terminal-in-container")
        .summary("Somebody has a shell in a container that runs already")
        .severity(Medium)
        .attack("T1609")
        .attack("T1059.004")
        .property("maturity", "stable")
        .property("misses", "Shells that are given all their commands (`sh -c`), as checks of health are")
        .only(container::id().known())
        .only(exec::image::exe().matches(&SHELLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            // The first program of its own in the container, begun by the runtime, and not the container's main one.
            let is_entry =
                entry(&image).id() == image.id() && (is_setting_up(&e.process()) || !is_contained(&e.process()));
            if !is_shell(&image) || !is_entry || is_main(&image) {
                return;
            }
            let mut arguments = image.args().skip(1);
            let is_plain =
                arguments.all(|argument| matches!(argument.as_bytes(), b"-i" | b"-l" | b"--login" | b"-li" | b"-il"));
            if is_interactive(&image) || is_plain {
                out.finding(format!("{} was started in {}", image.command_line(), place(&image)));
            }
        });

    r.rule("defense-evasion/runtime-socket-opened")
        .summary("The socket of a container runtime was made accessible to everybody: who may talk to it is root")
        .severity(Medium)
        .attack("T1222.002")
        .attack("T1611")
        .property("maturity", "stable")
        .property("misses", "Access control lists; groups that users are added to")
        .only(chmod::path().ends_with([
            "/docker.sock",
            "/containerd.sock",
            "/crio.sock",
            "/podman.sock",
            "/buildkitd.sock",
        ]))
        .on_chmod(|_, e, out| {
            const S_IWOTH: u32 = 0o002;
            if e.mode() & S_IWOTH != 0 && !e.failed() {
                out.finding(format!("{} let everybody write to {}", label(&e.process()), e.path()));
            }
        })
        .unfiltered()
        .only(chown::path().ends_with(["/docker.sock", "/containerd.sock", "/crio.sock", "/buildkitd.sock"]))
        .on_chown(|_, e, out| {
            let is_other = e.owner().is_some_and(|owner| owner != 0);
            if is_other && !e.failed() && !is_container_runtime(&e.process()) {
                out.finding(format!("{} gave {} away", label(&e.process()), e.path()));
            }
        });

    r.rule("persistence/runtime-api-exposed")
        .summary("The daemon of a container runtime was started so that it takes orders from the network")
        .severity(Medium)
        .attack("T1133")
        .attack("T1610")
        .property("maturity", "incubating")
        .property("misses", "Addresses that stand in a file (daemon.json)")
        .only(exec::image::exe().ends_with(["/dockerd", "/podman", "/kubelet"]))
        .on_exec(|_, e, out| {
            static DAEMONS: TextSet = TextSet::new().equals(&["dockerd", "podman"]);
            let image = e.image();
            let open = image.args().any(|argument| {
                let address = argument.as_bytes();
                let address = address.strip_prefix(b"--host=").or(address.strip_prefix(b"-H=")).unwrap_or(address);
                address.starts_with(b"tcp://")
                    && !address.starts_with(b"tcp://127.")
                    && !address.starts_with(b"tcp://localhost")
            });
            let verified = image.args().any(|argument| argument.starts_with("--tlsverify"));
            let anonymous =
                image.name() == "kubelet" && image.args().any(|argument| argument == "--anonymous-auth=true");
            let is_daemon = DAEMONS.matches(image.name())
                && (image.name() == "dockerd" || image.args().any(|argument| argument == "service"));
            if (is_daemon && open && !verified) || anonymous {
                let finding = out.finding(format!("{} takes orders from the network", image.command_line()));
                if !is_installed(&image, &DAEMONS) {
                    finding.severity(High);
                }
            }
        });
}
