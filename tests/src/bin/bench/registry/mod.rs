//! The registry beside Debian's `docker-registry`: the same requests, on the same disk, in the same run.

mod client;
mod server;

use std::time::{Duration, Instant};

use client::Client;
use server::Server;

use crate::measure::percentile;

const MIB: usize = 1 << 20;
/// How many packs are pushed and pulled, and how long a component is, in bytes.
const PACKS: usize = 1000;
const PACK: usize = 40 << 10;
/// Clients at the same time, where there are many.
const MANY: usize = 32;

pub(crate) fn run() -> Result<(), String> {
    println!("## The registry beside docker-registry\n");
    let peer = Server::peer().ok_or("docker-registry is not installed: apt-get install docker-registry")?;
    let ours = Server::ours();
    let servers = [ours, peer];
    println!("| | clients | Lanner | docker-registry | ratio | aim | p99 Lanner | p99 peer |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    blobs(&servers, "1 MiB", MIB, [(1, 200), (MANY, 20)]);
    blobs(&servers, "256 MiB", 256 * MIB, [(1, 3), (MANY, 1)]);
    packs(&servers, 1);
    packs(&servers, MANY);
    let [ours, peer] = servers.each_ref().map(Server::most_memory);
    println!("\nMost memory of the process in all of it: Lanner {ours} MiB, docker-registry {peer} MiB (aim: half).\n");
    println!(
        "Times are medians of whole operations (a push is POST and PUT; a pack is config, component, manifest), each \
         content new; the ratio is the peer's time by ours, more is better. Both sync what they have written."
    );
    Ok(())
}

/// Pushes and pulls blobs of a length: with so many clients, so many each.
fn blobs(servers: &[Server; 2], label: &str, len: usize, loads: [(usize, usize); 2]) {
    for (clients, each) in loads {
        let mut pushed = [Vec::new(), Vec::new()];
        let push = |server: usize| {
            load(clients, |number| {
                let mut client = Client::new(&servers[server]);
                let mut content = content(len, (len + clients + number) as u64);
                let mut digests = Vec::new();
                let times = (0..each)
                    .map(|n| {
                        content[..8].copy_from_slice(&(n as u64).to_le_bytes());
                        let digest = client::digest(&content);
                        let began = Instant::now();
                        client.push_blob("bench/blobs", &digest, &content);
                        digests.push(digest);
                        began.elapsed()
                    })
                    .collect();
                (times, digests)
            })
        };
        let times = [0, 1].map(|server| {
            let (times, digests) = push(server);
            pushed[server] = digests;
            times
        });
        row(&format!("push {label}"), clients, &times, 1.0);
        let times = [0, 1].map(|server| {
            let digests = &pushed[server];
            let pull = |number: usize| {
                let mut client = Client::new(&servers[server]);
                let mine = digests.iter().skip(number).step_by(clients);
                let times = mine.map(|digest| {
                    let began = Instant::now();
                    assert_eq!(client.pull("bench/blobs", "blobs", digest), len as u64);
                    began.elapsed()
                });
                (times.collect(), Vec::new())
            };
            load(clients, pull).0
        });
        row(&format!("pull {label}"), clients, &times, 1.0);
        for server in servers {
            server.forget();
        }
    }
}

fn packs(servers: &[Server; 2], clients: usize) {
    let name = |number: usize, n: usize| format!("bench/packs-{clients}-{}", (n * clients + number) % 100);
    let each = PACKS / clients;
    let times = [0, 1].map(|server| {
        let push = |number: usize| {
            let mut client = Client::new(&servers[server]);
            let mut component = content(PACK, (clients * 1000 + number) as u64);
            let times = (0..each).map(|n| {
                component[..8].copy_from_slice(&(n as u64).to_le_bytes());
                let began = Instant::now();
                client.push_pack(&name(number, n), &format!("v{number}-{n}"), &component);
                began.elapsed()
            });
            (times.collect(), Vec::new())
        };
        load(clients, push).0
    });
    row("push a pack (1,000)", clients, &times, 3.0);
    let times = [0, 1].map(|server| {
        let pull = |number: usize| {
            let mut client = Client::new(&servers[server]);
            let times = (0..each).map(|n| {
                let began = Instant::now();
                client.pull_pack(&name(number, n), &format!("v{number}-{n}"));
                began.elapsed()
            });
            (times.collect(), Vec::new())
        };
        load(clients, pull).0
    });
    row("pull a pack (1,000)", clients, &times, 3.0);
}

/// Runs clients at the same time; their times, sorted, and what they leave.
fn load(clients: usize, work: impl Fn(usize) -> (Vec<Duration>, Vec<String>) + Sync) -> (Vec<f64>, Vec<String>) {
    let results: Vec<_> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..clients).map(|number| scope.spawn(move || work(number))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a client")).collect()
    });
    let mut times: Vec<f64> =
        results.iter().flat_map(|(times, _)| times).map(|time| time.as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    // Client by client in turn, so that each finds its own again.
    let longest = results.iter().map(|(_, left)| left.len()).max().unwrap_or_default();
    let left = (0..longest).flat_map(|n| results.iter().filter_map(move |(_, left)| left.get(n).cloned())).collect();
    (times, left)
}

fn row(label: &str, clients: usize, times: &[Vec<f64>; 2], aim: f64) {
    let [ours, peer] = times.each_ref().map(|times| percentile(times, 0.5));
    let [our_p99, peer_p99] = times.each_ref().map(|times| percentile(times, 0.99));
    println!(
        "| {label} | {clients} | {ours:.2} ms | {peer:.2} ms | {:.2} | {aim:.0} | {our_p99:.2} ms | {peer_p99:.2} ms |",
        peer / ours
    );
}

/// Bytes that no file system makes shorter.
fn content(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = vec![0; len];
    for piece in bytes.chunks_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        piece.copy_from_slice(&state.to_le_bytes()[..piece.len()]);
    }
    bytes
}
