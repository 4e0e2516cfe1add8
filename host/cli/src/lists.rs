//! What is given for lists of packs: options that several verbs share.

use std::path::PathBuf;
use std::sync::Arc;

use lanner_lists::{File, Folder, Given, ListName, Lists, Origin, Way};
use lanner_pack::obtain::Obtainer;
use lanner_pack::reference::Reference;
use lanner_pack::{Board, RegistryList};

use super::Failure;

/// Where lists lie when nothing is said.
pub(super) const DEFAULT: &str = "/etc/lanner/lists";
/// What the board calls them.
const LISTS: &str = "lists";

/// The options.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct GivenLists {
    /// Have a list be what is in this file (one entry a line, .csv or .json; #COLUMN names a column), or in a registry
    /// (oci://host/name:tag): NAME=… for all packs that have a list of the name, PACK/NAME=… for one; may be given several times
    #[arg(long = "list", value_name = "NAME=FILE", value_parser = assignment)]
    replaced: Vec<(ListName, From)>,
    /// Add what is in this file to a list; may be given several times
    #[arg(long = "list-add", value_name = "NAME=FILE", value_parser = assignment)]
    added: Vec<(ListName, From)>,
}

/// Where more of them lie.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ListsFolder {
    /// A folder of lists: NAME.txt, .csv or .json replaces a list, NAME.add.txt adds to it; those in a folder PACK are for that
    /// pack [default of `run`: /etc/lanner/lists]
    #[arg(long = "lists", value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Where entries come from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    File(File),
    /// With the column or field that has the entries, where that is said.
    Registry(Reference, Option<String>),
}

/// What was opened.
pub(super) struct Opened {
    pub(super) lists: Lists,
    /// Those of them that are in registries.
    pub(super) remote: Vec<Arc<RegistryList>>,
}

impl ListsFolder {
    /// Where they lie: where nothing is said, in the usual place or nowhere.
    pub(super) fn folder(&self, usual: bool) -> Option<Folder> {
        match &self.folder {
            Some(folder) => Some(Folder::new(folder)),
            None => usual.then(|| Folder::optional(DEFAULT)),
        }
    }
}

impl GivenLists {
    /// Those lists, and no others; there are no registries.
    pub(super) fn open(&self) -> Result<Lists, Failure> {
        let none = || Err("lists from registries are for `lanner run` and `lanner replay`: name a file here".into());
        Ok(Lists::new(self.given(none, false)?.0, None)?)
    }

    /// Whether some are in registries.
    pub(super) fn names_registries(&self) -> bool {
        self.replaced.iter().chain(&self.added).any(|(_, from)| matches!(from, From::Registry(..)))
    }

    /// Without those in registries.
    pub(super) fn without_registries(&self) -> Self {
        let files = |from: &[(ListName, From)]| {
            from.iter().filter(|(_, from)| matches!(from, From::File(_))).cloned().collect()
        };
        Self { replaced: files(&self.replaced), added: files(&self.added) }
    }

    /// Those that are to be given from here on where `known` are given already: those in registries are the same ones. The name
    /// of one in a registry that is not known yet, where there is one.
    pub(super) fn again(&self, known: &[Given]) -> Result<Vec<Given>, String> {
        let none = || Err("a list from a registry".into());
        let mut given = self.without_registries().given(none, false).map_err(|error| error.to_string())?.0;
        for (way, from) in [(Way::Replaces, &self.replaced), (Way::Adds, &self.added)] {
            for (name, from) in from.iter().filter(|(_, from)| matches!(from, From::Registry(..))) {
                let same = |given: &&Given| (&given.name, given.way, given.origin.name()) == (name, way, from.name());
                given.push(known.iter().find(same).cloned().ok_or_else(|| from.name())?);
            }
        }
        Ok(given)
    }

    /// With those of a folder: where none is said, of the usual one or of none. Those in registries are got by `obtainer`; what
    /// is kept of them is taken first, where that is said.
    pub(super) fn open_with(
        &self,
        place: &ListsFolder,
        usual: bool,
        obtainer: impl FnOnce() -> Result<Obtainer, Failure>,
        kept_first: bool,
    ) -> Result<Opened, Failure> {
        let folder = place.folder(usual);
        let (given, remote) = self.given(obtainer, kept_first)?;
        Ok(Opened { lists: Lists::new(given, folder)?, remote })
    }

