//! The two things rdkafka cannot do safely or at all, straight from librdkafka: header names that
//! are not UTF-8 (rdkafka panics on them, and anybody who may post can send one), and watermarks
//! from the client's memory (rdkafka only asks the broker).

#![expect(unsafe_code, reason = "two read-only calls into librdkafka, each with its reasons")]

use std::ffi::{CStr, CString};
use std::ptr;

use rdkafka::client::{Client, ClientContext};
use rdkafka::message::BorrowedHeaders;
use rdkafka_sys as sys;

/// Calls `visit` with each header in order; bytes of a name that are not UTF-8 become U+FFFD.
pub(super) fn each_header(headers: &BorrowedHeaders, visit: &mut dyn FnMut(&str, Option<&[u8]>)) {
    // SAFETY: `BorrowedHeaders` is rdkafka's name for the native list it points to (its own
    // `as_native_ptr` is this cast), alive as long as the borrow.
    unsafe { each_native_header(ptr::from_ref(headers).cast(), visit) };
}

/// The same of a list of librdkafka's.
///
/// # Safety
/// The list is alive, and nobody changes it meanwhile.
pub(super) unsafe fn each_native_header(
    native: *const sys::rd_kafka_headers_t,
    visit: &mut dyn FnMut(&str, Option<&[u8]>),
) {
    for index in 0.. {
        let mut name = ptr::null();
        let mut value = ptr::null();
        let mut size = 0_usize;
        // SAFETY: the list is alive; the call reads one entry, and fails without writing once `index` is
        // past the last.
        let error = unsafe {
            sys::rd_kafka_header_get_all(
                native,
                index,
                &raw mut name,
                &raw mut value,
                &raw mut size,
            )
        };
        if error != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
            return;
        }
        // SAFETY: librdkafka ends every name with a NUL and keeps it as long as the list.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
        let value = (!value.is_null()).then(|| {
            // SAFETY: not null, and the call above gave its size; it lives as long as the list.
            unsafe { std::slice::from_raw_parts(value.cast::<u8>(), size) }
        });
        visit(&name, value);
    }
}

/// Low and high watermark of a partition as the last fetch told; `None` before the first.
pub(super) fn cached_watermarks<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    partition: i32,
) -> Option<(i64, i64)> {
    let topic = CString::new(topic).ok()?;
    let (mut low, mut high) = (-1_i64, -1_i64);
    // SAFETY: the client outlives the call, the name is NUL-terminated, and both results point to
    // this frame; librdkafka locks its own memory and asks no broker.
    let error = unsafe {
        sys::rd_kafka_get_watermark_offsets(
            client.native_ptr(),
            topic.as_ptr(),
            partition,
            &raw mut low,
            &raw mut high,
        )
    };
    let known = error == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
    (known && low >= 0 && high >= 0).then_some((low, high))
}
