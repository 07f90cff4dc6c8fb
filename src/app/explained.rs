//! An explanation as JSON.

use serde_json::{Value, json};

use crate::normalise::Trick;
use crate::rules::{Literal, Rule, Status, Value as Compared};
use crate::score::{Explained, From, Seeing, Step};
use crate::screen::{Explainer, Explanation, Place, ShownHit, ShownPiece};

pub(super) fn json(explainer: &Explainer, explanation: &Explanation<'_>) -> String {
    let pieces: Vec<Value> = explanation.pieces.iter().map(piece).collect();
    let rules: Vec<Value> =
        explanation.rules.iter().map(|of| rule(explainer, explanation, of)).collect();
    format!("{}\n", json!({"pieces": pieces, "rules": rules}))
}

fn piece(piece: &ShownPiece<'_>) -> Value {
    let odd = piece.odd.iter().map(|odd| {
        json!({
            "start": odd.range.start, "end": odd.range.end, "plain": odd.plain,
            "tricks": tricks(&odd.tricks),
        })
    });
    let links = piece.links.iter().map(|link| {
        json!({
            "start": link.range.start, "end": link.range.end, "host": link.host, "path": link.path,
            "service": link.service, "channel": link.channel,
        })
    });
    json!({
        "part": piece.piece.part.name(), "index": piece.piece.index, "raw": piece.piece.text,
        "folded": piece.folded, "unmasked": piece.unmasked,
        "odd": odd.collect::<Vec<_>>(), "links": links.collect::<Vec<_>>(),
    })
}

fn tricks(tricks: &[Trick]) -> Vec<Value> {
    let pair = |(written, meant): &(String, String)| json!({"written": written, "meant": meant});
    let shown = tricks.iter().map(|trick| {
        let pairs: Vec<Value> = trick.pairs.iter().map(pair).collect();
        json!({"what": trick.kind.to_string(), "pairs": pairs})
    });
    shown.collect()
}

fn rule(explainer: &Explainer, explanation: &Explanation<'_>, explained: &Explained) -> Value {
    let rule = explainer.rules().get(explained.rule);
    let hits = explanation.hits.iter().filter(|hit| hit.rule == explained.rule).map(hit);
    let actions: Vec<&str> = explained.actions.iter().map(|action| action.kind.name()).collect();
    json!({
        "rule": rule.map(|rule| &rule.id), "fires": explained.fires(),
        "unknown": explained.is_unknown(),
        "status": rule.map(|rule| rule.status.name()), "share": rule.and_then(share), "actions": actions,
        "exempt_until": rule.and_then(|rule| rule.exempt.as_ref())
            .filter(|_| explained.exempt).map(|exempt| &exempt.until),
        "condition": step(&explained.condition), "soften": explained.soften.as_ref().map(step),
        "hits": hits.collect::<Vec<_>>(),
    })
}

/// The share of a canary.
fn share(rule: &Rule) -> Option<String> {
    match rule.status {
        Status::Canary(share) => Some(share.to_string()),
        _ => None,
    }
}

fn hit(hit: &ShownHit<'_>) -> Value {
    let (pattern, entry, hidden) = (&hit.pattern, &hit.entry, hit.hidden);
    match &hit.place {
        Place::Field(field) => {
            json!({"pattern": pattern, "field": field, "entry": entry, "hidden": hidden})
        }
        Place::Text { piece, range, view, tricks: hiding, .. } => json!({
            "pattern": pattern, "piece": piece, "start": range.start, "end": range.end,
            "view": view.name(), "entry": entry, "tricks": tricks(hiding), "hidden": hidden,
        }),
    }
}

fn step(of: &Step) -> Value {
    let seen = match &of.from {
        From::Seen(Seeing::Hits(count)) => json!({"hits": count}),
        From::Seen(Seeing::Names { hit, all }) => json!({"names_hit": hit, "names": all}),
        From::Seen(Seeing::Apart(words)) => json!({"words_apart": words}),
        From::Seen(Seeing::Different(count)) => json!({"different": count}),
        From::Seen(Seeing::Value(found)) => json!({"value": value(found)}),
        From::Seen(Seeing::Missing(field)) => json!({"missing": field}),
        From::All | From::Any | From::Not => Value::Null,
    };
    let parts: Vec<Value> = of.parts.iter().map(step).collect();
    // Null where it is unknown.
    json!({"written": of.written, "holds": of.holds.known(), "seen": seen, "parts": parts})
}

/// A duration in seconds, all else as it is.
fn value(found: &Literal) -> Value {
    match found {
        Compared::Number(number) => json!(number),
        Compared::Duration(ms) => json!(ms / 1_000),
        Compared::Text(text) => json!(text),
        Compared::Boolean(truth) => json!(truth),
    }
}
