//! Reports what was lost, and opens of one file.

use lanner_sdk::prelude::*;

/// The pack.
#[derive(Default)]
pub struct Losses;

impl Pack for Losses {
    const INFO: PackInfo = pack_info!("losses", "Reports what was lost");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/loss")
            .summary("Events were lost")
            .severity(Info)
            .on_loss(|_, e, out| {
                out.finding(format!("{} {}", e.count(), e.lost_kind().map_or("", Kind::name)));
            })
            .only(open::path().ends_with(["/lanner-after-loss"]))
            .on_open(|_, e, out| {
                out.finding(format!("opened {}", e.path()));
            });
    }
}

export_pack!(Losses);
