//! Entries of lists, in each form and of each type: whatever a file holds, it is taken or refused with a line, and a list that is
//! taken has what its entries cover.

#![no_main]

use lanner_contract::ListType;
use lanner_lists::{Builder, Form};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, u8, &[u8], &[u8])| {
    let (form, holds, bytes, value) = input;
    let form = [Form::Text, Form::Csv, Form::Json][usize::from(form) % 3];
    let holds = &ListType::ALL[usize::from(holds) % ListType::ALL.len()];
    match form.read(bytes, holds, "list", None) {
        Ok(members) => {
            let entries: Vec<String> = members.entries().collect();
            let covers = |entry: &String| holds.read(entry).expect("an entry").covers(value);
            assert_eq!(members.has(value), entries.iter().any(covers));
            let mut again = Builder::new(holds);
            entries.iter().for_each(|entry| again.add(entry).expect("an entry"));
            assert_eq!(again.end().len(), members.len());
        }
        Err(wrong) => assert!(!wrong.what.is_empty()),
    }
});
