//! Mining in containers.

use common::contained::{entry, is_contained, is_main, place};
use lanner_sdk::prelude::*;

use crate::Containers;

/// How miners are told where to take work from, and what to work on.
static WORK: TextSet = TextSet::new()
    .starts_with(&[
        "--coin=",
        "--cuda-",
        "--donate-level",
        "--nicehash",
        "--randomx",
        "stratum+",
        "stratum1+",
        "stratum2+",
    ])
    .contains(&[
        "2miners.",
        "c3pool.",
        "dwarfpool.",
        "ethermine.",
        "f2pool.",
        "hashvault.",
        "herominers.",
        "kryptex.",
        "minexmr.",
        "moneroocean.",
        "nanopool.",
        "nicehash.",
        "stratum+ssl://",
        "stratum+tcp://",
        "supportxmr.",
        "unmineable.",
        "xmrpool.",
    ]);
/// Programs that mine.
static MINERS: TextSet = TextSet::new().starts_with(&[
    "ccminer",
    "cpuminer",
    "kdevtmpfsi",
    "kinsing",
    "lolMiner",
    "minerd",
    "nbminer",
    "t-rex",
    "xmr-stak",
    "xmrig",
]);
/// Works that have no other use.
static ALGORITHMS: TextSet = TextSet::new().contains(&[
    "argon2/chukwa",
    "cn/",
    "cryptonight",
    "ethash",
    "ghostrider",
    "kawpow",
    "randomx",
    "rx/0",
    "yescrypt",
]);

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("impact/miner-in-container")
        .summary("A program that mines runs in a container")
        .severity(High)
        .attack("T1496.001")
        .attack("T1496")
        .attack("T1204.003")
        .property("maturity", "stable")
        .property("misses", "Miners with a name and a file of settings of their own")
        .on_exec(|_, e, out| {
            let image = e.image();
            if !is_contained(&image) {
                return;
            }
            let told = |argument: Text<'_>| WORK.matches(argument);
            let algorithm = |(option, value): (Text<'_>, Text<'_>)| {
                matches!(option.as_bytes(), b"-a" | b"--algo" | b"--algorithm") && ALGORITHMS.matches(value)
            };
            let pairs = image.args().zip(image.args().skip(1));
            let is_told = image.args().skip(1).any(told)
                || pairs.into_iter().any(algorithm)
                || image.args().any(|argument| argument.starts_with("--algo=") && ALGORITHMS.matches(argument));
            // A shell that is told to start one starts it: that is the finding then.
            if common::programs::is_shell(&image) || !(is_told || MINERS.matches(image.name())) {
                return;
            }
            let by_image = is_main(&image) && entry(&image).id() == image.id();
            let how = if by_image { "the image was made for it" } else { "something there started it" };
            out.finding(format!("{} in {}: {how}", image.command_line(), place(&image)));
        });
}
