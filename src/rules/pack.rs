//! A whole pack: its files, its manifest, its rules.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::codes::Code;
use super::escalation::{check_given, id_of, is_escalation};
use super::fields::{Fields, Keys, key_text, later, mapping};
use super::lists::Lists;
use super::model::{Escalation, Pack, Rule};
use super::names::nearest;
use super::patterns::{Named, Reader};
use super::report::{Faults, Report, Span, quoted};
use super::rule::{RULE, unused};
use super::source::{PACK_FILE, Role, Source, role};
use super::unwise::{warn_alike, warn_unlimited};
use super::values::{is_slug, text};
use super::yaml::{self, Node};

/// Bytes of pack.yaml and of a rules file: what fits one record of the `packs` topic.
const YAML_BYTES_MAX: usize = 900 * 1024;
/// Bytes of a list: two million entries of a usual length.
const LIST_BYTES_MAX: usize = 128 * 1024 * 1024;

pub(super) const MANIFEST: Keys = Keys {
    of: "pack.yaml",
    known: &["name", "version", "owner", "description", "defaults", "patterns"],
    later: &[],
};

/// A pack that compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// The checked rules.
    pub pack: Pack,
    /// What somebody should look at; never an error.
    pub warnings: Report,
}

/// Compiles a pack. Every error and warning of the pack is found in one run.
///
/// # Errors
/// The report, with one error at least, where the pack may not run.
pub fn compile(source: &Source) -> Result<Compiled, Report> {
    let names: Vec<String> = source.files.keys().cloned().collect();
    let mut faults = Faults::new(names);
    let texts = Texts::read(source, &mut faults);
    let lists = source
        .files
        .keys()
        .enumerate()
        .map(|(index, path)| (path.clone(), index, texts.texts.get(index).copied().flatten()));
    let lists = Lists::new(lists);
    let mut reader = Reader { lists, texts, faults, has_manifest: true };
    let pack = reader.pack(source);
    let errors = reader.faults.errors();
    let report = reader.faults.report();
    match pack {
        Some(pack) if errors == 0 => Ok(Compiled { pack, warnings: report }),
        _ => Err(report),
    }
}

/// The files of a pack as text, by index; `None` where one is none, which is reported.
pub(super) struct Texts<'s> {
    texts: Vec<Option<&'s str>>,
    /// Bytes at which lines begin, of YAML files.
    lines: Vec<Vec<usize>>,
    /// Files that could not be read.
    errors: usize,
}

impl<'s> Texts<'s> {
    fn read(source: &'s Source, faults: &mut Faults) -> Self {
        let files = source.files.iter().enumerate();
        let texts: Vec<_> =
            files.map(|(index, (path, bytes))| decode(path, bytes, index, faults)).collect();
        let lines = source.files.keys().zip(&texts).map(|(path, text)| match (role(path), text) {
            (Role::Manifest | Role::Rules, Some(text)) => line_starts(text),
            _ => Vec::new(),
        });
        Self { lines: lines.collect(), texts, errors: faults.errors() }
    }

    fn get(&self, file: usize) -> &'s str {
        self.texts.get(file).copied().flatten().unwrap_or("")
    }

    /// What stands at a place.
    pub(super) fn slice(&self, at: Span) -> &'s str {
        self.get(at.file).get(at.start..at.end).unwrap_or("")
    }

    /// What stands behind a place on the same line.
    pub(super) fn rest_of_line(&self, at: Span) -> &'s str {
        let rest = self.get(at.file).get(at.end..).unwrap_or("");
        rest.lines().next().unwrap_or("")
    }

    /// Line of a place, from 1.
    pub(super) fn line(&self, at: Span) -> usize {
        self.lines.get(at.file).map_or(1, |lines| lines.partition_point(|&line| line <= at.start))
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

fn decode<'s>(path: &str, bytes: &'s [u8], file: usize, faults: &mut Faults) -> Option<&'s str> {
    let whole = Span { file, start: 0, end: 0 };
    let max = match role(path) {
        Role::Manifest | Role::Rules => YAML_BYTES_MAX,
        Role::List => LIST_BYTES_MAX,
        Role::Stray => {
            faults
                .warn(Code::StrayFile, whole, format!("{} is not read", quoted(path)))
                .help("a pack is pack.yaml, rules/*.yaml and lists/*.txt");
            return None;
        }
    };
    if bytes.len() > max {
        faults
            .error(
                Code::FileTooLarge,
                whole,
                format!("a file of {} bytes, at most {max}", bytes.len()),
            )
            .help("divide it into several files");
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => {
            let line =
                bytes.iter().take(error.valid_up_to()).filter(|&&byte| byte == b'\n').count() + 1;
            faults
                .error(Code::NotUtf8, whole, format!("line {line} is not UTF-8"))
                .help("save the file as UTF-8");
            None
        }
    }
}

