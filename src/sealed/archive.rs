//! A built pack as one file: a line that counts the members, then each with a line of its name and
//! size. Sorted, so that the same members give the same bytes.

use super::Members;

const MAGIC: &str = "tidegate-pack 1";
/// Bytes of a line of the archive: a name and a size.
const LINE_BYTES_MAX: usize = 256;

/// Why bytes are no archive of a pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveFault {
    /// Something else.
    #[error("is no built pack: build one with `tidegate pack build`")]
    Foreign,
    /// It ends too soon.
    #[error("is cut short: copy it again")]
    Truncated,
    /// A line that does not name a member and its size.
    #[error("is damaged at byte {at}: copy it again")]
    Damaged {
        /// Where.
        at: usize,
    },
    /// A member twice, or out of order.
    #[error("has `{name}` twice or out of order: build it anew")]
    Order {
        /// Which.
        name: String,
    },
    /// Bytes behind the last member.
    #[error("goes on for {bytes} bytes behind its end: copy it again")]
    Trailing {
        /// How many.
        bytes: usize,
    },
}

/// The members as one file.
#[must_use]
pub fn write_archive(members: &Members) -> Vec<u8> {
    let mut bytes = format!("{MAGIC} {}\n", members.len()).into_bytes();
    for (name, content) in members {
        bytes.extend_from_slice(format!("{name} {}\n", content.len()).as_bytes());
        bytes.extend_from_slice(content);
        bytes.push(b'\n');
    }
    bytes
}

/// The members of one file. Names and sizes are those of the file; nothing else is believed.
///
/// # Errors
/// If it is no archive, or not all of one.
pub fn read_archive(bytes: &[u8]) -> Result<Members, ArchiveFault> {
    let mut reader = Reader { bytes, at: 0 };
    if !bytes.starts_with(MAGIC.as_bytes()) {
        let is_part = MAGIC.as_bytes().starts_with(bytes) && !bytes.is_empty();
        return Err(if is_part { ArchiveFault::Truncated } else { ArchiveFault::Foreign });
    }
    let (magic, count) = reader.line()?;
    if magic != MAGIC {
        return Err(ArchiveFault::Foreign);
    }
    let mut members = Members::new();
    for _ in 0..count {
        let (name, size) = reader.line()?;
        if members.last_key_value().is_some_and(|(last, _)| *last >= name) {
            return Err(ArchiveFault::Order { name });
        }
        let content = reader.take(size)?;
        members.insert(name, content.to_vec());
    }
    match bytes.len() - reader.at {
        0 => Ok(members),
        bytes => Err(ArchiveFault::Trailing { bytes }),
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    /// What stands before the last space of a line, and the number behind it.
    fn line(&mut self) -> Result<(String, u64), ArchiveFault> {
        let at = self.at;
        let damaged = ArchiveFault::Damaged { at };
        let rest = self.bytes.get(at..).unwrap_or_default();
        let end = rest.iter().take(LINE_BYTES_MAX).position(|byte| *byte == b'\n');
        let Some(end) = end else {
            let is_short = rest.len() < LINE_BYTES_MAX;
            return Err(if is_short { ArchiveFault::Truncated } else { damaged });
        };
        let line = rest.get(..end).and_then(|line| std::str::from_utf8(line).ok());
        let (name, number) = line.and_then(|line| line.rsplit_once(' ')).ok_or(damaged.clone())?;
        // `+1` and `01` are numbers to the parser, and would be other bytes for the same pack.
        let size = number.parse::<u64>().ok().filter(|size| size.to_string() == number);
        self.at += end + 1;
        Ok((name.to_owned(), size.ok_or(damaged)?))
    }

    /// So many bytes, and the line end behind them.
    fn take(&mut self, size: u64) -> Result<&'b [u8], ArchiveFault> {
        let start = self.at;
        let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
        let end = end.filter(|end| *end < self.bytes.len()).ok_or(ArchiveFault::Truncated)?;
        let content = self.bytes.get(start..end).ok_or(ArchiveFault::Truncated)?;
        if self.bytes.get(end) != Some(&b'\n') {
            return Err(ArchiveFault::Damaged { at: end });
        }
        self.at = end + 1;
        Ok(content)
    }
}
