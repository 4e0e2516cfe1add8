//! Rules as Sigma writes them, through the whole system: a project, and a folder of them that is reloaded on save.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use lanner_tests::{Lanner, binary, require_kernel};

fn lanner(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(binary()).args(arguments).current_dir(folder).env("NO_COLOR", "1").output().expect("lanner runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

/// A rule that says this of whoever reads the file.
fn rule(file: &Path, title: &str) -> String {
    let file = file.display();
    format!(
        "title: {title}\nname: watched\nauthor: Ann\nlogsource: {{product: linux, category: file_access}}\ndetection:\n  s:\n    \
         TargetFilename: '{file}'\n  condition: s\nlevel: high\n"
    )
}

#[test]
fn a_project_is_made_tested_and_built() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, ..) = lanner(folder.path(), &["rule", "new", "my-rules", "--lang", "sigma"]);
    assert_eq!(code, Some(0));
    let project = folder.path().join("my-rules");
    let (code, out, err) = lanner(&project, &["rule", "test"]);
    assert!(code == Some(0) && out.contains("3 passed"), "{out}\n{err}");
    let (code, out, err) = lanner(&project, &["rule", "build"]);
    assert!(code == Some(0) && out.contains("my-rules 0.1.0, 2 rules"), "{out}\n{err}");
    let path = project.join("rules/secret_read.yml");
    let text = fs::read_to_string(&path).expect("the rule");
    fs::write(&path, text.replace("Image|endswith", "Image|endwith")).expect("written");
    let (code, _, err) = lanner(&project, &["rule", "build"]);
    assert!(code == Some(1) && err.contains("secret_read.yml:") && err.contains("did you mean \"endswith\"?"), "{err}");
}

#[test]
fn a_save_in_a_folder_below_is_a_reload_and_counts_go_on() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().canonicalize().expect("a folder");
    let (rules_in, file) = (folder.join("rules"), folder.join("watched"));
    fs::create_dir_all(rules_in.join("linux/files")).expect("made");
    fs::write(&file, "").expect("written");
    let path = rules_in.join("linux/files/watched.yml");
    fs::write(&path, rule(&file, "One")).expect("written");
    let counted = "title: Often\ncorrelation:\n  type: event_count\n  rules: [watched]\n  group-by: [TargetFilename]\n  \
                   timespan: 1h\n  condition: {gte: 3}\n  generate: true\nlevel: critical\n";
    fs::write(rules_in.join("often.yml"), counted).expect("written");
    let lanner = Lanner::watch(&[&rules_in], &[]);
    let read = |rule: &str, times: usize| {
        fs::read(&file).expect("it is read");
        let found = || lanner.findings().iter().filter(|finding| finding["rule"] == rule).count();
        lanner.wait(rule, || found() >= times);
    };
    read("sigma/one", 1);
    read("sigma/one", 2);
    fs::write(&path, rule(&file, "Two")).expect("written");
    lanner.wait_for_stderr("reloaded");
    // The third, of which two were seen by the version before.
    read("sigma/often", 1);
    let finding = lanner.wait_for_finding("the finding", |finding| finding["rule"] == "sigma/two");
    assert_eq!(finding["severity"], "high");
    assert!(finding.to_string().contains("Ann"), "{finding}");
    lanner.stop();
}
