use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use lanner_abi::field;
use serde_json::{Value as Json, json};

use super::*;

const ID: &str = "4b827036a405e216a3f9ac5dd0632a4ee1c005f5b18c29cf783f93861ca57352";
const SANDBOX: &str = "78026cb41ddae1174cd771fe11cf4aae6f1c7086bb163f6ba227978eb8c30ebb";
const IMAGE: &str = "e473349e2e288fa9301c0087f3e48ac142ee10c765c1cc5b11cd3b5e62c91a3c";
const MANIFEST: &str = "sha256:b411f599540cd736b2e50be4c994a80414fc476c6c74fb14853d9fa14e2ed017";
const UID: &str = "0f0d2c1e-5b9e-4a3c-9f6e-2d1c0b9a8e7f";
/// 2026-11-29T16:02:34.40139537Z.
const STARTED: u64 = 1_795_968_154_401_395_370;

/// A root folder with what runtimes wrote there.
struct Root {
    folder: tempfile::TempDir,
    place: Place,
}

impl Root {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::new(folder.path());
        Self { folder, place }
    }

    fn write(&self, path: impl AsRef<str>, content: impl AsRef<[u8]>) {
        let path = self.folder.path().join(path.as_ref().trim_start_matches('/'));
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, content).expect("a file");
    }

    fn json(&self, path: impl AsRef<str>, content: &Json) {
        self.write(path, content.to_string());
    }

    fn read(&self, runtime: Option<&'static str>, pod_uid: Option<&str>) -> Option<Found> {
        self.read_id(ID, runtime, pod_uid)
    }

    fn read_id(&self, id: &str, runtime: Option<&'static str>, pod_uid: Option<&str>) -> Option<Found> {
        // A process that has just begun is found.
        *self.place.docker.lock().expect("unharmed") = None;
        let pod_uid = pod_uid.map(|uid| uid.as_bytes().to_vec());
        read_in(&self.place, &Identity { id: id.into(), runtime, pod_uid, whole: true, of_user: false }).map(Found)
    }

    /// When a file was written.
    fn written(&self, path: &str) -> u64 {
        let time = fs::metadata(self.folder.path().join(path)).and_then(|facts| facts.modified()).expect("a time");
        let since = time.duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        u64::try_from(since.as_nanos()).expect("before 2554")
    }
}

struct Found(OwnedRecord);

impl Found {
    fn text(&self, field: &lanner_abi::FieldInfo) -> Option<&str> {
        self.0.get().bytes(field).map(|text| std::str::from_utf8(text).expect("UTF-8"))
    }

    fn number(&self, field: &lanner_abi::FieldInfo) -> Option<u64> {
        match self.0.get().value(field)? {
            lanner_abi::Value::Unsigned(number) => Some(number),
            lanner_abi::Value::Bool(yes) => Some(yes.into()),
            other => panic!("{other:?}"),
        }
    }

