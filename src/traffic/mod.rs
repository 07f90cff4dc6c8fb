//! Made posts with planted abuse: what `demo`, `load` and the benches run on. Seeded, so the same
//! seed and plan give the same bytes everywhere; the words of [`Plant`]s stand in no other post.
//!
//! Few channels and authors write most, as on real platforms. Six languages; some 290 bytes of
//! JSON a post, some 107 of them text.

mod disguise;
mod plant;
mod random;
mod words;
mod write;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use disguise::Disguise;
pub use plant::{PlanError, Plant, PlantedAs, Series};

use plant::Bit;
use random::{Random, mix, spread};
use words::{Language, Words};
use write::Fields;

/// Posts that an edit may belong to: as if people edit what they wrote just now.
const RECENT: usize = 256;

/// What is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is planted, each as often as the others.
    pub plants: Vec<Plant>,
    /// Share of planted posts, 0 to 1.
    pub plant_share: f64,
    /// Channels, at least 1.
    pub channels: usize,
    /// Accounts, at least 1.
    pub authors: usize,
    /// `sent_at` of the first post, Unix seconds.
    pub start: i64,
    /// Posts in one second of `sent_at`, at least 1.
    pub per_second: i64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            plants: Vec::new(),
            plant_share: 0.0,
            channels: 50_000,
            authors: 500_000,
            start: 1_767_225_600,
            per_second: 10_000,
        }
    }
}

/// One made post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadePost {
    /// The post as native JSON, one line.
    pub json: Vec<u8>,
    /// Its `id`: of its own, but for edits, which have that of an earlier post.
    pub id: String,
    /// Its `channel.id`: the key in the log.
    pub channel: String,
    /// What was planted in it, if anything.
    pub planted: Option<PlantedAs>,
}

/// An endless sequence of made posts.
pub struct Traffic {
    random: Random,
    words: Words,
    plants: Vec<Ready>,
    /// Of 2^32.
    threshold: u64,
    plan: Plan,
    made: u64,
    series: VecDeque<Pending>,
    recent: Vec<(String, usize)>,
}

/// A plant, taken apart.
struct Ready {
    rule: String,
    texts: Vec<Vec<Bit>>,
    disguises: Vec<Disguise>,
    channels: Option<usize>,
}

/// A post of a series that is still to be made.
struct Pending {
    plant: usize,
    channel: usize,
    series: Series,
}

impl Traffic {
    /// Made posts by this plan.
    ///
    /// # Errors
    /// What makes the plan one that cannot be carried out.
    pub fn new(seed: u64, plan: Plan) -> Result<Self, PlanError> {
        let share = plan.plant_share;
        if !(0.0..=1.0).contains(&share) || (share > 0.0 && plan.plants.is_empty()) {
            return Err(PlanError::Share);
        }
        let plants: Result<Vec<_>, _> = plan.plants.iter().map(Ready::new).collect();
        let plants = plants?;
        let words = Words::without(&planted_words(&plants));
        if words.is_empty() {
            return Err(PlanError::NoWords { least: words::WORDS_MIN });
        }
        let plan = Plan {
            channels: plan.channels.max(1),
            authors: plan.authors.max(1),
            per_second: plan.per_second.max(1),
            ..plan
        };
        Ok(Self {
            random: Random::new(mix(seed)),
            words,
            plants,
            threshold: of_two_to_32(share),
            plan,
            made: 0,
            series: VecDeque::new(),
            recent: Vec::with_capacity(RECENT),
        })
    }

    /// True while a series is not complete: who counts what was found goes on until it is.
    #[must_use]
    pub fn is_within_series(&self) -> bool {
        !self.series.is_empty()
    }

    /// The next post.
    pub fn make(&mut self) -> MadePost {
        let time = self.plan.start + i64::try_from(self.made).unwrap_or(0) / self.plan.per_second;
        self.made += 1;
        if self.random.next() >> 32 < self.threshold {
            return self.planted(time);
        }
        let channel = self.random.rank(self.plan.channels);
        match self.random.below(200) {
            0..4 if !self.recent.is_empty() => self.edit(time),
            4 => self.profile(channel, time),
            _ => self.harmless(channel, time),
        }
    }

    fn harmless(&mut self, channel: usize, time: i64) -> MadePost {
        let id = self.id(channel);
        if self.recent.len() < RECENT {
            self.recent.push((id.clone(), channel));
        } else if let Some(old) = self.recent.get_mut(spread(mix(self.made), RECENT)) {
            *old = (id.clone(), channel);
        }
        let text = self.text(channel);
        let fields = Fields { text: &text, sent_at: time, ..Fields::default() };
        self.finish(id, channel, &fields)
    }

