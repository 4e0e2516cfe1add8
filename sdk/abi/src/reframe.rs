//! Frames made of other frames.

use alloc::vec::Vec;
use core::ops::Range;

use crate::frame::{ENTRY_SIZE, HEADER_SIZE, PASSED};
use crate::generated::EVENT;
use crate::record::{Record, put};

/// A frame that this version wrote, with a section that has `words` words for each of its events: the bit of each of the pack's
/// subscriptions says whether the event passed it. A frame that nobody wrote comes back as it is.
#[must_use]
pub fn with_passed(frame: &[u8], passed: &[u64], words: usize) -> Vec<u8> {
    let rows = passed.len().checked_div(words).unwrap_or(0);
    let word = |at: usize| Record(frame).raw(at).map(u32::from_le_bytes);
    let size = rows * words * 8;
    let mut out = Vec::with_capacity(frame.len() + ENTRY_SIZE + size);
    let entries = word(12).filter(|_| rows > 0 && words * 8 <= usize::from(u16::MAX));
    let table = entries.map(|entries| HEADER_SIZE + entries as usize * ENTRY_SIZE);
    let Some((head, body)) = table.and_then(|end| frame.split_at_checked(end)) else {
        out.extend_from_slice(frame);
        return out;
    };
    out.extend_from_slice(head);
    let (begin, length) = (frame.len() + ENTRY_SIZE, frame.len() + ENTRY_SIZE + size);
    let mut entry = [0; ENTRY_SIZE];
    put(&mut entry, 0, PASSED.to_le_bytes());
    put(&mut entry, 2, (words as u16 * 8).to_le_bytes());
    put(&mut entry, 4, (rows as u32).to_le_bytes());
    put(&mut entry, 8, (begin as u32).to_le_bytes());
    out.extend_from_slice(&entry);
    out.extend_from_slice(body);
    passed.iter().take(rows * words).for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    // What stands behind the table has moved by an entry.
    put(&mut out, 8, u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    put(&mut out, 12, entries.unwrap_or(0).wrapping_add(1).to_le_bytes());
    for at in (HEADER_SIZE..head.len()).step_by(ENTRY_SIZE).map(|entry| entry + 8) {
        let moved = word(at).unwrap_or(0).wrapping_add(ENTRY_SIZE as u32);
        put(&mut out, at, moved.to_le_bytes());
    }
    out
}

/// A frame that this version wrote, of which some events can be looked at alone.
#[derive(Clone, Debug)]
pub struct Portion {
    bytes: Vec<u8>,
    count: u32,
    /// The sections with a record for each event: where their entry in the table is, and the offset and stride of theirs.
    sections: Vec<(usize, u32, u16)>,
}

impl Portion {
    /// Of the whole frame.
    #[must_use]
    pub fn of(frame: &[u8]) -> Self {
        let record = Record(frame);
        let half = |at: usize| record.raw(at).map_or(0, u16::from_le_bytes);
        let word = |at: usize| record.raw(at).map_or(0, u32::from_le_bytes);
        let entries = (HEADER_SIZE..frame.len()).step_by(ENTRY_SIZE).take(word(12) as usize);
        let sections: Vec<_> = entries.filter(|entry| [EVENT.section, PASSED].contains(&half(*entry))).collect();
        let count = sections.iter().find(|entry| half(**entry) == EVENT.section).map_or(0, |entry| word(entry + 4));
        let sections = sections.into_iter().map(|entry| (entry, word(entry + 8), half(entry + 2))).collect();
        Self { bytes: frame.to_vec(), count, sections }
    }

    /// How many events the whole frame has.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The frame with the events of these rows alone. All that they point at stays in it.
    pub fn events(&mut self, rows: Range<u32>) -> &[u8] {
        let rows = rows.start.min(self.count)..rows.end.min(self.count);
        for (entry, offset, stride) in &self.sections {
            let begin = rows.start.saturating_mul((*stride).into()).saturating_add(*offset);
            put(&mut self.bytes, entry + 4, rows.end.saturating_sub(rows.start).to_le_bytes());
            put(&mut self.bytes, entry + 8, begin.to_le_bytes());
        }
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use crate::{EventHeader, Frame, FrameWriter, Kind, OwnedRecord, field};

    use super::*;

    /// Opens, numbered from 1.
    fn opens(count: u64) -> Vec<u8> {
        let mut writer = FrameWriter::new();
        for seq in 1..=count {
            let open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, "/etc/hosts");
            let row = writer.record(open.get(), &mut |_, _| None);
            writer.event(&EventHeader { seq, ..EventHeader::default() }, Kind::Open, row);
        }
        writer.finish().to_vec()
    }

    fn seqs(frame: &[u8]) -> Vec<u64> {
        let frame = Frame::parse(frame).expect("a frame");
        let path = |event: &crate::Event<'_>| event.as_open().is_some_and(|open| open.path() == "/etc/hosts");
        assert!(frame.events().all(|event| path(&event)));
        frame.events().map(|event| event.seq()).collect()
    }

    #[test]
    fn a_frame_is_made_one_of_some_of_its_events() {
        for passed in [&[][..], &[1, 2, 1, 2, 1]] {
            let frame = with_passed(&opens(5), passed, usize::from(!passed.is_empty()));
            assert_eq!(seqs(&frame), [1, 2, 3, 4, 5]);
            let mut portion = Portion::of(&frame);
            assert_eq!(portion.count(), 5);
            for (rows, expected) in
                [(1..2, &[2][..]), (0..2, &[1, 2]), (3..9, &[4, 5]), (7..9, &[]), (0..5, &[1, 2, 3, 4, 5])]
            {
                let frame = portion.events(rows);
                assert_eq!(seqs(frame), expected);
                let parsed = Frame::parse(frame).expect("a frame");
                let mut events = parsed.events();
                let first = events.passed(1);
                assert_eq!(first, events.next().filter(|_| !passed.is_empty()).map(|event| event.seq() % 2 == 0));
            }
        }
    }

    #[test]
    fn what_passed_is_said_of_each_event() {
        let frame = with_passed(&opens(3), &[1, 0, 0, 2, 1 << 63, u64::MAX], 2);
        let frame = Frame::parse(&frame).expect("a frame");
        let mut events = frame.events();
        let mut passed = Vec::new();
        loop {
            passed.push([0, 63, 64, 65, 128].map(|number| events.passed(number)));
            if events.next().is_none() {
                break;
            }
        }
        let said = |bits: [bool; 4]| [Some(bits[0]), Some(bits[1]), Some(bits[2]), Some(bits[3]), None];
        let expected = [[true, false, false, false], [false, false, false, true], [false, true, true, true]].map(said);
        assert_eq!(passed, [&expected[..], &[[None; 5]]].concat());
    }

    #[test]
    fn what_is_no_frame_stays_as_it_is() {
        assert_eq!(with_passed(b"LNRF", &[1], 1), b"LNRF");
        assert_eq!(Portion::of(b"LNRF").events(0..2), b"LNRF");
    }
}
