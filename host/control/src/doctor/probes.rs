//! The probes themselves: whether this kernel takes them.

use lanner_abi::Kind;
use lanner_probes::{ProbeConfig, Probes};

use super::Check;

/// Loads and attaches everything that `lanner run` could want, and lets go of it again.
pub(super) fn load() -> Vec<Check> {
    const NAME: &str = "probes";
    let mut checks = Vec::new();
    match Probes::load(&ProbeConfig::default()) {
        Ok(mut probes) => {
            for kind in Probes::kinds() {
                let attached = probes.attach(kind).map_err(|error| error.to_string());
                let hooks = if attached.is_ok() { probes.attached_at(kind) } else { Probes::hooks(kind) };
                checks.push(attachment(kind, &hooks.join(", "), attached));
            }
        }
        Err(error) => checks.push(Check::missing(
            NAME,
            format!("not loaded: {error}"),
            "nothing is seen; captures can be replayed",
            "see to what is missing above; where nothing is, report this with the kernel's release",
        )),
    }
    checks.push(Check::unknown(
        "trampolines",
        "not probed: this lanner has no fentry and no LSM probe",
        "nothing now; later probes that need them would not load where the kernel refuses them",
        "nothing to do",
    ));
    checks
}

/// A kind's own check. Without the process kinds no event has a context, and the rules that Lanner brings want the
/// others: `lanner run` starts only with what it was asked for.
fn attachment(kind: Kind, hooks: &str, attached: Result<(), String>) -> Check {
    let (name, seen) = (format!("probe {}", kind.name()), kind.info().sees);
    match attached {
        Ok(()) => Check::ok(name, format!("loaded and attached at {hooks}")),
        Err(error) => Check::missing(
            name,
            format!("not attached at {hooks}: {error}"),
            &format!("{seen} are not seen, and lanner run does not start with rules that want them"),
            "see to what is missing above; where nothing is, report this with the kernel's release",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_refused_probe_is_missing() {
        for kind in Probes::kinds() {
            assert_eq!(attachment(kind, "here", Ok(())).verdict, Verdict::Ok);
            let check = attachment(kind, "here", Err("refused".into()));
            assert_eq!((check.verdict, &*check.found), (Verdict::Missing, "not attached at here: refused"));
        }
    }
}
