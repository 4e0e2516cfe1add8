//! The machine's work for somebody else's profit: mining, and proxies that are paid for.

use common::command::{Command, line, only_starts_another};
use common::context::is_build;
use common::peers::{Host, Reach, hosts, reach};
use common::programs::{is_package_management, is_shell, is_system, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::Impact;

/// How a pool is named to a miner.
static STRATUM: TextSet = TextSet::new().contains(&[
    "stratum+tcp://",
    "stratum+ssl://",
    "stratum+tls://",
    "stratum1+tcp://",
    "stratum1+ssl://",
    "stratum2+tcp://",
    "stratum://",
    "stratums://",
    "ethproxy+",
    "daemon+http://",
    "nicehash",
]);
/// Options that only miners have.
static OPTIONS: TextSet = TextSet::new()
    .starts_with(&[
        "--donate-level",
        "--donate-over-proxy",
        "--cpu-max-threads-hint",
        "--randomx-",
        "--coin=",
        "--nicehash",
        "--rig-id",
        "--max-cpu-usage=",
        "--cuda-bfactor",
        "--opencl-platform",
        "--ethash",
        "--asm=ryzen",
    ])
    .equals(&[
        "--coin",
        "--cpu-priority",
        "rx/0",
        "rx/wow",
        "cn/r",
        "randomx",
        "cryptonight",
        "--algo=rx/0",
        "--algo=cryptonight",
        "cn-lite/1",
        "argon2/chukwa",
        "--randomx-1gb-pages",
        "kawpow",
        "ghostrider",
    ]);
/// Miners, by name.
static MINERS: TextSet = TextSet::new()
    .equals(&[
        "bfgminer",
        "bminer",
        "ccminer",
        "cgminer",
        "claymore",
        "cpuminer",
        "cpuminer-multi",
        "cpuminer-opt",
        "ethminer",
        "gminer",
        "kdevtmpfsi",
        "kinsing",
        "lolMiner",
        "lolminer",
        "minerd",
        "minergate",
        "minergate-cli",
        "miniZ",
        "nanominer",
        "nbminer",
        "nheqminer",
        "phoenixminer",
        "PhoenixMiner",
        "rigel",
        "sha256miner",
        "srbminer",
        "SRBMiner-MULTI",
        "t-rex",
        "teamredminer",
        "verushash",
        "wildrig-multi",
        "xmr-stak",
        "xmr-stak-cpu",
        "xmr-stak-rx",
        "xmrig",
        "xmrig-proxy",
        "xmrig-notls",
        "xmrigDaemon",
        "xmrigMiner",
        "xmrig-cuda",
        "zelminer",
        "monerod-miner",
        "p2pool",
    ])
    .starts_with(&["xmrig-", "cpuminer-"]);
/// Programs that sell a machine's connection.
static SHARERS: TextSet = TextSet::new().contains(&[
    "traffmonetizer",
    "honeygain",
    "peer2profit",
    "p2pclient",
    "iproyal/pawns",
    "pawns-cli",
    "earnapp",
    "packetstream",
    "psclient",
    "repocket",
    "bitpingd",
    "proxyrack",
    "proxylite",
    "mystnode",
    "earnfm",
    "gaganode",
    "spide",
    "urnetwork",
]);
/// Where pools are.
static POOLS: TextSet = TextSet::new().ends_with(&[
    "2miners.com",
    "antpool.com",
    "c3pool.com",
    "c3pool.org",
    "crypto-pool.fr",
    "cryptonight.net",
    "dwarfpool.com",
    "ethermine.org",
    "f2pool.com",
    "flypool.org",
    "gulf.moneroocean.stream",
    "hashvault.pro",
    "herominers.com",
    "hiveon.net",
    "kryptex.network",
    "minergate.com",
    "minexmr.com",
    "miningpoolhub.com",
    "miningocean.org",
    "monerohash.com",
    "moneroocean.stream",
    "monero.hashvault.pro",
    "monerpool.org",
    "nanopool.org",
    "nicehash.com",
    "pool.xmr.pt",
    "poolin.com",
    "prohashing.com",
    "p2pool.io",
    "ravenminer.com",
    "skypool.org",
    "slushpool.com",
    "sparkpool.com",
    "supportxmr.com",
    "unmineable.com",
    "viabtc.com",
    "viaxmr.com",
    "woolypooly.com",
    "xmrpool.de",
    "xmrpool.eu",
    "xmrpool.net",
    "zpool.ca",
    "xmr.crypto-pool.fr",
    "zergpool.com",
    "rplant.xyz",
    "xmrig.com",
    "zeropool.io",
    "xmrvsbeast.com",
    "auto.c3pool.org",
    "solopool.org",
]);
/// Ports that pools have and hardly anybody else.
const PORTS: [u16; 14] = [3333, 3334, 3335, 3357, 4446, 5555, 7777, 9999, 10128, 14433, 14444, 17777, 20128, 45700];
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("impact/miner")
        .summary("A miner was started: by its pool, its options, the account that it earns for, or its name")
        .severity(High)
        .attack("T1496.001")
        .property("maturity", "stable")
        .property(
            "misses",
            "miners that were renamed and read all of it from a file: their connection is another rule's",
        )
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            // Who kills or looks for a miner names it as well.
            let only_names = name.one_of(&[
                "apt", "apt-get", "cat", "cp", "curl", "echo", "find", "git", "grep", "kill", "killall", "ls", "mv",
                "pgrep", "pkill", "ps", "rm", "sed", "wget", "which",
            ]) || is_shell(&image)
                || only_starts_another(&image);
            let called = image.args().next().unwrap_or_default().file_name();
            let by_pool = args.iter().any(|arg| STRATUM.matches(*arg));
            let options = args.iter().filter(|arg| OPTIONS.matches(**arg)).count();
            let by_account = args.iter().any(|arg| is_account(arg.as_bytes()));
            let by_name = MINERS.matches(name) || MINERS.matches(called);
            let what = match () {
                () if only_names => return,
                () if by_pool => "mines for a pool",
                () if by_account
                    && (options > 0
                        || args.iter().any(|arg| arg.one_of(&["-o", "-u", "--url", "--user", "--wallet"]))) =>
                {
                    "mines for an account"
                }
                () if options > 1 || (options == 1 && !is_system(&image)) => "has the options of a miner",
                () if by_name && !is_build(&image) => "is a miner by name",
                () => return,
            };
            out.finding(format!("{} {what}", line(&image)));
        });

    r.rule("impact/pool-connection")
        .summary("A program asked for a mining pool, or connected to a port that hardly anybody else has")
        .severity(High)
        .attack("T1496.001")
        .attack("T1071")
        .property("maturity", "stable")
        .property("misses", "pools that are in no list, behind a proxy")
        .only(dns::response().is(false).and(dns::name().matches(&POOLS)))
        .on_dns(|_, e, out| {
            out.finding(format!("{} asked for {}", label(&e.process()), e.name()))
                .field("name", e.name())
                .key(e.name().to_string());
        })
        .unfiltered()
        .on_exec(|_, e, out| {
            let image = e.image();
            let all = hosts(&image);
            let Some(host) = all.iter().find(|host| POOLS.matches(host.name)) else { return };
            let looks = Command::of(&image).name().one_of(&["curl", "wget", "git", "grep"]);
            let finding = out.finding(format!("{} goes to {}", line(&image), host.name)).field("name", host.name);
            if looks {
                finding.severity(Medium);
            }
        })
        .only(connect::family().one_of([AF_INET, AF_INET6]).and(connect::port().one_of(PORTS)))
        .on_connect(|_, e, out| {
            let Some((address, port)) = e.address().zip(e.port()).filter(|_| !e.is_udp()) else { return };
            let process = e.process();
            let is_loose = is_world_writable(process.exe()) || process.is_memfd() || process.is_deleted();
            let is_far = reach(address) == Reach::Far;
            let is_hidden = process.exe().contains("/.");
            let severity = match () {
                () if is_loose && is_far => High,
                () if is_far && (!is_system(&process) || is_shell(&process)) => Medium,
                () if (is_loose || is_hidden) && !is_build(&process) => Medium,
                () if is_far => Low,
                () => return,
            };
            out.finding(format!("{} connected to {address} port {port}", label(&process)))
                .field("peer", address)
                .fact("port", port)
                .key(format!("{} {address} {port}", process.exe()))
                .severity(severity);
        });

    r.rule("impact/tuned-for-mining")
        .summary("The processor was tuned as miners have it: its registers were written, or large pages were set aside")
        .severity(Medium)
        .attack("T1496.001")
        .property("maturity", "incubating")
        .property("misses", "miners that are content without it; databases ask for large pages, too")
        .only(open::file().starts_with([
            "/dev/cpu/",
            "/proc/sys/vm/nr_hugepages",
            "/sys/devices/system/node/",
            "/sys/kernel/mm/hugepages/",
        ]))
        .on_open(|_, e, out| {
            let process = e.process();
            let is_registers = e.path().ends_with("/msr");
            let is_pages = e.path().contains("hugepages");
            if e.failed() || !e.is_write() || !(is_registers || is_pages) || is_package_management(&process) {
                return;
            }
            static TUNERS: TextSet = TextSet::new().equals(&[
                "libvirtd",
                "tuned",
                "systemd-sysctl",
                "hugeadm",
                "irqbalance",
                "thermald",
                "turbostat",
                "cpupower",
                "x86_energy_perf_policy",
                "systemd",
            ]);
            if common::programs::is_installed(&process, &TUNERS) {
                return;
            }
            let finding = out.finding(format!("{} wrote {}", label(&process), e.path())).fact("path", e.path());
            // sysctl(8) at a start, by somebody's list.
            if is_pages && process.args().any(|arg| arg.one_of(&["-p", "--system", "--load"])) {
                finding.severity(Low);
            }
        });

    r.rule("impact/connection-sold")
        .summary("A program was started that sells this machine's connection")
        .severity(Medium)
        .attack("T1496.002")
        .property("maturity", "incubating")
        .property("misses", "programs that are called otherwise")
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let is_container =
                name.one_of(&["docker", "podman", "nerdctl"]) && args.iter().take(32).any(|arg| SHARERS.matches(*arg));
            if (SHARERS.matches(name) || is_container) && !is_build(&image) {
                out.finding(format!("{} sells this machine's connection", line(&image)));
            }
        });
}

/// Whether it is an account of Monero, as miners are told it: 95 or 106 characters that begin with 4 or 8.
fn is_account(arg: &[u8]) -> bool {
    let account = arg.split(|byte| b".+/:@=".contains(byte)).find(|part| part.len() >= 95).unwrap_or_default();
    (account.len() == 95 || account.len() == 106)
        && matches!(account[0], b'4' | b'8')
        && account.iter().all(u8::is_ascii_alphanumeric)
        && Host::of(Text::new(account)).is_some()
}
