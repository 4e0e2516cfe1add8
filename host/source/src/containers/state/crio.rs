//! CRI-O: its annotations in a container's OCI specification, and its pod's.

use super::facts::Facts;
use super::place::{Place, text, texts_within, time};
use super::{docker, plain, spec, storage};

pub(super) fn read(place: &Place, id: &str) -> Option<Facts> {
    let found = storage::file(place, id, "config.json")?;
    let own = |name: &str| spec::annotation(&found.value, &format!("io.kubernetes.cri-o.{name}"));
    // Podman writes some of these too.
    let is_sandbox = own("ContainerType")? == "sandbox";
    let labels = own("Labels").and_then(texts_within);
    // Kubernetes' own: among the annotations are also those that whoever made the pod wrote.
    let of = |name: &str| {
        let given = labels.iter().flatten().find(|(label, _)| label == name).map(|(_, value)| value.as_str());
        given.or_else(|| spec::annotation(&found.value, name)).filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let sandbox = own("SandboxID").filter(|sandbox| !is_sandbox && plain(sandbox.as_bytes()).is_some());
    let sandbox = sandbox.and_then(|sandbox| storage::file(place, sandbox, "config.json"));
    let of_sandbox = sandbox.as_ref().map_or(&found.value, |sandbox| &sandbox.value);
    let pod_labels = spec::annotation(of_sandbox, "io.kubernetes.cri-o.Labels").and_then(texts_within);
    let pod_labels = pod_labels.filter(|_| is_sandbox || sandbox.is_some());
    let named = own("Image").filter(|image| !image.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let state = storage::file(place, id, "state.json");
    Some(Facts {
        name: of("io.kubernetes.container.name").or_else(|| owned(own("Name"))),
        image: owned(named.or_else(|| own("ImageName")).or_else(|| own("Image"))),
        digest: own("ImageRef").and_then(|image| digest(place, image)),
        privileged: spec::privileged(&found.value),
        // The specification is written somewhat before the container is started.
        started: state.and_then(|state| time(&state.value["started"])).or(found.written),
        mounts: spec::mounts(&found.value, &[Some(id), own("SandboxID")]),
        pod_uid: of("io.kubernetes.pod.uid"),
        pod: of("io.kubernetes.pod.name")
            .or_else(|| owned(text(&of_sandbox["annotations"]["io.kubernetes.cri-o.KubeName"]))),
        namespace: of("io.kubernetes.pod.namespace").or_else(|| owned(own("Namespace"))),
        pod_labels: pod_labels.map(docker::of_pod),
        labels,
        ..Facts::new("cri-o")
    })
}

/// Earlier versions give the name with its digest, later ones the id.
fn digest(place: &Place, image: &str) -> Option<String> {
    match image.split_once('@') {
        Some((_, digest)) => Some(digest.to_owned()),
        None => storage::digest(place, image),
    }
}
