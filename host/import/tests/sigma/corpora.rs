//! Sigma's own rules, where they lie beside the project: they are for measuring, and nothing of them is committed.

use std::path::{Path, PathBuf};

use lanner_import::{Options, import};

/// Where they are looked for, unless this variable says otherwise.
const VARIABLE: &str = "LANNER_CORPORA";
const BESIDE: [&str; 2] = ["../../../shared/corpora", "../../../../shared/corpora"];

pub(super) fn corpora() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = std::env::var_os(VARIABLE).map(PathBuf::from);
    let found =
        said.into_iter().chain(BESIDE.iter().map(|path| here.join(path))).find(|path| path.join("sigma").is_dir());
    if found.is_none() {
        eprintln!("skipped: there are no rules of Sigma's to measure with; {VARIABLE} names the folder above `sigma`");
    }
    found
}

#[test]
fn nearly_all_of_sigmas_rules_for_linux_are_imported() {
    let Some(corpora) = corpora() else { return };
    let pack = import(&[corpora.join("sigma")], &Options { all: true, ..Options::default() })
        .unwrap_or_else(|error| panic!("{error}"));
    let report = &pack.report;
    println!("{} KiB, {} bytes of rules\n{}\n", pack.component.len() / 1024, pack.rules.len(), report.text(true));
    assert_eq!(report.rules.len(), 214);
    assert!(report.wrong.is_empty(), "{:?}", report.wrong);
    let is_log = |why: &String| why.contains("it reads a log file");
    let logs = report.rules.iter().filter(|rule| rule.refused.as_ref().is_some_and(is_log)).count();
    assert_eq!(logs, 22);
    let of = report.count();
    let imported = of.same + of.near + of.differing;
    println!("{imported} of {} are imported", 214 - logs);
    let wanted = || pack.description.rules.iter().flat_map(|rule| &rule.events);
    let all = |kind: &str| wanted().filter(|event| event.kind == kind && event.filter.is_none()).count();
    println!("without a filter: {} of opens, {} of programs that begin", all("open"), all("exec"));
    assert_eq!(all("open"), 0, "opens are most of what happens");
    assert!(imported >= 185, "{imported}");
    // Whose they are is said in each finding.
    for rule in &pack.description.rules {
        let has = |name: &str| rule.properties.iter().any(|(known, value)| known == name && !value.is_empty());
        assert!(has("author") && has("license") && has("sigma-id"), "{}", rule.id);
    }
    let checked = pack.description.check().expect("a description");
    assert!(checked.left_out.is_empty(), "{:?}", checked.left_out);
}
