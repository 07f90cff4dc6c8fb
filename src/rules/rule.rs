//! One rule: its keys read, its parts checked against each other.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::actions::{Asked, PlacedAction, actions, asked, check_softer};
use super::codes::Code;
use super::condition::{is_anchored, parse, renumber, visit, visit_within};
use super::fields::{Fields, Keys};
use super::guards::{About, StandIn};
use super::model::{Condition, Pattern, Rule, Severity, Soften};
use super::pack::Manifest;
use super::patterns::{Named, Reader, is_anchor};
use super::report::{Faults, quoted};
use super::scope::{reason, scope};
use super::trials::Guard;
use super::unwise::warn_idle;
use super::values::{choice, is_slug, scalar, text, texts, unknown};
use super::yaml::{Node, Style, place_in_source};
use crate::decode::Kind;
use crate::record::SubjectKind;

/// The keys of a rule.
pub(super) const RULE: Keys = Keys {
    of: "a rule",
    known: &[
        "id",
        "title",
        "category",
        "status",
        "share",
        "severity",
        "kinds",
        "patterns",
        "condition",
        "except",
        "soften",
        "exempt",
        "count",
        "actions",
        "scope",
        "limit",
        "reason",
        "tests",
    ],
    later: &["sample"],
};

pub(super) const SOFTEN: Keys = Keys { of: "`soften`", known: &["when", "to"], later: &[] };

const KINDS: [(&str, Kind); 3] =
    [("post", Kind::Post), ("edit", Kind::Edit), ("profile", Kind::Profile)];
pub(super) const SEVERITIES: [(&str, Severity); 4] = [
    ("low", Severity::Low),
    ("medium", Severity::Medium),
    ("high", Severity::High),
    ("critical", Severity::Critical),
];

/// The patterns a condition can name: those of the rule, then those of the pack.
struct Scope<'p> {
    own: &'p [Named],
    shared: &'p [Named],
    names: Vec<String>,
}

impl<'p> Scope<'p> {
    fn new(own: &'p [Named], shared: &'p [Named]) -> Self {
        let names = own.iter().chain(shared).map(|named| named.name.clone()).collect();
        Self { own, shared, names }
    }

    fn get(&self, index: usize) -> Option<&'p Named> {
        self.own.get(index).or_else(|| self.shared.get(index.checked_sub(self.own.len())?))
    }
}

