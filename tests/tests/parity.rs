//! What Falco's own rules find, Lanner's find too: `tests/parity` says by which, and each claim is tried with events that both find.
//!
//! Falco's rules are not part of the project. What is said of them is tried where they lie beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use lanner_author::document::{Document, Key, Layout, Node, Place, Value};
use lanner_author::pack::{Pack, default_cache};
use lanner_author::suite::{Found, Outcome, Suite, Test, run_all};
use lanner_engine::Severity;
use lanner_import::{Options, Report, import};
use lanner_tests::{root, shipped_packs};

/// Files of Falco's, by how mature it calls the rules in them.
const FILES: [(&str, &str); 3] = [
    ("stable", "falco_rules.yaml"),
    ("incubating", "falco-incubating_rules.yaml"),
    ("sandbox", "falco-sandbox_rules.yaml"),
];
/// Names the folder above `falco`, where it does not lie beside the project.
const CORPORA: &str = "LANNER_CORPORA";
const BESIDE: [&str; 2] = ["../shared/corpora", "../../shared/corpora"];

/// Below this line the page is what the files say.
const MARK: &str =
    "<!-- What follows is generated: LANNER_WRITE_PAGES=1 cargo test -p lanner-tests --test parity -->\n\n";
const PAGE: &str = "docs/parity.md";

/// What a file says beside its rules.
const OF_FILE: [&str; 2] = ["processes", "rules"];
/// What it says of a rule.
const OF_RULE: [&str; 7] = ["falco", "lanner", "how", "why_not", "not_imported", "given", "events"];

/// A file of `tests/parity`.
struct File {
    maturity: &'static str,
    corpus: &'static str,
    rows: Vec<Row>,
}

/// A rule of Falco's, and what of Lanner's finds the same.
struct Row {
    falco: String,
    /// Ids of rules; none where nothing does.
    lanner: Vec<String>,
    /// How they do, or why nothing does: a sentence.
    says: String,
    /// Why Falco's rule cannot be tried: what it needs that is not told here.
    not_imported: Option<String>,
    /// What Falco's rule is given, where it finds nothing as it is shipped: more of Falco's YAML, as its users write it.
    given: Option<String>,
    /// A suite of one test, of which nothing is expected: what happens. Without it there is nothing to try.
    suite: Option<Suite>,
}

/// A shipped pack.
struct Shipped {
    pack: Pack,
    name: String,
}

fn files() -> Vec<File> {
    FILES
        .map(|(maturity, corpus)| {
            let path = root().join("tests/parity").join(maturity).with_extension("yaml");
            let document = Document::read(&path).unwrap_or_else(|wrong| panic!("{wrong}"));
            let rules = document.root.get("rules").expect("rules").list("rules").expect("a list");
            let rows = rules.iter().map(|node| Row::of(&document, node)).collect();
            known(&document, &document.root, &OF_FILE);
            File { maturity, corpus, rows }
        })
        .into()
}

fn known(document: &Document, node: &Node, names: &[&str]) {
    for (key, _) in node.map("this").unwrap_or_else(|problem| panic!("{}", problem.in_file(&document.path))) {
        assert!(names.contains(&&*key.name), "{}: {:?}: {:?}", document.path.display(), key.at, key.name);
    }
}

impl Row {
    fn of(document: &Document, node: &Node) -> Self {
        known(document, node, &OF_RULE);
        let said = |name| node.get(name).map(|node| node.text(name).expect("a text").trim().to_owned());
        let falco = said("falco").unwrap_or_else(|| panic!("{:?} names no rule", node.at));
        let lanner = node.get("lanner").map(|node| node.list("lanner").expect("a list")).unwrap_or_default();
        let lanner: Vec<String> = lanner.iter().map(|rule| rule.text("lanner").expect("an id").to_owned()).collect();
        let (how, why_not) = (said("how"), said("why_not"));
        assert_eq!(lanner.is_empty(), why_not.is_some(), "{falco}: it is covered by rules, or it says why not");
        assert_eq!(lanner.is_empty(), how.is_none(), "{falco}: it says how, where it is covered");
        let events = node.get("events");
        assert_eq!(lanner.is_empty(), events.is_none(), "{falco}: what is covered is shown by events");
        let suite = events.map(|events| suite(document, &falco, events));
        let says = how.or(why_not).unwrap_or_default();
        Self { falco, lanner, says, not_imported: said("not_imported"), given: said("given"), suite }
    }

    /// The id under which Falco's rule is imported.
    fn imported<'a>(&self, report: &'a Report) -> &'a str {
        let rule = report.rules.iter().find(|rule| rule.name == self.falco);
        &rule.unwrap_or_else(|| panic!("Falco has no rule {:?}", self.falco)).id
    }

    fn test(&self) -> Option<(&Suite, &Test)> {
        let suite = self.suite.as_ref()?;
        Some((suite, suite.tests.first().expect("a test")))
    }
}

