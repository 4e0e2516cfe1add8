//! What `export_pack!` makes of a pack. On wasm32 these are the exports of the contract; natively there is nothing to
//! export to.

/// What [`export_pack!`](crate::export_pack) expands to refers to. Not for use by hand.
#[doc(hidden)]
pub mod generated_by_export_pack {
    #[cfg(target_arch = "wasm32")]
    pub use super::wasm::{Exported, bindings};

    /// Fails to compile for what is not a pack.
    pub const fn is_a_pack<P: crate::Pack>() {}
}

/// Makes a type the pack of its crate. Once a crate.
#[cfg(not(target_arch = "wasm32"))]
#[macro_export]
macro_rules! export_pack {
    ($pack:ty) => {
        const _: () = $crate::generated_by_export_pack::is_a_pack::<$pack>();
    };
}

/// Makes a type the pack of its crate. Once a crate.
#[cfg(target_arch = "wasm32")]
#[macro_export]
macro_rules! export_pack {
    ($pack:ty) => {
        const _: () = {
            type Exported = $crate::generated_by_export_pack::Exported<$pack>;
            $crate::generated_by_export_pack::bindings::export!(
                Exported with_types_in $crate::generated_by_export_pack::bindings
            );
        };
    };
}

#[cfg(target_arch = "wasm32")]
pub(crate) mod wasm {
    use std::cell::RefCell;
    use std::marker::PhantomData;

    use lanner_contract::{Configuration, Finding};

    use crate::dispatch::{Evaluate, Running};
    use crate::finding::Sink;
    use crate::log;
    use crate::pack::Pack;

    #[allow(
        missing_docs,
        unreachable_pub,
        unsafe_code,
        unsafe_op_in_unsafe_fn,
        unused_qualifications,
        clippy::all,
        clippy::undocumented_unsafe_blocks,
        reason = "generated"
    )]
    pub mod bindings {
        wit_bindgen::generate!({
            path: "../wit",
            world: "pack-with-lists",
            pub_export_macro: true,
            default_bindings_module: "lanner_sdk::generated_by_export_pack::bindings",
        });
    }

    use bindings::exports::lanner::pack::rules::Guest;
    use bindings::lanner::pack::{host, lists};

    thread_local! {
        /// The one pack of this component.
        static RUNNING: RefCell<Option<Box<dyn Evaluate>>> = const { RefCell::new(None) };
    }

    /// A pack as the contract sees it.
    #[derive(Debug)]
    pub struct Exported<P>(PhantomData<P>);

    fn running<P: Pack, T>(work: impl FnOnce(&mut dyn Evaluate) -> T) -> T {
        RUNNING.with_borrow_mut(|running| {
            let running = running.get_or_insert_with(|| {
                // What a panic says is gone with the instance, unless it is said first.
                std::panic::set_hook(Box::new(|panic| log::error(panic.to_string().replace('\n', " "))));
                Box::new(Running::<P>::new())
            });
            work(&mut **running)
        })
    }

    impl<P: Pack> Guest for Exported<P> {
        fn describe() -> Vec<u8> {
            running::<P, _>(|running| running.describe().encode())
        }

        fn configure(configuration: Vec<u8>) -> Result<(), String> {
            let told = Configuration::decode(&configuration).map_err(|error| error.to_string())?;
            running::<P, _>(|running| running.configure(&told))
        }

        fn evaluate(frame: Vec<u8>) {
            if let Err(error) = running::<P, _>(|running| running.evaluate(&frame, &Host)) {
                log::error(format!("a batch could not be read: {error}"));
            }
        }

        fn tick(now: u64) {
            running::<P, _>(|running| running.tick(now, &Host));
        }

        fn save() -> Vec<u8> {
            running::<P, _>(|running| running.save())
        }

        fn restore(state: Vec<u8>, version: String) -> Result<(), String> {
            running::<P, _>(|running| running.restore(&state, &version))
        }
    }

    /// Hands findings to the host.
    struct Host;

    impl Sink for Host {
        fn emit(&self, finding: Finding) {
            host::emit(&finding.encode());
        }
    }

    /// Asks the host whether a list has a value. A pack that never does so does not import what it calls.
    pub(crate) fn is_listed(list: u32, value: &[u8]) -> bool {
        lists::contains(list, value)
    }

    /// Hands a line to the host's log.
    pub(crate) fn say(level: log::Level, message: &str) {
        let level = match level {
            log::Level::Debug => host::Level::Debug,
            log::Level::Info => host::Level::Info,
            log::Level::Warn => host::Level::Warn,
            log::Level::Error => host::Level::Error,
        };
        host::log(level, message);
    }
}
