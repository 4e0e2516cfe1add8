//! A record of the kernel side of any bytes: it is decoded, or refused.

#![no_main]

use lanner_probes::decode::{Clock, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = decode(bytes, &Clock { boot_time_ns: 1 });
});
