//! Giving other things than were given at the start.

use super::{ListError, Lists, Source, check_once, of_folder};
use crate::given::{Folder, Given};

impl Lists {
    /// What is given by command.
    #[must_use]
    pub fn given(&self) -> Vec<Given> {
        let state = self.state();
        state.sources.iter().filter(|source| !source.in_folder).map(|source| source.given.clone()).collect()
    }

    /// Has these be what is given by command, and that the folder, in place of those before: all that packs go by is read first,
    /// and where something of it is wrong all stays as it was.
    ///
    /// # Errors
    /// The folder cannot be used, two replace the same list, or an entry is wrong.
    pub fn give(&self, given: Vec<Given>, folder: Option<Folder>) -> Result<(), ListError> {
        let mut sources: Vec<Source> = given.into_iter().map(|given| Source::new(given, false)).collect();
        sources.extend(of_folder(folder.as_ref())?);
        check_once(&sources)?;
        let mut state = self.state();
        for source in &mut sources {
            let known = state.sources.iter().find(|known| known.is(&source.given));
            if let Some(known) = known {
                *source = Source { in_folder: source.in_folder, ..known.clone() };
            }
        }
        let before = (std::mem::replace(&mut state.sources, sources), std::mem::replace(&mut state.folder, folder));
        let asked: Vec<_> = state.slots.iter().filter(|slot| slot.is_held()).collect();
        let asked: Vec<_> = asked.into_iter().map(|slot| (slot.pack.clone(), slot.list.clone())).collect();
        let read = asked.iter().try_for_each(|(pack, list)| state.read_for(pack, list));
        if let Err(what) = read {
            (state.sources, state.folder) = before;
            return Err(ListError::Wrong(what));
        }
        state.let_go();
        self.publish(&state);
        Ok(())
    }
}
