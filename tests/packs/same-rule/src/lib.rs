//! Has the rule id of another pack.

use lanner_sdk::prelude::*;

/// The pack.
#[derive(Default)]
pub struct SameRule;

impl Pack for SameRule {
    const INFO: PackInfo = pack_info!("same-rule", "The same rule again");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/one-rule").summary("The same id").severity(Low).on_exit(|_, _, _| {});
    }
}

export_pack!(SameRule);
