//! `tidegate replay`: what a pack would have done on past posts, through both hops, beside what was
//! done. It writes to no topic and commits no offset.

mod compare;
mod page;
mod past;
mod text;

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;

use self::compare::{Compared, Side, compare};
use self::past::{Posts, Record};
use super::blocks::in_order;
use super::output::{Data, say, watched};
use super::{Failure, pack, stretch};
use crate::app::config::Config;
use crate::decode::{Format, Limits};
use crate::event::{Issuer, Origin as Seen, Source};
use crate::record::Outgoing;
use crate::rules::Pack;
use crate::screen::{Origin, Reading, RuleSet, screen};
use crate::trial::{self, Hops, START_MS};
use crate::worker::clock::Stopwatch;

/// What a pack would have done on past posts.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Folder of the pack; all its rules are replayed as if they were live.
    #[arg(long, value_name = "DIR")]
    pack: PathBuf,
    /// Folder of another pack to compare with, in place of what was done.
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// Configuration of a deployment: its log is read, and what was done about its posts.
    #[arg(long, value_name = "FILE", required_unless_present = "file", conflicts_with = "file")]
    config: Option<PathBuf>,
    /// Where to begin: a time (2026-11-01T00:00:00Z), a time ago (7d), or PARTITION@OFFSET.
    #[arg(long, value_name = "WHEN", requires = "config")]
    from: Option<String>,
    /// The first that is not replayed any more, written alike.
    #[arg(long, value_name = "WHEN", requires = "config")]
    to: Option<String>,
    /// How the posts of a file are written.
    #[arg(long, default_value = "native", value_parser = ["native", "telegram", "osprey"])]
    format: String,
    /// Shows the texts of samples on this terminal, and nowhere else.
    #[arg(long)]
    text: bool,
    /// The comparison as one document of JSON.
    #[arg(long)]
    json: bool,
    /// The comparison as a page of HTML with a chart, to this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// A file of posts, a line each; `-` is standard input.
    #[arg(value_name = "POSTS")]
    file: Option<PathBuf>,
}

/// What came of a batch of posts at hop 1.
struct Screened {
    posts: u64,
    faults: u64,
    span: Option<(i64, i64)>,
    /// Of each post that led to something: its records, for each side.
    out: Vec<[Vec<Outgoing>; 2]>,
    texts: Vec<(String, String)>,
}

/// All that is told in the end.
struct Told {
    pack: String,
    against: String,
    posts: u64,
    faults: u64,
    seconds: f64,
    compared: Compared,
    /// By `topic/partition@offset`, where they are asked for.
    texts: HashMap<String, String>,
}

impl Replay {
    pub(super) fn run(self) -> Result<(), Failure> {
        if self.text && !io::stdout().is_terminal() {
            let why = "--text shows what people wrote: on a terminal only";
            return Err(Failure::wrong(why));
        }
        let told = self.replay()?;
        if let Some(path) = &self.html {
            std::fs::write(path, page::html(&told))
                .map_err(|why| Failure::wrong(format!("cannot write {}: {why}", path.display())))?;
        }
        let shown = match self.json {
            true => text::json(&told).map_err(Failure::stopped)?,
            false => text::table(&told),
        };
        Data::new().write(shown.as_bytes()).map(|_| ()).map_err(Failure::stopped)
    }

    fn replay(&self) -> Result<Told, Failure> {
        let now = live(&self.pack)?;
        let against = self.against.as_deref().map(live).transpose()?;
        let (posts, format) = self.posts()?;
        let issuer = Issuer::public();
        let work = Work {
            rules: [Some(&now.1), against.as_ref().map(|(_, rules)| rules)],
            reading: Reading { format, limits: Limits::default() },
            issuer: &issuer,
            texts: self.text,
        };
        let started = Stopwatch::start();
        let mut done = Progress::new(posts.total());
        let mut sides = [Side::default(), Side::default()];
        let mut hops = work.rules.map(|rules| rules.map(|rules| Hops::new(rules, &issuer)));
        let mut texts = HashMap::new();
        let take = |batch: Screened| {
            done.note(&batch);
            texts.extend(batch.texts);
            for out in batch.out {
                settle(out, &mut hops, &mut sides)?;
            }
            Ok(true)
        };
        in_order(|workers| posts.deal(workers), |batch| work.batch(batch), take)
            .map_err(Failure::stopped)?;
        let [replayed, mut before] = sides;
        if against.is_none() {
            let is_replayed = |source: &Seen| done.holds(source.time.ms());
            posts.done(Some(&now.0.name), &is_replayed, &mut before).map_err(Failure::stopped)?;
        }
        done.end();
        let compared = compare(&replayed, &before, done.span.unwrap_or_default());
        Ok(Told {
            pack: describe(&now.0),
            against: match (&against, &posts) {
                (Some((pack, _)), _) => describe(pack),
                (None, Posts::File(_)) => {
                    "nothing: a file says nothing of what was done".to_owned()
                }
                (None, _) => "what was done".to_owned(),
            },
            posts: done.posts,
            faults: done.faults,
            seconds: started.elapsed().as_secs_f64(),
            compared,
            texts,
        })
    }

