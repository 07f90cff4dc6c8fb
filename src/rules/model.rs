//! Rules as the run side sees them: checked, resolved, without a trace of YAML.

use std::sync::Arc;

use super::asked::{HashKind, PostField};
use super::compared::FieldComparison;
use super::limits::{Limit, Tripped};
use super::share::Share;
use super::trials::Guard;
use crate::decode::Kind;
use crate::extract::Wallet;
use crate::record::{Part, Parts, SubjectKind, View};

/// A folder of rules and lists with one version, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Name, unique in a rule set.
    pub name: String,
    /// Version as its authors write it.
    pub version: String,
    /// Who answers for it.
    pub owner: String,
    /// What it is for.
    pub description: String,
    /// Its rules, sorted by id.
    pub rules: Vec<Rule>,
    /// What follows from strikes, sorted by id.
    pub escalations: Vec<Escalation>,
}

/// How far a rule has been let out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Compiled and tested only.
    Draft,
    /// Counts, acts on nothing.
    Shadow,
    /// Acts on a share of all keys, and on the others as in shadow.
    Canary(Share),
    /// Acts.
    Live,
}

impl Status {
    /// Name in rules, events and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Shadow => "shadow",
            Self::Canary(_) => "canary",
            Self::Live => "live",
        }
    }
}

/// How much harm a rule is about; orders causes and labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Least.
    Low,
    /// The default.
    #[default]
    Medium,
    /// More.
    High,
    /// Most; a flood never disarms such a rule.
    Critical,
}

impl Severity {
    /// Name in rules and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Dotted id, unique in a rule set.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// Name of the pack it stands in.
    pub pack: Arc<str>,
    /// Version of that pack.
    pub version: Arc<str>,
    /// Part of the id before the first dot, unless the rule says otherwise.
    pub category: String,
    /// How far it is let out.
    pub status: Status,
    /// How much harm.
    pub severity: Severity,
    /// Which records it looks at, sorted, never empty.
    pub kinds: Vec<Kind>,
    /// Named patterns: those of the condition, of `soften.when` and of `except`.
    /// Shared: a list can have a million entries, and who holds a rule back copies the rule.
    pub patterns: Arc<[Pattern]>,
    /// When it fires; indexes into `patterns`.
    pub condition: Condition,
    /// Indexes of patterns that hide the hits they share a word with.
    pub except: Vec<usize>,
    /// A milder answer.
    pub soften: Option<Soften>,
    /// Whom it spares, and until when.
    pub exempt: Option<Exempt>,
    /// Act only once a counter is reached.
    pub count: Option<Count>,
    /// What it asks for, mildest first, never empty.
    pub actions: Vec<Action>,
    /// Strikes it gives besides; none where `soften` answers.
    pub strike: Option<Strike>,
    /// How often it may act before it is held back.
    pub limit: Option<Limit>,
    /// What a control leaves of its actions, where one does.
    pub held: Option<Tripped>,
    /// Its limit was tripped, and nobody has lifted that.
    pub tripped: bool,
    /// Where it holds.
    pub scope: Scope,
    /// What it says to the people it acts on.
    pub reason: Option<Reason>,
    /// Its own tests.
    pub tests: Vec<Guard>,
}

/// One named pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Name in the condition.
    pub name: String,
    /// What it looks for.
    pub kind: PatternKind,
    /// The form of the text it runs on.
    pub view: View,
    /// The parts it looks at.
    pub parts: Parts,
}

/// What a pattern looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternKind {
    /// Words, phrases, substrings or exact strings.
    Entries {
        /// The list, as written.
        entries: Vec<Entry>,
        /// How entries are compared.
        matching: Match,
        /// Words allowed between neighbours of a phrase, where the entry has a space.
        gap: usize,
    },
    /// A regular expression, compiled once already with the size limits of design section 12.
    Regex(String),
    /// Links.
    Links(LinkPattern),
    /// `@name` handles: those of a list, `None`: any.
    Handles(Option<Vec<Entry>>),
    /// Phone numbers of these countries (ISO 3166-1, groups expanded, sorted); empty: of any.
    Phones(Vec<String>),
    /// Wallets of these kinds, sorted.
    Wallets(Vec<Wallet>),
    /// Media by a hash of their bytes.
    Media(HashKind, Vec<Entry>),
    /// A field that is one of these, exactly.
    Field(PostField, Vec<Entry>),
}

/// One line of a list, or one item of `any:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The text, trimmed; 1 to 256 characters.
    pub text: String,
}

