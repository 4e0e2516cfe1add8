//! Docker, by itself or below Kubernetes (cri-dockerd).

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::containerd::{self, DOCKERS, TASKS};
use super::facts::{Facts, Mount};
use super::place::{Place, text, texts, time};
use super::plain;

/// Where it keeps its data where nobody says otherwise; of its snap too.
const DATA: [&str; 2] = ["/var/lib/docker", "/var/snap/docker/common/var-lib-docker"];
/// How long what was found of running ones is believed.
const KEPT_FOR: Duration = Duration::from_secs(2);

/// Where Dockers keep what they keep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Folders {
    /// Data: what lasts.
    data: Vec<PathBuf>,
    /// State: what goes when the machine does.
    state: Vec<PathBuf>,
}

/// Folders that were found at some time.
pub(super) struct Kept {
    at: Instant,
    folders: Folders,
}

pub(super) fn read(place: &Place, id: &str, in_pod: bool) -> Option<Facts> {
    let folders = folders(place);
    let (data, config) = folders.data.iter().find_map(|data| {
        let folder = data.join("containers").join(id);
        Some((data, place.json(folder.join("config.v2.json"))?.value))
    })?;
    let host = place.json(data.join("containers").join(id).join("hostconfig.json")).map(|host| host.value);
    let host = host.unwrap_or_default();
    let labels = texts(&config["Config"]["Labels"]);
    let mut facts = Facts {
        name: text(&config["Name"]).map(|name| name.strip_prefix('/').unwrap_or(name).to_owned()),
        image: text(&config["Config"]["Image"]).map(str::to_owned),
        image_id: text(&config["Image"]).map(str::to_owned),
        digest: digest(place, data, &config),
        privileged: host["Privileged"].as_bool(),
        started: started(place, &folders, id, &config),
        mounts: mounts(&config),
        ..Facts::new("docker")
    };
    // An image may bear any label, also Kubernetes'; which control group it is in does not depend on it.
    if in_pod || text(&host["CgroupParent"]).is_some_and(|parent| parent.contains("kubepods")) {
        let of = |name: &str| labels.iter().flatten().find(|(label, _)| label == name).map(|(_, value)| value.clone());
        facts.name = of("io.kubernetes.container.name").or(facts.name);
        facts.pod_uid = of("io.kubernetes.pod.uid");
        facts.pod = of("io.kubernetes.pod.name");
        facts.namespace = of("io.kubernetes.pod.namespace");
        let sandbox = of("io.kubernetes.sandbox.id").filter(|sandbox| plain(sandbox.as_bytes()).is_some());
        facts.pod_labels = match sandbox {
            Some(sandbox) => {
                let config = place.json(data.join("containers").join(sandbox).join("config.v2.json"));
                config.and_then(|config| texts(&config.value["Config"]["Labels"]))
            }
            None if of("io.kubernetes.docker.type").as_deref() == Some("podsandbox") => labels.clone(),
            None => None,
        };
        facts.pod_labels = facts.pod_labels.map(of_pod);
    }
    facts.labels = labels;
    Some(facts)
}

/// Labels of a pod's sandbox without those that Kubernetes, and cri-dockerd, added to the pod's.
pub(super) fn of_pod(labels: Vec<(String, String)>) -> Vec<(String, String)> {
    let added = [
        "annotation.",
        "io.kubernetes.container.",
        "io.kubernetes.docker.",
        "io.kubernetes.pod.",
        "io.kubernetes.sandbox.",
    ];
    labels.into_iter().filter(|(name, _)| !added.iter().any(|prefix| name.starts_with(prefix))).collect()
}

/// Of what is mounted, that which lies on the host: not what is in memory.
fn mounts(config: &Value) -> Option<Vec<Mount>> {
    let mount = |mount: &Value| {
        let source = text(&mount["Source"]).filter(|source| source.starts_with('/'))?;
        let destination = text(&mount["Destination"])?;
        Some(Mount { source: source.to_owned(), destination: destination.to_owned(), writable: mount["RW"].as_bool()? })
    };
    Some(config["MountPoints"].as_object()?.values().filter_map(mount).collect())
}

/// The digest of the image's manifest: as Docker says itself (since 25), or as it was pulled by. Else its id, which is the digest
/// of its configuration.
fn digest(place: &Place, data: &Path, config: &Value) -> Option<String> {
    let id = text(&config["Image"]).filter(|id| id.contains(':'));
    let said = text(&config["ImageManifest"]["digest"]).map(str::to_owned);
    let pulled = || {
        let driver = text(&config["Driver"]).filter(|driver| plain(driver.as_bytes()).is_some())?;
        let known = place.json(data.join("image").join(driver).join("repositories.json"))?.value;
        let names = known["Repositories"].as_object()?.values().filter_map(Value::as_object).flatten();
        // It may have been pulled from elsewhere too: the digest of the name that it was started by first.
        let named = text(&config["Config"]["Image"]).unwrap_or_default();
        let of_id = names.filter(|(_, of)| of.as_str().is_some() && of.as_str() == id);
        let digests: Vec<(&str, &str)> = of_id.filter_map(|(name, _)| name.split_once('@')).collect();
        let same = |(repository, _): &&(&str, &str)| {
            named.strip_prefix(repository).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
        };
        digests.iter().find(same).or(digests.first()).map(|(_, digest)| (*digest).to_owned())
    };
    said.or_else(pulled).or_else(|| id.map(str::to_owned))
}

