//! From the engine's verdicts to findings, in one order, and the report of what went wrong in packs.

use std::collections::HashMap;
use std::time::Duration;

use lanner_engine::{After, Answer, Description, Fact, PackId, Sentence, Verdict, Verdicts};
use lanner_enrich::Event;

use crate::remembered::Remembered;
use crate::{Detail, Finding};

/// Findings as they come out of an engine: those of each batch or tick together, also where there are none. Ends with the
/// engine.
pub struct Findings {
    verdicts: Verdicts,
    seen: Seen,
}

/// Takes a sentence about what went wrong in a pack.
pub type Complain = Box<dyn FnMut(tracing::Level, &str) + Send>;

impl Findings {
    /// What went wrong in packs is told to this one, and not in the log.
    #[must_use]
    pub fn complaining_to(mut self, complain: Complain) -> Self {
        self.seen.complain = Some(complain);
        self
    }
}

/// What was seen so far.
#[derive(Default)]
struct Seen {
    remembered: Remembered,
    /// Findings of rules that the pack does not have, or that are left out.
    strays: HashMap<PackId, u64>,
    /// Findings beyond what may be raised.
    dropped: HashMap<PackId, u64>,
    /// Who hears of what went wrong, where that is not the log.
    complain: Option<Complain>,
}

impl Seen {
    fn complain(&mut self, level: tracing::Level, sentence: &str) {
        match &mut self.complain {
            Some(complain) => complain(level, sentence),
            None if level == tracing::Level::ERROR => tracing::error!("{sentence}"),
            None => tracing::warn!("{sentence}"),
        }
    }
}

impl From<Verdicts> for Findings {
    fn from(verdicts: Verdicts) -> Self {
        Self { verdicts, seen: Seen::default() }
    }
}

impl Iterator for Findings {
    type Item = Vec<Finding>;

    fn next(&mut self) -> Option<Vec<Finding>> {
        let mut verdict = self.verdicts.next()?;
        if verdict.is_first() {
            self.seen.remembered.note(verdict.events());
        }
        Some(of_verdict(&mut verdict, &mut self.seen))
    }
}

/// In the order of the events, so that it does not matter how they were cut into batches; of one event, in the order of
/// the packs.
fn of_verdict(verdict: &mut Verdict, seen: &mut Seen) -> Vec<Finding> {
    let mut all = Vec::new();
    for mut answer in verdict.answers() {
        let (mut findings, strays) = of_answer(&mut answer, verdict.events(), &seen.remembered, verdict.now_ns);
        all.append(&mut findings);
        if strays > 0 {
            let count = seen.strays.entry(answer.pack).or_default();
            let before = *count;
            *count += strays;
            if is_said(before, *count) {
                let sentence = format!(
                    "pack {} raised {count} findings for rules that it does not have, or that are left out; so are these",
                    answer.description.name
                );
                seen.complain(tracing::Level::WARN, &sentence);
            }
        }
        report(&answer, seen);
    }
    all.sort_by_key(|finding| finding.event_seqs.last().copied().unwrap_or(u64::MAX));
    all
}

/// Said at first, and again when they are twice as many: who raises them in a loop fills no log.
fn is_said(before: u64, now: u64) -> bool {
    before == 0 || before.ilog2() < now.ilog2()
}

/// What a pack raised about a batch, in the order of its events. `now_ns` stands in where there is no event.
/// Those of a rule that it does not have, or that is left out, are counted.
fn of_answer(answer: &mut Answer, events: &[Event], remembered: &Remembered, now_ns: u64) -> (Vec<Finding>, u64) {
    let (mut findings, mut strays) = (Vec::new(), 0);
    for raised in std::mem::take(&mut answer.gave.findings) {
        let (pack, rule) = (answer.description.clone(), raised.rule as usize);
        let left_out = pack.left_out.iter().any(|left_out| left_out.rule == raised.rule);
        let finding = Finding::new(pack, rule, raised.message, now_ns).filter(|_| !left_out);
        let Some(finding) = finding else {
            strays += 1;
            continue;
        };
        let newest = raised.events.last().and_then(|seq| find(events, *seq));
        let process = match raised.process {
            Some(image) => remembered.get(image),
            None => newest.and_then(Event::subject),
        };
        findings.push(Finding {
            time_ns: newest.map_or(now_ns, |event| event.time_ns),
            severity: raised.severity.unwrap_or(finding.severity),
            key: raised.key,
            event_seqs: raised.events,
            event: newest.cloned(),
            process: process.cloned(),
            fields: raised.fields.into_iter().map(|(name, fact)| (name, detail(fact, remembered))).collect(),
            ..finding
        });
    }
    (findings, strays)
}

