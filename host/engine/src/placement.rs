//! Which thread runs which pack: by what they cost, looked at from time to time.

use std::time::Duration;

/// A call that takes longer keeps the others of its thread waiting for too long: its pack gets a thread of its own.
const LONG_CALL: Duration = Duration::from_millis(20);
/// So does one that takes more than this part of a processor, in percent.
const LARGE_SHARE: u32 = 40;
/// Who has a thread of its own goes back when it was quiet for so many looks.
const QUIET: u32 = 60;
/// Threads differ by so much of a processor, in percent, before something is moved.
const UNEVEN: u32 = 15;

/// What a pack cost since the last look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// The thread that runs it.
    pub(crate) worker: usize,
    /// Processor time of its calls together, and of the longest.
    pub(crate) took: Duration,
    pub(crate) longest: Duration,
}

/// A pack, by its place among those looked at, goes to another thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) pack: usize,
    pub(crate) to: usize,
}

/// What was seen so far: the first `shared` threads run many packs each, the others one each, or none.
#[derive(Debug)]
pub(crate) struct Placement {
    shared: usize,
    own: Vec<Own>,
}

/// A thread for one pack.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    /// Looks since its pack was last slow.
    quiet: u32,
}

impl Placement {
    pub(crate) fn new(shared: usize, own: usize) -> Self {
        Self { shared: shared.max(1), own: vec![Own::default(); own] }
    }

    /// How many threads run many packs each.
    pub(crate) fn shared(&self) -> usize {
        self.shared
    }

    /// What to move, one pack at most. `since` is the time since the last look.
    pub(crate) fn look(&mut self, costs: &[Cost], since: Duration) -> Option<Move> {
        let part = |percent: u32| since * percent / 100;
        let slow = |cost: &Cost| cost.longest >= LONG_CALL || cost.took > part(LARGE_SHARE);
        for (number, own) in (self.shared..).zip(&mut self.own) {
            own.quiet = match costs.iter().find(|cost| cost.worker == number) {
                Some(cost) if !slow(cost) => own.quiet.saturating_add(1),
                _ => 0,
            };
        }
        let free = (self.shared..).take(self.own.len()).find(|own| costs.iter().all(|cost| cost.worker != *own));
        // With nobody beside it, it keeps nobody waiting.
        let beside = |worker: usize| costs.iter().filter(|cost| cost.worker == worker).count() > 1;
        let slowest = costs.iter().enumerate().filter(|(_, cost)| cost.worker < self.shared && slow(cost));
        let slowest = slowest.filter(|(_, cost)| beside(cost.worker)).max_by_key(|(_, cost)| cost.longest);
        if let (Some((pack, _)), Some(to)) = (slowest, free) {
            return Some(Move { pack, to });
        }
        if let Some((pack, _)) = costs.iter().enumerate().find(|(_, cost)| self.is_quiet(cost.worker)) {
            return Some(Move { pack, to: self.idlest(costs) });
        }
        self.even_out(costs, part(UNEVEN))
    }

    fn is_quiet(&self, worker: usize) -> bool {
        let own = worker.checked_sub(self.shared).and_then(|own| self.own.get(own));
        own.is_some_and(|own| own.quiet >= QUIET)
    }

    /// The shared thread that has the least to do.
    pub(crate) fn idlest(&self, costs: &[Cost]) -> usize {
        // Of those with nothing to do the one with the fewest packs.
        let packs = |worker: usize| costs.iter().filter(|cost| cost.worker == worker).count();
        (0..self.shared).min_by_key(|worker| (load(costs, *worker), packs(*worker))).unwrap_or(0)
    }

    /// From the busiest shared thread to the idlest, what makes them most alike.
    fn even_out(&self, costs: &[Cost], uneven: Duration) -> Option<Move> {
        let busiest = (0..self.shared).max_by_key(|worker| load(costs, *worker))?;
        let idlest = self.idlest(costs);
        let gap = load(costs, busiest).checked_sub(load(costs, idlest)).filter(|gap| *gap > uneven)?;
        let movable = costs.iter().enumerate().filter(|(_, cost)| cost.worker == busiest && cost.took < gap);
        let best = movable.min_by_key(|(_, cost)| (gap / 2).abs_diff(cost.took))?;
        // What costs nothing evens out nothing.
        (best.1.took > uneven / 4).then_some(Move { pack: best.0, to: idlest })
    }
}

fn load(costs: &[Cost], worker: usize) -> Duration {
    costs.iter().filter(|cost| cost.worker == worker).map(|cost| cost.took).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn cost(worker: usize, took: u64, longest: u64) -> Cost {
        Cost { worker, took: Duration::from_millis(took), longest: Duration::from_millis(longest) }
    }

    #[test]
    fn a_slow_pack_gets_a_thread_of_its_own_and_goes_back_when_it_is_quiet() {
        let mut placement = Placement::new(2, 2);
        let mut costs = [cost(0, 10, 1), cost(0, 60, 50), cost(1, 450, 5), cost(1, 1, 1)];
        assert_eq!(placement.look(&costs, SECOND), Some(Move { pack: 1, to: 2 }));
        costs[1].worker = 2;
        assert_eq!(placement.look(&costs, SECOND), Some(Move { pack: 2, to: 3 }));
        costs[2].worker = 3;
        assert_eq!(placement.look(&costs, SECOND), None);
        costs[1] = cost(2, 10, 1);
        let looks = (1..100).find(|_| placement.look(&costs, SECOND).is_some());
        assert_eq!(looks, Some(60));
        assert_eq!(placement.look(&costs, SECOND), Some(Move { pack: 1, to: 1 }), "to the one with less to do");
    }

    #[test]
    fn where_no_thread_is_left_it_stays() {
        let mut placement = Placement::new(1, 0);
        assert_eq!(placement.look(&[cost(0, 900, 200), cost(0, 1, 1)], SECOND), None);
        // Nor is one moved that has its thread for itself anyway.
        assert_eq!(Placement::new(1, 4).look(&[cost(0, 900, 200)], SECOND), None);
    }

    #[test]
    fn what_is_uneven_is_evened_out_and_then_left_alone() {
        let mut placement = Placement::new(2, 0);
        let mut costs = [300, 200, 150, 50].map(|took| cost(0, took, 1)).to_vec();
        let mut moves = 0;
        while let Some(Move { pack, to }) = placement.look(&costs, SECOND) {
            costs[pack].worker = to;
            moves += 1;
            assert!(moves < 4, "it comes to rest");
        }
        let apart = load(&costs, 0).abs_diff(load(&costs, 1));
        assert!(apart <= Duration::from_millis(150), "{apart:?} {costs:?}");
        assert_eq!(placement.idlest(&[cost(0, 0, 0), cost(1, 0, 0), cost(0, 0, 0)]), 1, "the fewest packs");
    }
}
