//! Events that are delivered: how many a second, what each costs the host, and when the first are lost. Beside it bpftrace, which
//! prints a line of each and resolves nothing, and auditd, which writes them to a file and makes programs wait where it is
//! behind.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use lanner_tests::{Lanner, test_pack};
use rustix::fs::{Mode, OFlags, open};

/// Opens a second that are asked for; of as many as there can be, `None`.
const RATES: [Option<u64>; 5] = [Some(50_000), Some(100_000), Some(200_000), Some(300_000), None];
const LASTING: Duration = Duration::from_secs(4);
/// Processors that make them: as many as there are to judge them.
const THREADS: u64 = 2;
/// Opens between two looks at the clock.
const BURST: u64 = 50;
/// The default of `lanner run`, MiB.
const BUFFER: &str = "8";

const BPFTRACE: &str = r#"BEGIN { printf("ready\n"); }
    tracepoint:syscalls:sys_enter_open,tracepoint:syscalls:sys_enter_openat { printf("%d %s %s\n", pid, comm, str(args->filename)); }"#;

/// Opens files at a rate, and gives how many were opened, and in what time.
fn load(rate: Option<u64>) -> (u64, Duration) {
    let barrier = Barrier::new(THREADS as usize);
    let began = Instant::now();
    let opener = || {
        barrier.wait();
        let mut done = 0;
        while began.elapsed() < LASTING {
            for _ in 0..BURST {
                drop(std::hint::black_box(open("/usr/lib/os-release", OFlags::RDONLY, Mode::empty())));
            }
            done += BURST;
            if let Some(rate) = rate {
                let due = Duration::from_secs_f64((done * THREADS) as f64 / rate as f64);
                thread::sleep(due.saturating_sub(began.elapsed()));
            }
        }
        done
    };
    let done = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(opener)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).sum()
    });
    (done, began.elapsed())
}

/// Processor time of a process so far, all its threads, in clock ticks of 10 ms.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    // The 14th and 15th field of proc_pid_stat(5).
    after_name.split_whitespace().skip(11).take(2).filter_map(|number| number.parse::<u64>().ok()).sum()
}

struct Row {
    opened: u64,
    lasted: Duration,
    delivered: u64,
    lost: u64,
    ticks: u64,
}

impl Row {
    fn print(&self, who: &str, rate: Option<u64>) {
        let Self { opened, lasted, delivered, lost, ticks } = self;
        let asked = rate.map_or_else(|| "all".to_owned(), |rate| rate.to_string());
        let each = (ticks * 10_000_000) as f64 / (*delivered).max(1) as f64;
        let a_second = |count: u64| count as f64 / lasted.as_secs_f64();
        let (opened, delivered) = (a_second(*opened), a_second(*delivered));
        println!("| {who} | {asked} | {opened:.0} | {delivered:.0} | {lost} | {each:.0} ns |");
    }
}

/// The number before a word of a line.
fn number_before(line: &str, word: &str) -> Option<u64> {
    let words: Vec<&str> = line.split([' ', ',', ':']).filter(|word| !word.is_empty()).collect();
    let place = words.iter().position(|other| *other == word)?;
    words.get(place.checked_sub(1)?)?.parse().ok()
}

fn lanner(rate: Option<u64>) -> Result<Row, String> {
    let host = Lanner::watch(&[&test_pack("counter-1")], &["--buffer", BUFFER]);
    let before = ticks(host.pid());
    let (opened, lasted) = load(rate);
    // What waits in the ring buffer is judged, too.
    thread::sleep(Duration::from_millis(500));
    let ticks = ticks(host.pid()) - before;
    let ended = host.stop();
    let last = ended.stderr.lines().last().unwrap_or_default();
    let count = |word: &str| number_before(last, word).ok_or_else(|| format!("the host said: {last}"));
    let lost = number_before(&last.replace(" events lost", " lost"), "lost");
    let lost = lost.ok_or_else(|| format!("the host said: {last}"))?;
    Ok(Row { opened, lasted, delivered: count("events")?, lost, ticks })
}

/// It, and what waits for its first line.
fn start_bpftrace() -> Result<Child, String> {
    let mut command = Command::new("bpftrace");
    command.args(["-e", BPFTRACE]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|error| format!("bpftrace: {error}"))
}

fn bpftrace(rate: Option<u64>) -> Result<Row, String> {
    let mut child = start_bpftrace()?;
    let (mut stdout, mut stderr) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
    let (ready, is_ready) = std::sync::mpsc::channel();
    let lines = thread::spawn(move || {
        let (mut buffer, mut lines) = (vec![0; 1 << 20], 0);
        while let Ok(length @ 1..) = stdout.read(&mut buffer) {
            lines += buffer[..length].iter().filter(|byte| **byte == b'\n').count() as u64;
            let _ = ready.send(());
        }
        lines
    });
    let said = thread::spawn(move || {
        let mut said = String::new();
        let _ = stderr.read_to_string(&mut said);
        said
    });
    if is_ready.recv().is_err() {
        let _ = child.wait();
        return Err(format!("bpftrace said: {}", said.join().unwrap_or_default().trim_end()));
    }
    let before = ticks(child.id());
    let (opened, lasted) = load(rate);
    thread::sleep(Duration::from_millis(500));
    let ticks = ticks(child.id()) - before;
    let pid = rustix::process::Pid::from_child(&child);
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
    let _ = child.wait();
    let delivered = lines.join().unwrap_or_default();
    let said = said.join().unwrap_or_default();
    let lost =
        said.lines().filter(|line| line.starts_with("Lost ")).filter_map(|line| number_before(line, "events")).sum();
    Ok(Row { opened, lasted, delivered, lost, ticks })
}

