//! What imported rules cost: Falco's stable ones, where they lie beside the project.

use std::path::PathBuf;

use lanner_import::{Options, import};
use lanner_pipeline::BATCH;
use lanner_tests::made::{self, Calls};

use crate::mix::{ROUNDS, judged};

/// Where the rules are looked for, unless this variable says otherwise.
const VARIABLE: &str = "LANNER_CORPORA";
const BESIDE: [&str; 2] = ["../../shared/corpora", "../../../shared/corpora"];

pub(crate) fn run() -> Result<(), String> {
    let said = std::env::var_os(VARIABLE).map(PathBuf::from);
    let beside = BESIDE.iter().map(|path| lanner_tests::root().join(path));
    let folder = said.into_iter().chain(beside).map(|path| path.join("falco")).find(|path| path.is_dir());
    let folder =
        folder.ok_or_else(|| format!("Falco's rules are not there; {VARIABLE} names the folder above `falco`"))?;
    println!("## Imported rules\n");
    println!(
        "| rules of Falco's | KiB | ns an event, over a host without rules | of that the host: a pack with the same filters that does nothing | aim |"
    );
    println!("| --- | ---: | ---: | ---: | --- |");
    let nobody = made::description("nobody", vec![made::rule("nobody/loss", vec![("loss", None)])]);
    let floor = cost(made::pack(&nobody, &Calls::default()))?;
    for (name, file, aim) in [
        ("25 stable", "falco_rules.yaml", "≤ 100 ns"),
        ("31 incubating", "falco-incubating_rules.yaml", ""),
        ("26 sandbox, without those that are off", "falco-sandbox_rules.yaml", ""),
    ] {
        let pack = import(&[folder.join(file)], &Options::default()).map_err(|error| error.to_string())?;
        let size = pack.component.len() / 1024;
        let host = cost(made::pack(&pack.description.encode(), &Calls::default()))? - floor;
        let over = cost(pack.component)? - floor;
        println!("| {name} | {size} | {over:.0} | {host:.0} | {aim} |");
    }
    println!(
        "\nProcessor time of the whole process for an event: 70 % opens, 15 % execs, 15 % connects, in batches of {BATCH}, with one \
         thread for the pack. Least of {ROUNDS} rounds; without rules {floor:.0} ns.\n"
    );
    Ok(())
}

/// What an event costs with this pack, ns.
fn cost(pack: Vec<u8>) -> Result<f64, String> {
    Ok(judged(&[pack])?.cost)
}
