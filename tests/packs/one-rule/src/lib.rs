//! One rule, as a person would write it. The bench runs this source as WebAssembly and natively.

use lanner_sdk::prelude::*;

/// The pack.
#[derive(Default)]
pub struct OneRule;

impl Pack for OneRule {
    const INFO: PackInfo = pack_info!("one-rule", "One rule");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/one-rule").summary("A secret was read").severity(High).attack("T1003.008").on_open(|_, e, out| {
            let process = e.process();
            let secret = e.path() == "/etc/shadow" || e.path().starts_with("/root/.ssh/") || e.path().ends_with(".pem");
            if secret && e.is_read() && !process.exe().ends_with("/sshd") {
                out.finding(format!("{} read {}", process.exe(), e.path()));
            }
        });
    }
}

export_pack!(OneRule);