/// How a command ended, and what it said.
fn said(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(format!("{program} {} said: {}", arguments.join(" "), text(&output.stderr)))
}

/// What the kernel's audit says of itself under a name.
fn audit_number(name: &str) -> Result<u64, String> {
    let status = said("auditctl", &["-s"])?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().parse().map_err(|_| format!("auditctl -s does not say {name}: {status}"))
}

/// A daemon of our own, and the rule that has it told of opens. Both end with it.
struct Audit {
    daemon: Child,
    folder: tempfile::TempDir,
}

/// Opens are made by either call.
const AUDIT_RULE: [&str; 7] = ["exit,always", "-F", "arch=b64", "-S", "open", "-S", "openat"];

impl Audit {
    fn start() -> Result<Self, String> {
        if audit_number("pid")? != 0 {
            return Err("an auditd runs already".to_owned());
        }
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let log = folder.path().join("log");
        let configuration = format!(
            "log_file = {}\nlog_format = RAW\nflush = NONE\nmax_log_file_action = IGNORE\nspace_left = 2\n\
             space_left_action = IGNORE\nadmin_space_left = 1\nadmin_space_left_action = IGNORE\n\
             disk_full_action = IGNORE\ndisk_error_action = IGNORE\n",
            log.display()
        );
        let written = std::fs::write(folder.path().join("auditd.conf"), configuration);
        written
            .and_then(|()| std::fs::create_dir(folder.path().join("plugins.d")))
            .map_err(|error| error.to_string())?;
        let mut command = Command::new("auditd");
        command.args(["-n", "-c"]).arg(folder.path());
        let daemon = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let audit = Self { daemon: daemon.map_err(|error| format!("auditd: {error}"))?, folder };
        let end = Instant::now() + Duration::from_secs(60);
        while audit_number("pid")? == 0 {
            if Instant::now() > end {
                return Err("auditd does not begin".to_owned());
            }
            thread::sleep(Duration::from_millis(20));
        }
        said("auditctl", &["-b", "8192"])?;
        said("auditctl", &["-e", "1"])?;
        said("auditctl", &[&["-a"], AUDIT_RULE.as_slice()].concat())?;
        Ok(audit)
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        let _ = said("auditctl", &[&["-d"], AUDIT_RULE.as_slice()].concat());
        let _ = said("auditctl", &["-e", "0"]);
        let _ = rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.daemon),
            rustix::process::Signal::TERM,
        );
        let _ = self.daemon.wait();
    }
}

fn auditd(rate: Option<u64>) -> Result<Row, String> {
    let audit = Audit::start()?;
    let before = (ticks(audit.daemon.id()), audit_number("lost ")?);
    let (opened, lasted) = load(rate);
    thread::sleep(Duration::from_millis(500));
    let (ticks, lost) = (ticks(audit.daemon.id()) - before.0, audit_number("lost ")? - before.1);
    let log = std::fs::read(audit.folder.path().join("log")).map_err(|error| error.to_string())?;
    let is_call = |line: &[u8]| line.starts_with(b"type=SYSCALL ");
    let delivered = log.split(|byte| *byte == b'\n').filter(|line| is_call(line)).count() as u64;
    Ok(Row { opened, lasted, delivered, lost, ticks })
}

pub(crate) fn run() -> Result<(), String> {
    println!("## Events that are delivered\n");
    println!("| | asked for a second | opened a second | delivered a second | lost | the host's time for each |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for rate in RATES {
        lanner(rate)?.print("Lanner", rate);
    }
    type Peer = fn(Option<u64>) -> Result<Row, String>;
    let peers: [(&str, Peer); 2] = [("auditd", auditd), ("bpftrace", bpftrace)];
    let mut missing = String::new();
    for (name, run) in peers {
        for rate in RATES {
            match run(rate) {
                Ok(row) => row.print(name, rate),
                Err(reason) => {
                    // There are machines that do not have it, and kernels that do not let it.
                    missing = format!("{missing}\nNot measured: {name} ({}).\n", reason.replace('\n', " "));
                    break;
                }
            }
        }
    }
    println!(
        "\n{THREADS} threads open a file each at this rate for {} s, on the processors that the host has, too; a pack that wants \
         all opens and finds nothing; a ring buffer of {BUFFER} MiB.\n{missing}",
        LASTING.as_secs()
    );
    Ok(())
}