impl Reader<'_> {
    /// A rule out of one document; `None` where it has faults, all of which are reported.
    pub(super) fn rule(&mut self, node: &Node, manifest: &mut Manifest<'_>) -> Option<Rule> {
        let before = self.faults.errors();
        let mut fields = Fields::read(node, &RULE, &mut self.faults)?.or(manifest.defaults);
        fields.is_partial |= !self.has_manifest;
        let id = self.id(&fields, manifest);
        let title = self.title(&fields);
        let category = self.category(&fields, id.as_deref());
        let status = self.status(&fields);
        let severity = self.severity(&fields);
        let kinds = self.kinds(&fields);
        let found = self.found(&fields, manifest);
        let queue = category.as_deref().unwrap_or_default();
        let asked = self.asked(&fields, queue, kinds.as_deref());
        let own = asked.as_ref().map(|asked| asked.actions.as_slice());
        let soften_to = self.soften_to(&fields, queue, own, kinds.as_deref());
        let exempt = fields.get("exempt").map(|node| self.exempt(node));
        let count = fields.get("count").map(|node| self.count(node));
        let limit = fields.get("limit").map(|node| self.limit(node, severity));
        let scope = self.scope(&fields);
        let reason = fields.get("reason").map(|node| reason(node, &mut self.faults));
        let help = "add one that fires and one that is quiet";
        let tests = fields.need("tests", help, &mut self.faults);
        let guards = tests.and_then(|node| {
            self.guards(node, &About::Rule { kinds: kinds.as_deref().unwrap_or(&[]), queue })
        });
        if self.faults.errors() > before {
            return None;
        }
        let (found, asked) = (found?, asked?);
        let soften = found.when.zip(soften_to).map(|(when, to)| Soften { when, to: bare(to) });
        let mut rule = Rule {
            id: id?,
            title: title?,
            pack: Arc::clone(&manifest.name),
            version: Arc::clone(&manifest.version),
            category: category?,
            status: status?,
            severity: severity?,
            kinds: kinds?,
            patterns: found.patterns.into(),
            condition: found.condition,
            except: found.except,
            soften,
            exempt: exempt.flatten(),
            count: count.flatten(),
            actions: bare(asked.actions),
            strike: asked.strike.map(|(strike, _)| strike),
            limit: limit.flatten(),
            held: None,
            tripped: false,
            scope: scope?,
            reason: reason.flatten(),
            tests: Vec::new(),
        };
        rule.tests = self.stood_in(guards?, &rule, &fields, manifest)?;
        Some(rule)
    }

    /// The tests, those with stand-ins with a rule of their own.
    fn stood_in(
        &mut self,
        guards: Vec<(Guard, Vec<StandIn>)>,
        rule: &Rule,
        fields: &Fields<'_>,
        manifest: &mut Manifest<'_>,
    ) -> Option<Vec<Guard>> {
        let before = self.faults.errors();
        let mut tests = Vec::new();
        for (mut guard, with) in guards {
            if !with.is_empty() {
                guard.stand_in = self.with(&with, rule, fields, manifest).map(Box::new);
            }
            tests.push(guard);
        }
        (self.faults.errors() == before).then_some(tests)
    }

    /// The rule as it is with these lists in place of those of the pack.
    fn with(
        &mut self,
        with: &[StandIn],
        rule: &Rule,
        fields: &Fields<'_>,
        manifest: &mut Manifest<'_>,
    ) -> Option<Rule> {
        // The rule itself had no faults: those there are now come from what stands in. Its warnings
        // were told.
        let mark = self.faults.mark();
        let kept = self.lists.stand_in(with);
        let shared = manifest.patterns.map(|node| self.patterns(node, &[])).unwrap_or_default();
        let shared = std::mem::replace(&mut manifest.shared, shared);
        let found = self.found(fields, manifest);
        manifest.shared = shared;
        let read = self.lists.take_back(kept);
        self.faults.drop_warnings_since(mark);
        for one in with.iter().filter(|one| !read.contains(&one.path)) {
            self.faults
                .error(Code::StandIn, one.span, format!("the rule reads no {}", quoted(&one.path)))
                .label("stands in for nothing")
                .help("name a list that a pattern of this rule reads, as the pattern writes it");
        }
        let found = found?;
        let soften = rule.soften.as_ref().zip(found.when);
        Some(Rule {
            patterns: found.patterns.into(),
            condition: found.condition,
            except: found.except,
            soften: soften.map(|(soften, when)| Soften { when, to: soften.to.clone() }),
            ..rule.clone()
        })
    }

    pub(super) fn id(
        &mut self,
        fields: &Fields<'_>,
        manifest: &mut Manifest<'_>,
    ) -> Option<String> {
        let node = fields.need("id", "add `id: category.name`", &mut self.faults)?;
        let id = text(node, "`id`", &mut self.faults)?;
        if !id.contains('.') || !id.split('.').all(|part| is_slug(part, "_")) || id.len() > 128 {
            self.faults
                .error(Code::BadId, node.span, format!("{} is no rule id", quoted(id)))
                .help("write lower-case words with a dot between them: fraud.giveaway");
            return None;
        }
        if !manifest.ids.insert(id.to_owned()) {
            self.faults
                .error(
                    Code::DuplicateId,
                    node.span,
                    format!("two rules have the id {}", quoted(id)),
                )
                .label("the second one")
                .help("give one of the two another id");
            return None;
        }
        Some(id.to_owned())
    }

    pub(super) fn title(&mut self, fields: &Fields<'_>) -> Option<String> {
        let node = fields.need("title", "add `title:`, one line for people", &mut self.faults)?;
        text(node, "`title`", &mut self.faults).map(str::to_owned)
    }

    pub(super) fn severity(&mut self, fields: &Fields<'_>) -> Option<Severity> {
        let Some(node) = fields.get("severity") else { return Some(Severity::default()) };
        choice(node, "`severity`", &SEVERITIES, &mut self.faults)
    }

    pub(super) fn scope(&mut self, fields: &Fields<'_>) -> Option<super::Scope> {
        let Some(node) = fields.get("scope") else { return Some(super::Scope::Worldwide) };
        scope(node, &mut self.faults)
    }

    fn category(&mut self, fields: &Fields<'_>, id: Option<&str>) -> Option<String> {
        let Some(node) = fields.get("category") else {
            return id?.split('.').next().map(str::to_owned);
        };
        let category = text(node, "`category`", &mut self.faults)?;
        if is_slug(category, "_") {
            return Some(category.to_owned());
        }
        self.faults
            .error(Code::BadId, node.span, format!("{} cannot name a category", quoted(category)))
            .help("use lower-case letters, digits and `_`, and start with a letter");
        None
    }

    fn kinds(&mut self, fields: &Fields<'_>) -> Option<Vec<Kind>> {
        let Some(node) = fields.get("kinds") else { return Some(vec![Kind::Post, Kind::Edit]) };
        let mut kinds = Vec::new();
        let found = texts(node, "`kinds`", &mut self.faults)?;
        for (name, item) in found {
            match KINDS.iter().find(|(known, _)| *known == name) {
                Some((_, kind)) => kinds.push(*kind),
                None => {
                    let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
                    unknown(name, "`kinds`", item.span, &names, &mut self.faults);
                    return None;
                }
            }
        }
        kinds.sort_unstable();
        kinds.dedup();
        Some(kinds)
    }

    fn asked(&mut self, fields: &Fields<'_>, queue: &str, kinds: Option<&[Kind]>) -> Option<Asked> {
        let node = fields.need("actions", "add `actions: [remove_post]`", &mut self.faults)?;
        let asked = asked(node, queue, &mut self.faults)?;
        if asked.actions.is_empty() {
            self.faults
                .error(Code::BadAction, node.span, "a strike alone does nothing that anybody sees")
                .help("write what to do besides: [{label: spam}, {strike: {channel: 1}}]");
            return None;
        }
        check_kinds(&asked.actions, kinds, &mut self.faults);
        Some(asked)
    }

    fn soften_to(
        &mut self,
        fields: &Fields<'_>,
        queue: &str,
        own: Option<&[PlacedAction]>,
        kinds: Option<&[Kind]>,
    ) -> Option<Vec<PlacedAction>> {
        // Unknown keys are reported where `when` is read.
        let mut quiet = Faults::new(Vec::new());
        let soften = Fields::read(fields.get("soften")?, &SOFTEN, &mut quiet)?;
        let to = soften.need(
            "to",
            "say what to do instead: `to: {refer: {queue: …}}`",
            &mut self.faults,
        )?;
        let to = actions(to, "`soften`", queue, &mut self.faults)?;
        check_kinds(&to, kinds, &mut self.faults);
        if let Some(own) = own {
            check_softer(&to, own, &mut self.faults);
        }
        Some(to)
    }
}

