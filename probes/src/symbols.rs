//! Where the kernel keeps what BTF does not lead to.

use std::io::{BufRead, BufReader};
use std::sync::OnceLock;

/// Lists the kernel's symbols; to root with their addresses.
const FILE: &str = "/proc/kallsyms";

/// The address of the lock whose count says that something was renamed; 0 where it is not told, and walks are not tried again.
pub(crate) fn rename_lock() -> u64 {
    static FOUND: OnceLock<u64> = OnceLock::new();
    *FOUND.get_or_init(|| find("rename_lock").unwrap_or_default())
}

fn find(name: &str) -> Option<u64> {
    let symbols = BufReader::with_capacity(1 << 20, std::fs::File::open(FILE).ok()?);
    symbols.lines().map_while(Result::ok).find_map(|line| address_in(&line, name))
}

/// The address in a line such as `ffffffff8213d140 D rename_lock`.
fn address_in(line: &str, name: &str) -> Option<u64> {
    let line = line.strip_suffix(name)?;
    let mut words = line.strip_suffix(' ')?.split(' ');
    let (address, kind) = (words.next()?, words.next()?);
    // Data, and nothing else of that name.
    let found = matches!(kind, "d" | "D" | "b" | "B").then_some(address)?;
    u64::from_str_radix(found, 16).ok().filter(|_| words.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_found_by_its_whole_name() {
        assert_eq!(address_in("ffffffff8213d140 D rename_lock", "rename_lock"), Some(0xffff_ffff_8213_d140));
        assert_eq!(address_in("ffffffff8213d140 D my_rename_lock", "rename_lock"), None);
        assert_eq!(address_in("ffffffff8213d140 T rename_lock", "rename_lock"), None);
        assert_eq!(address_in("ffffffff8213d140 d rename_lock [module]", "rename_lock"), None);
        assert_eq!(address_in("rename_lock", "rename_lock"), None);
    }
}