    fn labels(&self, field: &lanner_abi::FieldInfo) -> Option<Vec<(String, String)>> {
        let text = |label: &lanner_abi::RecordRef<'_>, field| {
            String::from_utf8(label.bytes(field).expect("there").to_vec()).expect("UTF-8")
        };
        let labels = self.0.get().list(field)?;
        Some(labels.map(|one| (text(&one, field::label::NAME), text(&one, field::label::VALUE))).collect())
    }

    /// `SOURCE DESTINATION`, and ` w` where it is writable.
    fn mounts(&self) -> Option<Vec<String>> {
        let shown = |mount: lanner_abi::RecordRef<'_>| {
            let text = |field| std::str::from_utf8(mount.bytes(field).expect("there")).expect("UTF-8");
            let writable = mount.value(field::container_mount::WRITABLE) == Some(lanner_abi::Value::Bool(true));
            let access = if writable { " w" } else { "" };
            format!("{} {}{access}", text(field::container_mount::SOURCE), text(field::container_mount::DESTINATION))
        };
        Some(self.0.get().list(field::container::MOUNTS)?.map(shown).collect())
    }

    /// Runtime, name, image, repository, tag, digest.
    fn names(&self) -> [Option<&str>; 6] {
        use field::container::{IMAGE, IMAGE_DIGEST, IMAGE_REPOSITORY, IMAGE_TAG, NAME, RUNTIME};
        [RUNTIME, NAME, IMAGE, IMAGE_REPOSITORY, IMAGE_TAG, IMAGE_DIGEST].map(|field| self.text(field))
    }

    /// Uid, name and namespace.
    fn pod(&self) -> [Option<&str>; 3] {
        [field::container::POD_UID, field::container::POD, field::container::NAMESPACE].map(|field| self.text(field))
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
    Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn docker_config() -> Json {
    json!({
        "State": {"Running": true, "Pid": 16917, "StartedAt": "2026-11-29T16:02:34.40139537Z",
            "FinishedAt": "0001-01-01T00:00:00Z", "Health": null},
        "ID": ID,
        "Config": {"Hostname": "4b827036a405", "Env": null, "Image": "lannertest:one", "Labels": {"team": "blue"}},
        "Image": format!("sha256:{IMAGE}"),
        "Name": "/web",
        "Driver": "overlay2",
        "MountPoints": {
            "/in": {"Source": "/srv/data", "Destination": "/in", "RW": false, "Type": "bind"},
            "/vol": {"Source": "/var/lib/docker/volumes/v/_data", "Destination": "/vol", "RW": true, "Name": "v",
                "Type": "volume"},
            "/t": {"Source": "", "Destination": "/t", "RW": true, "Type": "tmpfs"},
        },
    })
}

fn docker_host(privileged: bool, parent: &str) -> Json {
    json!({"Binds": ["/srv/data:/in:ro"], "CgroupParent": parent, "Privileged": privileged, "MaskedPaths": null})
}

fn docker(root: &Root, data: &str, config: &Json) {
    root.json(format!("{data}/containers/{ID}/config.v2.json"), config);
    root.json(format!("{data}/containers/{ID}/hostconfig.json"), &docker_host(true, ""));
}

#[test]
fn docker_says_all() {
    let root = Root::new();
    docker(&root, "/var/lib/docker", &docker_config());
    for runtime in [Some("docker"), None] {
        let found = root.read(runtime, None).expect("found");
        let digest = format!("sha256:{IMAGE}");
        let names =
            [Some("docker"), Some("web"), Some("lannertest:one"), Some("lannertest"), Some("one"), Some(&*digest)];
        assert_eq!(found.names(), names);
        assert_eq!(found.text(field::container::ID), Some(ID));
        assert_eq!(found.number(field::container::STARTED), Some(STARTED));
        assert_eq!(found.number(field::container::PRIVILEGED), Some(1));
        assert_eq!(found.labels(field::container::LABELS), pairs(&[("team", "blue")]));
        assert_eq!(found.labels(field::container::POD_LABELS), None);
        let mounts = ["/srv/data /in", "/var/lib/docker/volumes/v/_data /vol w"];
        assert_eq!(found.mounts().expect("mounts"), mounts);
        assert_eq!(found.pod(), [None; 3]);
    }
    assert!(root.read(Some("podman"), None).is_none());
    assert!(root.read_id(SANDBOX, Some("docker"), None).is_none());
}

#[test]
fn docker_knows_what_was_pulled() {
    let root = Root::new();
    let other = MANIFEST.replace("b411", "0000");
    let known = json!({"Repositories": {
        "other": {format!("other@{other}"): format!("sha256:{IMAGE}")},
        "lannertest": {
            "lannertest:one": format!("sha256:{IMAGE}"),
            format!("lannertest@{MANIFEST}"): format!("sha256:{IMAGE}"),
            format!("lannertest@{other}"): "sha256:77",
        },
    }});
    root.json("/var/lib/docker/image/overlay2/repositories.json", &known);
    docker(&root, "/var/lib/docker", &docker_config());
    assert_eq!(root.read(None, None).expect("found").text(field::container::IMAGE_DIGEST), Some(MANIFEST));
    let mut config = docker_config();
    config["Config"]["Image"] = json!(IMAGE[..12]);
    docker(&root, "/var/lib/docker", &config);
    let found = root.read(None, None).expect("found");
    assert_eq!(found.names()[2..5], [Some(&IMAGE[..12]), None, None]);
    // As Docker 25 says it; and as the image was asked for.
    let mut config = docker_config();
    config["ImageManifest"] = json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": other});
    docker(&root, "/var/lib/docker", &config);
    assert_eq!(root.read(None, None).expect("found").text(field::container::IMAGE_DIGEST), Some(&*other));
    config["Config"]["Image"] = json!(format!("lannertest@{MANIFEST}"));
    docker(&root, "/var/lib/docker", &config);
    let found = root.read(None, None).expect("found");
    assert_eq!(found.names()[3..], [Some("lannertest"), None, Some(MANIFEST)]);
}

#[test]
fn docker_has_just_begun() {
    let root = Root::new();
    let mut config = docker_config();
    config["State"] = json!({"Running": false, "StartedAt": "0001-01-01T00:00:00Z"});
    docker(&root, "/var/lib/docker", &config);
    assert_eq!(root.read(None, None).expect("found").number(field::container::STARTED), None);
    let bundle = format!("run/containerd/io.containerd.runtime.v2.task/moby/{ID}/config.json");
    root.json(&bundle, &json!({}));
    let found = root.read(None, None).expect("found");
    assert_eq!(found.number(field::container::STARTED), Some(root.written(&bundle)));
}

#[test]
fn docker_is_elsewhere() {
    let own = "Name:\tdockerd\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n";
    let process = |root: &Root, id: u32, status: &str, files: &str, line: &str| {
        root.write(format!("/proc/{id}/comm"), "dockerd\n");
        root.write(format!("/proc/{id}/status"), status);
        root.write(format!("/proc/{id}/cmdline"), line);
        fs::create_dir_all(root.folder.path().join(format!("proc/{id}/ns"))).expect("folders");
        symlink(files, root.folder.path().join(format!("proc/{id}/ns/mnt"))).expect("a link");
    };
    let found = |prepare: &dyn Fn(&Root)| {
        let root = Root::new();
        process(&root, 1, own, "mnt:[1]", "");
        docker(&root, "/data", &docker_config());
        prepare(&root);
        root.read(Some("docker"), None).is_some()
    };
    assert!(!found(&|_| ()));
    assert!(found(&|root| root.json("/etc/docker/daemon.json", &json!({"data-root": "/data"}))));
    assert!(!found(&|root| root.json("/etc/docker/daemon.json", &json!({"data-root": ["/data"]}))));
    assert!(found(&|root| process(root, 7, own, "mnt:[1]", "dockerd\0--data-root\0/data\0")));
    assert!(found(&|root| process(root, 7, own, "mnt:[1]", "dockerd\0-D\0--data-root=/data\0-H\0fd://\0")));
    assert!(!found(&|root| process(root, 7, own, "mnt:[1]", "dockerd\0--data-root\0")));
    assert!(found(&|root| {
        root.json("/srv/docker.json", &json!({"data-root": "/data"}));
        process(root, 7, own, "mnt:[1]", "dockerd\0--config-file=/srv/docker.json\0");
    }));
    // Somebody's, and one in a container.
    let others = own.replace("\t0\t0\t0\t0", "\t1000\t0\t0\t0");
    assert!(!found(&|root| process(root, 7, &others, "mnt:[1]", "dockerd\0--data-root\0/data\0")));
    assert!(!found(&|root| process(root, 7, own, "mnt:[2]", "dockerd\0--data-root\0/data\0")));
    // With `userns-remap`.
    assert!(found(&|root| docker(root, "/var/lib/docker/165536.165536", &docker_config())));
}

#[test]
fn docker_below_kubernetes() {
    let root = Root::new();
    let folder = "/var/lib/docker/containers";
    let mut config = docker_config();
    config["Name"] = json!("/k8s_app_web-0_shop_uid_0");
    config["Config"]["Labels"] = json!({
        "io.kubernetes.container.name": "app",
        "io.kubernetes.docker.type": "container",
        "io.kubernetes.pod.name": "web-0",
        "io.kubernetes.pod.namespace": "shop",
        "io.kubernetes.pod.uid": UID,
        "io.kubernetes.sandbox.id": SANDBOX,
    });
    let mut sandbox = docker_config();
    sandbox["Config"]["Labels"] = json!({
        "annotation.kubernetes.io/config.seen": "2026-11-29",
        "app": "web",
        "io.kubernetes.container.name": "POD",
        "io.kubernetes.docker.type": "podsandbox",
        "io.kubernetes.pod.name": "web-0",
        "io.kubernetes.pod.uid": UID,
    });
    docker(&root, "/var/lib/docker", &config);
    root.json(format!("{folder}/{SANDBOX}/config.v2.json"), &sandbox);
    // An image's own labels, for all that is known.
    let found = root.read(None, None).expect("found");
    assert_eq!(found.pod(), [None; 3]);
    assert_eq!(found.text(field::container::NAME), Some("k8s_app_web-0_shop_uid_0"));
    let check = |id: &str, pod_uid: Option<&str>, name: &str, namespace: Option<&str>| {
        let found = root.read_id(id, None, pod_uid).expect("found");
        assert_eq!(found.pod(), [Some(UID), Some("web-0"), namespace]);
        assert_eq!(found.text(field::container::NAME), Some(name));
        assert_eq!(found.labels(field::container::POD_LABELS), pairs(&[("app", "web")]));
    };
    check(ID, Some(UID), "app", Some("shop"));
    for id in [ID, SANDBOX] {
        root.json(format!("{folder}/{id}/hostconfig.json"), &docker_host(false, "kubepods-besteffort-pod1.slice"));
    }
    check(ID, None, "app", Some("shop"));
    check(SANDBOX, None, "POD", None);
    // What is no id is no path.
    config["Config"]["Labels"]["io.kubernetes.sandbox.id"] = json!(format!("../containers/{SANDBOX}"));
    docker(&root, "/var/lib/docker", &config);
    let found = root.read(None, Some(UID)).expect("found");
    assert_eq!(found.labels(field::container::POD_LABELS), None);
}

fn oci(annotations: &Json, mounts: &Json) -> Json {
    json!({
        "ociVersion": "1.0.2-dev",
        "process": {"args": ["/bin/sleep", "3000"], "capabilities": {"bounding": ["CAP_CHOWN", "CAP_KILL"]}},
        "root": {"path": "rootfs"},
        "mounts": mounts,
        "annotations": annotations,
        "linux": {"namespaces": [{"type": "pid"}], "maskedPaths": ["/proc/acpi"], "readonlyPaths": ["/proc/bus"]},
    })
}

fn podman(root: &Root, folder: &str, list: &str, annotations: &Json) {
    let metadata =
        json!({"image-name": "localhost/h15:one", "image-id": IMAGE, "name": "box", "created-at": 1795968169});
    let containers = json!([
        {"id": SANDBOX, "names": ["other"]},
        {"id": ID, "names": ["box"], "image": IMAGE, "metadata": metadata.to_string(), "flags": {"Volatile": true}},
    ]);
    let images = json!([{"id": IMAGE, "digest": MANIFEST, "names": ["localhost/h15:one"]}]);
    let mounts = json!([
        {"destination": "/in", "type": "bind", "source": "/srv/data", "options": ["ro", "rprivate", "rbind"]},
        {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/vol", "type": "bind", "source": "/srv/v", "options": ["rw", "rprivate", "rbind"]},
        {"destination": "/etc/hosts", "type": "bind", "options": ["bind", "rprivate"],
            "source": format!("/run/containers/storage/overlay-containers/{ID}/userdata/hosts")},
    ]);
    root.json(format!("{folder}/overlay-containers/{list}"), &containers);
    root.json("/var/lib/containers/storage/overlay-images/images.json", &images);
    root.json(format!("{folder}/overlay-containers/{ID}/userdata/config.json"), &oci(annotations, &mounts));
}

#[test]
fn podman_says_most() {
    let storage = "var/lib/containers/storage";
    for (folder, list) in [
        (storage, "containers.json"),
        (storage, "volatile-containers.json"),
        ("run/containers/storage", "volatile-containers.json"),
    ] {
        let root = Root::new();
        let of = |privileged: &str| {
            json!({"io.container.manager": "libpod", "io.kubernetes.cri-o.Created": "2026-11-29T16:02:49.948Z",
                "io.podman.annotations.privileged": privileged})
        };
        podman(&root, folder, list, &of("FALSE"));
        for runtime in [Some("podman"), None] {
            let found = root.read(runtime, None).expect("found");
            let image = Some("localhost/h15:one");
            let names = [Some("podman"), Some("box"), image, Some("localhost/h15"), Some("one"), Some(MANIFEST)];
            assert_eq!(found.names(), names, "{folder}/{list}");
            assert_eq!(found.mounts().expect("mounts"), ["/srv/data /in", "/srv/v /vol w"]);
            assert_eq!(found.number(field::container::PRIVILEGED), Some(0));
            let spec = format!("{folder}/overlay-containers/{ID}/userdata/config.json");
            assert_eq!(found.number(field::container::STARTED), Some(root.written(&spec)));
            assert_eq!(found.labels(field::container::LABELS), None);
        }
        podman(&root, folder, list, &of("TRUE"));
        assert_eq!(root.read(None, None).expect("found").number(field::container::PRIVILEGED), Some(1));
        assert!(root.read(Some("cri-o"), None).is_none());
    }
}

#[test]
fn containerd_below_kubernetes() {
    let root = Root::new();
    let pod = json!({
        "io.kubernetes.cri.container-name": "app",
        "io.kubernetes.cri.container-type": "container",
        "io.kubernetes.cri.image-name": "registry.example:5000/shop/app:v1",
        "io.kubernetes.cri.sandbox-id": SANDBOX,
        "io.kubernetes.cri.sandbox-name": "web-0",
        "io.kubernetes.cri.sandbox-namespace": "shop",
        "io.kubernetes.cri.sandbox-uid": UID,
    });
    let token = format!("/var/lib/kubelet/pods/{UID}/volumes/kubernetes.io~projected/kube-api-access-x");
    let mounts = json!([
        {"destination": "/etc/hostname", "type": "bind", "options": ["rbind", "rprivate", "rw"],
            "source": format!("/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{SANDBOX}/hostname")},
        {"destination": "/run/secrets/kubernetes.io/serviceaccount", "type": "bind", "source": token,
            "options": ["rbind", "rprivate", "ro"]},
    ]);
    for state in ["run/containerd", "run/k3s/containerd"] {
        let spec = format!("{state}/io.containerd.runtime.v2.task/k8s.io/{ID}/config.json");
        root.json(&spec, &oci(&pod, &mounts));
        for runtime in [Some("containerd"), None] {
            let found = root.read(runtime, None).expect("found");
            let image = Some("registry.example:5000/shop/app:v1");
            let repository = Some("registry.example:5000/shop/app");
            assert_eq!(found.names(), [Some("containerd"), Some("app"), image, repository, Some("v1"), None]);
            assert_eq!(found.pod(), [Some(UID), Some("web-0"), Some("shop")]);
            let mount = format!("{token} /run/secrets/kubernetes.io/serviceaccount");
            assert_eq!(found.mounts().expect("mounts"), [mount]);
            assert_eq!(found.number(field::container::PRIVILEGED), Some(0));
            assert_eq!(found.number(field::container::STARTED), Some(root.written(&spec)));
        }
        fs::remove_file(root.folder.path().join(spec)).expect("removed");
    }
}

#[test]
fn containerd_of_others() {
    let root = Root::new();
    let tasks = "run/containerd/io.containerd.runtime.v2.task";
    root.json(format!("{tasks}/default/{ID}/config.json"), &oci(&json!({"nerdctl/name": "box"}), &json!([])));
    let found = root.read(None, None).expect("found");
    assert_eq!(found.names(), [Some("containerd"), Some("box"), None, None, None, None]);
    assert_eq!(found.mounts(), Some(Vec::new()));
    // Docker's, of which no more can be found.
    let root = Root::new();
    root.json(format!("{tasks}/moby/{ID}/config.json"), &oci(&Json::Null, &json!([])));
    for runtime in [Some("docker"), None] {
        assert_eq!(root.read(runtime, None).expect("found").names()[..2], [Some("docker"), None]);
    }
}

#[test]
fn crio_says_all() {
    let root = Root::new();
    let storage = "var/lib/containers/storage";
    let file = |id: &str, name: &str| format!("{storage}/overlay-containers/{id}/userdata/{name}");
    let of_kubernetes = json!({
        "io.kubernetes.container.name": "app",
        "io.kubernetes.pod.name": "web-0",
        "io.kubernetes.pod.namespace": "shop",
        "io.kubernetes.pod.uid": UID,
    });
    let annotations = json!({
        "io.container.manager": "cri-o",
        "io.kubernetes.container.name": "somebody's",
        "io.kubernetes.cri-o.ContainerType": "container",
        "io.kubernetes.cri-o.Image": "docker.io/library/nginx:1.27",
        "io.kubernetes.cri-o.ImageName": "docker.io/library/nginx:other",
        "io.kubernetes.cri-o.ImageRef": IMAGE,
        "io.kubernetes.cri-o.Labels": of_kubernetes.to_string(),
        "io.kubernetes.cri-o.Name": "k8s_app_web-0_shop_uid_0",
        "io.kubernetes.cri-o.SandboxID": SANDBOX,
    });
    let pod_labels = json!({"app": "web", "io.kubernetes.pod.name": "web-0", "io.kubernetes.container.name": "POD"});
    let sandbox = json!({
        "io.kubernetes.cri-o.ContainerType": "sandbox",
        "io.kubernetes.cri-o.KubeName": "web-0",
        "io.kubernetes.cri-o.Labels": pod_labels.to_string(),
        "io.kubernetes.cri-o.Namespace": "shop",
        "io.kubernetes.cri-o.SandboxID": SANDBOX,
    });
    let mounts = json!([
        {"destination": "/srv", "type": "bind", "source": "/srv/data", "options": ["rw", "rbind"]},
        {"destination": "/dev/shm", "type": "bind", "options": ["rw", "bind"],
            "source": format!("/run/containers/storage/overlay-containers/{SANDBOX}/userdata/shm")},
    ]);
    root.json(file(ID, "config.json"), &oci(&annotations, &mounts));
    let found = root.read(None, None).expect("found");
    assert_eq!(found.number(field::container::STARTED), Some(root.written(&file(ID, "config.json"))));
    assert_eq!(found.labels(field::container::POD_LABELS), None);

    root.json(file(SANDBOX, "config.json"), &oci(&sandbox, &json!([])));
    root.json(file(ID, "state.json"), &json!({"started": "2026-11-29T16:02:34.40139537Z", "status": "running"}));
    root.json(format!("{storage}/overlay-images/images.json"), &json!([{"id": IMAGE, "digest": MANIFEST}]));
    for runtime in [Some("cri-o"), None] {
        let found = root.read(runtime, Some(UID)).expect("found");
        let (image, repository) = (Some("docker.io/library/nginx:1.27"), Some("docker.io/library/nginx"));
        assert_eq!(found.names(), [Some("cri-o"), Some("app"), image, repository, Some("1.27"), Some(MANIFEST)]);
        assert_eq!(found.pod(), [Some(UID), Some("web-0"), Some("shop")]);
        assert_eq!(found.labels(field::container::POD_LABELS), pairs(&[("app", "web")]));
        assert_eq!(found.labels(field::container::LABELS).expect("labels").len(), 4);
        assert_eq!(found.number(field::container::STARTED), Some(STARTED));
        assert_eq!(found.mounts().expect("mounts"), ["/srv/data /srv w"]);
    }
    let found = root.read_id(SANDBOX, None, None).expect("found");
    assert_eq!(found.pod(), [None, Some("web-0"), Some("shop")]);
    assert_eq!(found.labels(field::container::POD_LABELS), pairs(&[("app", "web")]));
    assert_eq!(found.text(field::container::NAME), Some("POD"));
}

#[test]
fn some_have_names_only() {
    for runtime in ["systemd-nspawn", "lxc"] {
        let found = Root::new().read_id("my box", Some(runtime), None).expect("found");
        assert_eq!(found.names(), [Some(runtime), Some("my box"), None, None, None, None]);
    }
}

#[test]
fn wrong_types_are_not_known() {
    let root = Root::new();
    let mut config = docker_config();
    config["Name"] = json!(["/web"]);
    config["State"] = json!("up");
    config["Config"]["Labels"] = json!({"a": "b", "c": 7, "d": null});
    config["MountPoints"]["/in"]["RW"] = json!("no");
    config["Image"] = json!(1);
    config["ImageManifest"] = json!(null);
    docker(&root, "/var/lib/docker", &config);
    root.json(format!("/var/lib/docker/containers/{ID}/hostconfig.json"), &json!([{"Privileged": true}]));
    let found = root.read(Some("docker"), None).expect("found");
    let names = [Some("docker"), None, Some("lannertest:one"), Some("lannertest"), Some("one"), None];
    assert_eq!(found.names(), names);
    assert_eq!(found.number(field::container::STARTED), None);
    assert_eq!(found.number(field::container::PRIVILEGED), None);
    assert_eq!(found.labels(field::container::LABELS), pairs(&[("a", "b")]));
    assert_eq!(found.mounts().expect("mounts"), ["/var/lib/docker/volumes/v/_data /vol w"]);
}

#[test]
fn no_content_harms() {
    let root = Root::new();
    let files = [
        format!("var/lib/docker/containers/{ID}/config.v2.json"),
        format!("var/lib/docker/containers/{ID}/hostconfig.json"),
        "etc/docker/daemon.json".to_owned(),
        "var/lib/containers/storage/overlay-containers/containers.json".to_owned(),
        "var/lib/containers/storage/overlay-images/images.json".to_owned(),
        format!("var/lib/containers/storage/overlay-containers/{ID}/userdata/config.json"),
        format!("run/containerd/io.containerd.runtime.v2.task/k8s.io/{ID}/config.json"),
    ];
    let contents: [&[u8]; 9] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"[[[]]]",
        b"{}",
        b"\"\xff\"",
        br#"{"annotations":{"io.kubernetes.cri-o.ContainerType":"x","io.kubernetes.cri-o.Labels":"{"},"Config":[],"Image":"@"}"#,
        &b"[".repeat(100_000),
    ];
    for content in contents {
        for file in &files {
            root.write(file, content);
        }
        for runtime in [None, Some("docker"), Some("podman"), Some("cri-o"), Some("containerd")] {
            root.read(runtime, None);
        }
    }
    for id in ["", ".", "..", "../../etc", "a/b", "\0"] {
        assert!(root.read_id(id, None, None).is_none(), "{id:?}");
    }
}

#[test]
fn files_of_others_are_not_read() {
    let root = Root::new();
    let config = format!("var/lib/docker/containers/{ID}/config.v2.json");
    let path = root.folder.path().join(&config);
    let found = || root.read(Some("docker"), None).is_some();
    docker(&root, "/var/lib/docker", &docker_config());
    assert!(found());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("set");
    assert!(!found());
    fs::remove_file(&path).expect("removed");
    root.json("elsewhere.json", &docker_config());
    symlink(root.folder.path().join("elsewhere.json"), &path).expect("a link");
    assert!(!found());
    fs::remove_file(&path).expect("removed");
    // Nobody writes into it.
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
    assert!(!found());
    fs::remove_file(&path).expect("removed");
    let mut large = docker_config();
    large["Config"]["Env"] = json!(["x".repeat(4 << 20)]);
    root.json(&config, &large);
    assert!(!found());
}

#[test]
fn lists_are_bounded() {
    let root = Root::new();
    let mut config = docker_config();
    let labels: serde_json::Map<String, Json> = (0..2000).map(|one| (one.to_string(), json!("x"))).collect();
    config["Config"]["Labels"] = Json::Object(labels);
    docker(&root, "/var/lib/docker", &config);
    assert_eq!(root.read(None, None).expect("found").labels(field::container::LABELS).expect("labels").len(), 512);
    config["Config"]["Labels"] = json!({"long": "x".repeat(8193), "short": "x"});
    docker(&root, "/var/lib/docker", &config);
    let labels = root.read(None, None).expect("found").labels(field::container::LABELS);
    assert_eq!(labels, pairs(&[("short", "x")]));
}
