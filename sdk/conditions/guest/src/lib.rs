//! A pack whose rules are data: who imports rules puts them into this module's memory, and says where, in its [`SLOT`].

use std::cell::RefCell;

use lanner_abi::Frame;
use lanner_conditions::Evaluator;
use lanner_contract::Configuration;

#[allow(missing_docs, unsafe_op_in_unsafe_fn, clippy::all, clippy::undocumented_unsafe_blocks, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "pack" });
}

use bindings::exports::lanner::pack::rules::Guest;
use bindings::lanner::pack::host;

/// Where the rules lie.
#[repr(C)]
struct Slot {
    /// By which it is found in the module.
    mark: [u8; 16],
    at: u32,
    length: u32,
}

#[used]
static SLOT: Slot = Slot { mark: *b"lanner:rules:1\0\xff", at: 0, length: 0 };

thread_local! {
    static EVALUATOR: RefCell<Option<Result<Evaluator, String>>> = const { RefCell::new(None) };
}

/// The rules as they were put in.
fn rules() -> &'static [u8] {
    // SAFETY: it is a static. Volatile, as what the compiler knows of it is not what stands in the finished module.
    let Slot { at, length, .. } = unsafe { (&raw const SLOT).read_volatile() };
    if length == 0 {
        return &[];
    }
    // SAFETY: who fills the slot makes the memory larger by pages that begin at or before `at` and hold `length` bytes
    // (`host/import/src/pack.rs`). They lie behind all that the linker knew of, so that no allocation and no stack has them, and
    // nobody writes to them.
    unsafe { std::slice::from_raw_parts(at as usize as *const u8, length as usize) }
}

fn with<T>(work: impl FnOnce(&mut Result<Evaluator, String>) -> T) -> T {
    EVALUATOR.with_borrow_mut(|evaluator| {
        let evaluator = evaluator.get_or_insert_with(|| {
            // What a panic says is gone with the instance, unless it is said first.
            std::panic::set_hook(Box::new(|panic| {
                host::log(host::Level::Error, &panic.to_string().replace('\n', " "))
            }));
            Evaluator::decode(rules()).map_err(|error| error.to_string())
        });
        work(evaluator)
    })
}

struct Pack;

impl Guest for Pack {
    fn describe() -> Vec<u8> {
        with(|evaluator| match evaluator {
            Ok(evaluator) => evaluator.description().to_vec(),
            Err(error) => {
                host::log(host::Level::Error, error);
                Vec::new()
            }
        })
    }

    fn configure(configuration: Vec<u8>) -> Result<(), String> {
        let told = Configuration::decode(&configuration).map_err(|error| error.to_string())?;
        with(|evaluator| {
            evaluator.as_mut().map_err(|error| error.clone())?.turn_off(&told.off);
            Ok(())
        })
    }

    fn evaluate(frame: Vec<u8>) {
        let judged = with(|evaluator| {
            let evaluator = evaluator.as_mut().map_err(|error| error.clone())?;
            let frame = Frame::parse(&frame).map_err(|error| format!("a batch could not be read: {error}"))?;
            evaluator.judge(&frame, &mut |finding| host::emit(&finding.encode()));
            Ok::<(), String>(())
        });
        if let Err(error) = judged {
            host::log(host::Level::Error, &error);
        }
    }

    fn tick(now: u64) {
        with(|evaluator| {
            if let Ok(evaluator) = evaluator {
                evaluator.tick(now);
            }
        });
    }

    fn save() -> Vec<u8> {
        with(|evaluator| evaluator.as_ref().map(Evaluator::save).unwrap_or_default())
    }

    /// What cannot be read is no reason to keep rules from running: they begin anew.
    fn restore(state: Vec<u8>, _version: String) -> Result<(), String> {
        with(|evaluator| evaluator.as_mut().map(|evaluator| evaluator.restore(&state)).map_err(|error| error.clone()))
    }
}

bindings::export!(Pack with_types_in bindings);
