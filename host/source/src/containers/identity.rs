//! What the path of a control group says of a container.

/// A container, as far as the path of its control group tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Id that its runtime gave it; of systemd-nspawn and LXC its name.
    pub id: Vec<u8>,
    /// What runs it, where that can be told.
    pub runtime: Option<&'static str>,
    /// Uid of the Kubernetes pod that it belongs to.
    pub pod_uid: Option<Vec<u8>>,
    /// The control group is the container's own, not one that was made within it.
    pub whole: bool,
    /// It was made in a part of the tree that a user may do with as he likes: its name is his word.
    pub of_user: bool,
}

/// Hexadecimal digits of the ids that most runtimes give.
const ID_DIGITS: usize = 64;
/// What systemd delegates to users lies there.
const USERS: &[u8] = b"user.slice";
/// Characters of a uid such as `0f0d2c1e-5b9e-4a3c-9f6e-2d1c0b9a8e7f`.
const UID_LENGTH: usize = 36;

/// Finds the container of a control group: the innermost, where one runs in another.
pub fn identify(path: &[u8]) -> Option<Identity> {
    let names: Vec<&[u8]> = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).collect();
    let (place, (id, runtime)) = (0..names.len()).rev().find_map(|place| Some((place, named(&names, place)?)))?;
    let pod_uid = names.get(..place)?.iter().rev().find_map(|name| pod_uid(name));
    let of_user = names.first().is_some_and(|name| *name == USERS);
    Some(Identity { id, runtime, pod_uid, whole: place + 1 == names.len(), of_user })
}

/// The container that the control group of this place is of, where it is one's.
fn named(names: &[&[u8]], place: usize) -> Option<(Vec<u8>, Option<&'static str>)> {
    let name = *names.get(place)?;
    let parent = place.checked_sub(1).and_then(|above| names.get(above)).copied().unwrap_or_default();
    let scope = name.strip_suffix(b".scope");
    // As systemd has them: the runtime, and the id.
    let scopes: [(&[u8], &'static str); 4] =
        [(b"docker-", "docker"), (b"cri-containerd-", "containerd"), (b"crio-", "cri-o"), (b"libpod-", "podman")];
    for (prefix, runtime) in scopes {
        // Podman's and CRI-O's may end without `.scope`, beside those of their monitors.
        let id = scope.unwrap_or(name).strip_prefix(prefix).filter(|id| is_id(id));
        if let Some(id) = id {
            return Some((id.to_vec(), Some(runtime)));
        }
    }
    if let Some(machine) = scope.and_then(|scope| scope.strip_prefix(b"machine-")) {
        // Podman's, of which the id stands in another name, and virtual machines are called so too.
        return (!machine.starts_with(b"qemu")).then(|| (unescaped(machine), Some("systemd-nspawn")));
    }
    if let Some(machine) = name.strip_prefix(b"systemd-nspawn@").and_then(|name| name.strip_suffix(b".service")) {
        return Some((unescaped(machine), Some("systemd-nspawn")));
    }
    if let Some(container) = name.strip_prefix(b"lxc.payload.") {
        return Some((container.to_vec(), Some("lxc")));
    }
    if !is_id(name) {
        return None;
    }
    let runtime = match parent {
        b"docker" => Some("docker"),
        b"libpod_parent" => Some("podman"),
        // Kubernetes does not say which runtime it uses where control groups are not systemd's.
        _ => None,
    };
    Some((name.to_vec(), runtime))
}

fn is_id(name: &[u8]) -> bool {
    name.len() == ID_DIGITS && name.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// `kubepods-burstable-pod0f0d2c1e_5b9e_4a3c_9f6e_2d1c0b9a8e7f.slice`, or `pod` and the uid.
fn pod_uid(name: &[u8]) -> Option<Vec<u8>> {
    let name = name.strip_suffix(b".slice").unwrap_or(name);
    let start = name.len().checked_sub(UID_LENGTH)?;
    let (before, uid) = name.split_at_checked(start)?;
    let dashed: Vec<u8> = uid.iter().map(|byte| if *byte == b'_' { b'-' } else { *byte }).collect();
    let is_uid = dashed.iter().enumerate().all(|(place, byte)| match place {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    (is_uid && before.ends_with(b"pod")).then_some(dashed)
}

/// As systemd writes names of units: `\x2d` for what may not stand there.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, after)) = rest.split_first() {
        let code =
            after.strip_prefix(b"x").and_then(|code| code.get(..2)).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *first == b'\\') {
            Some(byte) => {
                out.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "c5cd56863fee6215269977425a5475eba1cc719be26a0c8fe4b1fd38c0774b28";
    const UID: &str = "0f0d2c1e-5b9e-4a3c-9f6e-2d1c0b9a8e7f";

    fn found(path: &str) -> Option<(String, Option<&'static str>, Option<String>, bool)> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let Identity { id, runtime, pod_uid, whole, of_user } = identify(path.as_bytes())?;
        assert_eq!(of_user, path.starts_with("/user.slice/"), "{path}");
        Some((text(id), runtime, pod_uid.map(text), whole))
    }

    #[test]
    fn containers_are_known_by_their_control_groups() {
        let slice = "kubepods-burstable-pod0f0d2c1e_5b9e_4a3c_9f6e_2d1c0b9a8e7f.slice";
        type Case<'a> = (String, &'a str, Option<&'a str>, Option<&'a str>, bool);
        let user = "/user.slice/user-1000.slice/user@1000.service/user.slice";
        let cases: [Case<'_>; 13] = [
            (format!("{user}/libpod-{ID}.scope/container"), ID, Some("podman"), None, false),
            (format!("/docker/{ID}"), ID, Some("docker"), None, true),
            (format!("/docker/{ID}/init.scope"), ID, Some("docker"), None, false),
            (format!("/system.slice/docker-{ID}.scope"), ID, Some("docker"), None, true),
            (format!("/docker/{}/docker/{ID}", ID.replace('c', "d")), ID, Some("docker"), None, true),
            (format!("/machine.slice/libpod-{ID}.scope/container"), ID, Some("podman"), None, false),
            (format!("/libpod_parent/libpod-{ID}"), ID, Some("podman"), None, true),
            (format!("/kubepods/burstable/pod{UID}/{ID}"), ID, None, Some(UID), true),
            (format!("/kubepods.slice/{slice}/cri-containerd-{ID}.scope"), ID, Some("containerd"), Some(UID), true),
            (format!("/kubepods.slice/{slice}/crio-{ID}.scope"), ID, Some("cri-o"), Some(UID), true),
            ("/machine.slice/machine-my\\x2dbox.scope/payload".into(), "my-box", Some("systemd-nspawn"), None, false),
            ("/machine.slice/systemd-nspawn@box.service".into(), "box", Some("systemd-nspawn"), None, true),
            ("/lxc.payload.web/system.slice".into(), "web", Some("lxc"), None, false),
        ];
        for (path, id, runtime, pod_uid, whole) in cases {
            let expected = (id.to_owned(), runtime, pod_uid.map(str::to_owned), whole);
            assert_eq!(found(&path), Some(expected), "{path}");
        }
    }

    #[test]
    fn what_is_no_container_is_none() {
        let conmon = format!("/machine.slice/libpod-conmon-{ID}.scope");
        for path in [
            "/",
            "",
            "/user.slice/user-1000.slice/session-2.scope",
            "/system.slice/docker.service",
            "/docker/c5cd56",
            "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
            &conmon,
        ] {
            assert_eq!(found(path), None, "{path}");
        }
    }
}
