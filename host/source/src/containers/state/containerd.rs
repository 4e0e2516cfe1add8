//! containerd, whoever uses it: Kubernetes, nerdctl, Docker.
//!
//! Read are `config.json` (the OCI specification) of the bundles in its state folder, which are there while a container is.
//! Labels, and images of nerdctl's containers, stand in its database only, and are not known.

use super::facts::Facts;
use super::place::Place;
use super::spec;

/// State folders: containerd's own, those that Docker starts by itself, and of K3s (RKE2), k0s and MicroK8s.
const STATES: [&str; 6] = [
    "run/containerd",
    "run/docker/containerd/daemon",
    "run/docker/containerd",
    "run/k3s/containerd",
    "run/k0s/containerd",
    "var/snap/microk8s/common/run/containerd",
];
/// What holds the bundles in them, by namespace and id.
pub(super) const TASKS: &str = "io.containerd.runtime.v2.task";
/// Docker's namespace.
pub(super) const DOCKERS: &str = "moby";

/// The state folders in which Docker's containers may be.
pub(super) fn states() -> impl Iterator<Item = &'static str> {
    STATES.into_iter()
}

pub(super) fn read(place: &Place, id: &str) -> Option<Facts> {
    states().find_map(|state| {
        let tasks = format!("{state}/{TASKS}");
        place.folders(&tasks).iter().find_map(|namespace| {
            let found = place.json(format!("{tasks}/{namespace}/{id}/config.json"))?;
            let spec = &found.value;
            let of = |name: &str| spec::annotation(spec, name);
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let runtime = if namespace == DOCKERS { "docker" } else { "containerd" };
            Some(Facts {
                // Of a pod's sandbox there is none.
                name: owned(of("io.kubernetes.cri.container-name").or_else(|| of("nerdctl/name"))),
                image: owned(
                    of("io.kubernetes.cri.image-name").or_else(|| of("io.kubernetes.cri.podsandbox.image-name")),
                ),
                privileged: spec::privileged(spec),
                // It is written when the container is started.
                started: found.written,
                mounts: spec::mounts(spec, &[Some(id), of("io.kubernetes.cri.sandbox-id")]),
                pod_uid: owned(of("io.kubernetes.cri.sandbox-uid")),
                pod: owned(of("io.kubernetes.cri.sandbox-name")),
                namespace: owned(of("io.kubernetes.cri.sandbox-namespace")),
                ..Facts::new(runtime)
            })
        })
    })
}
