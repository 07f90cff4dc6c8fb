//! Records as bytes: a frame is one record, a blob is a header and the frames of one partition
//! in offset order. A blob is the unit that is stored, cached, read and deleted.
//!
//! ```text
//! blob:  version u8 | records u32 | newest time i64 | position u64 | frame…
//! frame: length of the rest u32 | time i64 | key | value | header name, header value…
//! field: length u32 (NULL for none) | bytes
//! ```
//! Numbers are little-endian. Offsets are not written: a frame has its blob's base offset and its
//! place, so callers can encode frames before anybody knows where they will stand.

use std::borrow::Cow;

use crate::record::Headers;

/// Format of blobs; a reader refuses what it does not know.
const BLOB_VERSION: u8 = 1;

/// Bytes of a blob before its first frame.
pub(super) const HEADER_BYTES: usize = 1 + 4 + 8 + 8;

/// Length of a field that is null.
const NULL: u32 = u32::MAX;

/// Headers as writers hand them over: name, value (`None` is a null value).
pub(super) type HeaderList = [(Cow<'static, str>, Option<Vec<u8>>)];

/// A record has a field of 4 GiB or more.
#[derive(Debug, thiserror::Error)]
#[error("a record field is larger than a log record can hold")]
pub(super) struct TooLarge;

/// What is wrong with a blob; whoever knows where it lies adds that.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadBlob {
    #[error("a batch ends in the middle of a record")]
    Cut,
    #[error("a batch has format {0}, this version reads {BLOB_VERSION}")]
    Version(u8),
}

/// What stands before the frames of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlobHeader {
    /// Number of frames.
    pub(super) records: u32,
    /// Newest time of its records, Unix milliseconds.
    pub(super) newest_ms: i64,
    /// Bytes of all blobs before this one in its partition, deleted ones too.
    pub(super) position: u64,
}

impl BlobHeader {
    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.push(BLOB_VERSION);
        out.extend_from_slice(&self.records.to_le_bytes());
        out.extend_from_slice(&self.newest_ms.to_le_bytes());
        out.extend_from_slice(&self.position.to_le_bytes());
    }

    pub(super) fn read(blob: &[u8]) -> Result<Self, BadBlob> {
        let (&version, rest) = blob.split_first().ok_or(BadBlob::Cut)?;
        if version != BLOB_VERSION {
            return Err(BadBlob::Version(version));
        }
        let mut rest = Reader(rest);
        Ok(Self {
            records: u32::from_le_bytes(rest.array()?),
            newest_ms: i64::from_le_bytes(rest.array()?),
            position: u64::from_le_bytes(rest.array()?),
        })
    }
}

/// A record to be encoded.
pub(super) struct Fields<'a> {
    pub(super) time_ms: i64,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: &'a HeaderList,
}

impl Fields<'_> {
    /// Bytes of its frame.
    pub(super) fn size(&self) -> usize {
        let field = |bytes: Option<&[u8]>| 4 + bytes.map_or(0, <[u8]>::len);
        let headers = self.headers.iter();
        let headers: usize =
            headers.map(|(name, value)| 4 + name.len() + field(value.as_deref())).sum();
        4 + 8 + field(self.key) + field(self.value) + headers
    }

    /// Adds the frame of this record to `out`; leaves `out` as it was on an error.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let start = out.len();
        let written = self.write_unchecked(out);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn write_unchecked(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.time_ms.to_le_bytes());
        write_field(out, self.key)?;
        write_field(out, self.value)?;
        for (name, value) in self.headers {
            write_field(out, Some(name.as_bytes()))?;
            write_field(out, value.as_deref())?;
        }
        let length = u32::try_from(out.len() - start - 4).map_err(|_| TooLarge)?;
        if let Some(place) = out.get_mut(start..start + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
        Ok(())
    }
}

fn write_field(out: &mut Vec<u8>, field: Option<&[u8]>) -> Result<(), TooLarge> {
    let Some(bytes) = field else {
        out.extend_from_slice(&NULL.to_le_bytes());
        return Ok(());
    };
    let length = u32::try_from(bytes.len()).ok().filter(|&length| length != NULL);
    out.extend_from_slice(&length.ok_or(TooLarge)?.to_le_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// A record inside a blob; nothing is copied.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) time_ms: i64,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: RawHeaders<'a>,
}

/// The frames of a blob, in offset order.
pub(super) struct Frames<'a>(Reader<'a>);

impl<'a> Frames<'a> {
    pub(super) fn of(blob: &'a [u8]) -> Result<Self, BadBlob> {
        BlobHeader::read(blob)?;
        Ok(Self(Reader(blob.get(HEADER_BYTES..).ok_or(BadBlob::Cut)?)))
    }

