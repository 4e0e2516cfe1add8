//! What a pack is told, of any bytes: it is understood, or refused, and what is understood travels unchanged.

#![no_main]

use lanner_contract::Configuration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match Configuration::decode(bytes) {
        Ok(told) => {
            assert_eq!(Configuration::decode(&told.encode()).expect("what was encoded is decoded"), told);
        }
        Err(malformed) => assert!(!malformed.to_string().is_empty()),
    }
});
