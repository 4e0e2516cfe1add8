//! Fields of who did it: `thread.…`, `user.…`, `proc.…`, `container.…`, `k8s.…`.

use lanner_abi::field;
use lanner_conditions::{Constant, Field, Get, Owner, Table, Transform, place};

use super::{Answer, Mapped, Type, mapped, number, text, yes_or_no};

pub(super) fn thread(rest: &str) -> Answer {
    let caps = |info| text(Field::get(Owner::Process, Get::Names(place(info), Table::Capabilities)));
    match rest {
        "tid" => number(Field::raw(Owner::Event, field::event::TID)),
        "cap_effective" => caps(field::process::CAPS_EFFECTIVE),
        "cap_permitted" => caps(field::process::CAPS_PERMITTED),
        "cap_inheritable" => caps(field::process::CAPS_INHERITABLE),
        "cgroups" => text(Field::raw(Owner::Process, field::process::CGROUP)),
        "ismain" | "vtid" | "nametid" | "exectime" | "totexectime" | "cgroup" | "vmsize" | "vmrss" | "vmsize.b"
        | "vmrss.b" | "pfminor" | "pfmajor" | "cpu" | "cpu.user" | "cpu.system" => {
            Answer::Unseen("what single threads are and use is not told")
        }
        other if other.starts_with("cgroup.") => Answer::Unseen("control groups are told by one path: thread.cgroups"),
        _ => Answer::Unknown,
    }
}

pub(super) fn user(rest: &str) -> Answer {
    let nobody = || Constant::text("<NA>");
    match rest {
        // Falco's is the effective one.
        "uid" => number(Field::raw(Owner::Process, field::process::EUID)),
        "name" => text(Field::get(Owner::Process, Get::User).or(nobody())),
        "loginuid" => number(Field::raw(Owner::Process, field::process::LOGIN_UID).or(Constant::Number(-1))),
        "loginname" => text(Field::get(Owner::Process, Get::LoginUser).or(nobody())),
        "homedir" | "shell" => Answer::Unseen("homes and shells of users are not told"),
        _ => Answer::Unknown,
    }
}

/// Fields of a process, its parent (`p…`) and its ancestors (`a…`).
pub(super) fn process(rest: &str, argument: Option<&str>) -> Answer {
    let ancestor = |name: &str| match argument {
        None => of_process(Owner::Ancestors, name),
        Some(number) => match number.parse::<u8>() {
            Ok(0) => of_process(Owner::Process, name),
            Ok(number) => of_process(Owner::Ancestor(number), name),
            Err(_) => Answer::Unknown,
        },
    };
    let of = |owner, name| of_process(owner, name);
    match rest {
        "env" => match argument {
            Some(name) => text(Field::get(Owner::Process, Get::Environment(name.as_bytes().to_vec()))),
            None => Answer::Field(environment(Owner::Process)),
        },
        "aenv" => Answer::Unseen("environments of ancestors are not told; use proc.env"),
        "pname" => of(Owner::Ancestor(1), "name"),
        "pexe" => of(Owner::Ancestor(1), "exe"),
        "pexepath" => of(Owner::Ancestor(1), "exepath"),
        "pcmdline" => of(Owner::Ancestor(1), "cmdline"),
        "ppid" => number(Field::raw(Owner::Process, field::process::PPID)),
        "pvpid" => of(Owner::Ancestor(1), "vpid"),
        "ppid.duration" => of(Owner::Ancestor(1), "duration"),
        "ppid.ts" => of(Owner::Ancestor(1), "pid.ts"),
        "aname" => ancestor("name"),
        "aexe" => ancestor("exe"),
        "aexepath" => ancestor("exepath"),
        "acmdline" => ancestor("cmdline"),
        "aargs" => ancestor("args"),
        "apid" => ancestor("pid"),
        "sname" => of(Owner::SessionLeader, "name"),
        "sid.exe" => of(Owner::SessionLeader, "exe"),
        "sid.exepath" => of(Owner::SessionLeader, "exepath"),
        "vpgid.name" | "pgid.name" => of(Owner::GroupLeader, "name"),
        "vpgid.exe" | "pgid.exe" => of(Owner::GroupLeader, "exe"),
        "vpgid.exepath" | "pgid.exepath" => of(Owner::GroupLeader, "exepath"),
        "loginshellid"
        | "nchilds"
        | "nthreads"
        | "fdopencount"
        | "fdlimit"
        | "fdusage"
        | "vmsize"
        | "vmrss"
        | "vmswap"
        | "thread.cpu"
        | "thread.vmsize"
        | "is_container_healthcheck"
        | "is_container_liveness_probe"
        | "is_container_readiness_probe"
        | "is_exe_lower_layer"
        | "exe_ino.ctime_duration_pidns_start"
        | "pidns_init_start_ts"
        | "exepath.hash"
        | "sessionid"
        | "argv" => Answer::Unseen("it is not told of a process"),
        _ if argument.is_some() => Answer::Unknown,
        other => of_process(Owner::Process, other),
    }
}

fn environment(owner: Owner) -> Mapped {
    mapped(Type::Text, Field::get(owner, Get::Joined(place(field::process::ENVIRONMENT), 0))).differing(
        "of the environment only entries of the names that the rule has are known (in capitals and in small letters too)",
        false,
    )
}