    fn edit(&mut self, time: i64) -> MadePost {
        let index = self.random.below(self.recent.len());
        let (id, channel) = self.recent.get(index).cloned().unwrap_or_default();
        let text = self.text(channel);
        let fields = Fields {
            kind: Some("edit"),
            text: &text,
            sent_at: time - 60,
            edited_at: Some(time),
            ..Fields::default()
        };
        self.finish(id, channel, &fields)
    }

    fn profile(&mut self, channel: usize, time: i64) -> MadePost {
        let id = self.id(channel);
        let about = self.text(channel);
        let fields =
            Fields { kind: Some("profile"), about: &about, sent_at: time, ..Fields::default() };
        self.finish(id, channel, &fields)
    }

    fn planted(&mut self, time: i64) -> MadePost {
        let (plant, channel, series) = match self.series.pop_front() {
            Some(pending) => (pending.plant, pending.channel, Some(pending.series)),
            None => self.begin(),
        };
        let id = self.id(channel);
        let (text, disguise) = self.planted_text(plant, channel);
        let author = series.as_ref().map(|series| series.author.clone()).unwrap_or_default();
        let fields = Fields { text: &text, author: &author, sent_at: time, ..Fields::default() };
        let post = self.finish(id, channel, &fields);
        let rule = self.plants.get(plant).map(|plant| plant.rule.clone()).unwrap_or_default();
        MadePost { planted: Some(PlantedAs { rule, disguise, series }), ..post }
    }

    /// The next plant; of a series, its first post, while the rest of it is put in the queue.
    fn begin(&mut self) -> (usize, usize, Option<Series>) {
        let plant = self.random.below(self.plants.len());
        let start = self.random.below(self.plan.channels);
        let Some(of) = self.plants.get(plant).and_then(|plant| plant.channels) else {
            return (plant, start, None);
        };
        // No account of harmless posts has such an id.
        let author = format!("9{:011}", self.made);
        let place = |number| Series { author: author.clone(), number, of };
        for number in 2..=of {
            let channel = start + number - 1;
            self.series.push_back(Pending { plant, channel, series: place(number) });
        }
        (plant, start, Some(place(1)))
    }

    fn planted_text(&mut self, plant: usize, channel: usize) -> (String, Option<Disguise>) {
        let Some(plant) = self.plants.get(plant) else { return Default::default() };
        // Undisguised is one of the choices.
        let disguise = plant.disguises.get(self.random.below(plant.disguises.len() + 1)).copied();
        let Some(bits) = self.random.pick(&plant.texts) else { return Default::default() };
        let language = self.words.language(mix(seeded(channel)));
        let mut text = String::new();
        let mut hidden = false;
        for bit in bits {
            match (bit, disguise, language) {
                (Bit::Marked(phrase), Some(disguise), _) => {
                    let (phrase, done) = plant::hide(phrase, disguise, &mut self.random);
                    hidden |= done;
                    text.push_str(&phrase);
                }
                (Bit::Plain(plain) | Bit::Marked(plain), ..) => text.push_str(plain),
                (Bit::Filler, _, Some(language)) => {
                    let bytes = 1 + self.random.below(12);
                    language.write(&mut text, bytes, &mut self.random);
                }
                (Bit::Filler, _, None) => {}
            }
        }
        (text, disguise.filter(|_| hidden))
    }

    /// An id that no other post has.
    fn id(&self, channel: usize) -> String {
        format!("{}/{}", channel_id(channel), self.made)
    }

    /// A harmless text in the language of a channel.
    fn text(&mut self, channel: usize) -> String {
        let random = &mut self.random;
        let Some(language) = self.words.language(mix(seeded(channel))) else {
            return String::new();
        };
        let bytes = length(random);
        let mut text = String::with_capacity(bytes + 64);
        language.write(&mut text, bytes, random);
        decorate(&mut text, language, &self.words.emoji, random);
        text
    }

