//! Does what no pack should do, when a file of a certain name is opened.

use lanner_sdk::prelude::*;

/// The pack.
#[derive(Default)]
pub struct Misbehaving {
    hoard: Vec<Vec<u8>>,
    spun: u64,
}

impl Pack for Misbehaving {
    const INFO: PackInfo = pack_info!("misbehaving", "Misbehaves");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/misbehave").summary("It was asked to misbehave").severity(Info).on_open(|pack, e, out| {
            let name = e.path().file_name();
            if !name.starts_with("lanner-misbehave-") {
                return;
            }
            out.finding(format!("about to: {name}"));
            if name.ends_with("-trap") {
                panic!("as asked");
            } else if name.ends_with("-loop") {
                loop {
                    pack.spun = std::hint::black_box(pack.spun.wrapping_add(1));
                }
            } else if name.ends_with("-bomb") {
                loop {
                    pack.hoard.push(vec![1; 1 << 20]);
                }
            } else if name.ends_with("-slow") {
                // Well below the deadline, each time.
                for _ in 0..30_000_000_u32 {
                    pack.spun = std::hint::black_box(pack.spun.wrapping_add(1));
                }
            } else if name.ends_with("-chatter") {
                for number in 0..1000 {
                    log::warn(format!("chatter {number}\nwith a second line"));
                }
            } else if name.ends_with("-flood") {
                for number in 0..100_000 {
                    out.finding(format!("flood {number}"));
                }
            }
        });
    }
}

export_pack!(Misbehaving);
