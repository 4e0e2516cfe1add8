//! What findings are written to, as it behaves in the field: moved aside, full, without a reader, shared.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lanner_tests::{Lanner, binary, copy_program, require_kernel, signal, test_pack};
use rustix::fs::OFlags;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

/// A folder with a marked file, opens of which the counter numbers, and a file for findings.
struct Scene {
    folder: TempDir,
    out: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("findings.json");
        Self { folder, out }
    }

    fn watch(&self) -> Lanner {
        Lanner::watch(&[&test_pack("counter-1")], &["--output-file", self.out.to_str().expect("UTF-8")])
    }

    fn marked(&self) -> PathBuf {
        self.folder.path().join("lanner-count-me")
    }

    fn open(&self, times: usize) {
        for _ in 0..times {
            fs::OpenOptions::new().append(true).create(true).open(self.marked()).expect("the marked file opens");
        }
    }

    /// The numbers of the opens that were found, by a file of findings, of which each line is one.
    fn numbers(&self, file: &Path) -> Vec<usize> {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.lines().filter_map(|line| self.number(line)).collect()
    }

    fn number(&self, line: &str) -> Option<usize> {
        let finding: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let (number, path) = finding["message"].as_str()?.split_once(' ')?;
        (Path::new(path) == self.marked()).then(|| number.parse().expect("a number"))
    }

    /// Waits until a file has this many of our findings; lines that are being written do not count yet.
    fn wait(&self, lanner: &Lanner, file: &Path, count: usize) {
        let marked = format!(" {}\"", self.marked().display());
        let found = || fs::read_to_string(file).unwrap_or_default().lines().filter(|l| l.contains(&marked)).count();
        lanner.wait(&format!("{count} findings in {}", file.display()), || found() >= count);
    }
}

#[test]
fn a_file_that_is_moved_or_removed_is_begun_anew() {
    require_kernel!();
    let scene = Scene::new();
    let lanner = scene.watch();
    let [first, second] = ["first", "second"].map(|name| scene.folder.path().join(name));
    scene.open(1);
    scene.wait(&lanner, &scene.out, 1);
    // Moved, without a word.
    fs::rename(&scene.out, &first).expect("moved");
    scene.open(1);
    scene.wait(&lanner, &scene.out, 1);
    // Moved, and said: it is there again without a finding.
    fs::rename(&scene.out, &second).expect("moved");
    signal(lanner.pid(), Signal::HUP);
    lanner.wait("the file anew", || scene.out.exists());
    scene.open(1);
    scene.wait(&lanner, &scene.out, 1);
    fs::remove_file(&scene.out).expect("removed");
    scene.open(1);
    scene.wait(&lanner, &scene.out, 1);
    // Emptied in its place, as `copytruncate` does.
    fs::File::create(&scene.out).expect("emptied");
    scene.open(1);
    scene.wait(&lanner, &scene.out, 1);
    assert!(lanner.stop().status.success());
    assert_eq!([first, second, scene.out.clone()].map(|file| scene.numbers(&file)), [vec![1], vec![2], vec![5]]);
}

#[test]
fn half_a_finding_that_was_left_spoils_no_other() {
    require_kernel!();
    let scene = Scene::new();
    let lanner = scene.watch();
    scene.open(1);
    scene.wait(&lanner, &scene.out, 1);
    assert!(lanner.stop().status.success());
    let line = fs::read_to_string(&scene.out).expect("the findings");
    // Findings of other tests' opens may follow: it is half of the first.
    let half = &line[..line.find('\n').unwrap_or(line.len()) / 2];
    fs::write(&scene.out, format!("{line}{half}")).expect("as a full disk leaves it");
    let lanner = scene.watch();
    scene.open(1);
    scene.wait(&lanner, &scene.out, 2);
    let ended = lanner.stop();
    assert_eq!(scene.numbers(&scene.out), [1, 1], "each line is a finding, of one run each");
    assert!(ended.stderr.contains(&format!("ended in half a finding, {} bytes", half.len())), "{}", ended.stderr);
}

/// A file system of 4 MiB, for as long as it lives.
struct Small(TempDir);

impl Small {
    fn mount() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "none"]).arg(folder.path()).status();
        assert!(mounted.expect("mount runs").success());
        Self(folder)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_ends_nothing_and_loses_nothing() {
    require_kernel!();
    const READS: usize = 20;
    let (small, folder) = (Small::mount(), tempfile::tempdir().expect("a folder"));
    let (out, filler) = (small.0.path().join("findings.json"), small.0.path().join("filler"));
    // What others open marked is too much for a small disk; secrets they read seldom.
    let lanner = Lanner::watch(&[&test_pack("one-rule")], &["--output-file", out.to_str().expect("UTF-8")]);
    let secret = |number: usize| folder.path().join(format!("{number}.pem"));
    let read = |numbers: std::ops::Range<usize>| {
        for number in numbers {
            fs::write(secret(number), "").expect("a secret");
            fs::read(secret(number)).expect("it can be read");
        }
    };
    let found = || {
        let text = fs::read_to_string(&out).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a finding"));
        let paths = lines.filter_map(|finding| Some(finding["event"]["path"].as_str()?.to_owned()));
        paths.filter(|path| Path::new(path).starts_with(folder.path())).collect::<Vec<_>>()
    };
    read(0..1);
    lanner.wait("first finding", || found().len() == 1);
    // To the last byte: what is written next is cut within a finding.
    let mut file = fs::File::create(&filler).expect("a file");
    while file.write(&[b'.'; 4096]).is_ok_and(|written| written > 0) {}
    read(1..READS);
    lanner.wait_for_stderr("takes no findings (No space left on device");
    // Open, it would keep its room.
    drop(file);
    fs::remove_file(&filler).expect("room again");
    lanner.wait_for_stderr("takes findings again; none were left out");
    assert!(lanner.stop().status.success());
    let expected: Vec<_> = (0..READS).map(|number| secret(number).display().to_string()).collect();
    assert_eq!(found(), expected);
}

