//! Other people's keyword rules as a pack: AutoModerator's and Sigma's, as far as their meaning
//! carries over. What does not is told, with its line; nothing is guessed.

use std::fmt::Write as _;

use super::fields::key_text;
use super::model::Severity;
use super::report::{Faults, Report};
use super::rule::SEVERITIES;
use super::source::Source;
use super::yaml::{self, Node, Value};

/// Whose rules they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Reddit's AutoModerator: documents of checks that must all hold.
    AutoModerator,
    /// Sigma: `detection` with `keywords`.
    Sigma,
}

/// Something that did not carry over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Line, from 1.
    pub line: usize,
    /// What, and why not.
    pub what: String,
}

/// A pack out of other people's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Its files.
    pub source: Source,
    /// Rules in it.
    pub rules: usize,
    /// What is not in it.
    pub left: Vec<Left>,
}

/// What a check looks for.
enum Sought {
    /// Entries, and how they are compared.
    Entries(Vec<String>, &'static str),
    /// Regular expressions, any of them.
    Regexes(Vec<String>),
    /// Domains of links.
    Domains(Vec<String>),
}

/// One condition of a rule.
struct Check {
    sought: Sought,
    negated: bool,
}

/// A rule on its way.
#[derive(Default)]
struct Draft {
    title: String,
    checks: Vec<Check>,
    /// Ready comparisons of fields.
    fields: Vec<String>,
    actions: String,
    severity: Severity,
}

/// Reads rules and writes them as a pack of this name.
///
/// # Errors
/// The report, where the text is no YAML.
pub fn import(text: &str, dialect: Dialect, name: &str) -> Result<Imported, Report> {
    let mut faults = Faults::new(vec!["input".to_owned()]);
    let documents = yaml::parse(text, 0, &mut faults);
    if faults.errors() > 0 {
        return Err(faults.report());
    }
    let mut reader = Importer { text, left: Vec::new() };
    let (mut source, mut rules) = (Source::default(), Vec::new());
    for document in documents.iter().filter(|document| !document.is_blank()) {
        let draft = match dialect {
            Dialect::AutoModerator => reader.automoderator(document),
            Dialect::Sigma => reader.sigma(document),
        };
        if let Some(draft) = draft {
            rules.push(write_rule(&draft, name, rules.len() + 1, &mut source));
        }
    }
    let heading = format!(
        "name: {name}\nversion: \"1\"\nowner: nobody yet\ndescription: Imported; read it before you raise it.\n\
         defaults:\n  status: shadow\n"
    );
    source.files.insert("pack.yaml".to_owned(), heading.into_bytes());
    let body = rules.join("---\n");
    source.files.insert("rules/imported.yaml".to_owned(), body.into_bytes());
    reader.left.sort_by_key(|left| left.line);
    Ok(Imported { source, rules: rules.len(), left: reader.left })
}

struct Importer<'t> {
    text: &'t str,
    left: Vec<Left>,
}

