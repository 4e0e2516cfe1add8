//! Rules as Falco writes them: whatever a file holds, it is imported or refused.

#![no_main]

use std::path::Path;

use lanner_import::{Options, falco, import_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // By itself a condition goes deeper than in a file.
    if let Err(problem) = falco::grammar::parse(text) {
        assert!(text.is_char_boundary(problem.at) && !problem.what.is_empty());
    }
    match import_text(Path::new("rules.yaml"), text, &Options { all: true, ..Options::default() }) {
        Ok(pack) => assert!(pack.description.check().is_ok()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
