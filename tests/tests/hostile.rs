//! Packs that do their worst, in the engine itself.

use lanner_engine::{Candidate, Limits, Runtime};
use lanner_tests::made::{self, Calls};

#[test]
fn made() {
    let runtime = Runtime::new(Limits::default(), None).expect("a runtime");
    let description = made::description("made", vec![made::rule("a/b", vec![("open", None)])]);
    let pack = made::pack(&description, &Calls::default());
    println!("{}", pack.len());
    Candidate::prepare(&runtime, &pack).expect("a pack");
}