/// Events in the form of a test, where they stand in the document.
fn suite(document: &Document, name: &str, events: &Node) -> Suite {
    let node = |at: Place, value| Node { at, span: events.span.clone(), value };
    let map = |members: Vec<(&str, Node)>| {
        let members = members.into_iter().map(|(name, node)| (Key { at: node.at, name: name.to_owned() }, node));
        node(events.at, Value::Map(members.collect(), Layout::Block))
    };
    let test = map(vec![("name", node(events.at, Value::Text(name.to_owned()))), ("events", events.clone())]);
    let mut file = vec![("tests", node(events.at, Value::List(vec![test], Layout::Block)))];
    file.extend(document.root.get("processes").map(|processes| ("processes", processes.clone())));
    let document = Document { path: document.path.clone(), text: document.text.clone(), root: map(file) };
    Suite::of(document).unwrap_or_else(|wrong| panic!("{name}: {wrong}"))
}

fn shipped() -> Vec<Shipped> {
    let folder = fs::read_dir(shipped_packs()).expect("the shipped packs");
    let paths = folder.map(|entry| entry.expect("an entry").path());
    let is_ours = |path: &PathBuf| {
        let name = path.file_stem().unwrap_or_default();
        path.extension().is_some_and(|end| end == "wasm") && root().join("rules-wasm").join(name).exists()
    };
    let mut packs: Vec<Shipped> = paths.filter(is_ours).map(|path| open(&path)).collect();
    packs.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(packs.len() > 8, "there are {} packs", packs.len());
    packs
}

fn open(path: &Path) -> Shipped {
    let pack = Pack::open(path, default_cache()).unwrap_or_else(|error| panic!("{error}"));
    Shipped { name: pack.description.name.clone(), pack }
}

impl Shipped {
    fn severity(&self, rule: &str) -> Option<Severity> {
        self.pack.description.rules.iter().find(|known| known.id == rule).map(|rule| rule.severity)
    }
}

/// What a pack finds of what happens in each of the tests, in their order.
fn found(pack: &Pack, tests: &[(&Suite, &Test)]) -> Vec<Vec<Found>> {
    let mut all = Vec::new();
    run_all(pack, tests, std::thread::available_parallelism().map_or(1, usize::from), |place, ran| {
        if let Outcome::Broken(troubles) = ran.outcome {
            panic!("{}: {}", tests[place].1.name, troubles.join("; "));
        }
        all.push(ran.found);
    });
    all
}

fn said(found: &[Found]) -> String {
    found.iter().fold(String::new(), |mut text, found| {
        let _ = write!(text, "\n    {} {} {:?}", found.rule(), found.severity(), found.message());
        text
    })
}

