//! The checks; each takes all files, so that a fault can be planted in any.

use std::collections::BTreeSet;

use crate::files::{Fault, File};
use crate::rust::{Named, Reader, blank_tests, find, mask, tokens};
use crate::{
    BANNED, ERRORS_OF_THE_EDGE, FILE_LINES_MAX, FOREIGN, IMPURE, MAIN_LINES_MAX, PACKAGES_MAX,
    table,
};

type Check = fn(&[File]) -> Vec<Fault>;

const CHECKS: &[Check] = &[
    imports,
    purity,
    first_lines,
    lengths,
    listed_modules,
    banned,
    reasons,
    locked_packages,
    links,
    mentioned_paths,
    foreign_words,
];

/// What every check found.
pub(crate) fn faults(files: &[File]) -> Vec<Fault> {
    CHECKS.iter().flat_map(|check| check(files)).collect()
}

/// The source files that the table rules.
fn ruled(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| file.is_source() && !file.is_test() && file.path != "src/lib.rs")
}

fn imports(files: &[File]) -> Vec<Fault> {
    let table = table();
    let mut faults = Vec::new();
    for file in ruled(files) {
        let owner = file.owner();
        let Some(row) = table.iter().find(|row| row.module == owner) else {
            faults.push(file.fault(1, format!("`{owner}` has no line in the import table")));
            continue;
        };
        for named in Reader::read(file).iter().filter(|named| named.segments[0] == "crate") {
            let Some(head) = named.segments.get(1) else { continue };
            if *head != owner && !row.may_import.contains(&head.as_str()) {
                faults.push(file.fault(named.line, format!("`{owner}` may not import `{head}`")));
            }
        }
    }
    faults
}

fn purity(files: &[File]) -> Vec<Fault> {
    let table = table();
    let mut faults = Vec::new();
    for file in ruled(files) {
        let owner = file.owner();
        let pure = table.iter().any(|row| row.module == owner && row.pure);
        let shut = match owner.as_str() {
            "app" | "main" => &[],
            _ if pure => IMPURE,
            _ => ERRORS_OF_THE_EDGE,
        };
        for named in Reader::read(file) {
            if let Some(what) = shut.iter().find(|what| reaches(&named, what)) {
                faults.push(file.fault(named.line, format!("`{owner}` may not use `{what}`")));
            }
        }
    }
    faults
}

/// True where the path is `what` or inside it, or imports the module or glob that holds it.
fn reaches(named: &Named, what: &str) -> bool {
    let what: Vec<&str> = what.split("::").collect();
    let path: Vec<&str> = named.segments.iter().map(String::as_str).collect();
    let whole = path.split_last().filter(|(last, _)| **last == "*").map(|(_, rest)| rest);
    let holds = |path: &[&str]| named.imported && path.len() > 1 && what.starts_with(path);
    path.starts_with(&what) || holds(&path) || whole.is_some_and(|path| what.starts_with(path))
}

fn first_lines(files: &[File]) -> Vec<Fault> {
    let opens = |file: &&File| !file.text.starts_with("//! ");
    let rust = files.iter().filter(|file| file.is_rust());
    rust.filter(opens)
        .map(|file| file.fault(1, "the first line must be `//! What it is.`"))
        .collect()
}

fn lengths(files: &[File]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.is_source() && !file.is_test()) {
        let mut code = mask(&file.text);
        let newlines = |from, to| code_lines(&file.text, from, to);
        let tests: usize =
            blank_tests(&mut code).iter().map(|(from, to)| newlines(*from, *to)).sum();
        let lines = file.text.lines().count() - tests;
        let max = if file.path == "src/main.rs" { MAIN_LINES_MAX } else { FILE_LINES_MAX };
        if lines > max {
            faults.push(file.fault(max, format!("{lines} lines without tests, at most {max}")));
        }
    }
    faults
}

fn code_lines(text: &str, from: usize, to: usize) -> usize {
    text.as_bytes()[from..to].iter().filter(|byte| **byte == b'\n').count()
}

fn listed_modules(files: &[File]) -> Vec<Fault> {
    let mut listed = BTreeSet::new();
    for file in files.iter().filter(|file| file.is_source()) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let code = tokens(&mask(&file.text));
        for pair in code.windows(3).filter(|three| three[0].text == "mod" && three[2].text == ";") {
            let mut module = file.module();
            module.push(pair[1].text.clone());
            listed.insert(module.join("::"));
        }
        for (_, after) in
            file.text.match_indices("#[path = \"").map(|(at, tag)| (at, at + tag.len()))
        {
            let name = file.text.get(after..).and_then(|rest| rest.split('"').next());
            listed.insert(format!("{folder}/{}", name.unwrap_or_default()));
        }
    }
    let roots = ["src/lib.rs", "src/main.rs"];
    let orphan = |file: &&File| {
        !roots.contains(&file.path.as_str())
            && !listed.contains(&file.module().join("::"))
            && !listed.contains(&file.path)
    };
    let sources = files.iter().filter(|file| file.is_source());
    sources.filter(orphan).map(|file| file.fault(1, "no `mod` line leads to this file")).collect()
}

