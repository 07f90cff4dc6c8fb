//! Input in blocks of whole lines, dealt to workers in turn, one a core, and what they answer in the
//! order of the lines.

use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Blocks that wait before each worker, and answers behind it: enough that nobody waits for a short
/// while, few enough that what is read from a pipe is answered soon.
const WAITING: usize = 2;

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
    fn count(&self) -> u64 {
        let count = self.lines.split_inclusive(|byte| *byte == b'\n').count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// The lines without their ends.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.lines.split_inclusive(|byte| *byte == b'\n').map(|line| {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            line.strip_suffix(b"\r").unwrap_or(line)
        })
    }
}

/// Has `work` done on all of the input, on all cores, and gives what comes of each block to `take`,
/// in the order of the lines, until there is no more or `take` wants no more.
///
/// # Errors
/// Those of the input and of `take`.
pub(super) fn each<A: Send>(
    input: impl Read + Send,
    work: impl Fn(&Block) -> A + Sync,
    take: impl FnMut(A) -> io::Result<bool>,
) -> io::Result<()> {
    in_order(move |workers| deal(input, workers), work, take)
}

/// Has `work` done on what is dealt, on all cores, and gives what comes of it to `take`, in the order
/// in which it was dealt to the workers in turn.
///
/// # Errors
/// Those of `deal` and of `take`.
pub(super) fn in_order<B: Send, A: Send>(
    deal: impl FnOnce(&[SyncSender<B>]) -> io::Result<()> + Send,
    work: impl Fn(&B) -> A + Sync,
    mut take: impl FnMut(A) -> io::Result<bool>,
) -> io::Result<()> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let work = &work;
    thread::scope(|scope| {
        let mut to_workers = Vec::new();
        let mut answers = Vec::new();
        for _ in 0..workers {
            let (to_worker, blocks) = sync_channel::<B>(WAITING);
            let (to_taker, answer) = sync_channel(WAITING);
            // A worker ends with its blocks, or where nobody takes its answers any more.
            scope.spawn(move || blocks.iter().try_for_each(|block| to_taker.send(work(&block))));
            to_workers.push(to_worker);
            answers.push(answer);
        }
        let reader = scope.spawn(move || deal(&to_workers));
        // Blocks go round the workers, and their answers are taken in the same round.
        for answer in answers.iter().cycle() {
            let Ok(answer) = answer.recv() else { break };
            if !take(answer)? {
                break;
            }
        }
        // Where nothing more is taken this ends the workers, and they the reader.
        drop(answers);
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Gives all of the input to `take` in blocks, until there is no more or it wants no more.
///
/// # Errors
/// Those of the input.
pub(super) fn each_block(
    mut input: impl Read,
    take: &mut dyn FnMut(Block) -> bool,
) -> io::Result<()> {
    let (mut first, mut rest) = (0, Vec::new());
    while let Some(lines) = next(&mut input, &mut rest)? {
        let block = Block { first, lines };
        first += block.count();
        if !take(block) {
            break;
        }
    }
    Ok(())
}

/// Deals all of the input to the workers in turn, until it ends or one of them is gone.
fn deal(input: impl Read, workers: &[SyncSender<Block>]) -> io::Result<()> {
    let mut turn = workers.iter().cycle();
    each_block(input, &mut |block| turn.next().is_some_and(|worker| worker.send(block).is_ok()))
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
    fn answers_come_in_the_order_of_the_lines_until_no_more_are_wanted() {
        let text: String = (0..50_000).map(|number| format!("{number}\n")).collect();
        let mut got = Vec::new();
        let take = |lines: Vec<(u64, String)>| {
            got.extend(lines);
            Ok(got.len() < 10_000)
        };
        each(Pipe(text.as_bytes(), 1_000), numbered, take).unwrap();
        assert!((10_000..50_000).contains(&got.len()), "{} lines", got.len());
        assert!(got.iter().all(|(number, line)| *line == number.to_string()));
        let failed = each(Pipe(b"a\n", 1), numbered, |_| Err(io::Error::other("full")));
        assert_eq!(failed.unwrap_err().to_string(), "full");
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