    /// Steps over one frame without looking into it. After an error there are no more frames.
    fn skip(&mut self) -> Result<&'a [u8], BadBlob> {
        let frame = self.0.array().and_then(|length| self.0.take(u32::from_le_bytes(length)));
        if frame.is_err() {
            self.0 = Reader(&[]);
        }
        frame
    }

    fn parse(frame: &'a [u8]) -> Result<Frame<'a>, BadBlob> {
        let mut rest = Reader(frame);
        Ok(Frame {
            time_ms: i64::from_le_bytes(rest.array()?),
            key: rest.field()?,
            value: rest.field()?,
            headers: RawHeaders(rest.0),
        })
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, BadBlob>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.0.is_empty()).then(|| self.skip().and_then(Self::parse))
    }

    // Readers that start inside a blob pass over the records before without parsing them.
    fn nth(&mut self, skipped: usize) -> Option<Self::Item> {
        for _ in 0..skipped {
            if self.0.0.is_empty() {
                return None;
            }
            if let Err(bad) = self.skip() {
                return Some(Err(bad));
            }
        }
        self.next()
    }
}

/// Headers of a frame, parsed when asked.
#[derive(Clone, Copy)]
pub(super) struct RawHeaders<'a>(&'a [u8]);

impl Headers for RawHeaders<'_> {
    fn each(&self, visit: &mut dyn FnMut(&str, Option<&[u8]>)) {
        let mut rest = Reader(self.0);
        // Writers make names from `str` and whole frames are checksummed by the store, so a header
        // that does not parse cannot come from here; it is passed over rather than a reason to stop.
        while let (Ok(Some(name)), Ok(value)) = (rest.field(), rest.field()) {
            if let Ok(name) = std::str::from_utf8(name) {
                visit(name, value);
            }
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadBlob> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(BadBlob::Cut)?;
        self.0 = rest;
        Ok(*head)
    }

    fn take(&mut self, length: u32) -> Result<&'a [u8], BadBlob> {
        let length = usize::try_from(length).map_err(|_| BadBlob::Cut)?;
        let (head, rest) = self.0.split_at_checked(length).ok_or(BadBlob::Cut)?;
        self.0 = rest;
        Ok(head)
    }

    fn field(&mut self) -> Result<Option<&'a [u8]>, BadBlob> {
        let length = u32::from_le_bytes(self.array()?);
        if length == NULL { Ok(None) } else { self.take(length).map(Some) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(records: &[Fields<'_>]) -> Vec<u8> {
        let mut out = Vec::new();
        let header = BlobHeader {
            records: u32::try_from(records.len()).unwrap(),
            newest_ms: 9,
            position: 7,
        };
        header.write(&mut out);
        assert_eq!(out.len(), HEADER_BYTES);
        assert_eq!(BlobHeader::read(&out).unwrap(), header);
        for record in records {
            let before = out.len();
            record.write(&mut out).unwrap();
            assert_eq!(out.len() - before, record.size());
        }
        out
    }

    fn two() -> Vec<u8> {
        let headers = [("a".into(), Some(b"1".to_vec())), ("b".into(), None)];
        blob(&[
            Fields { time_ms: -5, key: None, value: Some(b""), headers: &headers },
            Fields { time_ms: 6, key: Some(b"k"), value: None, headers: &[] },
        ])
    }

    #[test]
    fn null_and_empty_fields_come_back_as_they_were() {
        let blob = two();
        let frames: Vec<Frame<'_>> = Frames::of(&blob).unwrap().map(Result::unwrap).collect();
        let [first, second] = frames.as_slice() else { panic!("two frames") };
        assert_eq!((first.time_ms, first.key, first.value), (-5, None, Some(&b""[..])));
        assert_eq!((second.time_ms, second.key, second.value), (6, Some(&b"k"[..]), None));
        let mut seen = Vec::new();
        let mut visit = |name: &str, value: Option<&[u8]>| {
            seen.push((name.to_owned(), value.map(<[u8]>::to_vec)));
        };
        first.headers.each(&mut visit);
        second.headers.each(&mut visit);
        assert_eq!(seen, [("a".to_owned(), Some(b"1".to_vec())), ("b".to_owned(), None)]);
    }

    #[test]
    fn nth_steps_over_frames_as_next_does() {
        let blob = two();
        assert_eq!(Frames::of(&blob).unwrap().nth(1).unwrap().unwrap().time_ms, 6);
        assert!(Frames::of(&blob).unwrap().nth(2).is_none());
    }

    #[test]
    fn a_blob_cut_anywhere_is_an_error_or_fewer_records_and_never_a_panic() {
        let whole = two();
        for length in 0..whole.len() {
            let cut = &whole[..length];
            let parsed = Frames::of(cut).map(|frames| frames.filter_map(Result::ok).count());
            assert!(parsed.map_or(0, |records| records) < 2, "cut at {length}");
        }
    }

    #[test]
    fn a_blob_of_a_newer_format_is_refused() {
        let mut blob = two();
        blob[0] = BLOB_VERSION + 1;
        assert!(matches!(Frames::of(&blob), Err(BadBlob::Version(2))));
    }
}
