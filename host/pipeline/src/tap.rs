//! Events for who listens to them while they are judged. Nobody who listens holds up the stream: what he does not take in
//! time is left out for him, and counted.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, TrySendError, channel, sync_channel};
use std::sync::{Arc, Weak};

use lanner_abi::Kind;
use lanner_enrich::Event;

/// Events that wait for a listener, at most: what a busy machine does while he is not on a processor.
const MAX_EVENTS: usize = 4096;
/// Bytes of them, at most. Their processes are not counted here: they are bounded where they are known.
const MAX_BYTES: usize = 8 << 20;

/// Which events somebody listens to. Where nothing is said, to all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Those of these kinds.
    pub kinds: BTreeSet<Kind>,
    /// Those of this process: that it did, or that it began with.
    pub pid: Option<u32>,
}

impl Interest {
    fn has(&self, event: &Event) -> bool {
        let is_its = |pid: u32| event.process.iter().chain(event.subject()).any(|process| process.pid() == pid);
        (self.kinds.is_empty() || self.kinds.contains(&event.kind)) && self.pid.is_none_or(is_its)
    }
}

/// The end of who takes in events.
pub struct Tap {
    listeners: Vec<Listener>,
    /// Those that begin to listen.
    new: Receiver<Listener>,
    count: Arc<AtomicUsize>,
}

/// Where one begins to listen. Cheap to clone.
#[derive(Clone)]
pub struct Listeners {
    door: Sender<Listener>,
    count: Arc<AtomicUsize>,
}

struct Listener {
    interest: Interest,
    queue: SyncSender<Waiting>,
    /// Gone with who listens.
    account: Weak<Account>,
}

/// What waits for a listener, and what does not any more.
#[derive(Default)]
struct Account {
    events: AtomicUsize,
    bytes: AtomicUsize,
    left_out: AtomicU64,
}

/// An event that waits for a listener.
struct Waiting {
    /// So many before it were left out.
    left_out: u64,
    bytes: usize,
    event: Event,
}

/// The end of who listens, until it is dropped.
pub struct Listening {
    queue: Receiver<Waiting>,
    account: Arc<Account>,
    count: Arc<AtomicUsize>,
    /// It comes after what was left out before it.
    next: Option<Event>,
}

/// What a listener hears.
pub enum Heard {
    /// An event.
    Event(Event),
    /// So many came here for which there was no room.
    LeftOut(u64),
    /// There is nothing for now.
    Nothing,
    /// No more events come.
    End,
}

impl Tap {
    /// A tap, and where one begins to listen at it.
    pub fn new() -> (Self, Listeners) {
        let (door, new) = channel();
        let count = Arc::<AtomicUsize>::default();
        (Self { listeners: Vec::new(), new, count: count.clone() }, Listeners { door, count })
    }

    /// Passes an event on to those who listen. Where nobody does this is one look at a number.
    #[inline]
    pub fn pass(&mut self, event: &Event) {
        if self.is_open() {
            self.pass_to_all(event);
        }
    }

    /// Whether anybody listens.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.count.load(Relaxed) > 0
    }

    fn pass_to_all(&mut self, event: &Event) {
        self.listeners.extend(self.new.try_iter());
        self.listeners.retain(|listener| listener.take(event));
    }
}