    /// Where the posts are, and how they are written.
    fn posts(&self) -> Result<(Posts, Format), Failure> {
        let Some(path) = &self.config else {
            let file = self.file.clone().unwrap_or_default();
            let format = Format::new(&self.format, crate::decode::Fields::default());
            let format = format.map_err(|_| Failure::wrong("this format needs its fields"))?;
            return Ok((past::of_file(&file)?, format));
        };
        let config = Config::load(path).map_err(Failure::wrong)?;
        let stretch = stretch(self.from.as_deref(), self.to.as_deref())?;
        let posts = past::of_log(&config, stretch)?;
        Ok((posts, config.decode.format))
    }
}

/// Hop 2 of both sides for one post.
fn settle(
    out: [Vec<Outgoing>; 2],
    hops: &mut [Option<Hops<'_>>; 2],
    sides: &mut [Side; 2],
) -> io::Result<()> {
    for ((out, hops), side) in out.into_iter().zip(hops).zip(sides) {
        let Some(hops) = hops else { continue };
        for event in hops.settle(out).map_err(io::Error::other)? {
            side.take(&event, None);
        }
    }
    Ok(())
}

fn describe(pack: &Pack) -> String {
    format!("{} {}", pack.name, pack.version)
}

/// A pack with all its rules live.
fn live(folder: &Path) -> Result<(Pack, RuleSet), Failure> {
    let pack = pack(folder)?.compiled.pack;
    let rules = trial::live(&pack).map_err(Failure::wrong)?;
    Ok((pack, rules))
}

/// Hop 1, on all cores.
struct Work<'w> {
    rules: [Option<&'w RuleSet>; 2],
    reading: Reading,
    issuer: &'w Issuer,
    texts: bool,
}

impl Work<'_> {
    fn batch(&self, records: &Vec<Record>) -> Screened {
        let (posts, out, texts) = (records.len() as u64, Vec::new(), Vec::new());
        let mut screened = Screened { posts, faults: 0, span: None, out, texts };
        for record in records {
            self.post(record, &mut screened);
        }
        screened
    }

    fn post(&self, record: &Record, to: &mut Screened) {
        let mut both = [Vec::new(), Vec::new()];
        let mut is_read = true;
        for (rules, out) in self.rules.into_iter().zip(&mut both) {
            let Some(rules) = rules else { continue };
            let Ok(post) = screen(record.value.as_deref(), rules, &self.reading) else {
                is_read = false;
                break;
            };
            let own = post.post.edited_at_ms.or(post.post.sent_at_ms);
            let line = START_MS.saturating_add(record.offset.saturating_mul(1_000));
            let time_ms = record.time_ms.or(own).unwrap_or(line);
            let (first, last) = to.span.unwrap_or((time_ms, time_ms));
            to.span = Some((first.min(time_ms), last.max(time_ms)));
            let Record { topic, partition, offset, .. } = record;
            let (partition, offset) = (*partition, *offset);
            let origin = Origin {
                issuer: self.issuer,
                source: Source { topic, partition, offset, time_ms },
                traceparent: None,
                decided_at_ms: time_ms,
                signal_partitions: 1,
            };
            post.emit(rules, origin, out);
            if self.texts && !out.is_empty() {
                let place = format!("{topic}/{partition}@{offset}");
                to.texts.push((place, post.post.text.to_string()));
            }
        }
        to.faults += u64::from(!is_read);
        if both.iter().any(|out| !out.is_empty()) {
            to.out.push(both);
        }
    }
}

/// How far it is, for a person who waits.
struct Progress {
    total: Option<u64>,
    posts: u64,
    faults: u64,
    span: Option<(i64, i64)>,
    bar: Option<indicatif::ProgressBar>,
}

impl Progress {
    fn new(total: Option<u64>) -> Self {
        let bar = watched().then(|| match total {
            Some(total) => indicatif::ProgressBar::new(total),
            None => indicatif::ProgressBar::new_spinner(),
        });
        Self { total, posts: 0, faults: 0, span: None, bar }
    }

    fn note(&mut self, batch: &Screened) {
        self.posts += batch.posts;
        self.faults += batch.faults;
        if let Some((first, last)) = batch.span {
            let (from, to) = self.span.unwrap_or((first, last));
            self.span = Some((from.min(first), to.max(last)));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.posts);
        }
    }

    /// Is this within the times of what was replayed?
    fn holds(&self, time_ms: i64) -> bool {
        self.span.is_some_and(|(from, to)| (from..=to).contains(&time_ms))
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.faults > 0 {
            say(&format!("{} of {} posts could not be read", self.faults, self.posts));
        }
        if self.posts == 0 && self.total.is_some() {
            say("there are no posts between these marks");
        }
    }
}
