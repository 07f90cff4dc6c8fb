//! From rules that fired to candidates: one for each thing asked of a subject, with all who ask.

use super::basis::{Basis, Event};
use super::candidate::Candidate;
use super::cause::{CAUSES_PER_EVENT, Cause, CauseKind, Counted};
use super::issuer::{Identity, Issuer};
use super::referral::Referral;
use super::scope::Scope;
use super::signal::{Counting, Strike};
use super::subject::{Origin, Subject, author};
use super::takedown::Takedown;
use super::time::Time;
use super::{Decision, cloud};
use crate::decode::Post;
use crate::record::SubjectKind;
use crate::rules::{Action, ActionKind, Count, CountBy, Rule};
use crate::score::Fired;

/// Domains of one post that counters hear of: a post with more is no ordinary post, and each
/// costs a whole candidate.
pub(super) const DOMAINS_MAX: usize = 64;

/// Longest `url` of an event, bytes.
const URL_MAX: usize = 4_096;

/// Drafts the events of one decision.
pub(super) struct Draft<'a> {
    pub(super) decision: &'a Decision<'a>,
    pub(super) issuer: &'a Issuer,
}

/// What is asked of which subject, by whom.
struct Ask<'a> {
    action: &'a ActionKind,
    subject: Subject,
    due: Option<Time>,
    causes: Vec<Cause>,
}

impl Ask<'_> {
    /// Label or queue.
    fn detail(&self) -> &str {
        self.action.detail()
    }

    /// The same thing asked of the same subject? Whatever the time left for it.
    fn same(&self, other: &Self) -> bool {
        self.action.name() == other.action.name()
            && self.detail() == other.detail()
            && self.subject == other.subject
    }
}

impl<'a> Draft<'a> {
    /// One candidate for each thing that these ask for, in the order it is first asked for; more
    /// than one, under the same id, where it has more than [`CAUSES_PER_EVENT`] causes.
    pub(super) fn candidates(
        &self,
        fired: impl Iterator<Item = (&'a Fired, &'a Rule)>,
    ) -> Vec<Candidate> {
        let mut asks: Vec<Ask<'_>> = Vec::new();
        for ask in fired.flat_map(|(fired, rule)| self.asks(fired, rule)) {
            match asks.iter_mut().find(|known| known.same(&ask)) {
                Some(known) => join(known, ask),
                None => asks.push(ask),
            }
        }
        asks.into_iter().flat_map(|ask| self.finish(ask)).collect()
    }

