//! Falco's own rules, where they lie beside the project: they are for measuring, and nothing of them is committed.

use std::path::{Path, PathBuf};

use lanner_import::{Options, import};

/// Where they are looked for, unless this variable says otherwise.
const VARIABLE: &str = "LANNER_CORPORA";
const BESIDE: [&str; 2] = ["../../../shared/corpora", "../../../../shared/corpora"];

fn corpora() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = std::env::var_os(VARIABLE).map(PathBuf::from);
    let found =
        said.into_iter().chain(BESIDE.iter().map(|path| here.join(path))).find(|path| path.join("falco").is_dir());
    if found.is_none() {
        eprintln!("skipped: there are no rules of Falco's to measure with; {VARIABLE} names the folder above `falco`");
    }
    found
}

#[test]
fn nearly_all_of_falcos_rules_find_what_they_found() {
    let Some(corpora) = corpora() else { return };
    let (mut rules, mut faithful) = (0, 0);
    for (name, count) in [("falco_rules", 25), ("falco-incubating_rules", 31), ("falco-sandbox_rules", 37)] {
        let path = corpora.join("falco").join(name).with_extension("yaml");
        let pack =
            import(&[path], &Options { all: true, ..Options::default() }).unwrap_or_else(|error| panic!("{error}"));
        let report = &pack.report;
        println!(
            "{name}: {} KiB, {} bytes of rules\n{}\n",
            pack.component.len() / 1024,
            pack.rules.len(),
            report.text(true)
        );
        assert_eq!(report.rules.len(), count, "{name}");
        assert!(report.wrong.is_empty(), "{:?}", report.wrong);
        let of = report.count();
        rules += count;
        faithful += of.same + of.near;
    }
    println!("{faithful} of {rules} find what they found");
    assert!(faithful >= 88, "{faithful} of {rules}");
}
