use std::fs;
use std::path::Path;

use super::*;
use crate::given::File;

/// A pack's list of paths.
fn list(name: &str, entries: &[&str]) -> List {
    let entries = entries.iter().map(|entry| (*entry).to_owned()).collect();
    List { name: name.to_owned(), holds: ListType::Path, entries, ..List::default() }
}

fn given(name: &str, way: Way, path: &Path) -> Given {
    let origin = Arc::new(File { path: path.to_owned(), column: None });
    Given { name: name.parse().expect("a name"), way, origin }
}

/// Which of these are in the first list of a pack.
fn has<'v>(lists: &Lists, bound: &Bound, values: &[&'v str]) -> Vec<&'v str> {
    let (now, number) = (lists.now(), bound.number(0).expect("a list"));
    values.iter().filter(|value| now.has(number, value.as_bytes())).copied().collect()
}

const ALL: [&str; 5] = ["/default", "/shared", "/own", "/added", "/command"];

#[test]
fn other_lists_are_given_as_a_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        path
    };
    let (command, shared) = (file("command", "/command\n"), file("shared", "/shared\n"));
    let wrong = file("wrong", "no-path\n");
    let lists = Lists::new(vec![given("programs", Way::Replaces, &command)], None).expect("lists");
    let bound = lists.bind("one", &[list("programs", &["/default"])]).expect("bound");
    assert_eq!(has(&lists, &bound, &ALL), ["/command"]);
    let error = lists.give(vec![given("programs", Way::Replaces, &wrong)], None).expect_err("it is wrong").to_string();
    assert!(error.contains("no-path"), "{error}");
    assert_eq!((has(&lists, &bound, &ALL), lists.given().len()), (vec!["/command"], 1));
    let others = vec![given("programs", Way::Adds, &command), given("programs", Way::Replaces, &shared)];
    lists.give(others, None).expect("they are sound");
    assert_eq!(has(&lists, &bound, &ALL), ["/shared", "/command"]);
    lists.give(Vec::new(), None).expect("nothing is");
    assert_eq!(has(&lists, &bound, &ALL), ["/default"]);
}

#[test]
fn what_is_nearer_replaces_and_what_is_added_stands_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("written");
        path
    };
    let lists = Lists::new(Vec::new(), Some(Folder::new(folder.path()))).expect("lists");
    let defaults = [list("programs", &["/default"])];
    let one = lists.bind("one", &defaults).expect("bound");
    assert_eq!(has(&lists, &one, &ALL), ["/default"]);
    assert_eq!(lists.report()[0].from, Vec::<String>::new());
    write("programs.txt", "/shared\n");
    assert_eq!(has(&lists, &one, &ALL), ["/default"], "nobody has looked");
    let before = lists.now();
    assert_eq!(lists.look().changed.len(), 1);
    assert_eq!(has(&lists, &one, &ALL), ["/shared"]);
    assert!(before.has(one.number(0).expect("a list"), b"/default"), "a batch is judged by what it began with");
    write("one/programs.txt", "/own\n");
    write("programs.add.txt", "/added\n");
    assert_eq!(lists.look().troubles, Vec::<String>::new());
    let two = lists.bind("two", &defaults).expect("bound");
    assert_eq!(has(&lists, &one, &ALL), ["/own", "/added"]);
    assert_eq!(has(&lists, &two, &ALL), ["/shared", "/added"]);
    assert_eq!(lists.look(), Looked::default(), "nothing has changed");
    let command = write("command.list", "/command\n");
    let both = vec![given("programs", Way::Replaces, &command)];
    let by_command = Lists::new(both, Some(Folder::new(folder.path()))).expect("lists");
    let two = by_command.bind("two", &defaults).expect("bound");
    assert_eq!(has(&by_command, &two, &ALL), ["/added", "/command"], "what is said by command counts for more");
    let one = by_command.bind("one", &defaults).expect("bound");
    assert_eq!(has(&by_command, &one, &ALL), ["/own", "/added"], "but not than what is for this pack");
    fs::remove_file(folder.path().join("programs.add.txt")).expect("removed");
    assert!(by_command.look().changed[0].contains("is gone"));
    assert_eq!(has(&by_command, &one, &ALL), ["/own"]);
    assert_eq!(has(&by_command, &two, &ALL), ["/command"]);
}

