//! Takes every open and does nothing with it: what a batch costs before any rule looks at it.

use lanner_sdk::prelude::*;

/// The pack.
#[derive(Default)]
pub struct Empty;

impl Pack for Empty {
    const INFO: PackInfo = pack_info!("empty", "Does nothing");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/empty").summary("Nothing").severity(Info).on_open(|_, _, _| {});
    }
}

export_pack!(Empty);
