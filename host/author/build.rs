//! Puts the SDKs and the templates of projects into the library, so that `lanner rule new` needs no clone and no registry.
//!
//! Of each language there is what lies in `sdk/<language>`: its `template`, and beside it the library. Where a language is not
//! there, it is left out.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A language: what `--lang` calls it, its template, and its library.
struct Sdk {
    language: &'static str,
    /// Below `sdk`.
    template: &'static str,
    library: Library,
}

/// What goes into a project with the template.
enum Library {
    /// All of these folders below `sdk`, but for what [`LEFT_OUT`] names: the first to `.lanner/sdk`, others below it.
    Folders(&'static [&'static str]),
    /// What lies here goes there, and to it the manifest of their workspace.
    Crates(&'static [(&'static str, &'static str)]),
}

const SDKS: [Sdk; 10] = [
    Sdk {
        language: "rust",
        template: "rust/template",
        library: Library::Crates(&[
            ("sdk/rust/src", ".lanner/sdk/rust/src"),
            ("sdk/rust/README.md", ".lanner/sdk/rust/README.md"),
            ("sdk/rust/Cargo.toml", ".lanner/sdk/rust/Cargo.toml"),
            ("sdk/abi/src", ".lanner/sdk/abi/src"),
            ("sdk/abi/Cargo.toml", ".lanner/sdk/abi/Cargo.toml"),
            ("sdk/contract/src", ".lanner/sdk/contract/src"),
            ("sdk/contract/Cargo.toml", ".lanner/sdk/contract/Cargo.toml"),
            // The crate's bindings are made from it, and it has to lie beside the crate.
            ("sdk/wit/lanner.wit", ".lanner/sdk/wit/lanner.wit"),
        ]),
    },
    Sdk { language: "python", template: "python/template", library: Library::Folders(&["python"]) },
    Sdk { language: "js", template: "js/template", library: Library::Folders(&["js"]) },
    Sdk { language: "ts", template: "js/template-ts", library: Library::Folders(&["js"]) },
    Sdk { language: "go", template: "go/template", library: Library::Folders(&["go"]) },
    Sdk { language: "c", template: "c/template", library: Library::Folders(&["c"]) },
    Sdk { language: "cpp", template: "cpp/template", library: Library::Folders(&["cpp", "c"]) },
    Sdk { language: "zig", template: "zig/template", library: Library::Folders(&["zig"]) },
    Sdk { language: "falco", template: "falco/template", library: Library::Folders(&["falco"]) },
    Sdk { language: "sigma", template: "sigma/template", library: Library::Folders(&["sigma"]) },
];
/// What of an SDK is not its library.
const LEFT_OUT: [&str; 15] = [
    "template",
    "template-ts",
    "tests",
    "conftest.py",
    "tsconfig.json",
    "test",
    "benches",
    "target",
    "node_modules",
    "__pycache__",
    "dist",
    "zig-out",
    "zig-cache",
    ".zig-cache",
    ".gitignore",
];
/// Files of one SDK at most.
const MAX_FILES: usize = 2000;

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate lies"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to"));
    let root = here.join("../..").canonicalize().expect("the top of the tree");
    let mut made = Made { out: out.clone(), root: root.clone(), count: 0 };
    let mut code = String::new();
    let mut common = Vec::new();
    made.add(&here.join("template"), "", &mut common);
    made.add(&root.join("sdk/wit/lanner.wit"), ".lanner/wit/lanner.wit", &mut common);
    // What an author looks things up in.
    for page in ["frame", "rules", "contract"] {
        made.add(&root.join("docs").join(page).with_extension("md"), &format!(".lanner/{page}.md"), &mut common);
    }
    let common = made.list(&common);
    writeln!(code, "static COMMON: &[File] = &{common};").expect("a text takes it");
    writeln!(code, "static TEMPLATES: &[Template] = &[").expect("likewise");
    for Sdk { language, template, library } in SDKS {
        let template = root.join("sdk").join(template);
        println!("cargo::rerun-if-changed={}", template.display());
        if !template.is_dir() {
            continue;
        }
        let (mut project, mut files) = (Vec::new(), Vec::new());
        made.add(&template, "", &mut project);
        match library {
            Library::Folders(folders) => {
                for (number, folder) in folders.iter().enumerate() {
                    let to = if number == 0 { ".lanner/sdk".to_owned() } else { format!(".lanner/sdk/{folder}") };
                    made.add(&root.join("sdk").join(folder), &to, &mut files);
                }
            }
            Library::Crates(crates) => {
                crates.iter().for_each(|(from, to)| made.add(&root.join(from), to, &mut files));
                files.push((".lanner/sdk/Cargo.toml".to_owned(), made.keep(&workspace(&root))));
            }
        }
        let (project, files) = (made.list(&project), made.list(&files));
        writeln!(code, "Template {{ language: {language:?}, project: &{project}, library: &{files} }},")
            .expect("likewise");
    }
    code.push_str("];\n");
    fs::write(out.join("templates.rs"), code).expect("cargo's folder takes it");
    let mut adapters = String::new();
    for name in ["go", "libc"] {
        let path = root.join("sdk/adapter").join(name).with_extension("wasm");
        println!("cargo::rerun-if-changed={}", path.display());
        let bytes = if path.is_file() { format!("Some(include_bytes!({path:?}))") } else { "None".to_owned() };
        writeln!(adapters, "const ADAPTER_{}: Option<&[u8]> = {bytes};", name.to_uppercase()).expect("likewise");
    }
    fs::write(out.join("adapters.rs"), adapters).expect("cargo's folder takes it");
    println!("cargo::rerun-if-changed={}", root.join("Cargo.toml").display());
    println!("cargo::rerun-if-changed={}", here.join("template").display());
}

