use lanner_sdk::prelude::Severity::{Critical, High, Medium};
use lanner_sdk::testing::{connect, connect_unix, process};

use super::{finds, found, silent};

const RULE: &str = "command-and-control/unusual-egress";
const ECONNREFUSED: u16 = 111;

#[test]
fn programs_that_have_no_business_on_the_internet() {
    let to = || connect("9.9.9.9:443");
    let bash = process("/usr/bin/bash");
    finds([to().by(&bash)], RULE, High, "/usr/bin/bash, a shell, connected to 9.9.9.9:443");
    let refused = to().failed(ECONNREFUSED).by(&bash);
    finds([refused], RULE, High, "/usr/bin/bash, a shell, tried to connect to 9.9.9.9:443");
    let awk = process("/usr/bin/gawk");
    finds([to().by(awk)], RULE, High, "/usr/bin/gawk, a tool for files, connected to 9.9.9.9:443");
    let redis = process("/usr/bin/redis-server");
    finds([to().by(redis)], RULE, High, "/usr/bin/redis-server, a data store, connected to 9.9.9.9:443");
    let nc = process("/usr/bin/nc.openbsd");
    finds([to().by(nc)], RULE, Medium, "/usr/bin/nc.openbsd, a relay, connected to 9.9.9.9:443");
    let memory = process("memfd:x").memfd().deleted();
    finds([to().by(memory)], RULE, Critical, "memfd:x, which leaves no file behind, connected to 9.9.9.9:443");
    let temporary = process("/tmp/.x/agent");
    let message = "/tmp/.x/agent, which lies where everybody may write, connected to [2606:4700::1]:8443";
    finds([connect("[2606:4700::1]:8443").by(temporary)], RULE, High, message);
    assert_eq!(found([to().by(&bash)])[0].field("peer"), Some("9.9.9.9:443"));
}

#[test]
fn a_connection_under_way_is_one() {
    let begun = connect("9.9.9.9:443").under_way().by(process("/usr/bin/bash"));
    finds([begun], RULE, High, "/usr/bin/bash, a shell, connected to 9.9.9.9:443");
}

#[test]
fn connections_that_say_nothing() {
    let bash = process("/usr/bin/bash");
    for peer in ["127.0.0.1:443", "10.1.2.3:443", "[fd00::1]:443", "192.168.1.1:22"] {
        silent([connect(peer).by(&bash)]);
    }
    silent([connect_unix("/run/nscd/socket").by(&bash)]);
    silent([connect("9.9.9.9:53").udp().by(process("/tmp/x"))]);
    silent([connect("9.9.9.9:0").udp().by(process("/tmp/x"))]);
    silent([connect("9.9.9.9:443").by(process("/usr/bin/curl"))]);
    silent([connect("9.9.9.9:443").by(process("/usr/lib/firefox/firefox"))]);
}
