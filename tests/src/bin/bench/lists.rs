//! What lists cost: a call from a pack, a million entries in memory, and reading them anew.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use lanner_contract::ListType;
use lanner_engine::{Candidate, Limits, Runtime};
use lanner_lists::{File, Given, ListName, Lists, Way};
use lanner_tests::made::{self, Calls};

use crate::measure::{least_ns, resident_kib};

/// Entries of the long list, and of the short one beside it.
const MANY: u64 = 1_000_000;
const FEW: u64 = 10;
/// Values that are asked for in one call into the pack, each some thousand times away from the last: half of them stand there.
const VALUES: u64 = 4096;
/// Bytes for each of them: its length, and the value.
const STRIDE: usize = 128;
const ROUNDS: usize = 40;
/// What a call may cost.
const AIM: f64 = 150.0;

/// Entries of a type: how the one of a number is written, and what is looked up for it.
struct Kind {
    holds: ListType,
    entry: fn(u64) -> String,
    value: fn(u64) -> Vec<u8>,
}

/// A number that tells nothing of the next (Knuth, 6.4).
fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

const KINDS: [Kind; 5] = [
    Kind {
        holds: ListType::Text,
        entry: |number| {
            format!("{:016x}{:016x}{:016x}{:016x}", mixed(number), number, mixed(number + 1), mixed(number + 2))
        },
        value: |number| (KINDS[0].entry)(number).into_bytes(),
    },
    Kind {
        holds: ListType::Path,
        entry: |number| match number % 8 {
            0 => format!("/opt/vendor/release-{number}/"),
            _ => format!("/usr/lib/some/program-{number}"),
        },
        value: |number| match number % 8 {
            0 => format!("/opt/vendor/release-{number}/bin/tool").into_bytes(),
            _ => format!("/usr/lib/some/program-{number}").into_bytes(),
        },
    },
    Kind {
        holds: ListType::Domain,
        entry: |number| format!("host-{number}.bad-{}.example", number % 977),
        value: |number| format!("www.host-{number}.bad-{}.example", number % 977).into_bytes(),
    },
    Kind {
        holds: ListType::Cidr,
        // Every other address of what is not the other half: none lies beside another.
        entry: |number| std::net::Ipv4Addr::from((mixed(number) as u32) & !1).to_string(),
        value: |number| std::net::Ipv4Addr::from((mixed(number) as u32) & !1).to_ipv6_mapped().octets().to_vec(),
    },
    Kind {
        holds: ListType::Number,
        entry: |number| (mixed(number) >> 8).to_string(),
        value: |number| (mixed(number) >> 8).to_le_bytes().to_vec(),
    },
];

/// A pack that asks for each value that it is handed over, in the list of this place; counts in vain where there is none.
fn asking(holds: &ListType, place: u32) -> Vec<u8> {
    let rules = vec![made::rule("asking/loss", vec![("loss", None)])];
    let description = made::description_with_lists("asking", rules, vec![made::list("many", holds.clone(), &[])]);
    let evaluate = format!(
        "(local $end i32)
         (local.set $end (i32.add (local.get 0) (local.get 1)))
         (loop $again
           (drop (call $listed (i32.const {place}) (i32.add (local.get 0) (i32.const 4)) (i32.load (local.get 0))))
           (local.set 0 (i32.add (local.get 0) (i32.const {STRIDE})))
           (br_if $again (i32.lt_u (local.get 0) (local.get $end))))"
    );
    made::pack(&description, &Calls { evaluate: &evaluate, lists: true, ..Calls::default() })
}

/// The values as they are handed over: of those that stand there every second one.
fn values(kind: &Kind, entries: u64) -> Vec<u8> {
    let mut all = Vec::new();
    for place in 0..VALUES {
        let number = mixed(place) % entries + if place % 2 == 0 { 0 } else { 2 * MANY };
        let value = (kind.value)(number);
        let mut bytes = (value.len() as u32).to_le_bytes().to_vec();
        bytes.extend(value);
        bytes.resize(STRIDE, 0);
        all.extend(bytes);
    }
    all
}

fn write(kind: &Kind, path: &Path, entries: u64) {
    let mut text = String::new();
    for number in 0..entries {
        let _ = writeln!(text, "{}", (kind.entry)(number));
    }
    fs::write(path, text).expect("written");
}

pub(crate) fn run() -> Result<(), String> {
    println!("## Lists\n");
    println!(
        "| a list of | entries | bytes of the file an entry | in memory | ns a call from a pack | that in a list of {FEW} | the call \
         alone | read anew, ms | memory of the process before, meanwhile, after, MiB | aim |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |");
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for kind in &KINDS {
        measure(kind, folder.path())?;
    }
    println!(
        "\nProcessor time of a call into the host from WebAssembly, with the value in the pack's memory; {VALUES} values, of which half \
         stand in the list, none near the last one. Least of {ROUNDS} rounds.\n"
    );
    Ok(())
}

fn measure(kind: &Kind, folder: &Path) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let path = folder.join("many.txt");
    let before = resident_kib();
    write(kind, &path, MANY);
    let file_size = fs::metadata(&path).map_err(|error| said(&error))?.len();
    let name: ListName = "many".parse()?;
    let origin = Arc::new(File { path: path.clone(), column: None });
    let lists = Lists::new(vec![Given { name, way: Way::Replaces, origin }], None).map_err(|error| said(&error))?;
    let runtime = Runtime::new(Limits::default(), None).map_err(|error| said(&error))?.with_lists(lists.clone());
    let call = |place: u32, entries: u64| {
        let bytes = asking(&kind.holds, place);
        let mut pack = Candidate::prepare(&runtime, &bytes).map_err(|error| said(&error))?;
        let values = values(kind, entries);
        pack.evaluate(&values).map_err(|error| said(&error))?;
        Ok::<f64, String>(least_ns(ROUNDS, VALUES, || {
            let _ = black_box(pack.evaluate(black_box(&values)));
        }))
    };
    // As long as a pack has it, it is there.
    let _held = Candidate::prepare(&runtime, &asking(&kind.holds, 0)).map_err(|error| said(&error))?;
    let many = call(0, MANY)?;
    let alone = call(1, MANY)?;
    let status = lists.report().first().cloned().ok_or("there is no list")?;
    // Read anew, with one more entry, while the one before is there.
    write(kind, &path, MANY + 1);
    let held = resident_kib();
    let began = Instant::now();
    let looked = lists.look();
    let took = began.elapsed().as_millis();
    if looked.changed.is_empty() {
        return Err("the list was not read anew".to_owned());
    }
    let (peak, after) = (peak_kib(), resident_kib());
    write(kind, &path, FEW);
    lists.look();
    let few = call(0, FEW)?;
    let mib = |kib: f64| kib / 1024.0;
    let aim = if many <= AIM { format!("≤ {AIM} ns") } else { format!("≤ {AIM} ns: missed") };
    println!(
        "| {} | {} | {:.1} | {:.1} | {many:.0} | {few:.0} | {alone:.0} | {took} | {:.0} (+{:.0} held), {:.0}, {:.0} | {aim} |",
        kind.holds.name(),
        status.entries,
        file_size as f64 / MANY as f64,
        status.bytes as f64 / status.entries as f64,
        mib(before),
        mib(held - before),
        mib(peak),
        mib(after),
    );
    Ok(())
}

/// The most memory of this process that was ever resident, KiB.
fn peak_kib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(f64::NAN)
}
