//! Says when a sink takes nothing, and when it takes findings again.

use super::queue::{Behind, MAX_FINDINGS, Standing};

/// A sink that took nothing for so many looks is said to be stuck.
const STUCK_LOOKS: u32 = 2;
/// After so many looks it is said again that a sink cannot keep up.
const QUIET_LOOKS: u32 = 30;
/// After so many more it is said again.
const AGAIN_LOOKS: u32 = 600;

/// What was seen of a sink so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    /// Findings it had written at the last look, and that were left out.
    written: u64,
    left_out: u64,
    /// For so many looks nothing is said of being slow.
    quiet: u32,
    /// Looks in which it took nothing of what waits.
    idle: u32,
    /// It was said to be stuck, when so many findings were left out.
    said: Option<u64>,
}

impl Look {
    /// Says what there is to say.
    pub(crate) fn report(&mut self, name: &str, now: &Standing, behind: Behind) {
        // It takes some, and cannot keep up.
        let more = now.left_out.saturating_sub(self.left_out);
        if more > 0 && self.said.is_none() && self.quiet == 0 {
            tracing::warn!("{name} takes findings slower than they come: {more} were left out; {} wait", now.waiting);
            self.quiet = QUIET_LOOKS;
        }
        self.left_out = now.left_out;
        self.quiet = self.quiet.saturating_sub(1);
        let moved = now.written != self.written || now.waiting == 0;
        self.written = now.written;
        self.idle = if moved { 0 } else { self.idle + 1 };
        match self.said {
            None if self.idle >= STUCK_LOOKS => {
                self.said = Some(now.left_out);
                let waiting = now.waiting;
                let why = now.trouble.as_deref().unwrap_or("perhaps as nobody reads it");
                match behind {
                    Behind::LeaveOut => tracing::warn!(
                        "{name} takes no findings ({why}): {waiting} wait. Judging goes on; beyond {MAX_FINDINGS} (or 64 \
                         MiB) that wait, findings are left out and counted"
                    ),
                    Behind::Wait => {
                        tracing::warn!("{name} takes no findings ({why}): {waiting} wait, and so does judging");
                    }
                }
            }
            Some(before) if moved => {
                self.said = None;
                match now.left_out - before {
                    0 => tracing::info!("{name} takes findings again; none were left out"),
                    left_out => tracing::warn!("{name} takes findings again; {left_out} were left out meanwhile"),
                }
            }
            // Once in a while, for who looks later.
            Some(_) if self.idle.is_multiple_of(AGAIN_LOOKS) => {
                let Standing { waiting, left_out, .. } = now;
                tracing::warn!("{name} still takes no findings: {waiting} wait, {left_out} were left out so far");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_once_that_a_sink_is_stuck_and_that_it_is_not_any_more() {
        let mut look = Look::default();
        let standing = |waiting, written| Standing { waiting, written, ..Standing::default() };
        let mut said = Vec::new();
        for (waiting, written) in [(0, 0), (5, 1), (5, 1), (5, 1), (5, 1), (4, 2), (0, 6), (0, 6), (0, 6), (0, 6)] {
            look.report("any", &standing(waiting, written), Behind::LeaveOut);
            said.push(look.said.is_some());
        }
        assert_eq!(said, [false, false, false, true, true, false, false, false, false, false]);
    }
}
