//! `tidegate explain`: why a post hits, or what it lacks.

mod page;
mod show;

use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;

use clap::Args;

use super::output::Data;
use super::{Failure, pack};
use crate::app::explained;
use crate::decode::{self, Format, Limits, Post};
use crate::rules::Rule;
use crate::screen::Explainer;

/// Why a post hits, or what it lacks.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Folder of a rule pack; may be given several times.
    #[arg(long = "pack", value_name = "DIR", required = true)]
    packs: Vec<PathBuf>,
    /// How the post is written: `text` is its text alone, the others are JSON.
    #[arg(long, default_value = "text", value_parser = ["text", "native", "telegram"])]
    format: String,
    /// Only this rule, whether it has a hit or not.
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// As a page of HTML that needs nothing else.
    #[arg(long, conflicts_with = "json")]
    html: bool,
    /// As one line of JSON.
    #[arg(long)]
    json: bool,
    /// The post; `-` reads it from standard input.
    text: String,
}

impl Explain {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut rules = Vec::new();
        for folder in &self.packs {
            rules.extend(pack(folder)?.compiled.pack.rules);
        }
        if let Some(id) = &self.rule {
            only(&mut rules, id)?;
        }
        let explainer = Explainer::new(rules).map_err(Failure::wrong)?;
        let text = if self.text == "-" { read()? } else { self.text };
        let post = post(&self.format, &text)?;
        let explanation = explainer.explain(&post);
        let shown = if self.json {
            explained::json(&explainer, &explanation)
        } else {
            let page = show::page(&explainer, &explanation);
            match self.html {
                true => page.html(),
                false => page.text(io::stdout().is_terminal()),
            }
        };
        Data::new().write(shown.as_bytes()).map(|_| ()).map_err(Failure::stopped)
    }
}

/// Leaves one rule.
fn only(rules: &mut Vec<Rule>, id: &str) -> Result<(), Failure> {
    let Some(found) = rules.iter().position(|rule| rule.id == id) else {
        let known: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        return Err(Failure::Wrong(format!(
            "no rule is called {id}; there are {}",
            known.join(", ")
        )));
    };
    rules.swap(0, found);
    rules.truncate(1);
    Ok(())
}

/// Standard input without the line end that a shell puts behind it.
fn read() -> Result<String, Failure> {
    let mut text = String::new();
    let read = io::stdin().read_to_string(&mut text);
    read.map_err(|why| Failure::wrong(format!("cannot read standard input: {why}")))?;
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    Ok(text)
}

fn post<'t>(format: &str, text: &'t str) -> Result<Post<'t>, Failure> {
    let format = match format {
        "native" => Format::Native,
        "telegram" => Format::Telegram,
        _ => Format::Text,
    };
    let post = decode::read(&format, Some(text.as_bytes()), &Limits::default());
    post.map_err(|fault| {
        let (reason, detail) = (fault.reason.name(), fault.detail);
        Failure::Wrong(format!("the post cannot be read ({reason}): {detail}"))
    })
}
