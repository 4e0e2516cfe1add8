//! The configuration of a host: files that are read and checked as a whole, what each key takes, secrets, and the JSON Schema.
//!
//! A key says what an option of `lanner run` says, so it comes down to options: the option on the command line counts for more
//! than a variable in the environment, which counts for more than a file.

#![forbid(unsafe_code)]

mod files;
mod keys;
mod said;
mod schema;
mod secret;
mod tree;
mod value;

pub use files::{Config, ConfigError, DEFAULT, FILE, FOLDER, Place, Stamp};
pub use keys::{Change, KEYS, Key, OUTPUT, Puts, Takes};
pub use said::{Entry, Name, Output, Said};
pub use schema::schema;
pub use value::{check_label, is_label_name};