    /// What is given by command.
    fn given(
        &self,
        obtainer: impl FnOnce() -> Result<Obtainer, Failure>,
        kept_first: bool,
    ) -> Result<(Vec<Given>, Vec<Arc<RegistryList>>), Failure> {
        let both = [(Way::Replaces, &self.replaced), (Way::Adds, &self.added)];
        let all = || both.iter().flat_map(|(way, from)| from.iter().map(|(name, from)| (*way, name, from)));
        let asks = all().any(|(.., from)| matches!(from, From::Registry(..)));
        let obtainer = if asks { Some(Arc::new(obtainer()?.of_lists())) } else { None };
        let (mut given, mut remote) = (Vec::new(), Vec::new());
        for (way, name, from) in all() {
            let origin: Arc<dyn Origin> = match (from, &obtainer) {
                (From::Registry(reference, column), Some(obtainer)) => {
                    let (obtainer, reference) = (obtainer.clone(), reference.clone());
                    let list = Arc::new(RegistryList::open(obtainer, reference, column.clone(), kept_first)?);
                    remote.push(list.clone());
                    list
                }
                (From::File(file), _) => Arc::new(file.clone()),
                (From::Registry(..), None) => continue,
            };
            given.push(Given { name: name.clone(), way, origin });
        }
        Ok((given, remote))
    }

    /// Refuses what is given by command for a list that no pack has, and says which files in a folder are for none.
    pub(super) fn check_used(&self, lists: &Lists, waits: bool) -> Result<(), Failure> {
        for given in lists.unused() {
            let (name, origin) = (&given.name, given.origin.name());
            let said =
                self.replaced.iter().chain(&self.added).any(|(said, from)| said == name && from.name() == origin);
            let unused = format!("{origin} is for the list {name}, which no loaded pack has");
            if said && !waits {
                return Err(format!("{unused}; `lanner list show` says which there are").into());
            }
            tracing::warn!("{unused}");
        }
        Ok(())
    }
}

/// Reads lists anew when they change.
pub(super) fn watch(lists: &Lists, board: Board) -> Result<lanner_lists::Watch, Failure> {
    let trouble = move |what: Option<String>| match what {
        Some(what) => drop(board.set(LISTS, &what)),
        None => drop(board.clear(LISTS)),
    };
    Ok(lanner_lists::Watch::start(lists, trouble)?)
}

impl From {
    /// As people write it.
    fn name(&self) -> String {
        match self {
            Self::File(file) => file.name(),
            Self::Registry(reference, _) => reference.to_string(),
        }
    }
}

/// `NAME=FILE`, `PACK/NAME=FILE#COLUMN`, `NAME=oci://…`.
fn assignment(text: &str) -> Result<(ListName, From), String> {
    let (name, from) = text.split_once('=').filter(|(_, from)| !from.is_empty()).ok_or_else(|| {
        "it is written NAME=FILE, or PACK/NAME=FILE, such as trusted-programs=/etc/trusted.txt".to_owned()
    })?;
    // A file may have such a sign in its name.
    let (place, column) = match from.rsplit_once('#') {
        Some((place, column)) if !column.is_empty() && !std::path::Path::new(from).exists() => (place, Some(column)),
        _ => (from, None),
    };
    let column = column.map(str::to_owned);
    let from = match place.starts_with("oci://") {
        true => From::Registry(place.parse().map_err(|error| format!("{error}"))?, column),
        false => From::File(File { path: place.into(), column }),
    };
    Ok((name.parse()?, from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_given_by_name_and_file() {
        let (name, From::File(file)) = assignment("starter/ports=/x/a=b.csv#port").expect("sound") else {
            panic!("it is a file");
        };
        assert_eq!(
            (name.to_string(), file.path, file.column),
            ("starter/ports".into(), "/x/a=b.csv".into(), Some("port".into()))
        );
        let (_, registry) = assignment("ports=oci://h.example/team/ports:1#port").expect("sound");
        assert_eq!(registry.name(), "oci://h.example/team/ports:1");
        for wrong in ["ports", "ports=", "Ports=/x", "=/x", "ports=oci://"] {
            assert!(assignment(wrong).is_err(), "{wrong}");
        }
    }
}
