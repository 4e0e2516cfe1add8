//! What it costs to write a finding in the formats of others, beside Lanner's own.

use std::hint::black_box;

use lanner_sink::formats::Format;
use serde_json::Value;

use crate::measure::least_ns;

const ROUNDS: usize = 40;
/// How often all findings are written in a round.
const TIMES: usize = 50;

pub(crate) fn run() -> Result<(), String> {
    let path = lanner_tests::root().join("host/sink/src/formats/tests/golden/findings.jsonl");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let findings: Vec<Value> =
        text.lines().map(serde_json::from_str).collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    let count = (findings.len() * TIMES) as u64;
    println!("## Formats of findings\n\n{} recorded findings, of JSON that is read already.\n", findings.len());
    println!("| format | µs a finding | beside json | bytes a finding |\n| --- | --- | --- | --- |");
    let mut own = f64::NAN;
    for format in Format::ALL {
        let ns = least_ns(ROUNDS, count, || {
            for finding in findings.iter().cycle().take(findings.len() * TIMES) {
                black_box(format.render(black_box(finding)));
            }
        });
        if format == Format::Json {
            own = ns;
        }
        let bytes: usize = findings.iter().map(|finding| format.render(finding).len()).sum();
        println!("| {format} | {:.1} | {:.1} | {} |", ns / 1000.0, ns / own, bytes / findings.len());
    }
    println!();
    Ok(())
}
