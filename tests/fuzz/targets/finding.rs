//! What a rule raises, of any bytes: it is understood, or refused, and what is understood travels unchanged.

#![no_main]

use lanner_contract::Finding;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let said = match Finding::decode(bytes) {
        Ok(said) => said,
        Err(malformed) => return assert!(!malformed.to_string().is_empty()),
    };
    let encoded = said.encode();
    let again = Finding::decode(&encoded).expect("what was encoded is decoded");
    // As bytes: a number that is none is not equal to itself.
    assert_eq!(again.encode(), encoded);
    assert_eq!((again.rule, &again.message, &again.events), (said.rule, &said.message, &said.events));
    assert_eq!(again.fields.len(), said.fields.len());
    let _ = said.fields.iter().map(|(_, fact)| fact.size()).sum::<usize>();
});
