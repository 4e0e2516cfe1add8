//! What it costs to keep findings on disk until all sinks have them, and to send them.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lanner_engine::{Description, Rule};
use lanner_finding::Finding;
use lanner_finding::Labels;
use lanner_sink::settings::Sinks;
use lanner_sink::{Behind, Delivery, Records};
use lanner_spool::{Durability, Entry, Options, Spool};
use lanner_tests::http::{HttpServer, Reply};

use crate::measure::percentile;

/// Bytes of a finding: as those of the shipped rules have, about.
const SIZE: usize = 2048;
const BATCHES: [usize; 3] = [1, 64, 256];
/// Batches of each size.
const ROUNDS: usize = 300;
/// How long a batch may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Findings that are sent to all sinks.
const FINDINGS: u64 = 10_000;
/// Of them so many come together.
const GROUP: usize = 64;

pub(crate) fn run() -> Result<(), String> {
    println!("## The spool\n");
    println!("| findings of {SIZE} bytes at once | p50 | p99 | findings a second |\n| --- | ---: | ---: | ---: |");
    for batch in BATCHES {
        row(&format!("{batch}, appended to a file"), batch, file()?);
        row(&format!("{batch}, spool"), batch, spool(Durability::Normal)?);
        row(&format!("{batch}, spool, `power_safe`"), batch, spool(Durability::Full)?);
    }
    println!(
        "\nUntil it is known that they are kept, {ROUNDS} times, in a folder for temporary files. A file is not waited for by `fsync`.\n"
    );
    to_all()
}

/// Takes a batch, and gives when it is kept.
type Keep = Box<dyn FnMut(usize) -> Result<(), String>>;

fn row(name: &str, batch: usize, mut keep: Keep) {
    let began = Instant::now();
    let took = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        keep(batch).map(|()| began.elapsed().as_secs_f64() * 1e6)
    });
    let Ok(mut took) = took.collect::<Result<Vec<f64>, String>>() else {
        println!("| {name} | | | not kept |");
        return;
    };
    let a_second = (batch * ROUNDS) as f64 / began.elapsed().as_secs_f64();
    took.sort_by(f64::total_cmp);
    println!("| {name} | {:.0} µs | {:.0} µs | {a_second:.0} |", percentile(&took, 0.5), percentile(&took, 0.99));
}

fn folder() -> Result<tempfile::TempDir, String> {
    tempfile::tempdir().map_err(|error| error.to_string())
}

fn file() -> Result<Keep, String> {
    let folder = folder()?;
    let mut file = std::fs::File::create(folder.path().join("findings")).map_err(|error| error.to_string())?;
    Ok(Box::new(move |batch| {
        let _ = &folder;
        file.write_all(&vec![b'x'; SIZE * batch]).map_err(|error| error.to_string())
    }))
}

fn spool(durability: Durability) -> Result<Keep, String> {
    let folder = folder()?;
    let options = Options { durability, ..Options::default() };
    let spool = Spool::open(folder.path(), &["idle".to_owned()], options).map_err(|error| error.to_string())?;
    let bytes: Arc<[u8]> = vec![b'x'; SIZE].into();
    Ok(Box::new(move |batch| {
        let _ = &folder;
        let last = spool.append((0..batch).map(|_| Entry { id: [0; 16], bytes: bytes.clone() }));
        if spool.wait_until_kept(last, PATIENCE) { Ok(()) } else { Err("it is not kept in time".to_owned()) }
    }))
}

/// To a file and a web server of this machine, each once by memory and once by the spool.
fn to_all() -> Result<(), String> {
    println!("| {FINDINGS} findings to | by | findings a second | sent again, left out |\n| --- | --- | ---: | ---: |");
    let server = HttpServer::start(|_, _| Reply::new(200, ""));
    for policy in ["block", "spool"] {
        let folder = folder()?;
        let (file, spool) = (folder.path().join("out.json"), folder.path().join("spool"));
        let text = format!(
            "[spool]\nfolder = {spool:?}\n\
             [[sink]]\nname = \"file\"\ntype = \"file\"\npolicy = \"{policy}\"\npath = {file:?}\n\
             [[sink]]\nname = \"webhook\"\ntype = \"webhook\"\npolicy = \"{policy}\"\nurl = {:?}\n",
            server.url("/")
        );
        let sinks: Sinks = toml::from_str(&text).map_err(|error| error.to_string())?;
        let (records, fan) = Records::start(&sinks, "bench", &Labels::default()).map_err(|error| error.to_string())?;
        let standings = records.standings();
        let began = Instant::now();
        let findings = findings();
        let delivery = Delivery::start(findings.into_iter(), vec![("all".to_owned(), fan)], Behind::Wait, None);
        delivery.map_err(|error| error.to_string())?.finish().map_err(|error| error.to_string())?;
        while standings.sinks().iter().any(|sink| sink.waiting > 0) {
            if began.elapsed() > PATIENCE {
                return Err("not all is sent in time".to_owned());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let took = began.elapsed().as_secs_f64();
        let sinks = standings.sinks();
        let (again, left_out) =
            sinks.iter().fold((0, 0), |(again, out), sink| (again + sink.retried, out + sink.left_out));
        let sent: u64 = sinks.iter().map(|sink| sink.written).sum::<u64>() / sinks.len() as u64;
        let by = if policy == "block" { "memory" } else { "the spool" };
        println!("| a file and a webhook | {by} | {:.0} | {again}, {left_out} |", sent as f64 / took);
        records.finish(PATIENCE);
    }
    println!("\nFrom a finding to both sinks, JSON and HTTP among it; the server is this process, too.\n");
    Ok(())
}

fn findings() -> Vec<Vec<Finding>> {
    let rule = Rule { id: "a/rule".into(), ..Rule::default() };
    let pack =
        Description { name: "pack".into(), version: "1.0.0".into(), rules: vec![rule], ..Description::default() };
    let pack = Arc::new(pack);
    let finding = |number: u64| Finding::new(pack.clone(), 0, format!("finding {number} {}", "x".repeat(1500)), number);
    let all: Vec<Finding> = (0..FINDINGS).filter_map(finding).collect();
    all.chunks(GROUP).map(<[Finding]>::to_vec).collect()
}