impl Listener {
    /// Takes an event where there is room for it. Says whether somebody still listens.
    fn take(&self, event: &Event) -> bool {
        let Some(account) = self.account.upgrade() else { return false };
        if !self.interest.has(event) {
            return true;
        }
        let bytes = size_of::<Event>() + event.payload.len();
        let (waiting, taken) = (account.events.load(Relaxed), account.bytes.load(Relaxed));
        if waiting >= MAX_EVENTS || (waiting > 0 && taken + bytes > MAX_BYTES) {
            account.left_out.fetch_add(1, Relaxed);
            return true;
        }
        account.events.fetch_add(1, Relaxed);
        account.bytes.fetch_add(bytes, Relaxed);
        let left_out = account.left_out.swap(0, Relaxed);
        match self.queue.try_send(Waiting { left_out, bytes, event: event.clone() }) {
            Ok(()) => true,
            Err(TrySendError::Full(waiting)) => {
                account.take_off(&waiting);
                account.left_out.fetch_add(left_out + 1, Relaxed);
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }
}

impl Account {
    fn take_off(&self, waiting: &Waiting) {
        self.events.fetch_sub(1, Relaxed);
        self.bytes.fetch_sub(waiting.bytes, Relaxed);
    }
}

impl Listeners {
    /// The events from now on that somebody is interested in.
    pub fn listen(&self, interest: Interest) -> Listening {
        let (queue, events) = sync_channel(MAX_EVENTS);
        let account = Arc::<Account>::default();
        // Where the stream has ended, what is heard is that.
        let _ = self.door.send(Listener { interest, queue, account: Arc::downgrade(&account) });
        self.count.fetch_add(1, Relaxed);
        Listening { queue: events, account, count: self.count.clone(), next: None }
    }
}

impl Listening {
    /// What comes next. Does not wait for it: who waits would have to be woken, and each event would pay for that.
    pub fn hear(&mut self) -> Heard {
        if let Some(event) = self.next.take() {
            return Heard::Event(event);
        }
        match self.queue.try_recv() {
            Ok(waiting) => {
                self.account.take_off(&waiting);
                let Waiting { left_out, event, .. } = waiting;
                if left_out == 0 {
                    return Heard::Event(event);
                }
                self.next = Some(event);
                Heard::LeftOut(left_out)
            }
            // What was left out after the last one, and is not told with the next one.
            Err(nothing) => match (self.account.left_out.swap(0, Relaxed), nothing) {
                (0, TryRecvError::Empty) => Heard::Nothing,
                (0, TryRecvError::Disconnected) => Heard::End,
                (left_out, _) => Heard::LeftOut(left_out),
            },
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use lanner_abi::{OwnedRecord, field};
    use lanner_enrich::Enricher;
    use lanner_probes::event::{RawEvent, Task};
    use lanner_source::record::{Machine, Record};

    use super::*;

    /// Events of processes with these pids.
    fn events(made: &[(u32, Kind)]) -> Vec<Event> {
        let mut enricher = Enricher::new(&Machine::default(), None);
        let event = |(pid, kind): &(u32, Kind)| {
            let task = Task { pid: *pid, tid: *pid, start_boot_ns: 1, ..Task::default() };
            let event = RawEvent::of_nobody(1, *kind, OwnedRecord::new(kind.record()));
            enricher.take(Record::Event(Box::new(RawEvent { task: Some(task), ..event })))
        };
        made.iter().filter_map(event).collect()
    }

    /// Which events are heard, or how many were left out, until there is nothing more.
    fn heard(listening: &mut Listening) -> Vec<Result<u64, u64>> {
        let mut all = Vec::new();
        loop {
            match listening.hear() {
                Heard::Event(event) => all.push(Ok(event.seq)),
                Heard::LeftOut(count) => all.push(Err(count)),
                Heard::Nothing | Heard::End => return all,
            }
        }
    }

    #[test]
    fn who_listens_hears_what_he_is_interested_in_from_then_on() {
        let (mut tap, listeners) = Tap::new();
        let events = events(&[(1, Kind::Mkdir), (2, Kind::Mkdir), (2, Kind::Chroot)]);
        events.iter().for_each(|event| tap.pass(event));
        let mut all = listeners.listen(Interest::default());
        let mut mkdirs = listeners.listen(Interest { kinds: [Kind::Mkdir].into(), pid: None });
        let mut of_two = listeners.listen(Interest { kinds: BTreeSet::new(), pid: Some(2) });
        events.iter().for_each(|event| tap.pass(event));
        assert_eq!(heard(&mut all), [Ok(1), Ok(2), Ok(3)]);
        assert_eq!(heard(&mut mkdirs), [Ok(1), Ok(2)]);
        assert_eq!(heard(&mut of_two), [Ok(2), Ok(3)]);
        assert!(matches!(all.hear(), Heard::Nothing));
        drop(tap);
        assert!(matches!(all.hear(), Heard::End));
        assert!(matches!(listeners.listen(Interest::default()).hear(), Heard::End));
    }

    #[test]
    fn what_there_is_no_room_for_is_told_where_it_is_missing() {
        let (mut tap, listeners) = Tap::new();
        let event = &events(&[(1, Kind::Mkdir)])[0];
        let mut listening = listeners.listen(Interest::default());
        (0..MAX_EVENTS + 3).for_each(|_| tap.pass(event));
        assert!(matches!(listening.hear(), Heard::Event(_)));
        tap.pass(event);
        tap.pass(event);
        let all = heard(&mut listening);
        assert_eq!(all.len(), MAX_EVENTS + 2);
        assert_eq!(all[MAX_EVENTS - 2..], [Ok(1), Err(3), Ok(1), Err(1)]);
        tap.pass(event);
        assert_eq!(heard(&mut listening), [Ok(1)]);
    }

    #[test]
    fn long_events_are_bounded_by_their_bytes() {
        let (mut tap, listeners) = Tap::new();
        let mut event = events(&[(1, Kind::Mkdir)]).remove(0);
        event.payload =
            OwnedRecord::new(Kind::Mkdir.record()).with(field::mkdir::PATH, vec![b'x'; 64 << 10].as_slice());
        let mut listening = listeners.listen(Interest::default());
        (0..1000).for_each(|_| tap.pass(&event));
        let room = MAX_BYTES / (64 << 10) - 1;
        assert_eq!(heard(&mut listening), [vec![Ok(1); room], vec![Err(1000 - room as u64)]].concat());
    }

    #[test]
    fn who_has_gone_costs_nothing() {
        let (mut tap, listeners) = Tap::new();
        let event = &events(&[(1, Kind::Mkdir)])[0];
        let (gone, stays) = (listeners.listen(Interest::default()), listeners.listen(Interest::default()));
        tap.pass(event);
        drop(gone);
        tap.pass(event);
        assert_eq!(tap.listeners.len(), 1);
        drop(stays);
        assert!(!tap.is_open());
    }
}
