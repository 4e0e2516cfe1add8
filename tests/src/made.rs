//! Packs that are made on the spot, of a description and of what their calls do in the text form of WebAssembly: any number
//! of them, and such as no SDK makes.

use std::fs;
use std::path::{Path, PathBuf};

use lanner_contract::filter::Test;
use lanner_contract::{Description, Filter, Finding, List, ListType, Rule, Severity, Subscription};

/// What a pack's calls do. Each is the body of a function; what is not given does nothing.
///
/// `$memory` is its memory, of which the first 64 bytes and those from 1024 to the end of the description are taken; `$top` is
/// where the next thing that is handed over will lie.
#[derive(Clone, Debug, Default)]
pub struct Calls<'a> {
    /// Runs when the instance starts.
    pub start: &'a str,
    /// `(local.get 0)` is the frame, `(local.get 1)` its length.
    pub evaluate: &'a str,
    /// `(local.get 0)` is the time.
    pub tick: &'a str,
    /// Before the description is answered, the configuration taken, the state given or taken.
    pub describe: &'a str,
    /// Likewise.
    pub configure: &'a str,
    /// Likewise.
    pub save: &'a str,
    /// Likewise.
    pub restore: &'a str,
    /// Bytes of the state that it saves, from the beginning of its memory on.
    pub state: u32,
    /// Further functions, data and globals of the module.
    pub more: &'a str,
    /// Whether it asks for lists, by `$listed(list, pointer, length)`.
    pub lists: bool,
}

/// Writes a pack that raises a finding for each open below `seen` in a folder, into that folder; gives its path.
///
/// # Panics
/// Where it cannot be written.
pub fn opens(folder: &Path) -> PathBuf {
    let below = Test::StartsWith(vec![format!("{}/", folder.join("seen").display()).into()]);
    let below = Filter::Field("open.path".to_owned(), below);
    let description = description("opens", vec![rule("test/opens", vec![("open", Some(below))])]);
    let raise = kit("(call $raise (i32.const 0) (local.get $seq))");
    let path = folder.join("opens.wasm");
    let calls = Calls { evaluate: "(call $each (local.get 0))", more: &raise, ..Calls::default() };
    fs::write(&path, pack(&description, &calls)).expect("written");
    path
}

/// What a pack with these rules says of itself.
pub fn description(name: &str, rules: Vec<Rule>) -> Vec<u8> {
    let (name, version) = (name.to_owned(), "1.0.0".to_owned());
    Description { name, version, summary: "Made for a test".to_owned(), rules, ..Description::default() }.encode()
}

/// A rule that wants events of a kind; all of them where there is no filter.
pub fn rule(id: &str, events: Vec<(&str, Option<Filter>)>) -> Rule {
    let subscription = |(kind, filter): (&str, Option<Filter>)| Subscription { kind: kind.to_owned(), filter };
    let events = events.into_iter().map(subscription).collect();
    Rule { id: id.to_owned(), summary: "A rule".to_owned(), severity: Severity::Info, events, ..Rule::default() }
}

/// What a pack with these lists and rules says of itself.
pub fn description_with_lists(name: &str, rules: Vec<Rule>, lists: Vec<List>) -> Vec<u8> {
    let (name, version) = (name.to_owned(), "1.0.0".to_owned());
    Description { name, version, rules, lists, ..Description::default() }.encode()
}

/// A list, and what it has where nobody says otherwise.
pub fn list(name: &str, holds: ListType, entries: &[&str]) -> List {
    let entries = entries.iter().map(|entry| (*entry).to_owned()).collect();
    List { name: name.to_owned(), summary: "A list".to_owned(), holds, entries }
}

/// What a pack imports that asks for lists.
const LISTS: &str = r#"(import "lanner:pack/lists@2.0.0" (instance $lists
    (export "contains" (func (param "list" u32) (param "value" (list u8)) (result bool)))))"#;

