//! A race: all engines over the same posts, in turn, round after round, so that what else the
//! machine does falls on all of them alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Rounds; the median of them is printed.
const ROUNDS: usize = 9;

/// An engine runs this long in a round at least: so the caches it finds filled by the one before it
/// do not count.
const ROUND_MIN: Duration = Duration::from_millis(40);

/// A pass that takes longer is timed once: what the caches hold before it does not matter then.
const SLOW: Duration = Duration::from_secs(2);

/// One engine. `pass` goes over all posts once and gives back what it found, as a number.
pub struct Runner<'a> {
    name: String,
    pass: Box<dyn FnMut() -> usize + 'a>,
    compared: bool,
    found: usize,
    passes: usize,
    times: Vec<Duration>,
}

/// What the posts are, for the columns.
#[derive(Clone, Copy)]
pub struct Load {
    pub posts: usize,
    pub bytes: usize,
}

/// An engine that must find what the others find.
pub fn runner<'a>(name: impl Into<String>, pass: impl FnMut() -> usize + 'a) -> Runner<'a> {
    let (name, pass) = (name.into(), Box::new(pass));
    Runner { name, pass, compared: true, found: 0, passes: 1, times: Vec::new() }
}

/// One that does something else, as a floor does: what it counts is not compared.
pub fn apart<'a>(name: impl Into<String>, pass: impl FnMut() -> usize + 'a) -> Runner<'a> {
    Runner { compared: false, ..runner(name, pass) }
}

/// How long a thing takes, and what it gives.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
pub fn timed<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let out = black_box(run());
    (start.elapsed(), out)
}

/// Runs them all; the first is what the others are measured by. `expected`: what they must find, if
/// that is known.
pub fn race(title: &str, load: Load, expected: Option<usize>, mut runners: Vec<Runner<'_>>) {
    runners.iter_mut().for_each(warm);
    let found = agree(&runners, expected);
    run(&mut runners);
    print(title, load, found, &runners);
}

/// The rounds; after them the times of each runner are sorted.
fn run(runners: &mut [Runner<'_>]) {
    for _ in 0..ROUNDS {
        for runner in runners.iter_mut().filter(|runner| runner.passes > 0) {
            let (time, _) = timed(|| (0..runner.passes).map(|_| (runner.pass)()).sum::<usize>());
            runner.times.push(time / u32::try_from(runner.passes).unwrap_or(u32::MAX));
        }
    }
    runners.iter_mut().for_each(|runner| runner.times.sort());
}

/// Two passes that are not counted: one to fill what is filled lazily, one to see how long it takes.
fn warm(runner: &mut Runner<'_>) {
    let (time, found) = timed(|| (runner.pass)());
    runner.found = found;
    if time > SLOW {
        runner.passes = 0;
        runner.times.push(time);
        return;
    }
    let (time, again) = timed(|| (runner.pass)());
    assert_eq!(found, again, "{} finds something else at its second pass", runner.name);
    let passes = ROUND_MIN.as_nanos() / time.as_nanos().max(1) + 1;
    runner.passes = usize::try_from(passes).unwrap_or(1);
}

/// What all that are compared found.
fn agree(runners: &[Runner<'_>], expected: Option<usize>) -> Option<usize> {
    let mut found = expected;
    for runner in runners.iter().filter(|runner| runner.compared) {
        let expected = *found.get_or_insert(runner.found);
        assert_eq!(runner.found, expected, "{} does not find what it should", runner.name);
    }
    found
}

fn print(title: &str, load: Load, found: Option<usize>, runners: &[Runner<'_>]) {
    let found = found.map_or_else(String::new, |found| format!(", all found {found}"));
    println!("\n### {title}\n\n{} posts, {} bytes{found}\n", load.posts, load.bytes);
    println!("| engine | ns a post | MB/s | × the first | fastest to slowest round, ns |");
    println!("|---|--:|--:|--:|--:|");
    let mut first = None;
    for runner in runners {
        let a_post = |time: Duration| time.as_secs_f64() * 1e9 / load.posts as f64;
        let median = runner.times[runner.times.len() / 2];
        let first = *first.get_or_insert(median);
        println!(
            "| {} | {:.0} | {:.0} | {:.3} | {:.0}–{:.0} |",
            runner.name,
            a_post(median),
            load.bytes as f64 / median.as_secs_f64() / 1e6,
            median.as_secs_f64() / first.as_secs_f64(),
            a_post(runner.times[0]),
            a_post(runner.times[runner.times.len() - 1]),
        );
    }
}

/// What each runner found and its median time for a pass over its posts, whatever posts it has.
pub fn medians(mut runners: Vec<Runner<'_>>) -> Vec<(String, usize, Duration)> {
    runners.iter_mut().for_each(warm);
    run(&mut runners);
    let median =
        |runner: Runner<'_>| (runner.name, runner.found, runner.times[runner.times.len() / 2]);
    runners.into_iter().map(median).collect()
}