/// A rule's patterns, and what is said about them by number.
struct Found {
    patterns: Vec<Pattern>,
    condition: Condition,
    except: Vec<usize>,
    when: Option<Condition>,
}

impl Reader<'_> {
    fn found(&mut self, fields: &Fields<'_>, manifest: &mut Manifest<'_>) -> Option<Found> {
        let before = self.faults.errors();
        let own = match fields.get("patterns") {
            Some(node) => self.patterns(node, &[&manifest.shared]),
            None => Vec::new(),
        };
        let except = match fields.get("except") {
            Some(node) => self.patterns(node, &[&own, &manifest.shared]),
            None => Vec::new(),
        };
        let scope = Scope::new(&own, &manifest.shared);
        let help = "add `condition:` over the names of the patterns";
        let node = fields.need("condition", help, &mut self.faults);
        self.check_exceptions(&except);
        let condition = node.and_then(|node| self.condition(node, &scope, &except));
        let when = self.soften_when(fields, &scope, &except);
        let mut used = BTreeSet::new();
        for condition in condition.iter().chain(when.iter().flatten()) {
            visit(condition, &mut |name| _ = used.insert(name));
        }
        if self.faults.errors() == before {
            self.check_anchor(node?, condition.as_ref()?, &scope);
            self.warn_unused(&own, &used);
            let used: Vec<_> =
                used.iter().filter_map(|&name| scope.get(name)?.pattern.as_ref()).collect();
            warn_idle(&except, &used, &mut self.faults);
        }
        manifest.used.extend(used.iter().filter_map(|name| name.checked_sub(own.len())));
        let place = |name: usize| used.iter().take_while(|&&other| other < name).count();
        let mut patterns: Vec<Pattern> =
            used.iter().filter_map(|&name| scope.get(name)?.pattern.clone()).collect();
        let except: Vec<Pattern> = except.into_iter().filter_map(|named| named.pattern).collect();
        let numbers = (patterns.len()..patterns.len() + except.len()).collect();
        patterns.extend(except);
        let condition = renumber(condition?, &place);
        let when = when.flatten().map(|when| renumber(when, &place));
        Some(Found { patterns, condition, except: numbers, when })
    }

    /// Outer `None`: the rule has no `soften`.
    fn soften_when(
        &mut self,
        fields: &Fields<'_>,
        scope: &Scope<'_>,
        except: &[Named],
    ) -> Option<Option<Condition>> {
        let node = fields.get("soften")?;
        let soften = Fields::read(node, &SOFTEN, &mut self.faults);
        let help = "say in which case: `when: lesson`";
        let when = soften.and_then(|soften| soften.need("when", help, &mut self.faults));
        Some(when.and_then(|when| self.condition(when, scope, except)))
    }

    fn condition(&mut self, node: &Node, scope: &Scope<'_>, except: &[Named]) -> Option<Condition> {
        let (found, style) = scalar(node, "a condition", &mut self.faults)?;
        if style == Style::Plain && self.is_cut(node, found) {
            return None;
        }
        text(node, "a condition", &mut self.faults)?;
        let problems = match parse(found, &scope.names) {
            Ok(condition) => {
                self.check_within(node, found, &condition, scope);
                return Some(condition);
            }
            Err(problems) => problems,
        };
        let raw = self.texts.slice(node.span);
        let may_be_shared = |code: Code| code == Code::UnknownPattern && !self.has_manifest;
        let problems: Vec<_> =
            problems.into_iter().filter(|problem| !may_be_shared(problem.code)).collect();
        for problem in problems {
            let word = found.get(problem.range.clone()).unwrap_or("");
            let place = place_in_source(raw, found, problem.range);
            let at = node.span.at(node.span.start + place.start, node.span.start + place.end);
            let is_exception = problem.code == Code::UnknownPattern
                && except.iter().any(|named| named.name == word);
            let help = if is_exception {
                format!(
                    "{} stands under `except:` and hides hits; a condition cannot name it",
                    quoted(word)
                )
            } else {
                problem.help
            };
            self.faults.error(problem.code, at, problem.message).label(problem.label).help(help);
        }
        None
    }

    /// A plain condition with a comment behind it: one of the two was meant as the other.
    fn is_cut(&mut self, node: &Node, found: &str) -> bool {
        let rest = self.texts.rest_of_line(node.span);
        let blank = rest.len() - rest.trim_start().len();
        if blank == 0 || !rest.trim_start().starts_with('#') {
            return false;
        }
        let comment = node.span.end + blank;
        let message = format!("` #` starts a YAML comment; the condition ends at \"{found}\"");
        self.faults
            .error(Code::Comment, node.span.at(comment, comment + rest.trim().len()), message)
            .label("this is not read")
            .help(
                "quote the condition if this belongs to it; a comment stands on a line of its own",
            );
        true
    }

    /// Reports fields and hashes on a side of a `within`.
    fn check_within(
        &mut self,
        node: &Node,
        written: &str,
        condition: &Condition,
        scope: &Scope<'_>,
    ) {
        let mut sides = Vec::new();
        visit_within(condition, &mut |name| sides.push(name));
        sides.sort_unstable();
        sides.dedup();
        for named in sides.into_iter().filter_map(|name| scope.get(name)) {
            if named.pattern.as_ref().is_none_or(Pattern::is_of_text) {
                continue;
            }
            let place = place_of(&named.name, written);
            let place = place_in_source(self.texts.slice(node.span), written, place);
            let at = node.span.at(node.span.start + place.start, node.span.start + place.end);
            let message = format!("{} is no place in the text", quoted(&named.name));
            self.faults
                .error(Code::WithinOperand, at, message)
                .label("`within` counts the words between two places")
                .help("join it with `and`, outside the `within`");
        }
    }

    /// Reports exceptions that could hide nothing.
    fn check_exceptions(&mut self, except: &[Named]) {
        for named in except {
            if named.pattern.as_ref().is_some_and(|pattern| !pattern.is_of_text()) {
                self.faults
                    .error(
                        Code::ExceptOperand,
                        named.span,
                        "an exception that is no place in the text",
                    )
                    .label("it shares a word with nothing")
                    .help("put it under `patterns:` and write `and not` in the condition");
            }
        }
    }

    fn check_anchor(&mut self, node: &Node, condition: &Condition, scope: &Scope<'_>) {
        let is_anchor = |name: usize| {
            scope.get(name).and_then(|named| named.pattern.as_ref()).is_some_and(is_anchor)
        };
        if is_anchored(condition, &is_anchor) {
            return;
        }
        self.faults
            .error(Code::NoAnchor, node.span, "nothing in this condition must be there")
            .label("it can hold without a word, a link or the like, or a regex with a literal of three bytes")
            .help("join a pattern of words, links or handles with `and`, on every side of an `or`");
    }

    fn warn_unused(&mut self, own: &[Named], used: &BTreeSet<usize>) {
        for (index, named) in own.iter().enumerate() {
            if !used.contains(&index) {
                unused(named, &mut self.faults);
            }
        }
    }
}

