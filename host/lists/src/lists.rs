//! All lists of all packs, as they are now.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::SystemTime;

use lanner_abi::Value;
use lanner_contract::{List, ListType};

use crate::given::{Folder, FolderError, Given, ListName, Stamp, Way};
use crate::members::{Builder, Members};

/// Memory that all lists may take together, bytes.
const MAX_MEMORY: usize = 1 << 30;

/// The lists of a host. Cheap to clone.
#[derive(Clone, Default)]
pub struct Lists(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Held as long as something is read.
    state: Mutex<State>,
    /// What holds now, and what is said of it: replaced as a whole.
    now: RwLock<(Arc<Snapshot>, Arc<[ListStatus]>)>,
}

/// All lists at a time, by their numbers.
#[derive(Debug, Default)]
pub struct Snapshot(Vec<Parts>);

/// What a list has: what its pack brings along, or what replaces that, and what is added.
type Parts = Box<[Arc<Members>]>;

/// The lists of a pack: by their places in its description the numbers by which a [`Snapshot`] knows them. As long as it is
/// held, so are they. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Bound(Arc<[(u32, Arc<()>)]>);

/// How a list stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListStatus {
    /// The pack that goes by it.
    pub pack: String,
    /// Its name.
    pub list: String,
    /// What it holds.
    pub holds: String,
    /// Its entries.
    pub entries: usize,
    /// Memory that they take, bytes.
    pub bytes: usize,
    /// Where they come from, each as people write it; nothing for what the pack brings along.
    pub from: Vec<String>,
    /// When the last of it was read, ns since 1970 (UTC); 0 where that is what the pack brings along.
    pub loaded_ns: u64,
    /// How often it was to be read anew and could not be used.
    pub refused: u64,
    /// Why, where that holds still.
    pub trouble: Option<String>,
}

/// A list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The folder cannot.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Two say what it is.
    #[error("both {one} and {other} are to replace the list {name}: one of them can only add to it")]
    Twice {
        /// Which.
        name: ListName,
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// What is given for it is wrong.
    #[error("{0}")]
    Wrong(String),
}

/// What came of a look.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// What was read anew, a sentence each.
    pub changed: Vec<String>,
    /// What could not be used now: what was there before stays.
    pub troubles: Vec<String>,
}

#[derive(Default)]
struct State {
    /// By command, then those of the folder.
    sources: Vec<Source>,
    folder: Option<Folder>,
    slots: Vec<Slot>,
}

/// Entries that are given, as they were read last.
#[derive(Clone)]
struct Source {
    given: Given,
    in_folder: bool,
    stamp: Stamp,
    /// By what they were read as: for lists of different types that is different.
    read: BTreeMap<ListType, Arc<Members>>,
    loaded_ns: u64,
    refused: u64,
    trouble: Option<String>,
}

/// A list of a pack.
struct Slot {
    pack: String,
    list: List,
    defaults: Arc<Members>,
    /// By the versions of the pack that go by it.
    held: Weak<()>,
}

impl Snapshot {
    /// Whether the list of this number has the value: a text's bytes, an address's 16, a number's 8 (little-endian).
    #[inline]
    #[must_use]
    pub fn has(&self, list: u32, value: &[u8]) -> bool {
        self.parts(list).iter().any(|members| members.has(value))
    }

    /// Whether it has the value of a field.
    #[inline]
    #[must_use]
    pub fn has_value(&self, list: u32, value: Value<'_>) -> bool {
        self.parts(list).iter().any(|members| members.has_value(value))
    }

    /// What it has.
    #[must_use]
    pub fn parts(&self, list: u32) -> &[Arc<Members>] {
        self.0.get(list as usize).map_or(&[], |parts| parts)
    }
}

impl Bound {
    /// The number of the list in that place.
    #[inline]
    #[must_use]
    pub fn number(&self, place: u32) -> Option<u32> {
        self.0.get(place as usize).map(|(number, _)| *number)
    }
}