/// The event of a sequence number: they stand in order, without gaps.
fn find(events: &[Event], seq: u64) -> Option<&Event> {
    let first = events.first()?.seq;
    events.get(usize::try_from(seq.checked_sub(first)?).ok()?)
}

fn detail(fact: Fact, remembered: &Remembered) -> Detail {
    match fact {
        Fact::Text(text) => Detail::Text(text),
        Fact::Number(number) => Detail::Number(number),
        Fact::Float(number) => Detail::Float(number),
        Fact::Bool(yes) => Detail::Bool(yes),
        Fact::Path(path) => Detail::Path(path),
        Fact::Address(address) => Detail::Address(address),
        Fact::Process(image) => match remembered.get(image) {
            Some(process) => Detail::Process(process.clone()),
            None => Detail::ForgottenProcess(image),
        },
        Fact::List(facts) => Detail::List(facts.into_iter().map(|fact| detail(fact, remembered)).collect()),
    }
}

/// Says what went wrong.
fn report(answer: &Answer, seen: &mut Seen) {
    let shadow = if answer.gave.is_shadow { " (in the shadow of the version that runs)" } else { "" };
    let pack = format!("{}{shadow}", answer.description.name);
    let dropped = seen.dropped.entry(answer.pack).or_default();
    let before = *dropped;
    *dropped += answer.gave.dropped;
    let now = *dropped;
    if now > before && is_said(before, now) {
        let sentence = format!("pack {pack} raised too many findings: {now} so far were left out");
        seen.complain(tracing::Level::WARN, &sentence);
    }
    if let Some(why) = &answer.gave.unreadable {
        let sentence = format!("pack {pack} raised a finding that was left out: {why}");
        seen.complain(tracing::Level::WARN, &sentence);
    }
    if let (Some(failure), Some(after)) = (&answer.gave.failure, answer.gave.after) {
        let sentence = format!("pack {pack} {failure}; {}", what_comes_of_it(&answer.description, after));
        seen.complain(tracing::Level::ERROR, &sentence);
    }
}