impl Importer<'_> {
    fn leave(&mut self, at: &Node, what: impl Into<String>) {
        let before = self.text.as_bytes().iter().take(at.span.start);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        self.left.push(Left { line, what: what.into() });
    }

    fn automoderator(&mut self, document: &Node) -> Option<Draft> {
        let Value::Map(pairs) = &document.value else {
            self.leave(document, "no mapping of checks");
            return None;
        };
        let before = self.left.len();
        let mut draft = Draft::default();
        for (key, value) in pairs {
            self.automoderator_key(key, value, &mut draft);
        }
        let why = if draft.checks.iter().all(|check| check.negated) {
            "a rule without a word, a regex or a domain that must be there"
        } else if draft.actions.is_empty() {
            "a rule that neither removes, filters nor reports"
        } else {
            return Some(draft);
        };
        // Of a rule that is left out whole, its parts need no mention.
        self.left.truncate(before);
        self.leave(document, why);
        None
    }

    fn automoderator_key(&mut self, key: &Node, value: &Node, draft: &mut Draft) {
        let name = key_text(key);
        match name {
            // Tidegate looks at posts of all kinds, and acts on nobody who moderates.
            "type" | "priority" | "moderators_exempt" => {}
            "action_reason" => draft.title = scalar(value).unwrap_or_default().to_owned(),
            "action" => draft.actions = self.action(value),
            "author" => self.author(value, draft),
            _ => match self.check(key, value) {
                Some(check) => draft.checks.push(check),
                None => self.leave(key, unlike(name)),
            },
        }
    }

    fn action(&mut self, node: &Node) -> String {
        match scalar(node) {
            Some("remove" | "spam") => "[remove_post]".to_owned(),
            Some("filter") => "[restrict_post, {refer: {queue: automoderator}}]".to_owned(),
            Some("report") => "[{refer: {queue: automoderator}}]".to_owned(),
            _ => String::new(),
        }
    }

    /// Of the author, only the age of the account.
    fn author(&mut self, node: &Node, draft: &mut Draft) {
        let Value::Map(pairs) = &node.value else {
            return self
                .leave(node, "`author` as a list of names: use `exempt`, or a field with a list");
        };
        for (key, value) in pairs {
            let age =
                (key_text(key) == "account_age").then(|| scalar(value).and_then(age)).flatten();
            match age {
                Some(age) => draft.fields.push(format!("author.age {age}")),
                None => self.leave(key, unlike(&format!("author.{}", key_text(key)))),
            }
        }
    }

    /// `~title+body (includes-word, case-sensitive): [...]`
    fn check(&mut self, key: &Node, value: &Node) -> Option<Check> {
        let written = key_text(key);
        let (negated, rest) = match written.strip_prefix('~') {
            Some(rest) => (true, rest),
            None => (false, written),
        };
        let (fields, modifiers) = match rest.split_once('(') {
            Some((fields, modifiers)) => (fields, modifiers.trim_end().trim_end_matches(')')),
            None => (rest, ""),
        };
        let fields: Vec<&str> =
            fields.split('+').map(|it| it.split('#').next().unwrap_or(it).trim()).collect();
        let modifiers: Vec<&str> =
            modifiers.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
        let values = values(value)?;
        if fields == ["domain"] {
            return Some(Check { sought: Sought::Domains(values), negated });
        }
        if !fields.iter().all(|field| ["title", "body"].contains(field)) {
            return None;
        }
        let has = |wanted: &str| modifiers.contains(&wanted);
        if ["starts-with", "ends-with", "full-exact", "full-text"].into_iter().any(has) {
            return None;
        }
        let sought = if has("regex") {
            let flags = if has("case-sensitive") { "" } else { "(?i)" };
            Sought::Regexes(values.iter().map(|regex| format!("{flags}{regex}")).collect())
        } else if has("includes") {
            Sought::Entries(values, "substring")
        } else {
            Sought::Entries(values, "word")
        };
        Some(Check { sought, negated })
    }

    fn sigma(&mut self, document: &Node) -> Option<Draft> {
        let Some(detection) = get(document, "detection") else {
            self.leave(document, "no `detection`");
            return None;
        };
        let condition = get(detection, "condition");
        if condition.and_then(scalar) != Some("keywords") {
            let at = condition.unwrap_or(detection);
            self.leave(at, "a condition other than `keywords`: fields of log lines are no posts");
            return None;
        }
        let keywords = get(detection, "keywords").and_then(values);
        let Some(keywords) = keywords else {
            self.leave(detection, "`keywords` that are no list of texts");
            return None;
        };
        let level = get(document, "level").and_then(scalar).unwrap_or_default();
        // Sigma has `informational` besides.
        let severity = SEVERITIES.iter().find(|(name, _)| *name == level);
        let severity = severity.map_or(Severity::Low, |(_, severity)| *severity);
        let title = get(document, "title").and_then(scalar).unwrap_or_default().to_owned();
        // A keyword of Sigma is found anywhere; stars at its ends say no more than that.
        let entries = keywords.iter().map(|word| word.trim_matches('*').to_owned()).collect();
        let checks = vec![Check { sought: Sought::Entries(entries, "substring"), negated: false }];
        let actions = "[{refer: {queue: sigma}}]".to_owned();
        Some(Draft { title, checks, fields: Vec::new(), actions, severity })
    }
}

/// What is said of a check that does not carry over.
fn unlike(check: &str) -> String {
    format!("`{check}` has nothing like it here, so the rule asks for less than it did")
}

/// What stands under a key.
fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(pairs) = &node.value else { return None };
    pairs.iter().find(|(name, _)| key_text(name) == key).map(|(_, value)| value)
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar { text, .. } => Some(text),
        _ => None,
    }
}