pub(super) fn of_process(owner: Owner, name: &str) -> Answer {
    let raw = |info| Field::raw(owner, info);
    let get = |get| Field::get(owner, get);
    let argv = place(field::process::ARGV);
    match name {
        "name" => text(raw(field::process::COMM)),
        "exe" => text(get(Get::First(vec![get(Get::Item(argv, 0)), raw(field::process::EXE)]))),
        "exepath" => text(raw(field::process::EXE)),
        "args" => text(get(Get::Joined(argv, 1))),
        "cmdline" => text(get(Get::CommandLine)),
        "exeline" => text(get(Get::Joined(argv, 0))),
        "cmdlenargs" => number(get(Get::Joined(argv, 1)).then(Transform::Length)),
        "cmdnargs" => Answer::Unseen("arguments are not counted; use proc.args"),
        "cwd" => text(raw(field::process::CWD).then(Transform::Slashed)),
        "tty" => number(raw(field::process::TTY).or(Constant::Number(0))),
        "pid" => number(raw(field::process::PID)),
        "vpid" => number(get(Get::NamespacePid)),
        "sid" => number(raw(field::process::SID)),
        "pgid" | "vpgid" => Answer::Field(
            mapped(Type::Number, raw(field::process::PGID)).differing("ids of groups are those of the host", false),
        ),
        "duration" => number(get(Get::Age)),
        "pid.ts" => number(raw(field::process::START)),
        "is_sid_leader" => yes_or_no(get(Get::LeadsSession)),
        "is_vpgid_leader" | "is_pgid_leader" => yes_or_no(get(Get::LeadsGroup)),
        "is_exe_writable" => {
            Answer::Field(mapped(Type::Bool, get(Get::Bit(place(field::process::FLAGS), 4))).differing(
                "a file counts as writable where its group or everybody may write it, not where its owner alone may",
                true,
            ))
        }
        "is_exe_upper_layer" => yes_or_no(get(Get::Bit(place(field::process::FLAGS), 0))),
        "is_exe_from_memfd" => yes_or_no(get(Get::Bit(place(field::process::FLAGS), 1))),
        "exe_ino" => number(raw(field::process::EXE_INODE)),
        "exe_ino.ctime" => number(raw(field::process::EXE_CTIME)),
        "exe_ino.mtime" => number(raw(field::process::EXE_MTIME)),
        "exe_ino.ctime_duration_proc_start" => number(get(Get::SinceUntilStart(place(field::process::EXE_CTIME)))),
        "stdin.type" | "stdout.type" | "stderr.type" | "stdin.name" | "stdout.name" | "stderr.name" => Answer::Unseen(
            "what stands behind standard input and output is told of an exec alone, by other names: write a rule in another language for it",
        ),
        _ => Answer::Unknown,
    }
}

pub(super) fn container(rest: &str, argument: Option<&str>) -> Answer {
    let raw = |info| text(Field::raw(Owner::Container, info));
    let get = |get| text(Field::get(Owner::Container, get));
    match (rest, argument) {
        ("id", None) => {
            text(Field::raw(Owner::Container, field::container::ID).then(Transform::Cut(12)).or(Constant::text("host")))
        }
        ("full_id", None) => raw(field::container::ID),
        ("name", None) => text(Field::raw(Owner::Container, field::container::NAME).or(Constant::text("host"))),
        ("image", None) => raw(field::container::IMAGE),
        ("image.repository", None) => raw(field::container::IMAGE_REPOSITORY),
        ("image.tag", None) => raw(field::container::IMAGE_TAG),
        ("image.digest", None) => raw(field::container::IMAGE_DIGEST),
        ("type", None) => text(Field::raw(Owner::Container, field::container::RUNTIME).or(Constant::text("host"))),
        ("privileged", None) => yes_or_no(Field::raw(Owner::Container, field::container::PRIVILEGED)),
        ("start_ts", None) => number(Field::raw(Owner::Container, field::container::STARTED)),
        ("mounts", None) => get(Get::Mounts),
        ("mount.dest", Some(source)) => get(Get::MountOf(source.as_bytes().to_vec())),
        ("mount.source", Some(destination)) => get(Get::MountAt(destination.as_bytes().to_vec())),
        ("label" | "labels", Some(name)) => get(Get::Label(name.as_bytes().to_vec(), false)),
        ("labels", None) => get(Get::Labels(false)),
        ("mount" | "mount.dest" | "mount.source" | "mount.mode" | "mount.rdwr" | "mount.propagation", _) => {
            Answer::Unseen("mounts are told by container.mount.dest[SOURCE] and container.mount.source[DESTINATION]")
        }
        (
            "image.id" | "healthcheck" | "liveness_probe" | "readiness_probe" | "ip" | "cni.json" | "host_pid"
            | "host_network" | "host_ipc" | "duration",
            _,
        ) => Answer::Unseen("it is not told of a container"),
        (other, None) => match other.split_once('.') {
            Some(("label", name)) => get(Get::Label(name.as_bytes().to_vec(), false)),
            _ => Answer::Unknown,
        },
        _ => Answer::Unknown,
    }
}

pub(super) fn kubernetes(rest: &str, argument: Option<&str>) -> Answer {
    let raw = |info| text(Field::raw(Owner::Container, info));
    let get = |get| text(Field::get(Owner::Container, get));
    match (rest, argument) {
        ("ns.name", None) => raw(field::container::NAMESPACE),
        ("pod.name", None) => raw(field::container::POD),
        ("pod.uid" | "pod.id", None) => raw(field::container::POD_UID),
        ("pod.label" | "pod.labels", Some(name)) => get(Get::Label(name.as_bytes().to_vec(), true)),
        ("pod.labels", None) => get(Get::Labels(true)),
        (other, None) => match other.split_once("pod.label.") {
            Some(("", name)) => get(Get::Label(name.as_bytes().to_vec(), true)),
            _ if ["pod", "ns", "rc", "svc", "rs", "deployment"]
                .iter()
                .any(|known| other.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'))) =>
            {
                Answer::Unseen("of Kubernetes the pod's name, uid, labels and namespace are known")
            }
            _ => Answer::Unknown,
        },
        _ => Answer::Unknown,
    }
}
