//! The same five rules in each language: what the pack weighs, how long it takes to load, and what an event costs.

use std::path::{Path, PathBuf};
use std::process::Command;

use lanner_tests::{binary, root, test_pack};
use serde_json::Value;

/// The folder below `tests/reference`, and what people call it.
const LANGUAGES: [(&str, &str); 8] = [
    ("rust", "Rust"),
    ("c", "C"),
    ("cpp", "C++"),
    ("zig", "Zig"),
    ("go", "Go"),
    ("js", "JavaScript"),
    ("python", "Python"),
    ("assemblyscript", "AssemblyScript (no SDK)"),
];

pub(crate) fn run() -> Result<(), String> {
    println!("## Languages\n");
    println!(
        "The reference pack (tests/reference) in each, on events of which a part is what its filters ask for, in frames of 256: processor time \
         for an event that the pack is given, in half of the frames, its findings included; beside it what the host itself takes for \
         that.\n"
    );
    println!("| language | KiB | load, cold | cached | an event | host alone | of Rust's | memory, KiB |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut of_rust = f64::NAN;
    let mut missing = Vec::new();
    for (folder, name) in LANGUAGES {
        let Some(pack) = pack(folder) else {
            missing.push(name);
            continue;
        };
        let figures = measure(&pack)?;
        let number = |name: &str| figures[name].as_f64().unwrap_or(f64::NAN);
        let own = number("p50_ns") - number("floor_p50_ns");
        if folder == "rust" {
            of_rust = own;
        }
        println!(
            "| {name} | {:.0} | {:.0} ms | {:.1} ms | {:.0} ns | {:.0} ns | {:.2} | {:.0} |",
            number("size") / 1024.0,
            number("load_cold_ms"),
            number("load_cached_ms"),
            number("p50_ns"),
            number("floor_p50_ns"),
            own / of_rust,
            number("memory") / 1024.0
        );
    }
    println!();
    if !missing.is_empty() {
        println!("Not measured: {} (`cargo test -p lanner-tests --test languages` builds them).\n", missing.join(", "));
    }
    Ok(())
}

/// The pack, as the tests have built it.
fn pack(folder: &str) -> Option<PathBuf> {
    let pack = match folder {
        "rust" => test_pack("reference"),
        "assemblyscript" => root().join("tests/reference/assemblyscript/target/pack.wasm"),
        _ => root().join("target/reference").join(folder).join("target/reference.wasm"),
    };
    pack.is_file().then_some(pack)
}

fn measure(pack: &Path) -> Result<Value, String> {
    let place = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut command = Command::new(binary());
    command.args(["rule", "bench", "--output", "json", "--baseline"]);
    let output =
        command.arg(place.path().join("figures.json")).arg(pack).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}
