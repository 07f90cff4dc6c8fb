//! The allocator, of the library so that tests and benches measure what the service runs.
//!
//! Against glibc's, a post costs a twentieth less and one that hits a fifth. jemalloc does as well, and
//! wants `configure` and `make` for its build.

use std::ffi::{c_int, c_long};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay`, which the crate has no name for: milliseconds until what is freed goes
/// back to the system.
const PURGE_DELAY: c_int = 15;

/// From now on whole pages that are freed go back to the system at once. Else what an edition of a
/// large pack took stays, and the next one comes on top: a million patterns were 422 MiB so after
/// fifteen editions, and are 155; a post costs a hundredth more.
#[expect(unsafe_code, reason = "an option of the allocator, which is C")]
pub fn give_back_at_once() {
    let at_once: c_long = 0;
    // SAFETY: the function checks the option, and stores a number.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, at_once) };
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn resident_mib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }

    #[test]
    fn what_is_freed_goes_back_to_the_system() {
        give_back_at_once();
        let before = resident_mib();
        let taken: Vec<String> = (0..4_000_000).map(|number| format!("entry {number}")).collect();
        let at_most = resident_mib();
        drop(taken);
        // Sooner than the default would.
        std::thread::sleep(Duration::from_millis(1));
        let after = resident_mib();
        let said = format!("{before}, {at_most}, {after} MiB");
        assert!(at_most > before + 150, "{said}");
        assert!(after < before + 50, "{said}");
    }
}
