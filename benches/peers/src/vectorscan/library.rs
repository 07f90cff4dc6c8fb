//! The few functions of Vectorscan's C interface that a search for literal patterns needs.
//!
//! Written out here, because the crates that bind it either build it as well, which takes more than
//! ten minutes of two cores, or have not been touched for years.

use std::ffi::{CStr, c_char, c_int, c_uint, c_ulonglong, c_void};
use std::ptr;

/// `HS_MODE_BLOCK`: each text is there as a whole.
const BLOCK: c_uint = 1;

const SUCCESS: c_int = 0;

/// What `hs_scan` gives back after the handler of matches has told it to stop.
const TERMINATED: c_int = -3;

/// `hs_compile_error_t`.
#[repr(C)]
struct CompileError {
    message: *mut c_char,
    expression: c_int,
}

/// `match_event_handler`: pattern, start (which is only kept for those who ask), end, flags, context.
type OnMatch = extern "C" fn(c_uint, c_ulonglong, c_ulonglong, c_uint, *mut c_void) -> c_int;

unsafe extern "C" {
    fn hs_compile_lit_multi(
        expressions: *const *const c_char,
        flags: *const c_uint,
        ids: *const c_uint,
        lengths: *const usize,
        elements: c_uint,
        mode: c_uint,
        platform: *const c_void,
        database: *mut *mut c_void,
        error: *mut *mut CompileError,
    ) -> c_int;
    fn hs_database_size(database: *const c_void, size: *mut usize) -> c_int;
    fn hs_free_database(database: *mut c_void) -> c_int;
    fn hs_alloc_scratch(database: *const c_void, scratch: *mut *mut c_void) -> c_int;
    fn hs_scratch_size(scratch: *const c_void, size: *mut usize) -> c_int;
    fn hs_free_scratch(scratch: *mut c_void) -> c_int;
    fn hs_scan(
        database: *const c_void,
        data: *const c_char,
        length: c_uint,
        flags: c_uint,
        scratch: *mut c_void,
        on_match: OnMatch,
        context: *mut c_void,
    ) -> c_int;
}

/// Compiled patterns, and the space that a scan works in.
pub struct Database {
    database: *mut c_void,
    scratch: *mut c_void,
}

impl Database {
    pub fn of(patterns: &[String]) -> Self {
        let texts: Vec<*const c_char> = patterns.iter().map(|it| it.as_ptr().cast()).collect();
        let lengths: Vec<usize> = patterns.iter().map(String::len).collect();
        let ids: Vec<c_uint> = (0..).take(patterns.len()).collect();
        let flags = vec![0; patterns.len()];
        let count = c_uint::try_from(patterns.len()).expect("fewer than 2^32 patterns");
        let (mut database, mut scratch) = (ptr::null_mut(), ptr::null_mut());
        let mut error: *mut CompileError = ptr::null_mut();
        // SAFETY: four arrays of `count` elements, which outlive the call; no platform means this
        // machine; both places for results can be written.
        let done = unsafe {
            hs_compile_lit_multi(
                texts.as_ptr(),
                flags.as_ptr(),
                ids.as_ptr(),
                lengths.as_ptr(),
                count,
                BLOCK,
                ptr::null(),
                &raw mut database,
                &raw mut error,
            )
        };
        if done != SUCCESS {
            // SAFETY: after a failure this points to an error, and its message ends with a zero.
            let why = unsafe { CStr::from_ptr((*error).message) };
            panic!("Vectorscan does not compile the patterns: {}", why.to_string_lossy());
        }
        // SAFETY: the database was made above; a null pointer asks for new space.
        let done = unsafe { hs_alloc_scratch(database, &raw mut scratch) };
        assert_eq!(done, SUCCESS, "Vectorscan has no space to work in");
        Self { database, scratch }
    }

    /// Of the database and of the space to work in.
    pub fn bytes(&self) -> usize {
        let (mut database, mut scratch) = (0, 0);
        // SAFETY: the library made both, and both are alive.
        let done = unsafe {
            hs_database_size(self.database, &raw mut database)
                | hs_scratch_size(self.scratch, &raw mut scratch)
        };
        assert_eq!(done, SUCCESS, "Vectorscan does not say how large it is");
        database + scratch
    }

    /// Hands on which pattern matched and where that match ends, until `stops` says true.
    pub fn scan<F: FnMut(usize, usize) -> bool>(&mut self, text: &str, mut stops: F) {
        let length = c_uint::try_from(text.len()).expect("a text of less than 4 GiB");
        // SAFETY: the text has `length` bytes; nobody else uses the scratch, for `self` is
        // borrowed alone; the context is the `F` that `on_match::<F>` takes it for.
        let done = unsafe {
            hs_scan(
                self.database,
                text.as_ptr().cast(),
                length,
                0,
                self.scratch,
                on_match::<F>,
                (&raw mut stops).cast(),
            )
        };
        assert!(matches!(done, SUCCESS | TERMINATED), "Vectorscan fails with {done}");
    }
}

extern "C" fn on_match<F: FnMut(usize, usize) -> bool>(
    pattern: c_uint,
    _start: c_ulonglong,
    end: c_ulonglong,
    _flags: c_uint,
    context: *mut c_void,
) -> c_int {
    // SAFETY: `scan` hands in the `F` that it owns, and does not touch it before `hs_scan` is done.
    let stops = unsafe { &mut *context.cast::<F>() };
    c_int::from(stops(pattern as usize, end as usize))
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: the library made both; nothing can use them after this. Neither call can fail
        // with what the library made itself.
        unsafe {
            hs_free_scratch(self.scratch);
            hs_free_database(self.database);
        }
    }
}
