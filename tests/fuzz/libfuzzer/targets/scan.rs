//! Fuzz target: `checks::scan`.
#![no_main]

#[expect(dead_code, reason = "a target calls one of them")]
#[path = "../../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::scan(bytes));