/// Docker writes down when it started one some time after it did; before that it is when its containerd was told to.
fn started(place: &Place, folders: &Folders, id: &str, config: &Value) -> Option<u64> {
    if config["State"]["Running"] == true {
        return time(&config["State"]["StartedAt"]);
    }
    let own = folders.state.iter().map(|state| state.join("containerd/daemon"));
    let mut states = containerd::states().map(PathBuf::from).chain(own);
    states.find_map(|state| place.json(state.join(TASKS).join(DOCKERS).join(id).join("config.json"))?.written)
}

/// The folders, of those that run by now or did some seconds ago.
fn folders(place: &Place) -> Folders {
    let mut kept = place.docker.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match kept.as_ref().filter(|kept| kept.at.elapsed() < KEPT_FOR) {
        Some(kept) => kept.folders.clone(),
        None => {
            let folders = find(place);
            *kept = Some(Kept { at: Instant::now(), folders: folders.clone() });
            folders
        }
    }
}

fn find(place: &Place) -> Folders {
    let mut found = Folders::default();
    for process in running(place) {
        found.add_arguments(place, &process);
    }
    found.add_file(place, "/etc/docker/daemon.json");
    found.data.extend(DATA.map(PathBuf::from));
    // With `userns-remap` it keeps data in a folder by user and group.
    let is_mapped =
        |name: &String| name.split_once('.').is_some_and(|(user, group)| is_number(user) && is_number(group));
    let below = found.data.iter().flat_map(|data| {
        let names = place.folders(data).into_iter().filter(is_mapped);
        names.map(move |name| data.join(name))
    });
    let below: Vec<PathBuf> = below.collect();
    found.data.extend(below);
    found
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Folders {
    fn add_arguments(&mut self, place: &Place, arguments: &[String]) {
        let given = |option: &str| {
            arguments.iter().enumerate().find_map(|(at, argument)| match argument.strip_prefix(option)? {
                "" => arguments.get(at + 1).map(String::as_str),
                value => value.strip_prefix('='),
            })
        };
        add(&mut self.data, ["--data-root", "--graph", "-g"].into_iter().find_map(given));
        add(&mut self.state, given("--exec-root"));
        if let Some(file) = given("--config-file").filter(|file| file.starts_with('/')) {
            self.add_file(place, file);
        }
    }

    fn add_file(&mut self, place: &Place, file: &str) {
        if let Some(config) = place.json(file) {
            add(&mut self.data, text(&config.value["data-root"]).or(text(&config.value["graph"])));
            add(&mut self.state, text(&config.value["exec-root"]));
        }
    }
}

fn add(folders: &mut Vec<PathBuf>, folder: Option<&str>) {
    if let Some(folder) = folder.map(PathBuf::from).filter(|folder| folder.is_absolute() && !folders.contains(folder)) {
        folders.push(folder);
    }
}

/// Arguments of the Dockers that run: root's, as anybody can call a process so, and with the host's files, not in a container.
fn running(place: &Place) -> Vec<Vec<String>> {
    let files = |process: &str| std::fs::read_link(place.path("proc").join(process).join("ns/mnt")).ok();
    // The first process's, where it may be asked for them, and those that are read here.
    let host = [files("1"), files("self")];
    let processes = std::fs::read_dir(place.path("proc")).into_iter().flatten().flatten();
    let names = processes.filter_map(|process| process.file_name().into_string().ok());
    let dockers = names.filter(|process| {
        is_number(process)
            && place.proc(&format!("{process}/comm")).is_some_and(|name| name == b"dockerd\n")
            && place.proc(&format!("{process}/status")).is_some_and(|status| is_roots(&status))
            && files(process).is_some_and(|files| host.contains(&Some(files)))
    });
    let arguments = dockers.filter_map(|process| place.proc(&format!("{process}/cmdline")));
    let texts =
        |line: Vec<u8>| line.split(|byte| *byte == 0).map(|one| String::from_utf8_lossy(one).into_owned()).collect();
    arguments.map(texts).collect()
}

/// Whether all four user ids of a `status` are root's.
fn is_roots(status: &[u8]) -> bool {
    let mut lines = status.split(|byte| *byte == b'\n');
    lines.any(|line| line.strip_prefix(b"Uid:").is_some_and(|ids| ids.trim_ascii() == b"0\t0\t0\t0"))
}
