//! What the console of a host takes: until the first page of many findings is there, and until they are filtered.

use std::time::Instant;

use lanner_tests::browser::Browser;
use lanner_tests::{Lanner, target, test_pack};

/// Findings that are kept, unless `BENCH_CONSOLE_FINDINGS` says how many.
const FINDINGS: u64 = 100_000;
/// The time that they are of: 80 days.
const DAYS_NS: u64 = 80 * 24 * 3600 * 1_000_000_000;
const ROUNDS: usize = 20;
/// What is asked for: ms until a page is answered, bytes until the first is shown.
const ASKED: f64 = 500.0;
const BYTES: usize = 100 << 10;

pub(crate) fn run() -> Result<(), String> {
    let findings = match std::env::var("BENCH_CONSOLE_FINDINGS") {
        Ok(number) => number.parse().map_err(|_| format!("BENCH_CONSOLE_FINDINGS={number} is no number"))?,
        Err(_) => FINDINGS,
    };
    println!("## The console, over {findings} findings of 80 days\n");
    let folder = tempfile::tempdir_in(target()).map_err(|error| error.to_string())?;
    let store = folder.path().join("findings.db");
    super::store::fill(&store, findings, DAYS_NS / findings.max(1)).map_err(|error| error.to_string())?;
    let kept = store.to_str().ok_or("a path that is no text")?;
    let host = Lanner::watch(&[&test_pack("counter-1")], &["--console", "127.0.0.1:0", "--keep", kept]);
    let said = host.stderr();
    let url = said.split("the console is served at ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let url = url.ok_or("the host does not say where its console is")?.trim_end_matches('/').to_owned();
    ask(&url)?;
    paint(&url);
    Ok(())
}

const PAGES: [(&str, &str); 7] = [
    ("the first page", "/"),
    ("of the last hour", "/?time=1h"),
    ("high or critical", "/?severity=high&severity=critical"),
    ("of one rule in a hundred and one image", "/?rule=theme%2Frule-16&image=registry.example%2Fapp-4%3A1"),
    ("a word in all of them", "/?q=shadow"),
    ("a word in one of them", "/?q=unique-4711"),
    ("coverage", "/coverage"),
];

fn ask(url: &str) -> Result<(), String> {
    println!("| a page as the host answers it | p50 ms | longest ms | bytes |\n| --- | --- | --- | --- |");
    let get = |path: &str| -> Result<String, String> {
        let answer = ureq::get(format!("{url}{path}")).call().map_err(|error| error.to_string())?;
        answer.into_body().read_to_string().map_err(|error| error.to_string())
    };
    for (name, path) in PAGES {
        let (mut times, mut bytes) = (Vec::new(), 0);
        for _ in 0..ROUNDS {
            let began = Instant::now();
            bytes = get(path)?.len();
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        let (median, longest) = (times[ROUNDS / 2], times[ROUNDS - 1]);
        let met = if median <= ASKED { "" } else { " (aim 500: missed)" };
        println!("| {name} | {median:.1}{met} | {longest:.1} | {bytes} |");
    }
    let page = get("/")?;
    let mut needed = page.len();
    for asset in page.split('"').filter(|part| part.starts_with("/assets/")) {
        let answer = ureq::get(format!("{url}{asset}")).header("accept-encoding", "gzip").call();
        let body = answer.map_err(|error| error.to_string())?.into_body().read_to_vec();
        needed += body.map_err(|error| error.to_string())?.len();
    }
    let met = if needed <= BYTES { "met" } else { "missed" };
    println!("\nbytes until the first page is shown: {needed} (aim {BYTES}: {met})\n");
    Ok(())
}

fn paint(url: &str) {
    println!("| in Chromium, ms from asking until something is painted | p50 | longest |\n| --- | --- | --- |");
    let browser = Browser::start();
    let painted = "const paint = performance.getEntriesByName('first-contentful-paint')[0]; return paint !== undefined";
    let when = "return performance.getEntriesByName('first-contentful-paint')[0].startTime";
    for (name, path) in PAGES {
        let mut times: Vec<f64> = (0..ROUNDS / 2)
            .map(|_| {
                browser.open(&format!("{url}{path}"));
                browser.wait("a first paint", painted);
                browser.run(when).as_f64().unwrap_or_default()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("| {name} | {:.0} | {:.0} |", times[times.len() / 2], times[times.len() - 1]);
    }
    println!();
}