#[test]
fn a_bad_file_changes_nothing_until_it_is_right_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("programs.txt");
    let other = folder.path().join("programs.add.txt");
    fs::write(&file, "/shared\n").expect("written");
    let lists = Lists::new(Vec::new(), Some(Folder::new(folder.path()))).expect("lists");
    let bound = lists.bind("one", &[list("programs", &[])]).expect("bound");
    fs::write(&file, "/own\nadded\n").expect("written");
    fs::write(&other, "/added").expect("written");
    let Looked { changed, troubles } = lists.look();
    assert_eq!(changed, [format!("{}: 1 entries for the list programs", other.display())]);
    assert_eq!(troubles.len(), 1);
    assert!(troubles[0].contains("programs.txt: line 2: \"added\" is no path"), "{troubles:?}");
    assert_eq!(has(&lists, &bound, &ALL), ["/shared", "/added"], "the others are taken all the same");
    let status = &lists.report()[0];
    assert_eq!((status.refused, status.entries, status.trouble.is_some()), (1, 2, true));
    assert_eq!(lists.look(), Looked::default(), "it is said once");
    fs::write(&file, "/own\n").expect("written");
    assert_eq!(lists.look().troubles, Vec::<String>::new());
    assert_eq!(has(&lists, &bound, &ALL), ["/own", "/added"]);
    let status = &lists.report()[0];
    assert_eq!((status.refused, &status.trouble), (1, &None));
    // Whoever comes while it is wrong is not loaded.
    fs::write(&file, "wrong\n").expect("written");
    let fresh = Lists::new(Vec::new(), Some(Folder::new(folder.path()))).expect("lists");
    let error = fresh.bind("one", &[list("programs", &[])]).expect_err("refused").to_string();
    assert!(error.contains("line 1: \"wrong\" is no path"), "{error}");
}

#[test]
fn a_pack_that_is_loaded_again_has_its_numbers_and_one_that_goes_lets_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("programs");
    fs::write(&file, "/added\n").expect("written");
    let lists = Lists::new(vec![given("programs", Way::Adds, &file)], None).expect("lists");
    assert_eq!(lists.unused().len(), 1);
    let first = lists.bind("one", &[list("programs", &["/default"])]).expect("bound");
    let again = lists.bind("one", &[list("programs", &["/default"])]).expect("bound");
    assert_eq!(first.number(0), again.number(0));
    assert_eq!(lists.unused().len(), 0);
    drop(first);
    lists.look();
    assert_eq!(has(&lists, &again, &ALL), ["/default", "/added"], "it is held");
    let newer = [list("programs", &["/own"]), list("programs-too", &[]), list("programs", &["/default"])];
    let newer = lists.bind("one", &newer).expect("bound");
    assert_ne!(newer.number(0), again.number(0), "the older version goes by its own");
    assert_eq!(has(&lists, &again, &ALL), ["/default", "/added"]);
    assert_eq!(has(&lists, &newer, &ALL), ["/own", "/added"]);
    drop(newer);
    lists.look();
    assert_eq!(has(&lists, &again, &ALL), ["/default", "/added"], "one that was refused takes nothing along");
    drop(again);
    lists.look();
    assert!(lists.report().is_empty() && lists.now().parts(0).is_empty());
    assert_eq!(lists.state().taken(), 0);
}

#[test]
fn one_source_serves_all_packs_and_types() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("names.txt");
    fs::write(&file, "/usr/bin/\n").expect("written");
    let lists = Lists::new(vec![given("names", Way::Replaces, &file)], None).expect("lists");
    let path = lists.bind("one", &[list("names", &[])]).expect("bound");
    let text = lists.bind("two", &[List { holds: ListType::Text, ..list("names", &[]) }]).expect("bound");
    let also = lists.bind("three", &[list("names", &[])]).expect("bound");
    assert_eq!(has(&lists, &path, &["/usr/bin/x", "/usr/bin/"]), ["/usr/bin/x"]);
    assert_eq!(has(&lists, &text, &["/usr/bin/x", "/usr/bin/"]), ["/usr/bin/"]);
    let now = lists.now();
    let part = |bound: &Bound| now.parts(bound.number(0).expect("a list"))[0].clone();
    assert!(Arc::ptr_eq(&part(&path), &part(&also)), "it stands in memory once");
    let error = lists.bind("four", &[List { holds: ListType::Cidr, ..list("names", &[]) }]).expect_err("refused");
    assert!(error.to_string().contains("is no address or network"), "{error}");
}

#[test]
fn one_list_is_replaced_by_one() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.txt", "a.csv"] {
        fs::write(folder.path().join(name), "/x\n").expect("written");
    }
    let error = Lists::new(Vec::new(), Some(Folder::new(folder.path()))).err().expect("refused").to_string();
    assert!(error.contains("a.csv and ") && error.contains("are to replace the list a"), "{error}");
}
