//! A record of the kernel side of any bytes: it is decoded, or refused.

#![no_main]

use lanner_probes::decode::{Clock, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = decode(bytes, &Clock { boot_time_ns: 1 }) else { return };
    let info = event.kind.info();
    assert!(event.task.is_some() && event.image.is_some() == info.has_image);
    assert_eq!(event.payload.info(), info.record);
    // Shows all fields that are there.
    drop(format!("{event:?}"));
});
