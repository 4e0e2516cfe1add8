//! What of memory a pack may have.

use wasmtime::ResourceLimiter;

use super::runtime::MAX_ELEMENTS;

/// Remembers that memory was refused: the guest only sees a failed allocation, and traps for another reason.
pub(crate) struct Limiter {
    /// Entries in all its tables.
    pub(super) elements: usize,
    /// What all memories of the pack may have together, bytes: a component can have many.
    pub(super) bytes: usize,
    pub(super) used: usize,
    pub(super) exceeded: bool,
    /// What it was given last, bytes: taken back where the machine does not have it.
    pub(super) grown: usize,
    /// The machine did not have what it may have.
    pub(super) lacking: bool,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let grown = desired.saturating_sub(current);
        let used = self.used.saturating_add(grown);
        // What the memory itself forbids (`maximum`) is refused by the runtime, and counts as not granted here too.
        if used > self.bytes || maximum.is_some_and(|maximum| desired > maximum) {
            self.exceeded |= used > self.bytes;
            return Ok(false);
        }
        (self.used, self.grown) = (used, grown);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.used -= std::mem::take(&mut self.grown);
        self.lacking = true;
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let elements = self.elements.saturating_add(desired.saturating_sub(current));
        if elements > MAX_ELEMENTS || maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.elements = elements;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_limited_over_all_memories() {
        let mut limiter = Limiter { elements: 0, bytes: 100, used: 0, exceeded: false, grown: 0, lacking: false };
        assert!(limiter.memory_growing(0, 60, None).expect("no error"));
        // Beyond what the memory itself may have: its own affair.
        assert!(!limiter.memory_growing(60, 80, Some(70)).expect("no error") && !limiter.exceeded);
        assert!(limiter.memory_growing(0, 40, None).expect("no error"));
        assert!(!limiter.memory_growing(40, 41, None).expect("no error"));
        assert!(limiter.exceeded);
    }

    #[test]
    fn entries_are_limited_over_all_tables() {
        let mut limiter = Limiter { elements: 0, bytes: 0, used: 0, exceeded: false, grown: 0, lacking: false };
        let tables = (0..100).filter(|_| limiter.table_growing(0, 100_000, None).expect("no error")).count();
        assert_eq!(tables, 4);
        assert!(!limiter.table_growing(100_000, 100_001, None).expect("no error"));
    }
}
