//! What was found of a container, and the record of it.

use lanner_abi::{CONTAINER, CONTAINER_MOUNT, FieldInfo, LABEL, OwnedRecord, Value, field};

use super::image::Image;
use crate::containers::Identity;

/// Labels, and mounts, of which a record holds no more.
const MAX_LIST: usize = 512;
/// Labels and mounts with longer texts are left out: a record goes to a module as often as one of its processes does.
const MAX_TEXT: usize = 8192;

/// What is known of a container.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) runtime: &'static str,
    pub(super) name: Option<String>,
    /// The image as it was named.
    pub(super) image: Option<String>,
    /// The id by the beginning of which it may have been named.
    pub(super) image_id: Option<String>,
    /// What it is by the runtime's own account: of its manifest or, where only that is known, its configuration.
    pub(super) digest: Option<String>,
    pub(super) privileged: Option<bool>,
    pub(super) started: Option<u64>,
    pub(super) labels: Option<Vec<(String, String)>>,
    pub(super) mounts: Option<Vec<Mount>>,
    pub(super) pod_uid: Option<String>,
    pub(super) pod: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) pod_labels: Option<Vec<(String, String)>>,
}

/// A part of the host that is mounted into a container.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) writable: bool,
}

impl Facts {
    pub(super) fn new(runtime: &'static str) -> Self {
        Self { runtime, ..Self::default() }
    }

    pub(super) fn record(&self, container: &Identity) -> OwnedRecord {
        let named = self.image.as_deref().map(|name| Image::of(name, self.image_id.as_deref())).unwrap_or_default();
        // What was asked for by its digest is that, whatever else the runtime calls it.
        let digest = named.digest.as_ref().or(self.digest.as_ref());
        // The control group says surely which pod it is.
        let pod_uid = container.pod_uid.as_deref().or(self.pod_uid.as_ref().map(String::as_bytes));
        let mut record = OwnedRecord::new(&CONTAINER);
        set(&mut record, field::container::ID, Some(container.id.as_slice()));
        set(&mut record, field::container::RUNTIME, Some(self.runtime));
        set(&mut record, field::container::NAME, self.name.as_deref());
        set(&mut record, field::container::IMAGE, self.image.as_deref());
        set(&mut record, field::container::IMAGE_REPOSITORY, named.repository.as_deref());
        set(&mut record, field::container::IMAGE_TAG, named.tag.as_deref());
        set(&mut record, field::container::IMAGE_DIGEST, digest.map(String::as_str));
        set(&mut record, field::container::PRIVILEGED, self.privileged);
        set(&mut record, field::container::STARTED, self.started);
        set(&mut record, field::container::POD_UID, pod_uid);
        set(&mut record, field::container::POD, self.pod.as_deref());
        set(&mut record, field::container::NAMESPACE, self.namespace.as_deref());
        set_list(&mut record, field::container::LABELS, self.labels.as_deref().map(labels));
        set_list(&mut record, field::container::POD_LABELS, self.pod_labels.as_deref().map(labels));
        set_list(&mut record, field::container::MOUNTS, self.mounts.as_deref().map(mounts));
        record
    }
}

fn labels(labels: &[(String, String)]) -> Vec<OwnedRecord> {
    let short = labels.iter().filter(|(name, value)| name.len() <= MAX_TEXT && value.len() <= MAX_TEXT);
    let record = |(name, value): &(String, String)| {
        let mut record = OwnedRecord::new(&LABEL);
        set(&mut record, field::label::NAME, Some(name.as_str()));
        set(&mut record, field::label::VALUE, Some(value.as_str()));
        record
    };
    short.take(MAX_LIST).map(record).collect()
}

fn mounts(mounts: &[Mount]) -> Vec<OwnedRecord> {
    let short = mounts.iter().filter(|mount| mount.source.len() <= MAX_TEXT && mount.destination.len() <= MAX_TEXT);
    let record = |mount: &Mount| {
        let mut record = OwnedRecord::new(&CONTAINER_MOUNT);
        set(&mut record, field::container_mount::SOURCE, Some(mount.source.as_str()));
        set(&mut record, field::container_mount::DESTINATION, Some(mount.destination.as_str()));
        set(&mut record, field::container_mount::WRITABLE, Some(mount.writable));
        record
    };
    short.take(MAX_LIST).map(record).collect()
}

fn set<'a>(record: &mut OwnedRecord, field: &FieldInfo, value: Option<impl Into<Value<'a>>>) {
    if let Err(wrong) = record.set(field, value.map(Into::into)) {
        tracing::debug!("a container is described without {}: {wrong}", field.name);
    }
}

fn set_list(record: &mut OwnedRecord, field: &FieldInfo, list: Option<Vec<OwnedRecord>>) {
    if let Some(list) = list
        && let Err(wrong) = record.set_list(field, &list)
    {
        tracing::debug!("a container is described without {}: {wrong}", field.name);
    }
}