/// A text, or a list of texts.
fn values(node: &Node) -> Option<Vec<String>> {
    match &node.value {
        Value::Scalar { text, .. } if !text.is_empty() => Some(vec![text.clone()]),
        Value::List(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| scalar(item).map(str::to_owned)).collect();
            texts.filter(|texts| !texts.is_empty())
        }
        _ => None,
    }
}

/// `< 7 days` as `< 7d`.
fn age(written: &str) -> Option<String> {
    let mut words = written.split_whitespace();
    let (sign, number, unit) = (words.next()?, words.next()?, words.next().unwrap_or("days"));
    let number: u32 = number.parse().ok()?;
    let unit = match unit.trim_end_matches('s') {
        "minute" => "m",
        "hour" => "h",
        "day" => "d",
        _ => return None,
    };
    ["<", ">"].contains(&sign).then(|| format!("{sign} {number}{unit}"))
}

/// In single quotes, where YAML changes nothing.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace(['\n', '\r'], " "))
}

/// The rule as YAML; its lists go into the source.
fn write_rule(draft: &Draft, pack: &str, number: usize, source: &mut Source) -> String {
    let title = match draft.title.trim() {
        "" => format!("Imported rule {number}"),
        title => title.to_owned(),
    };
    let (mut patterns, mut condition) = (String::new(), Vec::new());
    for (index, check) in draft.checks.iter().enumerate() {
        let list = format!("lists/rule_{number}_p{}.txt", index + 1);
        let names = write_patterns(check, index + 1, &mut patterns, &list);
        if let Sought::Domains(domains) = &check.sought {
            source.files.insert(list, (domains.join("\n") + "\n").into_bytes());
        }
        let any = match &names[..] {
            [one] => one.clone(),
            several => format!("any of ({})", several.join(", ")),
        };
        condition.push(if check.negated { format!("not {any}") } else { any });
    }
    condition.extend(draft.fields.iter().cloned());
    let category = pack.replace('-', "_");
    let mut rule = String::new();
    // Writing to a string cannot fail.
    _ = write!(
        rule,
        "id: {category}.rule_{number}\ntitle: {}\nseverity: {}\npatterns:\n{patterns}condition: {}\nactions: {}\n{}",
        quoted(&title),
        draft.severity.name(),
        condition.join(" and "),
        draft.actions,
        write_tests(draft)
    );
    rule
}

/// The patterns of a check, domains from a list at this path; their names.
fn write_patterns(check: &Check, number: usize, to: &mut String, list: &str) -> Vec<String> {
    match &check.sought {
        Sought::Entries(entries, matching) => {
            let entries: Vec<String> = entries.iter().map(|entry| quoted(entry)).collect();
            let entries = entries.join(", ");
            _ = writeln!(to, "  p{number}: {{any: [{entries}], match: {matching}}}");
            vec![format!("p{number}")]
        }
        Sought::Domains(_) => {
            _ = writeln!(to, "  p{number}: {{links: {{domains: {list}}}}}");
            vec![format!("p{number}")]
        }
        Sought::Regexes(regexes) => {
            let names = (1..=regexes.len()).map(|part| format!("p{number}_{part}"));
            let names: Vec<String> = names.collect();
            for (name, regex) in names.iter().zip(regexes) {
                _ = writeln!(to, "  {name}: {{regex: {}}}", quoted(regex));
            }
            names
        }
    }
}

/// A post that fires, where one can be made up, and one that does not. What cannot be made up is
/// left to who imports: `check` asks for it.
fn write_tests(draft: &Draft) -> String {
    let quiet = "  - quiet: 'good morning'\n";
    let mut words = Vec::new();
    for check in draft.checks.iter().filter(|check| !check.negated) {
        match &check.sought {
            Sought::Entries(entries, _) => words.extend(entries.first().cloned()),
            Sought::Domains(domains) => {
                words.extend(domains.first().map(|domain| format!("https://{domain}/")));
            }
            Sought::Regexes(_) => return format!("tests:\n{quiet}"),
        }
    }
    if !draft.fields.is_empty() {
        return format!("tests:\n{quiet}");
    }
    format!("tests:\n  - fires: {}\n{quiet}", quoted(&words.join(" and ")))
}