    /// Adds who and where, and what some posts have besides.
    fn finish(&mut self, id: String, channel: usize, fields: &Fields<'_>) -> MadePost {
        let Some(language) = self.words.language(mix(seeded(channel))) else {
            return MadePost { json: Vec::new(), id, channel: String::new(), planted: None };
        };
        let random = &mut self.random;
        let author = random.rank(self.plan.authors);
        let of_series = !fields.author.is_empty();
        let author_id = if of_series { fields.author.to_owned() } else { author_id(author) };
        let author_name = name(language, mix(seeded(author)));
        let home = channel_id(channel);
        let profile = fields.kind == Some("profile");
        // Titles are looked at in profiles only, and platforms send them there.
        let title = if profile { name(language, mix(!seeded(channel))) } else { String::new() };
        let reply_to =
            (!profile && random.percent(12)).then(|| format!("{home}/{}", random.below(1_000_000)));
        let forward = (!profile && random.percent(5)).then(|| {
            let from = random.rank(self.plan.channels);
            (channel_id(from), name(language, mix(!seeded(from))))
        });
        let file = random.percent(6).then(|| format!("photo_{}.jpg", random.below(1_000_000_000)));
        let members = 4_000_000 / (seeded(channel) + 1) + mix(seeded(channel)) % 100 + 12;
        let fields = Fields {
            id: &id,
            channel: &home,
            title: &title,
            members,
            author: &author_id,
            author_name: &author_name,
            lang: language.code,
            reply_to,
            forward,
            file,
            ..*fields
        };
        let json = fields.json();
        MadePost { json, channel: home, planted: None, id }
    }
}

impl Iterator for Traffic {
    type Item = MadePost;

    fn next(&mut self) -> Option<MadePost> {
        Some(self.make())
    }
}

impl Ready {
    fn new(plant: &Plant) -> Result<Self, PlanError> {
        let rule = plant.rule.clone();
        if plant.texts.is_empty() {
            return Err(PlanError::NoTexts(rule));
        }
        if plant.channels == Some(0) {
            return Err(PlanError::NoChannels(rule));
        }
        let texts: Result<Vec<_>, _> =
            plant.texts.iter().map(|text| plant::bits(&rule, text)).collect();
        let texts = texts?;
        if !texts.iter().all(|bits| bits.iter().any(|bit| matches!(bit, Bit::Marked(_)))) {
            return Err(PlanError::Unmarked(rule));
        }
        Ok(Self { rule, texts, disguises: plant.disguises.clone(), channels: plant.channels })
    }
}

/// Every marked word, in lower case.
fn planted_words(plants: &[Ready]) -> Vec<String> {
    let bits = plants.iter().flat_map(|plant| plant.texts.iter().flatten());
    let marked = bits.filter_map(|bit| match bit {
        Bit::Marked(phrase) => Some(phrase.to_lowercase()),
        _ => None,
    });
    let mut words: Vec<String> = marked
        .flat_map(|phrase| phrase.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    words.sort();
    words.dedup();
    words
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of 0 to 1 makes at most 2^32"
)]
fn of_two_to_32(share: f64) -> u64 {
    (share * 4_294_967_296.0) as u64
}

fn seeded(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX)
}

fn channel_id(index: usize) -> String {
    format!("-100{}", 1_000_000_000 + index)
}

fn author_id(index: usize) -> String {
    format!("{}", 5_000_000_000_usize + index)
}

/// A name of a word or two, by a scattered number.
fn name(language: &Language, scattered: u64) -> String {
    let first = capital(language.word(scattered));
    if scattered.is_multiple_of(2) {
        return first;
    }
    let second = capital(language.word(mix(scattered)));
    format!("{first}{}{second}", if language.spaceless { "" } else { " " })
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Bytes of a text: most are short, a few are long.
fn length(random: &mut Random) -> usize {
    match random.below(100) {
        0..55 => 6 + random.below(60),
        55..90 => 72 + random.below(120),
        90..99 => 192 + random.below(260),
        _ => 452 + random.below(900),
    }
}

/// Links, handles, tags, numbers and emoji, as some posts have them.
fn decorate(text: &mut String, language: &Language, emoji: &[&str], random: &mut Random) {
    let die = random.below(100);
    match die {
        0..8 => *text += &format!(" {} €", 5 + random.below(500)),
        8..13 => {
            *text +=
                &format!(" https://news{}.example/{}", random.below(90), random.next() % 99_999)
        }
        13..16 => *text += &format!(" @reader_{}", random.below(99_999)),
        16..20 => *text += &format!(" #{}", language.word(random.next())),
        20..36 => {
            if let Some(emoji) = random.pick_ranked(emoji) {
                *text += &format!(" {emoji}");
            }
        }
        _ => {}
    }
}