impl Lists {
    /// What operators give by command, and in a folder.
    ///
    /// # Errors
    /// The folder cannot be used, or two replace the same list.
    pub fn new(given: Vec<Given>, folder: Option<Folder>) -> Result<Self, ListError> {
        let mut sources: Vec<Source> = given.into_iter().map(|given| Source::new(given, false)).collect();
        sources.extend(of_folder(folder.as_ref())?);
        check_once(&sources)?;
        let state = State { sources, folder, slots: Vec::new() };
        Ok(Self(Arc::new(Shared { state: Mutex::new(state), now: RwLock::default() })))
    }

    /// Makes the lists of a pack ready to be looked up.
    ///
    /// # Errors
    /// What is given for one of them cannot be used.
    pub fn bind(&self, pack: &str, lists: &[List]) -> Result<Bound, ListError> {
        if lists.is_empty() {
            return Ok(Bound::default());
        }
        let mut state = self.state();
        let mut bound = Vec::new();
        for list in lists {
            let slots = state.slots.iter().position(|slot| slot.pack == pack && slot.list == *list);
            let number = match slots {
                Some(number) => number,
                None => {
                    let mut builder = Builder::new(&list.holds);
                    if !matches!(list.holds, ListType::Unknown(_)) {
                        let wrong = |what| ListError::Wrong(format!("the list {}: {what}", list.name));
                        list.entries.iter().try_for_each(|entry| builder.add(entry)).map_err(wrong)?;
                    }
                    let (defaults, held) = (Arc::new(builder.end()), Weak::new());
                    state.slots.push(Slot { pack: pack.to_owned(), list: list.clone(), defaults, held });
                    state.slots.len() - 1
                }
            };
            state.read_for(pack, list).map_err(ListError::Wrong)?;
            let Some(slot) = state.slots.get_mut(number) else { continue };
            let held = slot.held.upgrade().unwrap_or_default();
            slot.held = Arc::downgrade(&held);
            let number = u32::try_from(number).map_err(|_| ListError::Wrong("there are too many lists".to_owned()))?;
            bound.push((number, held));
        }
        self.publish(&state);
        Ok(Bound(bound.into()))
    }