/// How entries are compared with the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Match {
    /// Whole words; an entry of several words is a phrase with gap 0.
    Word,
    /// Words in order, with `gap`.
    Phrase,
    /// Anywhere in the folded text.
    Substring,
    /// The same bytes, on word boundaries.
    Exact,
}

/// Which links count; every set criterion must hold. All unset: any link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkPattern {
    /// Known services by name (`telegram`, `whatsapp`, …); empty: not asked.
    pub services: Vec<String>,
    /// Domains that match with all below them; `None`: not asked.
    pub domains: Option<Vec<Entry>>,
    /// Channel names on a messenger; `None`: not asked.
    pub channels: Option<Vec<Entry>>,
    /// The shown text names a domain of another registrable domain.
    pub shown_differs: bool,
}

/// When a rule fires. Numbers are indexes into the rule's patterns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The pattern hits.
    Pattern(usize),
    /// Does not hold.
    Not(Box<Self>),
    /// All hold.
    And(Vec<Self>),
    /// One holds at least.
    Or(Vec<Self>),
    /// Of these names, so many hit.
    Of(Need, Vec<usize>),
    /// A hit of `left` and one of `right` in one part, at most so many words between them.
    Within {
        /// Words between the nearest ends.
        words: usize,
        /// Any of these.
        left: Vec<usize>,
        /// Any of these.
        right: Vec<usize>,
    },
    /// `x.hits` compared.
    Hits(usize, Comparison, u32),
    /// `x.different` compared.
    Different(usize, Comparison, u32),
    /// A field of the post compared; unknown where the post does not have it.
    Field(FieldComparison),
}

/// How many of a list of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// One at least.
    Any,
    /// Every one.
    All,
    /// This many at least.
    AtLeast(usize),
}

/// A comparison of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

/// What to do instead where `when` holds too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soften {
    /// A condition over the same patterns.
    pub when: Condition,
    /// Replaces all actions.
    pub to: Vec<Action>,
}

/// Channels that a rule does not act for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exempt {
    /// Their ids, sorted.
    pub channels: Vec<String>,
    /// The day on which that ends, as written.
    pub until: String,
    /// When that day begins in UTC, Unix milliseconds.
    pub until_ms: i64,
}

impl Exempt {
    /// Does it name a channel, whatever the day?
    #[must_use]
    pub fn names(&self, channel: &str) -> bool {
        self.channels.binary_search_by(|known| known.as_str().cmp(channel)).is_ok()
    }
}

/// A plain counter in front of a rule's actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Whose counter.
    pub by: CountBy,
    /// Distinct values of this are counted.
    pub different: CountBy,
    /// So many distinct values.
    pub at_least: usize,
    /// Within this many milliseconds of record time.
    pub within_ms: i64,
    /// True: every candidate in the window acts once the count is reached; false: only later ones.
    pub act_on_all: bool,
}

/// A field that counters are kept by or that they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CountBy {
    /// `post.id`
    Post,
    /// `author.id`
    Author,
    /// `channel.id`
    Channel,
    /// `links.domain`: each registrable domain of the post's links.
    LinksDomain,
}

impl CountBy {
    /// Name in rules and signals.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "post.id",
            Self::Author => "author.id",
            Self::Channel => "channel.id",
            Self::LinksDomain => "links.domain",
        }
    }
}

/// An action, mildest first in order of [`ActionKind`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What to do, to which subject.
    pub kind: ActionKind,
    /// For how long, milliseconds from the record's time; `None`: until undone.
    pub for_ms: Option<i64>,
}

/// What an action does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionKind {
    /// Attach a label to the post.
    Label(String),
    /// Hand to human review.
    Refer {
        /// The queue.
        queue: String,
        /// What is handed over.
        subject: SubjectKind,
        /// Answer wanted within so many milliseconds of the record's time.
        due_ms: Option<i64>,
    },
    /// Show less of the post.
    RestrictPost,
    /// Take the post away.
    RemovePost,
    /// Show less of the channel.
    RestrictChannel,
    /// Take the channel away.
    RemoveChannel,
    /// Close the account.
    SuspendAccount,
}