    /// What one rule asks for, harshest first.
    fn asks(&self, fired: &'a Fired, rule: &Rule) -> Vec<Ask<'a>> {
        let cause = Cause::of(self.decision, self.issuer, fired, rule);
        let actions = fired.actions.iter().rev().filter(|action| self.has_subject(&action.kind));
        actions.map(|action| self.ask(action, cause.clone())).collect()
    }

    /// An account that nobody knows cannot be closed; that it be looked at can be asked all the same.
    fn has_subject(&self, action: &ActionKind) -> bool {
        matches!(action, ActionKind::Refer { .. })
            || action.subject() != SubjectKind::Account
            || author(self.decision.post).is_some()
    }

    fn ask(&self, action: &'a Action, cause: Cause) -> Ask<'a> {
        let after = |ms: Option<i64>| {
            ms.map(|ms| Time::from_ms(self.decision.source.time_ms.saturating_add(ms)))
        };
        let due_ms = match action.kind {
            ActionKind::Refer { due_ms, .. } => due_ms,
            _ => None,
        };
        Ask {
            action: &action.kind,
            subject: Subject::of(self.decision.post, action.kind.subject()),
            due: after(due_ms),
            causes: vec![Cause { until: after(action.for_ms), ..cause }],
        }
    }

    fn finish(&self, mut ask: Ask<'_>) -> Vec<Candidate> {
        let scope = ask.causes.iter().map(|cause| cause.scope.clone()).reduce(Scope::union);
        let until = ask.causes.iter().map(|cause| cause.until).reduce(later).flatten();
        let causes = std::mem::take(&mut ask.causes);
        let several = causes.chunks(CAUSES_PER_EVENT).map(|causes| {
            let basis = Basis {
                scope: scope.clone().unwrap_or(Scope::Worldwide),
                subject: ask.subject.clone(),
                causes: causes.to_vec(),
                source: Origin::from(self.decision.source),
                decided_at: None,
                url: url(self.decision.post),
            };
            self.candidate(&ask, until, basis)
        });
        several.collect()
    }

    fn candidate(&self, ask: &Ask<'_>, until: Option<Time>, basis: Basis) -> Candidate {
        let traceparent = self.decision.traceparent.as_deref().and_then(cloud::traceparent);
        let event = event(self.issuer, ask.action, (ask.due, until), basis);
        Candidate { deployment: self.issuer.deployment.clone(), traceparent, event }
    }

    /// The strikes that a rule gives besides, where it acts.
    pub(super) fn strikes(&self, fired: &Fired, rule: &Rule) -> Vec<Strike> {
        let strikes = !fired.softened && fired.limited.is_none();
        let Some(strike) = rule.strike.filter(|_| strikes) else { return Vec::new() };
        let post = self.decision.post;
        let hits = |kind: &SubjectKind| {
            strike.points(*kind) > 0 && (*kind == SubjectKind::Channel || author(post).is_some())
        };
        let kinds = [SubjectKind::Channel, SubjectKind::Account].into_iter().filter(hits);
        let struck = kinds.map(|kind| Strike {
            rule: rule.id.clone(),
            category: rule.category.clone(),
            subject: Subject::of(post, kind),
            points: strike.points(kind),
            post: self.issuer.post(&post.channel.id, &post.id),
            time_ms: self.decision.source.time_ms,
            deployment: self.issuer.deployment.clone(),
            traceparent: self.decision.traceparent.as_deref().and_then(cloud::traceparent),
            source: Origin::from(self.decision.source),
            url: url(post),
        });
        struck.collect()
    }

    /// The signals of a rule that counts: one for each counted key and distinct value; none where
    /// the post has no such key or value.
    pub(super) fn signals(
        &self,
        fired: &'a Fired,
        rule: &'a Rule,
        link_domains: &[String],
    ) -> Vec<Counting> {
        let Some(count) = rule.count else { return Vec::new() };
        let drafted = self.candidates([(fired, rule)].into_iter());
        let strikes = self.strikes(fired, rule);
        let values = self.counted(count.different, link_domains);
        let mut signals = Vec::new();
        for key in self.counted(count.by, link_domains) {
            let candidates = counting(drafted.clone(), count, &key);
            signals.extend(values.iter().map(|value| Counting {
                rule: rule.id.clone(),
                key: key.clone(),
                value: value.clone(),
                time_ms: self.decision.source.time_ms,
                candidates: candidates.clone(),
                strikes: strikes.clone(),
            }));
        }
        signals
    }

    /// What a post has of a counted field, each once.
    fn counted(&self, by: CountBy, link_domains: &[String]) -> Vec<String> {
        let post = self.decision.post;
        match by {
            CountBy::Post => vec![self.issuer.post(&post.channel.id, &post.id)],
            CountBy::Author => author(post).map(str::to_owned).into_iter().collect(),
            CountBy::Channel => vec![post.channel.id.clone().into_owned()],
            CountBy::LinksDomain => {
                let domains = distinct(link_domains).into_iter();
                domains.map(|domain| self.issuer.domain(domain)).collect()
            }
        }
    }
}

/// The event of an action, with its id. `times`: when an answer is due, and when it ends.
pub(super) fn event(
    issuer: &Issuer,
    kind: &ActionKind,
    (due, until): (Option<Time>, Option<Time>),
    basis: Basis,
) -> Event {
    let (name, detail) = (kind.name(), kind.detail());
    let id = |kind| {
        let subject = &basis.subject;
        issuer.event(&Identity { kind, subject, action: name, detail })
    };
    let action = name.to_owned();
    match kind {
        ActionKind::Refer { queue, .. } => Event::Referral(Referral {
            id: format!("rf_{}", id("referral")),
            purpose: action.clone(),
            action,
            queue: queue.clone(),
            due,
            until,
            basis,
        }),
        kind => Event::Takedown(Takedown {
            id: format!("tk_{}", id("takedown")),
            action,
            label: match kind {
                ActionKind::Label(label) => Some(label.clone()),
                _ => None,
            },
            until,
            basis,
        }),
    }
}

/// The first [`DOMAINS_MAX`] different domains, in order.
fn distinct(domains: &[String]) -> Vec<&str> {
    let mut kept: Vec<&str> = Vec::new();
    for domain in domains {
        if kept.len() == DOMAINS_MAX {
            break;
        }
        if !kept.contains(&domain.as_str()) {
            kept.push(domain);
        }
    }
    kept
}

/// Marks the causes as those of a counter.
fn counting(mut candidates: Vec<Candidate>, count: Count, key: &str) -> Vec<Candidate> {
    let counted = Counted {
        by: count.by.name().to_owned(),
        key: key.to_owned(),
        different: count.different.name().to_owned(),
        at_least: count.at_least as u64,
        within_ms: count.within_ms,
    };
    let events = candidates.iter_mut().map(|candidate| candidate.event.open().1);
    for cause in events.flat_map(|basis| &mut basis.causes) {
        cause.kind = CauseKind::Count;
        cause.count = Some(counted.clone());
    }
    candidates
}

/// Adds who else asks; a rule that asks twice is one cause, for the longer time. All that one rule
/// asks for comes together, so that it can only be the last.
fn join(known: &mut Ask<'_>, ask: Ask<'_>) {
    known.due = match (known.due, ask.due) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    for cause in ask.causes {
        match known.causes.last_mut().filter(|last| last.rule == cause.rule) {
            Some(last) => last.until = later(last.until, cause.until),
            None => known.causes.push(cause),
        }
    }
}

/// The later of two ends; for ever where one of them is.
fn later(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    Some(a?.max(b?))
}

/// Where people find a post. It decides nothing, so one too long for an event is left out.
fn url(post: &Post<'_>) -> Option<String> {
    post.url.as_deref().filter(|url| url.len() <= URL_MAX).map(str::to_owned)
}
