//! What this process may do as root, given up where watching does not need it (capabilities(7)).

use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, remove_capability_from_bounding_set,
    set_capabilities,
};

/// What watching needs, from the start to the end, each with what for.
pub const NEEDED: [(CapabilitySet, &str, &str); 4] = [
    (CapabilitySet::BPF, "CAP_BPF", "to load probes, also those that a pack needs which is loaded later"),
    (CapabilitySet::PERFMON, "CAP_PERFMON", "to attach them"),
    (CapabilitySet::SYS_PTRACE, "CAP_SYS_PTRACE", "to know the programs and folders of processes that ran before"),
    (CapabilitySet::DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "likewise, and what container runtimes write down"),
];

/// Gives up all that is not [`NEEDED`], for this process and all that it starts. To be called before there are other threads:
/// each has capabilities of its own.
///
/// # Errors
/// The kernel refuses it: a sentence.
pub fn drop_others() -> Result<(), String> {
    let needed = NEEDED.iter().fold(CapabilitySet::empty(), |all, (one, ..)| all | *one);
    let refused = |error: Errno| format!("capabilities cannot be given up: {error}; start without --drop-capabilities");
    let CapabilitySets { effective, permitted, .. } = capabilities(None).map_err(refused)?;
    // Programs that root starts would have them again. Who may not change what those have (CAP_SETPCAP) was bounded by
    // whoever started it.
    if effective.contains(CapabilitySet::SETPCAP) {
        let each = (0..u64::BITS).map(|number| CapabilitySet::from_bits_retain(1 << number));
        for capability in each.filter(|one| !needed.contains(*one)) {
            match remove_capability_from_bounding_set(capability) {
                // This kernel does not know it.
                Ok(()) | Err(Errno::INVAL) => {}
                Err(error) => return Err(refused(error)),
            }
        }
    }
    clear_ambient_capability_set().map_err(refused)?;
    let kept = permitted & needed;
    let sets = CapabilitySets { effective: effective & needed, permitted: kept, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets).map_err(refused)
}
