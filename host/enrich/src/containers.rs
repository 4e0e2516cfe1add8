//! Containers and control groups: whose a process is.

use std::collections::HashMap;
use std::sync::Arc;

use lanner_abi::{CONTAINER, FieldInfo, OwnedRecord, Value, field};
use lanner_source::containers::Identity;

/// Bytes of control groups that are known at most; who may make them chooses their names.
const MAX_BYTES: usize = 32 << 20;
/// What a group costs beside its path.
const GROUP_BYTES: usize = 256;

/// A control group.
#[derive(Clone)]
pub(crate) struct Group {
    pub(crate) path: Arc<[u8]>,
    /// The container that it is of.
    pub(crate) container: Option<Arc<OwnedRecord>>,
    /// A user may have named it as he liked.
    of_user: bool,
}

/// All control groups that are there.
#[derive(Default)]
pub(crate) struct Containers {
    groups: HashMap<u64, Group>,
    bytes: usize,
}

impl Containers {
    /// The group of this id.
    pub(crate) fn group(&self, id: u64) -> Option<&Group> {
        self.groups.get(&id)
    }

    /// The paths of all groups, by their ids.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (u64, Arc<[u8]>)> {
        self.groups.iter().map(|(id, group)| (*id, group.path.clone()))
    }

    /// What is known of containers; of one as often as it has groups.
    pub(crate) fn told(&self) -> impl Iterator<Item = &Arc<OwnedRecord>> {
        let believed = self.groups.values().filter(|group| !group.of_user);
        believed.filter_map(|group| group.container.as_ref())
    }

    /// A group is there. Tells whether that is new.
    pub(crate) fn add(&mut self, id: u64, path: &[u8], identity: Option<&Identity>) -> bool {
        let known = self.groups.get(&id).is_some_and(|group| *group.path == *path);
        let cost = path.len() + GROUP_BYTES;
        let added = !known && self.bytes + cost <= MAX_BYTES;
        if added {
            // Another group of the same container may know more of it.
            let of_user = identity.is_some_and(|identity| identity.of_user);
            let container = identity.map(|identity| {
                let others = self.groups.values().filter(|group| group.of_user == of_user);
                let mut other = others.filter_map(|group| group.container.as_ref());
                let same = |record: &&Arc<OwnedRecord>| id_of(record) == identity.id;
                other.find(same).cloned().unwrap_or_else(|| Arc::new(as_record(identity)))
            });
            self.remove(id);
            self.bytes += cost;
            self.groups.insert(id, Group { path: path.into(), container, of_user });
        }
        added
    }

    /// A group is gone. Processes that were in it keep what is known of it.
    pub(crate) fn remove(&mut self, id: u64) {
        if let Some(group) = self.groups.remove(&id) {
            self.bytes -= group.path.len() + GROUP_BYTES;
        }
    }

    /// A runtime told of a container. Gives the ids of its groups.
    pub(crate) fn complete(&mut self, told: &OwnedRecord) -> Vec<u64> {
        let id = id_of(told);
        let mut completed: Option<Arc<OwnedRecord>> = None;
        let mut ids = Vec::new();
        for (group_id, group) in self.groups.iter_mut().filter(|(_, group)| !group.of_user) {
            let Some(known) = group.container.as_mut().filter(|known| id_of(known) == id) else { continue };
            let completed = completed.get_or_insert_with(|| Arc::new(with_what_only(known, told)));
            *known = completed.clone();
            ids.push(*group_id);
        }
        ids
    }
}

fn id_of(container: &OwnedRecord) -> &[u8] {
    container.get().bytes(field::container::ID).unwrap_or_default()
}

/// What the path of its control group tells of a container.
fn as_record(identity: &Identity) -> OwnedRecord {
    let mut record = OwnedRecord::new(&CONTAINER);
    let mut set = |at: &FieldInfo, text: Option<&[u8]>| {
        // They are texts.
        let _ = record.set(at, text.map(Value::Text));
    };
    set(field::container::ID, Some(&identity.id));
    set(field::container::RUNTIME, identity.runtime.map(str::as_bytes));
    set(field::container::POD_UID, identity.pod_uid.as_deref());
    record
}

/// What was told, and what was known before and was not told.
fn with_what_only(known: &OwnedRecord, told: &OwnedRecord) -> OwnedRecord {
    let mut record = told.clone();
    for at in [field::container::RUNTIME, field::container::POD_UID] {
        if let Some(text) = known.get().bytes(at).filter(|_| !told.get().has(at)) {
            let _ = record.set(at, Some(Value::Text(text)));
        }
    }
    record
}

#[cfg(test)]
mod tests {
    use lanner_source::containers::identify;

    use super::*;

    const ID: &str = "c5cd56863fee6215269977425a5475eba1cc719be26a0c8fe4b1fd38c0774b28";

    #[test]
    fn what_a_runtime_tells_completes_all_groups_of_a_container() {
        let mut containers = Containers::default();
        let path = format!("/docker/{ID}");
        let add = |containers: &mut Containers, id: u64, path: &str| {
            containers.add(id, path.as_bytes(), identify(path.as_bytes()).as_ref())
        };
        assert!(add(&mut containers, 7, &path));
        assert!(!add(&mut containers, 7, &path), "it is known");
        assert!(add(&mut containers, 8, &format!("{path}/init.scope")));
        assert!(add(&mut containers, 9, "/system.slice"));
        // Anybody's word.
        assert!(add(&mut containers, 11, &format!("/user.slice/x/docker-{ID}.scope")));
        let told = OwnedRecord::new(&CONTAINER).with(field::container::ID, ID).with(field::container::NAME, "web");
        let mut completed = containers.complete(&told);
        completed.sort_unstable();
        assert_eq!(completed, [7, 8]);
        let of = |containers: &Containers, id: u64| containers.group(id).and_then(|group| group.container.clone());
        let (whole, within) = (of(&containers, 7).expect("one"), of(&containers, 8).expect("one"));
        assert!(Arc::ptr_eq(&whole, &within));
        assert_eq!(whole.get().text(field::container::NAME), "web");
        assert_eq!(whole.get().text(field::container::RUNTIME), "docker");
        assert!(of(&containers, 9).is_none());
        let claimed = of(&containers, 11).expect("one");
        assert!(!claimed.get().has(field::container::NAME) && claimed.get().text(field::container::ID) == ID);
        // One that comes later knows as much.
        add(&mut containers, 10, &format!("{path}/late"));
        let late = of(&containers, 10).expect("one");
        assert!(Arc::ptr_eq(&whole, &late));
    }

    #[test]
    fn groups_are_bounded_in_bytes() {
        let mut containers = Containers::default();
        let path = vec![b'g'; 4096];
        for id in 0..20_000_u64 {
            containers.add(id, &[path.as_slice(), &id.to_string().into_bytes()].concat(), None);
        }
        assert!(containers.bytes <= MAX_BYTES && containers.groups.len() > 7_000);
        for id in 0..20_000 {
            containers.remove(id);
        }
        assert_eq!((containers.bytes, containers.groups.len()), (0, 0));
    }
}