    /// All lists as they are now.
    #[must_use]
    pub fn now(&self) -> Arc<Snapshot> {
        self.0.now.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// How they stand.
    #[must_use]
    pub fn report(&self) -> Arc<[ListStatus]> {
        self.0.now.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// What is given for lists that no pack has.
    #[must_use]
    pub fn unused(&self) -> Vec<Given> {
        let state = self.state();
        let is_used = |source: &&Source| {
            state.slots.iter().any(|slot| slot.is_held() && source.given.name.is(&slot.pack, &slot.list.name))
        };
        state.sources.iter().filter(|source| !is_used(source)).map(|source| source.given.clone()).collect()
    }

    /// As of when everything is that was given.
    #[must_use]
    pub fn stamps(&self) -> Vec<(String, Stamp)> {
        let (folder, mut given) = {
            let state = self.state();
            let by_command = state.sources.iter().filter(|source| !source.in_folder);
            (state.folder.clone(), by_command.map(|source| source.given.clone()).collect::<Vec<_>>())
        };
        // What is wrong with the folder is said when it is read.
        given.extend(folder.and_then(|folder| folder.given().ok()).into_iter().flatten());
        given.iter().map(|given| (given.origin.name(), given.origin.stamp())).collect()
    }

    /// Reads anew what has changed, each source as a whole or not at all. Until it is done, all is as it was.
    pub fn look(&self) -> Looked {
        let mut looked = Looked::default();
        let mut state = self.state();
        match of_folder(state.folder.as_ref()).and_then(|sources| {
            let by_command = state.sources.iter().filter(|source| !source.in_folder);
            check_once(by_command.chain(&sources)).map(|()| sources)
        }) {
            Ok(found) => state.take_up(found, &mut looked),
            Err(error) => looked.troubles.push(error.to_string()),
        }
        state.read_anew(&mut looked);
        state.let_go();
        self.publish(&state);
        looked
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, state: &State) {
        let snapshot = state.slots.iter().map(|slot| state.parts(slot).into()).collect();
        let report = state.slots.iter().filter(|slot| slot.is_held()).map(|slot| state.status(slot)).collect();
        let now = (Arc::new(Snapshot(snapshot)), report);
        *self.0.now.write().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Slot {
    fn is_held(&self) -> bool {
        self.held.strong_count() > 0
    }
}

impl Source {
    fn new(given: Given, in_folder: bool) -> Self {
        let (read, stamp) = (BTreeMap::new(), Stamp::Nothing);
        Self { given, in_folder, stamp, read, loaded_ns: 0, refused: 0, trouble: None }
    }

    /// Whether it is what is given there.
    fn is(&self, given: &Given) -> bool {
        let Given { name, way, origin } = &self.given;
        (name, *way) == (&given.name, given.way) && origin.name() == given.origin.name()
    }

    /// Which counts for more where several replace a list: for one pack before for all, by command before in the folder.
    fn rank(&self) -> (bool, bool) {
        (self.given.name.pack.is_some(), !self.in_folder)
    }
}

impl State {
    /// What says what a list has, the one that replaces first.
    fn sources_of<'s>(&'s self, pack: &'s str, list: &'s str) -> impl Iterator<Item = &'s Source> {
        let of = move |way| {
            self.sources.iter().filter(move |source| source.given.way == way && source.given.name.is(pack, list))
        };
        of(Way::Replaces).max_by_key(|source| source.rank()).into_iter().chain(of(Way::Adds))
    }

    fn parts(&self, slot: &Slot) -> Vec<Arc<Members>> {
        if !slot.is_held() {
            return Vec::new();
        }
        let mut parts = Vec::new();
        for source in self.sources_of(&slot.pack, &slot.list.name) {
            // What could never be read says nothing.
            if let Some(members) = source.read.get(&slot.list.holds) {
                if parts.is_empty() && source.given.way == Way::Adds {
                    parts.push(slot.defaults.clone());
                }
                parts.push(members.clone());
            }
        }
        if parts.is_empty() {
            parts.push(slot.defaults.clone());
        }
        parts.retain(|members: &Arc<Members>| !members.is_empty());
        parts
    }

    fn status(&self, slot: &Slot) -> ListStatus {
        let parts = self.parts(slot);
        let sources: Vec<&Source> = self.sources_of(&slot.pack, &slot.list.name).collect();
        let troubles: Vec<&str> = sources.iter().filter_map(|source| source.trouble.as_deref()).collect();
        ListStatus {
            pack: slot.pack.clone(),
            list: slot.list.name.clone(),
            holds: slot.list.holds.name().to_owned(),
            entries: parts.iter().map(|members| members.len()).sum(),
            bytes: parts.iter().map(|members| members.size()).sum(),
            from: sources
                .iter()
                .filter(|source| !source.read.is_empty())
                .map(|source| source.given.origin.name())
                .collect(),
            loaded_ns: sources.iter().map(|source| source.loaded_ns).max().unwrap_or(0),
            refused: sources.iter().map(|source| source.refused).sum(),
            trouble: (!troubles.is_empty()).then(|| troubles.join("; ")),
        }
    }

    /// Reads what is given for a list, where that was not read for its type.
    fn read_for(&mut self, pack: &str, list: &List) -> Result<(), String> {
        let mut taken = self.taken();
        for source in self.sources.iter_mut().filter(|source| source.given.name.is(pack, &list.name)) {
            if source.read.contains_key(&list.holds) || matches!(list.holds, ListType::Unknown(_)) {
                continue;
            }
            let stamp = source.given.origin.stamp();
            let members = read(&source.given, &list.holds, &mut taken)?;
            source.read.insert(list.holds.clone(), Arc::new(members));
            (source.stamp, source.loaded_ns) = (stamp, now_ns());
        }
        Ok(())
    }

    /// Memory that all takes that was read, bytes.
    fn taken(&self) -> usize {
        self.sources.iter().flat_map(|source| source.read.values()).map(|members| members.size()).sum()
    }

    /// These are in the folder now.
    fn take_up(&mut self, found: Vec<Source>, looked: &mut Looked) {
        let (mut kept, before): (Vec<Source>, Vec<Source>) =
            std::mem::take(&mut self.sources).into_iter().partition(|source| !source.in_folder);
        let mut before: Vec<Option<Source>> = before.into_iter().map(Some).collect();
        for source in found {
            let known = before.iter_mut().find(|known| known.as_ref().is_some_and(|known| known.is(&source.given)));
            kept.push(known.and_then(Option::take).unwrap_or(source));
        }
        let gone = before.into_iter().flatten().filter(|source| !source.read.is_empty());
        looked.changed.extend(gone.map(|source| {
            format!("{} is gone: the list {} is without it", source.given.origin.name(), source.given.name)
        }));
        self.sources = kept;
    }

    /// Reads what is another than it was, for what packs take it for.
    fn read_anew(&mut self, looked: &mut Looked) {
        let mut taken = self.taken();
        let Self { sources, slots, .. } = self;
        for source in sources {
            let asks = |slot: &&Slot| slot.is_held() && source.given.name.is(&slot.pack, &slot.list.name);
            let mut types: Vec<&ListType> = slots.iter().filter(asks).map(|slot| &slot.list.holds).collect();
            types.retain(|holds| !matches!(holds, ListType::Unknown(_)));
            types.sort_unstable();
            types.dedup();
            let stamp = source.given.origin.stamp();
            if types.is_empty() || (stamp == source.stamp && types.iter().all(|holds| source.read.contains_key(holds)))
            {
                continue;
            }
            // What is refused is not read again before it is another.
            source.stamp = stamp;
            let given = &source.given;
            let all = types.into_iter().map(|holds| {
                // What it replaces is let go of when this is there.
                taken = taken.saturating_sub(source.read.get(holds).map_or(0, |members| members.size()));
                Ok((holds.clone(), Arc::new(read(given, holds, &mut taken)?)))
            });
            let all = all.collect::<Result<BTreeMap<_, _>, String>>();
            if given.origin.stamp() != source.stamp {
                // It is still being written: the next look has all of it.
                source.stamp = Stamp::Nothing;
                continue;
            }
            match all {
                Ok(read) => {
                    let entries: usize = read.values().map(|members| members.len()).max().unwrap_or(0);
                    looked.changed.push(format!(
                        "{}: {entries} entries for the list {}",
                        given.origin.name(),
                        given.name
                    ));
                    (source.read, source.loaded_ns, source.trouble) = (read, now_ns(), None);
                }
                Err(what) => {
                    let goes_on = match source.read.is_empty() {
                        true => "it is not taken",
                        false => "what was read before holds",
                    };
                    let what = format!("{what}; {goes_on}");
                    source.refused += 1;
                    looked.troubles.push(what.clone());
                    source.trouble = Some(what);
                }
            }
        }
    }

    /// Forgets what no pack asks for any more.
    fn let_go(&mut self) {
        let Self { sources, slots, .. } = self;
        for source in sources {
            let asked = |holds: &ListType| {
                let asks = |slot: &Slot| slot.list.holds == *holds && source.given.name.is(&slot.pack, &slot.list.name);
                slots.iter().any(|slot| slot.is_held() && asks(slot))
            };
            source.read.retain(|holds, _| asked(holds));
        }
    }
}

fn of_folder(folder: Option<&Folder>) -> Result<Vec<Source>, ListError> {
    let given = folder.map_or(Ok(Vec::new()), Folder::given)?;
    Ok(given.into_iter().map(|given| Source::new(given, true)).collect())
}

/// Whether at most one of a kind replaces a list.
fn check_once<'s>(sources: impl IntoIterator<Item = &'s Source>) -> Result<(), ListError> {
    let mut replace = BTreeMap::new();
    for source in sources.into_iter().filter(|source| source.given.way == Way::Replaces) {
        let Given { name, origin, .. } = &source.given;
        if let Some(one) = replace.insert((name, source.in_folder), origin.name()) {
            return Err(ListError::Twice { name: name.clone(), one, other: origin.name() });
        }
    }
    Ok(())
}

fn read(given: &Given, holds: &ListType, taken: &mut usize) -> Result<Members, String> {
    let members = given.origin.read(&given.name.list, holds)?;
    *taken += members.size();
    if *taken > MAX_MEMORY {
        return Err(format!(
            "{} cannot be taken: all lists together would take {} MiB, and {} MiB are allowed",
            given.origin.name(),
            *taken >> 20,
            MAX_MEMORY >> 20
        ));
    }
    Ok(members)
}

fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

mod give;
#[cfg(test)]
mod tests;