#[test]
fn what_is_claimed_is_found() {
    let (packs, files) = (shipped(), files());
    let rows: Vec<&Row> = files.iter().flat_map(|file| &file.rows).filter(|row| row.suite.is_some()).collect();
    let tests: Vec<(&Suite, &Test)> = rows.iter().filter_map(|row| row.test()).collect();
    let of_packs: Vec<Vec<Vec<Found>>> = packs.iter().map(|shipped| found(&shipped.pack, &tests)).collect();
    let mut wrong = String::new();
    for (place, row) in rows.iter().enumerate() {
        let all: Vec<Found> = of_packs.iter().flat_map(|found| found[place].clone()).collect();
        for rule in &row.lanner {
            // Its severity is that of the clear case; some are worse.
            let Some(severity) = packs.iter().find_map(|pack| pack.severity(rule)) else {
                let _ = writeln!(wrong, "{}: no shipped pack has a rule {rule}", row.falco);
                continue;
            };
            let is_it = |found: &Found| found.rule() == rule && Severity::from_name(found.severity()) >= Some(severity);
            if !all.iter().any(is_it) {
                let _ = writeln!(
                    wrong,
                    "{}: {rule} does not find it at {}; found:{}",
                    row.falco,
                    severity.name(),
                    said(&all)
                );
            }
        }
    }
    let is_rule = |rule: &str| packs.iter().any(|pack| pack.severity(rule).is_some());
    for row in files.iter().flat_map(|file| &file.rows) {
        // Between backticks stand rules, paths and commands; of rules the first part is a tactic.
        let named = row.says.split('`').skip(1).step_by(2).filter(|word| is_id(word));
        named.filter(|rule| !is_rule(rule)).for_each(|rule| {
            let _ = writeln!(wrong, "{}: its sentence names {rule}, which no shipped pack has", row.falco);
        });
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Whether it looks like the id of a rule.
fn is_id(word: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase());
    word.split_once('/').is_some_and(|(tactic, name)| is_part(tactic) && is_part(name))
}

#[test]
fn falcos_own_rules_find_the_same() {
    let Some(corpora) = corpora() else { return };
    let mut wrong = String::new();
    for file in files() {
        let (pack, report) = falcos(&corpora.join("falco").join(file.corpus), &file);
        let theirs: Vec<&str> = report.rules.iter().map(|rule| &*rule.name).collect();
        let ours: Vec<&str> = file.rows.iter().map(|row| &*row.falco).collect();
        assert_eq!(theirs, ours, "{}: each rule of Falco's, in its order", file.maturity);
        for row in &file.rows {
            let refused = report.rules.iter().any(|rule| rule.name == row.falco && rule.refused.is_some());
            assert_eq!(refused, row.not_imported.is_some(), "{}: whether it can be tried", row.falco);
        }
        let tried: Vec<&Row> =
            file.rows.iter().filter(|row| row.suite.is_some() && row.not_imported.is_none()).collect();
        let tests: Vec<(&Suite, &Test)> = tried.iter().filter_map(|row| row.test()).collect();
        for (row, all) in tried.iter().zip(found(&pack.pack, &tests)) {
            let id = row.imported(&report);
            if !all.iter().any(|found| found.rule() == id) {
                let _ = writeln!(wrong, "{}: {id} does not find it; found:{}", row.falco, said(&all));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn corpora() -> Option<PathBuf> {
    let said = std::env::var_os(CORPORA).map(PathBuf::from);
    let beside = BESIDE.iter().map(|path| root().join(path));
    let found = said.into_iter().chain(beside).find(|path| path.join("falco").is_dir());
    if found.is_none() {
        println!("skipped: there are no rules of Falco's to try; {CORPORA} names the folder above `falco`");
    }
    found
}

/// A file of Falco's as a pack, with what its rules are given, those that are off too.
fn falcos(corpus: &Path, file: &File) -> (Shipped, Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let (given, made) = (folder.path().join("given.yaml"), folder.path().join("falco.wasm"));
    let texts: Vec<&str> = file.rows.iter().filter_map(|row| row.given.as_deref()).collect();
    let mut paths = vec![corpus.to_owned()];
    if !texts.is_empty() {
        fs::write(&given, texts.join("\n")).expect("written");
        paths.push(given);
    }
    let imported = import(&paths, &Options { all: true, ..Options::default() });
    let imported = imported.unwrap_or_else(|error| panic!("{error}"));
    assert!(imported.report.wrong.is_empty(), "{:?}", imported.report.wrong);
    fs::write(&made, &imported.component).expect("written");
    (open(&made), imported.report)
}

#[test]
fn the_page_is_what_the_files_say() {
    let (packs, files) = (shipped(), files());
    let page = root().join(PAGE);
    let text = fs::read_to_string(&page).expect("the page");
    let (head, told) = text.split_once(MARK).expect("the mark");
    let said = tables(&packs, &files);
    if std::env::var_os("LANNER_WRITE_PAGES").is_some() {
        fs::write(&page, format!("{head}{MARK}{said}")).expect("written");
    } else {
        assert!(told == said, "{PAGE} is stale: LANNER_WRITE_PAGES=1 cargo test -p lanner-tests --test parity");
    }
}

fn tables(packs: &[Shipped], files: &[File]) -> String {
    let mut page = String::new();
    let mut line = |text: &str| {
        let _ = writeln!(page, "{text}");
    };
    let covered = |file: &File| file.rows.iter().filter(|row| !row.lanner.is_empty()).count();
    line("| | rules | covered |\n| --- | --- | --- |");
    for file in files {
        line(&format!("| {} | {} | {} |", file.maturity, file.rows.len(), covered(file)));
    }
    let severities: BTreeMap<&str, &str> = packs
        .iter()
        .flat_map(|pack| pack.pack.description.rules.iter().map(|rule| (&*rule.id, rule.severity.name())))
        .collect();
    for file in files {
        let mut title = file.maturity.to_owned();
        title[..1].make_ascii_uppercase();
        line(&format!("\n## {title}\n\n| Falco's rule | Lanner's rules | |\n| --- | --- | --- |"));
        for row in &file.rows {
            let with_severity = |rule: &String| {
                let severity = severities.get(&**rule).unwrap_or_else(|| panic!("no shipped pack has a rule {rule}"));
                format!("`{rule}` ({severity})")
            };
            let rules: Vec<String> = row.lanner.iter().map(with_severity).collect();
            let rules = if rules.is_empty() { "none".to_owned() } else { rules.join("<br>") };
            let untried = row.not_imported.as_ref().map(|why| format!(" Falco's rule is not imported: {why}"));
            let says = format!("{}{}", row.says, untried.unwrap_or_default());
            line(&format!("| {} | {rules} | {} |", row.falco, says.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    page
}
