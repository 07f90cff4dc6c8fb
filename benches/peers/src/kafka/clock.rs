//! The clock, read in one place: a bench measures time, and everything else here is given it.

use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// The processor time that a process has used, user and system, threads that have ended included;
/// nothing once it is gone.
pub fn cpu(pid: i32) -> Option<Duration> {
    let mut id: libc::clockid_t = 0;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: both calls only write to the variable that they are handed, which outlives them.
    let failed = unsafe {
        libc::clock_getcpuclockid(pid, &raw mut id) != 0
            || libc::clock_gettime(id, &raw mut time) != 0
    };
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    (!failed).then(|| Duration::new(seconds, nanos))
}