/// What goes into the library.
struct Made {
    out: PathBuf,
    root: PathBuf,
    count: usize,
}

impl Made {
    /// Adds a file, or all of a folder: where it goes, and where it lies.
    fn add(&mut self, from: &Path, to: &str, files: &mut Vec<(String, PathBuf)>) {
        println!("cargo::rerun-if-changed={}", from.display());
        if from.is_dir() {
            let mut entries: Vec<PathBuf> =
                fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
            entries.sort();
            for entry in entries {
                let name = entry.file_name().and_then(|name| name.to_str()).expect("names are UTF-8").to_owned();
                let below = from.strip_prefix(self.root.join("sdk")).is_ok_and(|place| place.components().count() == 1);
                let made_by_tools = matches!(name.as_str(), "__pycache__" | "node_modules" | ".zig-cache" | "vectors");
                let of_tests = name.ends_with("_test.go") || name.ends_with(".pyc");
                if (below && LEFT_OUT.contains(&name.as_str())) || made_by_tools || of_tests {
                    continue;
                }
                let to = if to.is_empty() { name } else { format!("{to}/{name}") };
                self.add(&entry, &to, files);
            }
            return;
        }
        assert!(files.len() < MAX_FILES, "{} has more than {MAX_FILES} files", from.display());
        // A manifest of a crate of this tree stands on its own in a project.
        let is_manifest = to.starts_with(".lanner/") && to.ends_with("/Cargo.toml");
        let from = if is_manifest {
            self.keep(&standing_alone(&fs::read_to_string(from).expect("a manifest")))
        } else {
            from.to_owned()
        };
        files.push((to.to_owned(), from));
    }

    /// Keeps a text that is made here.
    fn keep(&mut self, text: &str) -> PathBuf {
        let path = self.out.join(format!("made-{}", self.count));
        self.count += 1;
        fs::write(&path, text).expect("cargo's folder takes it");
        path
    }

    /// Files as code.
    fn list(&self, files: &[(String, PathBuf)]) -> String {
        let file = |(to, from): &(String, PathBuf)| format!("File {{ path: {to:?}, bytes: include_bytes!({from:?}) }}");
        format!("[{}]", files.iter().map(file).collect::<Vec<_>>().join(", "))
    }
}

/// A manifest without what is for tests and benches.
fn standing_alone(manifest: &str) -> String {
    let mut kept = String::new();
    let mut keeps = true;
    for line in manifest.lines() {
        if line.starts_with('[') {
            keeps = !matches!(line.trim(), "[dev-dependencies]" | "[[bench]]" | "[[test]]" | "[[example]]");
        }
        if keeps {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The manifest of the workspace that the SDK's crates are in, in a project: what they inherit of this tree's.
fn workspace(root: &Path) -> String {
    let read = |path: &str| fs::read_to_string(root.join(path)).expect("a manifest");
    let crates = ["rust", "abi", "contract"];
    let manifests: Vec<String> =
        crates.iter().map(|name| standing_alone(&read(&format!("sdk/{name}/Cargo.toml")))).collect();
    let inherited: BTreeSet<&str> = manifests
        .iter()
        .flat_map(|manifest| manifest.lines())
        .filter(|line| line.contains("workspace = true"))
        .filter_map(|line| line.split([' ', '.']).next())
        .collect();
    let mut made = String::from(
        "# The crates that packs are written with, as of the lanner that unpacked them.\n[workspace]\nresolver = \"3\"\n",
    );
    made.push_str(&format!("members = {crates:?}\n"));
    let mut section = "";
    for line in read("Cargo.toml").lines() {
        if line.starts_with('[') {
            section = if line.starts_with("[workspace.package") || line.starts_with("[workspace.lints") {
                "all"
            } else if line == "[workspace.dependencies]" {
                "dependencies"
            } else {
                ""
            };
            if !section.is_empty() {
                made.push_str(&format!("\n{line}\n"));
            }
            continue;
        }
        let name = line.split([' ', '.']).next().unwrap_or_default();
        match section {
            "all" if !line.trim().is_empty() => made.push_str(&format!("{line}\n")),
            "dependencies" if inherited.contains(name) => made.push_str(&format!("{}\n", line.replace("\"sdk/", "\""))),
            _ => {}
        }
    }
    made
}