/// The pack.
///
/// # Panics
/// The instructions are none.
pub fn pack(description: &[u8], calls: &Calls<'_>) -> Vec<u8> {
    let Calls { start, evaluate, tick, describe, configure, save, restore, state, more, lists } = calls;
    let listed = |text: &'static str| if *lists { text } else { "" };
    let (import, lowered, taken, given) = (
        listed(LISTS),
        listed("(core func $listed (canon lower (func $lists \"contains\") (memory $bytes)))"),
        listed("(import \"host\" \"listed\" (func $listed (param i32 i32 i32) (result i32)))"),
        listed("(export \"listed\" (func $listed))"),
    );
    let data: String = description.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let length = description.len();
    // What is handed over lies behind the description, from a whole page on.
    let heap = (1024 + length).next_multiple_of(65_536);
    let pages = heap / 65_536 + 1;
    let text = format!(
        r#"(component
  (import "lanner:pack/host@2.0.0" (instance $host
    (type $level' (enum "debug" "info" "warn" "error"))
    (export "level" (type $level (eq $level')))
    (export "emit" (func (param "finding" (list u8))))
    (export "log" (func (param "level" $level) (param "message" string)))))
  {import}
  (core module $memory
    (memory (export "memory") {pages})
    (global $top (export "top") (mut i32) (i32.const {heap}))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $top))
      (global.set $top (i32.and (i32.add (i32.add (local.get $at) (local.get 3)) (i32.const 7)) (i32.const -8)))
      (block $there
        (br_if $there (i32.le_u (global.get $top) (i32.shl (memory.size) (i32.const 16))))
        (drop (memory.grow (i32.add (i32.shr_u (local.get 3) (i32.const 16)) (i32.const 1)))))
      (local.get $at)))
  (core instance $own (instantiate $memory))
  (alias core export $own "memory" (core memory $bytes))
  (core func $emit (canon lower (func $host "emit") (memory $bytes)))
  (core func $log (canon lower (func $host "log") (memory $bytes)))
  {lowered}
  (core module $pack
    (import "own" "memory" (memory $memory 1))
    (import "own" "top" (global $top (mut i32)))
    (import "host" "emit" (func $emit (param i32 i32)))
    (import "host" "log" (func $log (param i32 i32 i32)))
    {taken}
    (data (i32.const 1024) "{data}")
    {more}
    (func $start {start})
    (start $start)
    (func $reset (global.set $top (i32.const {heap})))
    (func (export "describe") (result i32)
      {describe}
      (i32.store (i32.const 16) (i32.const 1024))
      (i32.store (i32.const 20) (i32.const {length}))
      (i32.const 16))
    (func (export "configure") (param i32 i32) (result i32)
      {configure}
      (call $reset)
      (i32.store8 (i32.const 32) (i32.const 0))
      (i32.const 32))
    (func (export "evaluate") (param i32 i32)
      {evaluate}
      (call $reset))
    (func (export "tick") (param i64)
      {tick})
    (func (export "save") (result i32)
      {save}
      (i32.store (i32.const 16) (i32.const 0))
      (i32.store (i32.const 20) (i32.const {state}))
      (i32.const 16))
    (func (export "restore") (param i32 i32 i32 i32) (result i32)
      {restore}
      (call $reset)
      (i32.store8 (i32.const 32) (i32.const 0))
      (i32.const 32)))
  (core instance $imports (export "emit" (func $emit)) (export "log" (func $log)) {given})
  (core instance $code (instantiate $pack (with "own" (instance $own)) (with "host" (instance $imports))))
  (alias core export $own "realloc" (core func $realloc))
  (func $describe (result (list u8)) (canon lift (core func $code "describe") (memory $bytes)))
  (func $configure (param "configuration" (list u8)) (result (result (error string)))
    (canon lift (core func $code "configure") (memory $bytes) (realloc $realloc)))
  (func $evaluate (param "frame" (list u8))
    (canon lift (core func $code "evaluate") (memory $bytes) (realloc $realloc)))
  (func $tick (param "now" u64) (canon lift (core func $code "tick")))
  (func $save (result (list u8)) (canon lift (core func $code "save") (memory $bytes)))
  (func $restore (param "state" (list u8)) (param "version" string) (result (result (error string)))
    (canon lift (core func $code "restore") (memory $bytes) (realloc $realloc)))
  (instance $rules
    (export "describe" (func $describe))
    (export "configure" (func $configure))
    (export "evaluate" (func $evaluate))
    (export "tick" (func $tick))
    (export "save" (func $save))
    (export "restore" (func $restore)))
  (export "lanner:pack/rules@2.0.0" (instance $rules)))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

/// A sequence number whose bytes stand in a finding nowhere else.
const MARK: u64 = 0x0102_0304_0506_0708;

/// For `Calls::more`: functions that read frames and raise findings. `$each(frame)` does `on` for each event, of which
/// `(local.get 0)` is the sequence number; `$raise(rule, seq)` raises a finding of a rule about an event; `$events(frame)` counts
/// events; `$off(configuration, length)` notes in the bytes 40 to 47 which of the rules 0 to 7 are off; `$spin(n)` takes time.
///
/// # Panics
/// Findings are written otherwise than this knows.
pub fn kit(on: &str) -> String {
    let finding = Finding { rule: 7, message: "raised".into(), events: vec![MARK], ..Finding::default() }.encode();
    let place = |of: &[u8]| finding.windows(of.len()).position(|bytes| bytes == of).expect("it stands in a finding");
    let (at, rule) = (512 + place(&MARK.to_be_bytes()), 512 + place(b"rule\x07") + 4);
    let bytes: String = finding.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let len = finding.len();
    format!(
        r#"(data (i32.const 512) "{bytes}")
    (func $raise (param $rule i32) (param $seq i64) (local $n i32)
      (i32.store8 (i32.const {rule}) (local.get $rule))
      (loop $again
        (i32.store8 (i32.add (i32.const {at}) (local.get $n))
          (i32.wrap_i64 (i64.shr_u (local.get $seq) (i64.extend_i32_u (i32.sub (i32.const 56) (i32.shl (local.get $n) (i32.const 3)))))))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 8))))
      (call $emit (i32.const 512) (i32.const {len})))
    (func $spin (param $n i32)
      (loop $again (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $again (local.get $n))))
    (func $section (param $frame i32) (result i32) (local $entry i32)
      (local.set $entry (i32.add (local.get $frame) (i32.load16_u (i32.add (local.get $frame) (i32.const 6)))))
      (loop $again
        (if (i32.eq (i32.load16_u (local.get $entry)) (i32.const 2)) (then (return (local.get $entry))))
        (local.set $entry (i32.add (local.get $entry) (i32.const 16)))
        (br $again))
      unreachable)
    (func $events (param $frame i32) (result i32) (i32.load (i32.add (call $section (local.get $frame)) (i32.const 4))))
    (func $each (param $frame i32) (local $entry i32) (local $at i32) (local $n i32)
      (local.set $entry (call $section (local.get $frame)))
      (local.set $n (i32.load (i32.add (local.get $entry) (i32.const 4))))
      (local.set $at (i32.add (local.get $frame) (i32.load (i32.add (local.get $entry) (i32.const 8)))))
      (loop $again
        (if (i32.eqz (local.get $n)) (then (return)))
        (call $on (i64.load (i32.add (local.get $at) (i32.const 8))))
        (local.set $at (i32.add (local.get $at) (i32.load16_u (i32.add (local.get $entry) (i32.const 2)))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $again)))
    (func $on (param $seq i64) {on})
    (func $off (param $at i32) (param $len i32) (local $p i32) (local $k i32)
      ;; bytes 40 to 47: whether rules 0 to 7 are off; the list of them stands last
      (i64.store (i32.const 40) (i64.const 0))
      (loop $again
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (if (i32.or (i32.ge_u (local.get $k) (local.get $len)) (i32.gt_u (local.get $k) (i32.const 8))) (then (return)))
        (local.set $p (i32.sub (i32.add (local.get $at) (local.get $len)) (i32.add (local.get $k) (i32.const 1))))
        (br_if $again (i32.ne (i32.load8_u (local.get $p)) (i32.add (i32.const 0x80) (local.get $k)))))
      (loop $mark
        (i32.store8 (i32.add (i32.const 40) (i32.load8_u (i32.add (local.get $p) (local.get $k)))) (i32.const 1))
        (local.set $k (i32.sub (local.get $k) (i32.const 1)))
        (br_if $mark (local.get $k))))"#
    )
}
