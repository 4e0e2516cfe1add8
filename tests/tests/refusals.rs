//! Bad input: one clear sentence, exit code 1 or 2, before anything is half-started. None of it needs the kernel.

use std::fs;
use std::path::{Path, PathBuf};

use lanner_tests::{Ended, run, shipped_pack, test_pack};

/// Runs with these rules; the output must be one sentence on stderr, and nothing on stdout.
fn refused(rules: &[&Path]) -> Ended {
    let mut arguments = vec!["run".to_owned(), "--no-cache".to_owned(), "--for".to_owned(), "1s".to_owned()];
    for path in rules {
        arguments.extend(["--rules".to_owned(), path.to_str().expect("a path in UTF-8").to_owned()]);
    }
    let ended = run(arguments);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(ended.stdout.is_empty(), "{:?}", ended.stdout);
    assert_eq!(ended.stderr.lines().count(), 1, "one sentence:\n{}", ended.stderr);
    ended
}

fn says(rules: &[&Path], text: &str) {
    let ended = refused(rules);
    assert!(ended.stderr.contains(text), "expected {text:?} in:\n{}", ended.stderr);
}

/// A file with this content, in a folder that lives as long as the test.
fn file(folder: &tempfile::TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).expect("written");
    path
}

#[test]
fn a_path_that_is_not_there() {
    says(&[Path::new("/no/such/rules")], "rules path /no/such/rules cannot be read: No such file or directory");
}

#[test]
fn a_folder_without_packs() {
    let folder = tempfile::tempdir().expect("a folder");
    says(&[folder.path()], "no pack (a file that ends in .wasm) and no rules of Falco's or Sigma's (.yaml, .yml) in");
}

#[test]
fn a_named_pipe() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe.wasm");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).expect("a pipe");
    // Opening a pipe that nobody writes to would wait for ever.
    says(&[&path], "not a regular file");
}

#[test]
fn files_that_are_not_components() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = file(&folder, "text.wasm", "not wasm at all");
    says(&[&text], "is not a WebAssembly component");
    let empty = file(&folder, "empty.wasm", "");
    says(&[&empty], "is not a WebAssembly component");
    let module = file(&folder, "module.wasm", wat::parse_str("(module)").expect("a module"));
    says(&[&module], "is a core WebAssembly module, not a component");
    let whole = fs::read(shipped_pack("credential-access")).expect("the pack");
    let cut = file(&folder, "cut.wasm", &whole[..whole.len() / 3]);
    says(&[&cut], "is not a valid component");
}

#[test]
fn components_of_another_world() {
    let folder = tempfile::tempdir().expect("a folder");
    let bare = file(&folder, "bare.wasm", wat::parse_str("(component)").expect("a component"));
    says(&[&bare], "is a component of another world: a pack exports lanner:pack/rules@2.0.0, this one nothing");
    let other = r#"(component (instance $i) (export "example:other/api@0.1.0" (instance $i)))"#;
    let other = file(&folder, "other.wasm", wat::parse_str(other).expect("a component"));
    says(&[&other], "this one example:other/api@0.1.0");
    let newer = r#"(component (instance $i) (export "lanner:pack/rules@3.0.0" (instance $i)))"#;
    let newer = file(&folder, "newer.wasm", wat::parse_str(newer).expect("a component"));
    says(&[&newer], "speaks lanner:pack/rules@3.0.0, and this host lanner:pack/rules@2.0.0: rebuild the pack");
    let wasi = r#"(component
        (import "wasi:clocks/wall-clock@0.2.0" (instance))
        (instance $i) (export "lanner:pack/rules@2.0.0" (instance $i)))"#;
    let wasi = file(&folder, "wasi.wasm", wat::parse_str(wasi).expect("a component"));
    says(&[&wasi], "imports wasi:clocks/wall-clock@0.2.0, which packs are not given");
    let hollow = r#"(component (instance $i) (export "lanner:pack/rules@2.0.0" (instance $i)))"#;
    let hollow = file(&folder, "hollow.wasm", wat::parse_str(hollow).expect("a component"));
    says(&[&hollow], "is not a valid component");
}

#[test]
fn two_packs_with_one_name_or_one_rule() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = file(&folder, "copy.wasm", fs::read(shipped_pack("credential-access")).expect("the pack"));
    says(&[&shipped_pack("credential-access"), &copy], "pack names are unique: load only one of them");
    says(&[&test_pack("one-rule"), &test_pack("same-rule")], "rule ids are unique: rename one, or load only one");
}

#[test]
fn unknown_options_and_values_are_wrong_usage() {
    for arguments in [
        vec!["run", "--no-such-option"],
        vec!["no-such-verb"],
        vec!["run", "--for", "soon"],
        vec!["run", "--output", "xml"],
        vec!["run", "--pack-memory", "0"],
        vec!["replay"],
        vec![],
    ] {
        let ended = run(&arguments);
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn an_output_file_that_cannot_be_written() {
    lanner_tests::require_kernel!();
    let pack = shipped_pack("credential-access");
    let pack = pack.to_str().expect("a path in UTF-8");
    let ended = run(["run", "--rules", pack, "--output-file", "/no/such/folder/file", "--for", "1s"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("findings cannot be written to /no/such/folder/file"), "{}", ended.stderr);
}

#[test]
fn a_cache_that_others_can_write_to() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("permissions");
    let pack = shipped_pack("credential-access");
    let (pack, cache) = (pack.to_str().expect("UTF-8"), folder.path().to_str().expect("UTF-8"));
    let ended = run(["replay", "/dev/null", "--rules", pack, "--cache", cache]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("others can write to it"), "{}", ended.stderr);
}

/// Without root, the host says so and how to mend it.
#[test]
fn no_root() {
    lanner_tests::require_kernel!();
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65534;
    // The binary and the pack lie where nobody may not look, perhaps; so they are copied to where he may.
    let folder = tempfile::tempdir().expect("a folder");
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
    let binary = folder.path().join("lanner");
    lanner_tests::copy_program(lanner_tests::binary(), &binary);
    let pack = folder.path().join("credential-access.wasm");
    fs::copy(shipped_pack("credential-access"), &pack).expect("a copy");
    let output = std::process::Command::new(&binary)
        .args(["run", "--no-cache", "--for", "1s", "--rules"])
        .arg(&pack)
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("root"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}
