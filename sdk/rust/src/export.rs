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

    use crate::dispatch::{Evaluate, Running};
    use crate::finding::{Finding, Severity, Sink};
    use crate::pack::{Pack, Settings};
    use crate::{filter, log};

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
            world: "pack",
            pub_export_macro: true,
            default_bindings_module: "lanner_sdk::generated_by_export_pack::bindings",
        });
    }

    use bindings::exports::lanner::pack::rules::{Description, Guest};
    use bindings::lanner::pack::{host, types};

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
        fn describe() -> Description {
            running::<P, _>(|running| running.describe()).into()
        }

        fn configure(settings: Vec<(String, String)>) -> Result<(), String> {
            running::<P, _>(|running| running.configure(&Settings::new(settings)))
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
            host::emit(&types::Finding {
                rule: finding.rule,
                message: finding.message,
                severity: finding.severity.map(types::Severity::from),
                events: finding.events,
                process: finding.process,
                fields: finding.fields,
            });
        }
    }

    /// Hands a line to the host's log.
    pub(crate) fn say(level: log::Level, message: &str) {
        let level = match level {
            log::Level::Debug => types::Level::Debug,
            log::Level::Info => types::Level::Info,
            log::Level::Warn => types::Level::Warn,
            log::Level::Error => types::Level::Error,
        };
        host::log(level, message);
    }

    impl From<Severity> for types::Severity {
        fn from(severity: Severity) -> Self {
            match severity {
                Severity::Info => Self::Info,
                Severity::Low => Self::Low,
                Severity::Medium => Self::Medium,
                Severity::High => Self::High,
                Severity::Critical => Self::Critical,
            }
        }
    }

    impl From<crate::dispatch::Description> for Description {
        fn from(description: crate::dispatch::Description) -> Self {
            let rule = |rule: crate::rules::RuleInfo| types::Rule {
                id: rule.id,
                summary: rule.summary,
                severity: rule.severity.into(),
                attack: rule.attack,
                properties: rule.properties,
            };
            let test = |test| match test {
                filter::Test::Equals => types::Test::Equals,
                filter::Test::StartsWith => types::Test::StartsWith,
                filter::Test::EndsWith => types::Test::EndsWith,
                filter::Test::Contains => types::Test::Contains,
            };
            let literal = |literal: filter::Literal| types::Filter {
                field: literal.field.name().to_owned(),
                test: test(literal.test),
                values: literal.values,
            };
            let subscription = |subscription: crate::dispatch::Subscription| types::Subscription {
                kind: subscription.kind.name().to_owned(),
                filters: subscription.filters.into_iter().map(literal).collect(),
            };
            Self {
                name: description.info.name.to_owned(),
                version: description.info.version.to_owned(),
                summary: description.info.summary.to_owned(),
                rules: description.rules.into_iter().map(rule).collect(),
                subscriptions: description.subscriptions.into_iter().map(subscription).collect(),
                properties: vec![("sdk".to_owned(), concat!("rust/", env!("CARGO_PKG_VERSION")).to_owned())],
            }
        }
    }
}