fn banned(files: &[File]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let code = mask(&file.text);
        for (what, why) in BANNED {
            if let Some(at) = find(&code, 0, what.as_bytes()) {
                let line = 1 + code_lines(&file.text, 0, at);
                faults.push(file.fault(line, format!("`{what}`: {why}")));
            }
        }
    }
    faults
}

/// Each direct dependency says on its line what it is for.
fn reasons(files: &[File]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.path == "Cargo.toml") {
        let mut section = "";
        for (number, line) in (1..).zip(file.text.lines()) {
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']);
            }
            faults.extend(unreasoned(section, line).map(|what| file.fault(number, what)));
        }
    }
    faults
}

fn unreasoned(section: &str, line: &str) -> Option<&'static str> {
    if line.starts_with('[') && section.contains("dependencies.") {
        return Some("write the dependency on one line");
    }
    let depends = section.ends_with("dependencies") && line.contains(" = ");
    (depends && !line.starts_with('#') && !says_why(line))
        .then_some("a dependency needs its reason: `# why`")
}

fn says_why(line: &str) -> bool {
    let mut outside = line.split('"').step_by(2);
    outside.any(|part| part.split_once("# ").is_some_and(|(_, why)| why.trim().len() > 3))
}

fn locked_packages(files: &[File]) -> Vec<Fault> {
    let locks = files.iter().filter(|file| file.path == "Cargo.lock");
    let count = |file: &File| file.text.lines().filter(|line| *line == "[[package]]").count();
    let full = locks.filter(|file| count(file) > PACKAGES_MAX);
    full.map(|file| file.fault(1, format!("{} packages, at most {PACKAGES_MAX}", count(file))))
        .collect()
}

/// The lines of a Markdown file outside its code blocks, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        if !fenced && !fence {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// A heading as the anchor that leads to it.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let text: String = heading.trim_start_matches('#').trim().chars().filter(kept).collect();
    text.to_lowercase().replace(' ', "-")
}

/// Relative links of Markdown files lead to a file, and to a heading where they name one.
fn links(files: &[File]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, text) in prose(&file.text) {
            let outside: String = text.split('`').step_by(2).collect();
            let targets = outside.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            let inner = targets.filter(|target| !target.contains("://"));
            let dead = inner.filter(|target| !leads_somewhere(files, file, target));
            faults.extend(dead.map(|to| file.fault(line, format!("the link leads nowhere: {to}"))));
        }
    }
    faults
}

fn leads_somewhere(files: &[File], from: &File, target: &str) -> bool {
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let mut parts: Vec<&str> = match path {
        "" => from.path.split('/').collect(),
        _ => from.path.rsplit_once('/').map_or(vec![], |(folder, _)| folder.split('/').collect()),
    };
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    let path = parts.join("/");
    let exact = files.iter().find(|file| file.path == path);
    let has_heading = |file: &File| {
        let mut lines = prose(&file.text).into_iter().filter(|(_, line)| line.starts_with('#'));
        lines.any(|(_, line)| anchor(line) == heading)
    };
    match exact {
        Some(file) => heading.is_empty() || has_heading(file),
        None => heading.is_empty() && exists(files, &path),
    }
}

/// True for a file, and for a folder that holds one.
fn exists(files: &[File], path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let under =
        |file: &File| file.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    files.iter().any(|file| file.path == path || under(file))
}

/// Paths that the documents speak of (`src/decode/`) are there.
fn mentioned_paths(files: &[File]) -> Vec<Fault> {
    const HOMES: &[&str] = &["src/", "tests/", "benches/", "k8s/", "deploy/", "packs/", ".config/"];
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, text) in prose(&file.text) {
            let quoted = text.split('`').skip(1).step_by(2);
            let is_path = |word: &&str| {
                HOMES.iter().any(|home| word.starts_with(home))
                    && !word.contains([' ', '*', '<', '{'])
            };
            for path in quoted.filter(is_path).filter(|path| !exists(files, path)) {
                faults.push(file.fault(line, format!("there is no {path}")));
            }
        }
    }
    faults
}

fn foreign_words(files: &[File]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let written = |file: &&File| !file.path.contains("/lists/") && !file.path.ends_with(".lock");
    for file in files.iter().filter(written) {
        for word in FOREIGN.iter().filter(|word| file.text.contains(**word)) {
            let at = file.text.find(word).unwrap_or_default();
            let line = 1 + code_lines(&file.text, 0, at);
            faults.push(file.fault(line, format!("`{word}` means nothing to a reader elsewhere")));
        }
    }
    faults
}
