//! What a pack says of itself, of any bytes: it is understood, or refused, and what is understood travels unchanged.

#![no_main]

use lanner_contract::{Description, Sieve};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let said = match Description::decode(bytes) {
        Ok(said) => said,
        Err(malformed) => return assert!(!malformed.to_string().is_empty()),
    };
    let again = Description::decode(&said.encode()).expect("what was encoded is decoded");
    assert_eq!(again, said);
    match (said.check(), again.check()) {
        (Ok(checked), Ok(again)) => {
            assert_eq!((&again.wanted, &again.left_out), (&checked.wanted, &checked.left_out));
            let rules = checked.said.rules.len();
            assert!(checked.left_out.iter().all(|left_out| (left_out.rule as usize) < rules));
            drop(Sieve::new(&checked.wanted));
            for setting in &checked.said.settings {
                // Whatever it takes: a value, or a sentence.
                for written in ["", "true", "-1", "a,b"] {
                    let set = checked.configuration(&[(setting.name.clone(), written.to_owned())]);
                    assert!(set.is_ok_and(|told| told.settings.len() == 1) || setting.parse(written).is_err());
                }
            }
        }
        (Err(nonsense), Err(again)) => assert_eq!(again, nonsense),
        (one, other) => panic!("{one:?} is not {other:?}"),
    }
});