#[test]
fn a_pipe_that_does_not_wait_is_waited_for() {
    require_kernel!();
    const OPENS: usize = 600;
    let scene = Scene::new();
    let (reader, pen) = std::io::pipe().expect("a pipe");
    rustix::fs::fcntl_setfl(&pen, OFlags::WRONLY | OFlags::NONBLOCK).expect("it does not wait");
    let mut child = Command::new(binary())
        .args(["run", "--no-control", "--output", "json", "--rules"])
        .arg(test_pack("counter-1"))
        .stdin(Stdio::null())
        .stdout(pen)
        .stderr(Stdio::piped())
        .spawn()
        .expect("lanner starts");
    let mut said = BufReader::new(child.stderr.take().expect("its stderr")).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("watching kernel")));
    // More than the pipe holds, and nobody reads yet.
    scene.open(OPENS);
    assert!(said.any(|line| line.contains("stdout takes no findings (perhaps as nobody reads it)")));
    let mut found = BufReader::new(reader).lines().map_while(Result::ok).filter_map(|line| scene.number(&line));
    let first: Vec<usize> = found.by_ref().take(OPENS).collect();
    signal(child.id(), Signal::TERM);
    let (rest, said) = (found.count(), said.collect::<Vec<_>>());
    assert!(child.wait().expect("it ends").success(), "{said:?}");
    assert_eq!((first, rest), ((1..=OPENS).collect(), 0));
}

#[test]
fn a_named_pipe_waits_for_its_readers() {
    require_kernel!();
    let scene = Scene::new();
    let made = Command::new("mkfifo").arg(&scene.out).status();
    assert!(made.expect("mkfifo runs").success());
    let lanner = scene.watch();
    // Each takes one finding of ours, and goes.
    for number in 1..=2 {
        scene.open(1);
        lanner.wait("time for it to find no reader", || lanner.stderr().contains("watching"));
        let reader = BufReader::new(fs::File::open(&scene.out).expect("the pipe opens"));
        let found = reader.lines().map_while(Result::ok).find_map(|line| scene.number(&line));
        assert_eq!(found, Some(number));
    }
    // Nobody reads any more: what is found waits, and the host ends all the same.
    drop(lanner);
}

#[test]
fn two_hosts_share_a_file() {
    require_kernel!();
    const OPENS: usize = 2000;
    let scene = Scene::new();
    let hosts = [scene.watch(), scene.watch()];
    scene.open(OPENS);
    scene.wait(&hosts[0], &scene.out, 2 * OPENS);
    for host in hosts {
        assert!(host.stop().status.success());
    }
    // No line is mixed of two, or it could not be read.
    let mut numbers = scene.numbers(&scene.out);
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=OPENS).flat_map(|number| [number, number]).collect::<Vec<_>>());
}

#[test]
fn a_replay_says_at_once_that_the_disk_is_full() {
    let small = lanner_tests::no_kernel().is_none().then(Small::mount);
    let Some(small) = small else {
        println!("skipped: not root");
        return;
    };
    let out = small.0.path().join("findings.json");
    let mut file = fs::File::create(small.0.path().join("filler")).expect("a file");
    while file.write(&[b'.'; 4096]).is_ok_and(|written| written > 0) {}
    let capture = lanner_tests::root().join("tests/released/1/capture.lcap");
    let ended = lanner_tests::run([
        "replay".as_ref(),
        capture.as_os_str(),
        "--rules".as_ref(),
        lanner_tests::shipped_packs().as_os_str(),
        "--output-file".as_ref(),
        out.as_os_str(),
    ]);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("findings cannot be written: No space left on device"), "{}", ended.stderr);
    let mut rest = String::new();
    fs::File::open(&out).expect("it was made").read_to_string(&mut rest).expect("text");
    assert!(rest.is_empty(), "nothing fits: {rest}");
}

/// What an attacker names his files must not move the cursor of who looks, or break a line of who reads.
#[test]
fn what_cannot_be_printed_is_written_so_that_it_can() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let name: &[u8] = b"\x1b[2J\x07\n{}\xff\xe2\x80\xae\r.pem";
    let secret = folder.path().join(std::ffi::OsStr::from_bytes(name));
    fs::write(&secret, "").expect("any name will do");
    let program = folder.path().join("\u{1b}]0;title\u{7}");
    copy_program("/bin/cat", &program);
    let outputs = ["text", "json"].map(|format| {
        let out = folder.path().join(format);
        let arguments = ["--output-file", out.to_str().expect("UTF-8"), "--output", format];
        let mut all = vec!["run", "--buffer", "128", "--rules"];
        let pack = test_pack("one-rule");
        all.push(pack.to_str().expect("UTF-8"));
        all.extend(arguments);
        (Lanner::start(all), out)
    });
    outputs.iter().for_each(|(lanner, _)| lanner.wait_for_stderr("watching kernel"));
    let read = Command::new(&program).arg(&secret).status();
    assert!(read.expect("it runs").success());
    for (lanner, out) in outputs {
        lanner.wait("finding", || fs::read(&out).is_ok_and(|text| text.windows(4).any(|bytes| bytes == b".pem")));
        assert!(lanner.stop().status.success());
        let text = String::from_utf8(fs::read(&out).expect("findings")).expect("UTF-8, whatever the name was");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        if out.ends_with("json") {
            assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{text}");
        } else {
            // These would show a person another line than it is.
            assert!(!text.contains(|c: char| ('\u{202a}'..='\u{202e}').contains(&c)), "{text:?}");
        }
    }
}
