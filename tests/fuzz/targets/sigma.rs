//! Rules as Sigma writes them: whatever a file holds, it is imported or refused.

#![no_main]

use std::path::Path;

use lanner_import::{Options, import_text, sigma};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(problem) = sigma::condition::parse(text) {
        assert!(!problem.is_empty());
    }
    match import_text(Path::new("rules.yml"), text, &Options { all: true, ..Options::default() }) {
        Ok(pack) => assert!(pack.description.check().is_ok()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