/// Where a name first stands in a condition.
fn place_of(name: &str, condition: &str) -> Range<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_whole = |start: &usize| {
        let before = condition.get(..*start).unwrap_or_default();
        let behind = condition.get(start + name.len()..).unwrap_or_default();
        !before.ends_with(is_part) && !behind.starts_with(is_part)
    };
    let mut places = condition.match_indices(name).map(|(start, _)| start);
    let start = places.find(is_whole).unwrap_or_default();
    start..start + name.len()
}

/// Warns of a pattern that no condition names.
pub(super) fn unused(named: &Named, faults: &mut Faults) {
    faults
        .warn(
            Code::Unused,
            named.span,
            format!("no condition names the pattern {}", quoted(&named.name)),
        )
        .help("name it in a condition, or take it out");
}

fn check_kinds(actions: &[PlacedAction], kinds: Option<&[Kind]>, faults: &mut Faults) {
    if !kinds.is_some_and(|kinds| kinds.contains(&Kind::Profile)) {
        return;
    }
    let is_on_post = |placed: &&PlacedAction| placed.action.kind.subject() == SubjectKind::Post;
    for placed in actions.iter().filter(is_on_post) {
        let name = placed.action.kind.name();
        faults
            .error(
                Code::PostAction,
                placed.span,
                format!("`{name}` acts on a post, and a profile is none"),
            )
            .help(
                "take `profile` out of `kinds`, or act on the channel or the account: {refer: \
                 {subject: channel, queue: …}}",
            );
    }
}

pub(super) fn bare(actions: Vec<PlacedAction>) -> Vec<super::model::Action> {
    actions.into_iter().map(|placed| placed.action).collect()
}