/// What pack.yaml says, and what the rules have said so far.
pub(super) struct Manifest<'n> {
    pub(super) name: Arc<str>,
    pub(super) version: Arc<str>,
    pub(super) defaults: &'n [(Node, Node)],
    pub(super) shared: Vec<Named>,
    /// What they were read from: tests read them again with other lists.
    pub(super) patterns: Option<&'n Node>,
    /// Shared patterns that a rule uses.
    pub(super) used: BTreeSet<usize>,
    /// Rule ids so far.
    pub(super) ids: HashSet<String>,
}

impl Reader<'_> {
    fn pack(&mut self, source: &Source) -> Option<Pack> {
        let before = self.faults.errors();
        let mut documents: BTreeMap<&str, Vec<Node>> = BTreeMap::new();
        for (index, path) in source.files.keys().enumerate() {
            if matches!(role(path), Role::Manifest | Role::Rules) {
                let errors = self.faults.errors();
                let nodes = yaml::parse(self.texts.get(index), index, &mut self.faults);
                self.has_manifest &= path != PACK_FILE || self.faults.errors() == errors;
                documents.insert(path, nodes);
            }
        }
        let is_read = self.faults.errors() == before && self.texts.errors == 0;
        let top = self.top(documents.remove(PACK_FILE));
        let fields = top.as_ref().and_then(|top| Fields::read(top, &MANIFEST, &mut self.faults));
        let mut manifest = self.manifest(fields.as_ref());
        let [name, version, owner] = self.heading(fields.as_ref());
        let description = fields.and_then(|fields| fields.get("description"));
        let description =
            description.and_then(|node| text(node, "`description`", &mut self.faults));
        manifest.name = name.unwrap_or("").into();
        manifest.version = version.unwrap_or("").into();
        let (mut rules, mut escalations) = self.rules(&documents, &mut manifest);
        self.check_strikes(&documents, &rules, &escalations);
        if is_read && documents.values().flatten().all(Node::is_blank) {
            self.no_rules();
        }
        if self.faults.errors() == 0 {
            // What has faults may have been meant to use them.
            self.warn_unused_shared(&manifest);
            self.lists.warn_unused(&mut self.faults);
            let nodes: Vec<&Node> = documents.values().flatten().collect();
            warn_alike(&nodes, &rules, &mut self.faults);
            warn_unlimited(&nodes, &rules, &mut self.faults);
        }
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        escalations.sort_by(|a, b| a.id.cmp(&b.id));
        Some(Pack {
            name: name?.to_owned(),
            version: version?.to_owned(),
            owner: owner?.to_owned(),
            description: description.unwrap_or("").to_owned(),
            rules,
            escalations,
        })
    }

    /// The one document of pack.yaml.
    fn top(&mut self, documents: Option<Vec<Node>>) -> Option<Node> {
        let help = "begin it with `name:`, `version:` and `owner:`";
        let Some(mut documents) = documents else {
            let file = self.faults.add_file(PACK_FILE);
            let span = Span { file, start: 0, end: 0 };
            self.faults.error(Code::NoRules, span, "the pack has no pack.yaml").help(help);
            return None;
        };
        if let Some(second) = documents.get(1) {
            self.faults
                .error(Code::SeveralDocuments, second.span, "pack.yaml is one document")
                .label("a second one starts here")
                .help("delete the `---`, or move rules to rules/*.yaml");
        }
        if documents.is_empty() && self.has_manifest {
            let file = self.faults.add_file(PACK_FILE);
            let span = Span { file, start: 0, end: 0 };
            self.faults.error(Code::NoRules, span, "pack.yaml says nothing").help(help);
        }
        documents.truncate(1);
        documents.pop()
    }

    fn manifest<'n>(&mut self, fields: Option<&Fields<'n>>) -> Manifest<'n> {
        let defaults = fields.and_then(|fields| fields.get("defaults"));
        let defaults = defaults.and_then(|node| self.defaults(node)).unwrap_or(&[]);
        let shared = fields.and_then(|fields| fields.get("patterns"));
        let patterns = shared;
        let shared = shared.map(|node| self.patterns(node, &[])).unwrap_or_default();
        Manifest {
            patterns,
            name: Arc::from(""),
            version: Arc::from(""),
            defaults,
            shared,
            used: BTreeSet::new(),
            ids: HashSet::new(),
        }
    }

    /// Keys of `defaults:` are those of a rule, but for its id.
    fn defaults<'n>(&mut self, node: &'n Node) -> Option<&'n [(Node, Node)]> {
        let map = mapping(node, "`defaults`", &mut self.faults)?;
        for (key, _) in map {
            let name = key_text(key);
            if RULE.later.contains(&name) {
                later(&format!("`{name}`"), key.span, &mut self.faults);
            } else if name == "id" || !RULE.known.contains(&name) {
                let known = RULE.known.iter().copied().filter(|known| *known != "id");
                let help = match nearest(name, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "defaults are keys of a rule, but for `id`".to_owned(),
                };
                self.faults
                    .error(Code::UnknownKey, key.span, format!("no default for {}", quoted(name)))
                    .label("unknown key")
                    .help(help);
            }
        }
        Some(map)
    }

    /// Name, version and owner.
    fn heading<'n>(&mut self, fields: Option<&Fields<'n>>) -> [Option<&'n str>; 3] {
        let Some(fields) = fields else { return [None; 3] };
        let mut value = |key: &str, help: &str| {
            let node = fields.need(key, help, &mut self.faults)?;
            Some((text(node, &format!("`{key}`"), &mut self.faults)?, node.span))
        };
        let name = value("name", "add `name:`, in lower case");
        let version = value("version", "add `version: \"2026.11.24-1\"`");
        let owner = value("owner", "add `owner:`, who answers for the pack");
        if let Some((name, at)) = name.filter(|(name, _)| !is_slug(name, "_-")) {
            self.faults
                .error(Code::BadId, at, format!("{} cannot name a pack", quoted(name)))
                .help("use lower-case letters, digits, `_` and `-`, and start with a letter");
        }
        let is_version = |version: &str| {
            version.len() <= 64 && version.chars().all(|letter| letter.is_ascii_graphic())
        };
        if let Some((version, at)) = version.filter(|(version, _)| !is_version(version)) {
            self.faults
                .error(Code::BadId, at, format!("{} is no version", quoted(version)))
                .help("write up to 64 letters, digits and signs without a space");
        }
        [name, version, owner].map(|value| value.map(|(value, _)| value))
    }

    fn rules(
        &mut self,
        documents: &BTreeMap<&str, Vec<Node>>,
        manifest: &mut Manifest<'_>,
    ) -> (Vec<Rule>, Vec<Escalation>) {
        let (mut rules, mut escalations) = (Vec::new(), Vec::new());
        for node in documents.values().flatten().filter(|node| !node.is_blank()) {
            match is_escalation(node) {
                true => escalations.extend(self.escalation(node, manifest)),
                false => rules.extend(self.rule(node, manifest)),
            }
        }
        (rules, escalations)
    }

    /// Strikes that an escalation waits for, or a test gives, must be given by some rule.
    fn check_strikes(
        &mut self,
        documents: &BTreeMap<&str, Vec<Node>>,
        rules: &[Rule],
        escalations: &[Escalation],
    ) {
        // A rule with faults may be the one.
        if self.faults.errors() > 0 {
            return;
        }
        let nodes: Vec<&Node> =
            documents.values().flatten().filter(|it| is_escalation(it)).collect();
        for escalation in escalations {
            let own = nodes.iter().find(|node| id_of(node) == Some(&escalation.id));
            if let Some(node) = own {
                check_given(node, escalation, rules, &mut self.faults);
            }
        }
    }

    fn no_rules(&mut self) {
        let file = self.faults.add_file(PACK_FILE);
        let span = Span { file, start: 0, end: 0 };
        self.faults
            .error(Code::NoRules, span, "the pack has no rules")
            .help("add a file rules/name.yaml");
    }

    fn warn_unused_shared(&mut self, manifest: &Manifest<'_>) {
        for (index, named) in manifest.shared.iter().enumerate() {
            if !manifest.used.contains(&index) {
                unused(named, &mut self.faults);
            }
        }
    }
}
