//! Input in blocks of whole lines, dealt to workers in turn.

use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::SyncSender;

/// Bytes that are asked for at once. What a pipe has less is a block all the same.
const READ: usize = 256 << 10;

/// Lines in a row.
pub(super) struct Block {
    /// The number of the first, from 0.
    pub(super) first: u64,
    /// Each with its end, but for the last one of the input.
    pub(super) lines: Vec<u8>,
}

impl Block {
    /// The lines without their ends.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.lines.split_inclusive(|byte| *byte == b'\n').map(|line| {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            line.strip_suffix(b"\r").unwrap_or(line)
        })
    }
}

/// Deals all of the input to the workers in turn, until it ends or one of them is gone.
pub(super) fn deal(mut input: impl Read, workers: &[SyncSender<Block>]) -> io::Result<()> {
    let (mut first, mut rest) = (0, Vec::new());
    for worker in workers.iter().cycle() {
        let Some(lines) = next(&mut input, &mut rest)? else { return Ok(()) };
        let count = lines.split_inclusive(|byte| *byte == b'\n').count();
        if worker.send(Block { first, lines }).is_err() {
            return Ok(());
        }
        first += u64::try_from(count).unwrap_or(u64::MAX);
    }
    Ok(())
}

/// The next lines, as many as there are without waiting for more; `rest` keeps what was read behind
/// them.
fn next(input: &mut impl Read, rest: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    let mut lines = std::mem::take(rest);
    loop {
        let before = lines.len();
        if read_some(input, &mut lines)? == 0 {
            // The last line may have no end.
            return Ok(Some(lines).filter(|lines| !lines.is_empty()));
        }
        let end = lines.iter().skip(before).rposition(|byte| *byte == b'\n');
        if let Some(end) = end {
            *rest = lines.split_off(before + end + 1);
            return Ok(Some(lines));
        }
    }
}

/// Appends what one read gives; how many bytes, 0 at the end.
fn read_some(input: &mut impl Read, to: &mut Vec<u8>) -> io::Result<usize> {
    let before = to.len();
    to.resize(before + READ, 0);
    let read = loop {
        match input.read(to.get_mut(before..).unwrap_or_default()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    to.truncate(before + read.as_ref().copied().unwrap_or_default());
    read
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    /// Gives a few bytes at a time, as a pipe may.
    struct Pipe<'t>(&'t [u8], usize);

    impl Read for Pipe<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let size = self.1.min(to.len());
            self.0.read(&mut to[..size])
        }
    }

    fn numbered(block: &Block) -> Vec<(u64, String)> {
        let text = |line: &[u8]| String::from_utf8(line.to_vec()).unwrap();
        (block.first..).zip(block.lines().map(text)).collect()
    }

    #[test]
    fn every_line_comes_once_in_order_with_its_number() {
        for text in ["", "\n", "a", "a\n", "a\r\n\nbb\nccc", "\n\nlong line\nx\n"] {
            for (size, workers) in [(1, 1), (1, 3), (2, 2), (5, 3), (64, 2)] {
                let (senders, receivers): (Vec<_>, Vec<_>) =
                    (0..workers).map(|_| sync_channel(64)).unzip();
                deal(Pipe(text.as_bytes(), size), &senders).unwrap();
                drop(senders);
                let blocks = receivers.iter().cycle().map_while(|worker| worker.recv().ok());
                let got: Vec<_> = blocks.flat_map(|block| numbered(&block)).collect();
                let lines: Vec<_> = (0..).zip(text.lines().map(str::to_owned)).collect();
                assert_eq!(got, lines, "{text:?}, {size} bytes at a time, {workers} workers");
            }
        }
    }
}
