//! Where a rule holds, and the reason it gives.

use super::codes::Code;
use super::fields::{Fields, Keys, key_text, mapping};
use super::model::{Ground, Reason, Scope};
use super::report::{Faults, Span, quoted};
use super::values::{choice, is_clear, text, texts};
use super::yaml::{Node, Style, Value};

/// ISO 3166-1 alpha-2, and XK, which Kosovo uses.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE \
    EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM \
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC \
    LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// The European Union.
const EU: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";
/// What the European Economic Area has besides.
const EEA_BESIDES: &str = "IS LI NO";

const SCOPE: Keys = Keys { of: "`scope`", known: &["only", "except"], later: &[] };
const REASON: Keys =
    Keys { of: "`reason`", known: &["ground", "clause", "law", "explanation"], later: &[] };

/// `worldwide`, `{only: […]}` or `{except: […]}`, groups expanded.
pub(super) fn scope(node: &Node, faults: &mut Faults) -> Option<Scope> {
    if let Value::Scalar { .. } = node.value {
        choice(node, "`scope`", &[("worldwide", ())], faults)?;
        return Some(Scope::Worldwide);
    }
    let fields = Fields::read(node, &SCOPE, faults)?;
    match (fields.get("only"), fields.get("except")) {
        (Some(only), None) => Some(Scope::Only(countries(only, faults)?)),
        (None, Some(except)) => Some(Scope::Except(countries(except, faults)?)),
        _ => {
            if !fields.is_partial {
                faults
                    .error(Code::OneOf, node.span, "`scope` needs one of `only` and `except`")
                    .help("write worldwide, {only: [FR, DE]} or {except: [US]}");
            }
            None
        }
    }
}

/// A list of countries, groups expanded.
pub(super) fn countries(node: &Node, faults: &mut Faults) -> Option<Vec<String>> {
    let mut countries = Vec::new();
    let found = texts(node, "a country", faults)?;
    let places = found.iter().filter(|(code, item)| is_place(code, item.span, faults)).count();
    for (code, _) in &found {
        match *code {
            "EU" => countries.extend(EU.split(' ')),
            "EEA" => countries.extend(EU.split(' ').chain(EEA_BESIDES.split(' '))),
            code => countries.push(code),
        }
    }
    countries.sort_unstable();
    countries.dedup();
    (places == found.len()).then(|| countries.into_iter().map(str::to_owned).collect())
}

/// A country or a group.
fn is_place(code: &str, at: Span, faults: &mut Faults) -> bool {
    if matches!(code, "EU" | "EEA") || COUNTRIES.split(' ').any(|country| country == code) {
        return true;
    }
    let upper = code.to_ascii_uppercase();
    let help = match &*upper {
        "UK" => "did you mean `GB`?".to_owned(),
        "EL" => "did you mean `GR`?".to_owned(),
        _ if COUNTRIES.split(' ').any(|country| country == upper) => format!("write {upper}"),
        _ => "write a code of ISO 3166-1 with two capital letters, EU, or EEA".to_owned(),
    };
    faults.error(Code::Country, at, format!("no country has the code {}", quoted(code))).help(help);
    false
}

/// `{ground: terms, clause, explanation}` or `{ground: illegal, law: {FR: …}, explanation}`.
pub(super) fn reason(node: &Node, faults: &mut Faults) -> Option<Reason> {
    #[derive(Clone, Copy)]
    enum Kind {
        Terms,
        Illegal,
    }
    let fields = Fields::read(node, &REASON, faults)?;
    let ground = fields.need("ground", "add `ground: terms` or `ground: illegal`", faults);
    let kinds = [("terms", Kind::Terms), ("illegal", Kind::Illegal)];
    let kind = ground.and_then(|node| choice(node, "`ground`", &kinds, faults));
    let ground = kind.and_then(|kind| match kind {
        Kind::Terms => terms(&fields, faults),
        Kind::Illegal => illegal(&fields, faults),
    });
    let explanation = fields.need("explanation", "add `explanation: {en: \"…\"}`", faults)?;
    let explanation = by_key(explanation, "an explanation", is_language, faults)?;
    Some(Reason { ground: ground?, explanation })
}

fn terms(fields: &Fields<'_>, faults: &mut Faults) -> Option<Ground> {
    refuse(fields, "law", "terms", faults);
    let clause = fields.need("clause", "name the clause: `clause: \"4\"`", faults)?;
    Some(Ground::Terms { clause: text(clause, "a clause", faults)?.to_owned() })
}

fn illegal(fields: &Fields<'_>, faults: &mut Faults) -> Option<Ground> {
    refuse(fields, "clause", "illegal", faults);
    let law = fields.need("law", "name the law by country: `law: {FR: \"…\"}`", faults)?;
    Some(Ground::Illegal { law: by_key(law, "a law", is_place, faults)? })
}

fn refuse(fields: &Fields<'_>, key: &str, ground: &str, faults: &mut Faults) {
    if fields.get(key).is_some() {
        faults
            .error(
                Code::UnknownKey,
                fields.place(key),
                format!("`{key}` does not go with `ground: {ground}`"),
            )
            .help("take it out, or change the ground");
    }
}

/// Texts by country or language, sorted.
fn by_key(
    node: &Node,
    what: &str,
    is_key: fn(&str, Span, &mut Faults) -> bool,
    faults: &mut Faults,
) -> Option<Vec<(String, String)>> {
    let map = mapping(node, what, faults)?;
    let mut found = Vec::new();
    for (key, value) in map {
        let name = key_text(key);
        let is_plain = matches!(key.value, Value::Scalar { style: Style::Plain, .. });
        let is_good = !is_plain || is_clear(name, key.span, faults);
        let text = text(value, what, faults);
        if !is_good || !is_key(name, key.span, faults) {
            continue;
        }
        found.push((name.to_owned(), text?.to_owned()));
    }
    if map.is_empty() {
        faults
            .error(Code::Empty, node.span, format!("{what} is missing"))
            .help("write one at least");
    }
    found.sort();
    (found.len() == map.len() && !found.is_empty()).then_some(found)
}

/// A language: `en`, `pt-BR`.
fn is_language(code: &str, at: Span, faults: &mut Faults) -> bool {
    let mut parts = code.split('-');
    let first = parts.next().unwrap_or("");
    let is_first = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_lowercase());
    let is_part = |part: &str| {
        (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if is_first && parts.all(is_part) {
        return true;
    }
    faults
        .error(Code::UnknownValue, at, format!("{} is no language code", quoted(code)))
        .help("write two or three lower-case letters, as in en, ru, pt-BR");
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::has_phones;

    #[test]
    fn only_islands_without_people_have_no_phone_numbers() {
        let without: Vec<&str> =
            COUNTRIES.split(' ').filter(|country| !has_phones(country)).collect();
        assert_eq!(without, ["BV", "HM", "UM"]);
    }
}