/// What comes of a failure, as the rest of a sentence.
fn what_comes_of_it(pack: &Description, after: After) -> String {
    let rests = |sentence| match sentence {
        Sentence::Rests(ns) => format!("rests {:?}", Duration::from_nanos(ns)),
        Sentence::Quarantined => "has failed too often and rests until its file changes or it is released".to_owned(),
    };
    match after {
        After::Pack(sentence) => format!("it {}, the other packs go on", rests(sentence)),
        After::Rule(rule, sentence) => {
            let rule = pack.rules.get(rule as usize).map_or("", |rule| &rule.id);
            format!("its rule {rule}, which did that, {}, its others go on", rests(sentence))
        }
        After::GoesOn(Some(event)) => format!("it goes on from its last checkpoint, without event {event}"),
        After::GoesOn(None) => "it goes on from its last checkpoint".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use std::sync::Arc;

    use lanner_abi::{Kind, OwnedRecord};
    use lanner_engine::{Description, Gave, LeftOut, Raised, Rule, Severity};
    use lanner_enrich::Enricher;
    use lanner_probes::event::{RawEvent, Task};
    use lanner_source::record::{Machine, Record};

    use super::*;

    fn events(count: usize) -> Vec<Event> {
        let mut enricher = Enricher::new(&Machine::default(), None);
        let task = Task { pid: 10, tid: 10, start_boot_ns: 1, ..Task::default() };
        let mut open = || {
            let event = RawEvent::of_nobody(5, Kind::Open, OwnedRecord::new(Kind::Open.record()));
            let event = RawEvent { task: Some(task.clone()), ..event };
            enricher.take(Record::Event(Box::new(event))).expect("an event")
        };
        (0..count).map(|_| open()).collect()
    }

    /// The pack of this number raised findings of its only rule, each with a message and the event behind it.
    fn answer(pack: u32, raised: &[(&str, Option<u64>)]) -> Answer {
        let rule = Rule { id: "a/rule".into(), severity: Severity::High, ..Rule::default() };
        let name = format!("pack-{pack}");
        let description = Description { name, version: "1.0.0".into(), rules: vec![rule], ..Description::default() };
        let raise = |(message, event): &(&str, Option<u64>)| Raised {
            message: (*message).to_owned(),
            events: event.iter().copied().collect(),
            ..Raised::default()
        };
        let gave = Gave { findings: raised.iter().map(raise).collect(), ..Gave::default() };
        Answer { pack: PackId::of(pack), description: Arc::new(description), gave }
    }

    /// What comes of a verdict on these events.
    fn judged(events: Vec<Event>, seen: &mut Seen, answers: Vec<Answer>) -> Vec<Finding> {
        let (reply, answered) = channel();
        answers.into_iter().for_each(|answer| reply.send(answer).expect("it is kept"));
        drop(reply);
        seen.remembered.note(&events);
        of_verdict(&mut Verdict::new(9, events, answered), seen)
    }

    /// What comes of a verdict on three events.
    fn findings(answers: Vec<Answer>) -> Vec<Finding> {
        judged(events(3), &mut Seen::default(), answers)
    }

    #[test]
    fn a_finding_may_be_about_a_process_of_an_earlier_batch() {
        let mut seen = Seen::default();
        let events = events(1);
        let image = events[0].process.as_ref().expect("a process").image().0;
        assert!(judged(events, &mut seen, Vec::new()).is_empty());
        let mut later = answer(1, &[("known", None), ("unknown", None)]);
        later.gave.findings[0].process = Some(image);
        later.gave.findings[0].fields =
            vec![("other".into(), Fact::List(vec![Fact::Process(image), Fact::Process(1)]))];
        later.gave.findings[1].process = Some(1);
        let found = judged(Vec::new(), &mut seen, vec![later]);
        assert_eq!(found[0].process.as_ref().map(|process| process.pid()), Some(10));
        let process = found[0].process.clone().expect("a process");
        let listed = Detail::List(vec![Detail::Process(process), Detail::ForgottenProcess(1)]);
        assert_eq!(found[0].fields, [("other".to_owned(), listed)]);
        assert!(found[1].process.is_none());
    }

    #[test]
    fn they_stand_in_the_order_of_events_then_of_packs() {
        // Answers come as their threads end.
        let answers = vec![
            answer(2, &[("c2", Some(3)), ("a2", Some(1)), ("no event 2", None)]),
            answer(1, &[("c1", Some(3)), ("b1", Some(2)), ("no event 1", None)]),
        ];
        let messages: Vec<_> = findings(answers).into_iter().map(|finding| finding.message).collect();
        assert_eq!(messages, ["a2", "b1", "c1", "c2", "no event 1", "no event 2"]);
    }

    #[test]
    fn a_finding_has_its_event_its_process_and_its_time() {
        let found = findings(vec![answer(1, &[("with", Some(2)), ("without", None), ("of another batch", Some(77))])]);
        let [with, without, elsewhere] = &found[..] else { panic!("three: {found:?}") };
        assert_eq!((with.time_ns, with.severity), (5, Severity::High));
        assert_eq!(with.event.as_ref().map(|event| event.seq), Some(2));
        assert!(with.process.is_some());
        // The time of the batch stands in.
        for finding in [without, elsewhere] {
            assert_eq!(finding.time_ns, 9);
            assert!(finding.event.is_none() && finding.process.is_none());
        }
    }

    #[test]
    fn strays_fill_no_log() {
        assert!(is_said(0, 1) && is_said(0, 4096) && is_said(3, 4) && !is_said(4, 5));
        assert_eq!((0..1_000_000_u64).filter(|before| is_said(*before, before + 1)).count(), 20);
    }

    #[test]
    fn a_rule_that_is_left_out_raises_nothing() {
        let mut answer = answer(1, &[("left out", Some(1))]);
        let left_out = LeftOut { rule: 0, needs: "a test".into() };
        let description = Description { left_out: vec![left_out], ..(*answer.description).clone() };
        answer.description = Arc::new(description);
        assert!(findings(vec![answer]).is_empty());
    }

    #[test]
    fn a_rule_that_the_pack_does_not_have_raises_nothing() {
        let mut wrong = answer(1, &[("right", Some(1)), ("wrong", Some(1))]);
        wrong.gave.findings[1].rule = 1;
        let messages: Vec<_> = findings(vec![wrong]).into_iter().map(|finding| finding.message).collect();
        assert_eq!(messages, ["right"]);
    }
}
