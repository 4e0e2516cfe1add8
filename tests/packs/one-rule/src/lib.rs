//! One rule, as a person would write it. The bench runs this source as WebAssembly and natively.

use lanner_sdk::prelude::*;

/// The pack.
#[derive(Default)]
pub struct OneRule;

impl Pack for OneRule {
    const INFO: PackInfo = pack_info!("one-rule", "One rule");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/one-rule").summary("A secret was read").severity(High).attack("T1003.008").on_open(|_, e, out| {
            let path = e.path();
            let secret = path == "/etc/shadow" || path.starts_with("/root/.ssh/") || path.ends_with(".pem");
            if secret && e.is_read() && !e.process().exe().ends_with("/sshd") {
                out.finding(format!("{} read {path}", e.process().exe()));
            }
        });
    }
}

export_pack!(OneRule);
