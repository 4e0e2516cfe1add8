//! The `lanner-registry` command.

#![forbid(unsafe_code)]

fn main() {}
