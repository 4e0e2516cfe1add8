//! The links that a path leads through. Whoever releases rules by switching a link (git-sync, ConfigMaps, release folders)
//! changes one of them, and nothing at the path's end.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// As many as the kernel follows (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// All symbolic links on the way of an absolute path, the last component's among them, each by the path without links of
/// the folder that it lies in. Where the way ends early, those up to there.
pub(super) fn links_on(path: &Path) -> BTreeSet<PathBuf> {
    let mut links = BTreeSet::new();
    let mut followed = 0;
    let mut here = PathBuf::from("/");
    let mut rest: VecDeque<OsString> = steps(path).collect();
    while let Some(step) = rest.pop_front() {
        if step == ".." {
            here.pop();
            continue;
        }
        let next = here.join(&step);
        match next.read_link() {
            Ok(target) if followed < MAX_LINKS => {
                followed += 1;
                if target.is_absolute() {
                    here = PathBuf::from("/");
                }
                steps(&target).rev().for_each(|step| rest.push_front(step));
                links.insert(next);
            }
            Ok(_) => break,
            Err(_) => here = next,
        }
    }
    links
}

fn steps(path: &Path) -> impl DoubleEndedIterator<Item = OsString> + '_ {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_link_on_the_way_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let top = folder.path().canonicalize().expect("its path");
        fs::create_dir_all(top.join("releases/1/rules")).expect("folders");
        symlink("releases/1", top.join("current")).expect("a link");
        symlink(top.join("current/rules"), top.join("releases/again")).expect("a link");
        symlink("../again", top.join("releases/1/up")).expect("a link");
        let links = |path: &str| links_on(&top.join(path)).into_iter().collect::<Vec<_>>();
        assert_eq!(links("releases/1/rules"), Vec::<PathBuf>::new());
        assert_eq!(links("current/rules/any.wasm"), [top.join("current")]);
        assert_eq!(links("releases/again/any.wasm"), [top.join("current"), top.join("releases/again")]);
        // Out of where a link led to, as the kernel goes, and by a link to a link.
        let all = [top.join("current"), top.join("releases/1/up"), top.join("releases/again")];
        assert_eq!(links("current/../1/./up/any.wasm"), all);
    }

    #[test]
    fn a_circle_and_a_way_that_ends_are_no_trouble() {
        let folder = tempfile::tempdir().expect("a folder");
        let top = folder.path().canonicalize().expect("its path");
        symlink("b", top.join("a")).expect("a link");
        symlink("a", top.join("b")).expect("a link");
        symlink("nowhere/at/all", top.join("c")).expect("a link");
        assert_eq!(links_on(&top.join("a/x")).len(), 2);
        assert_eq!(links_on(&top.join("c/x")).into_iter().collect::<Vec<_>>(), [top.join("c")]);
    }
}