impl ActionKind {
    /// Name in rules and events.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Label(_) => "label",
            Self::Refer { .. } => "refer",
            Self::RestrictPost => "restrict_post",
            Self::RemovePost => "remove_post",
            Self::RestrictChannel => "restrict_channel",
            Self::RemoveChannel => "remove_channel",
            Self::SuspendAccount => "suspend_account",
        }
    }

    /// What it is done to.
    #[must_use]
    pub fn subject(&self) -> SubjectKind {
        match self {
            Self::Refer { subject, .. } => *subject,
            Self::Label(_) | Self::RestrictPost | Self::RemovePost => SubjectKind::Post,
            Self::RestrictChannel | Self::RemoveChannel => SubjectKind::Channel,
            Self::SuspendAccount => SubjectKind::Account,
        }
    }

    /// The label, or the queue; empty for all others.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Label(label) => label,
            Self::Refer { queue, .. } => queue,
            _ => "",
        }
    }
}

/// Points that a post of a rule gives to where it stands and to who wrote it; one is above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// To the channel.
    pub channel: u32,
    /// To the account.
    pub author: u32,
}

impl Strike {
    /// Points to a subject of this kind.
    #[must_use]
    pub fn points(&self, subject: SubjectKind) -> u32 {
        match subject {
            SubjectKind::Post => 0,
            SubjectKind::Channel => self.channel,
            SubjectKind::Account => self.author,
        }
    }
}

/// What follows once a channel or an account has gathered strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// Id, in the same space as rules.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// Name of its pack.
    pub pack: Arc<str>,
    /// Version of its pack.
    pub version: Arc<str>,
    /// How far it is let out; the key of a canary is the subject's id.
    pub status: Status,
    /// How much harm.
    pub severity: Severity,
    /// Whose strikes: [`SubjectKind::Channel`] or [`SubjectKind::Account`].
    pub of: SubjectKind,
    /// Strikes of rules of this category.
    pub category: String,
    /// Points that are needed.
    pub at_least: u32,
    /// Within so many milliseconds of record time.
    pub within_ms: i64,
    /// What it asks for, mildest first, never empty; all of them about such a subject.
    pub actions: Vec<Action>,
    /// Where it holds.
    pub scope: Scope,
    /// What it says to the people it acts on.
    pub reason: Option<Reason>,
    /// Its own tests.
    pub tests: Vec<Guard>,
}

impl Escalation {
    /// Does it act on a subject of this id? Where it does not, it would have.
    #[must_use]
    pub fn acts_on(&self, subject: &str) -> bool {
        acts_on(self.status, &self.id, subject)
    }
}

fn acts_on(status: Status, id: &str, key: &str) -> bool {
    match status {
        Status::Draft | Status::Shadow => false,
        Status::Canary(share) => share.holds(id, key),
        Status::Live => true,
    }
}

/// Where a rule holds. Country codes are ISO 3166-1 alpha-2, groups expanded, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere.
    Worldwide,
    /// Only there.
    Only(Vec<String>),
    /// Everywhere but there.
    Except(Vec<String>),
}

/// Why, in words for the people a rule acts on and for authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Terms or law.
    pub ground: Ground,
    /// Explanation by language code, sorted.
    pub explanation: Vec<(String, String)>,
}

/// What a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The platform's terms, with the clause.
    Terms {
        /// The clause.
        clause: String,
    },
    /// Law, by country or group code as written, sorted.
    Illegal {
        /// Country or group, law.
        law: Vec<(String, String)>,
    },
}

impl Rule {
    /// Does it spare a post of this channel and time (Unix milliseconds)?
    #[must_use]
    pub fn spares(&self, channel: &str, time_ms: i64) -> bool {
        self.exempt
            .as_ref()
            .is_some_and(|exempt| time_ms < exempt.until_ms && exempt.names(channel))
    }

    /// Does it do more than label and ask people?
    #[must_use]
    pub fn is_harsh(&self) -> bool {
        let is_mild =
            |kind: &ActionKind| matches!(kind, ActionKind::Label(_) | ActionKind::Refer { .. });
        self.strike.is_some() || self.actions.iter().any(|action| !is_mild(&action.kind))
    }

    /// Does it act where its key is this one? Of a rule that counts the key is the counted one, of the
    /// others the channel's id. Where it does not, it would have.
    #[must_use]
    pub fn acts_on(&self, key: &str) -> bool {
        acts_on(self.status, &self.id, key)
    }

    /// Does the rule look at records of this kind?
    #[must_use]
    pub fn looks_at(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }
}

impl Pattern {
    /// Does it look for places in the text? Fields and hashes have none.
    #[must_use]
    pub fn is_of_text(&self) -> bool {
        !matches!(self.kind, PatternKind::Media(..) | PatternKind::Field(..))
    }

    /// Does the pattern look at this part?
    #[must_use]
    pub fn looks_in(&self, part: Part) -> bool {
        self.parts.has(part)
    }
}
