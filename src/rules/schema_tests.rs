//! The schemas for editors say what the compiler reads: the same keys, and every pack that ships.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

use super::fields::{Keys, key_text};
use super::report::Faults;
use super::yaml::{self, Node, Style, Value};

const RULES: &str = include_str!("../../schemas/rules.json");
const PACK: &str = include_str!("../../schemas/pack.json");

/// As an editor sees a document.
fn json(node: &Node) -> Json {
    match &node.value {
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (key_text(key).to_owned(), json(value)));
            Json::Object(pairs.collect::<Map<_, _>>())
        }
        Value::Scalar { text, style } if *style == Style::Plain => match text.as_str() {
            "" | "~" | "null" => Json::Null,
            "true" => json!(true),
            "false" => json!(false),
            text => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
        },
        Value::Scalar { text, .. } => json!(text),
    }
}

fn documents(path: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut faults = Faults::new(vec![path.display().to_string()]);
    let nodes = yaml::parse(&text, 0, &mut faults);
    nodes.iter().filter(|node| !node.is_blank()).map(json).collect()
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn schema(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

fn faults(schema: &Json, document: &Json) -> Vec<String> {
    let validator = jsonschema::draft202012::new(schema).unwrap();
    validator.iter_errors(document).map(|fault| fault.to_string()).collect()
}

#[test]
fn every_pack_that_ships_is_good_to_an_editor() {
    let (rules, pack) = (schema(RULES), schema(PACK));
    let mut packs: Vec<PathBuf> = ["kinds", "placeholder", "scenario"]
        .map(|name| root("tests/data/packs").join(name))
        .to_vec();
    packs.extend(std::fs::read_dir(root("packs")).unwrap().map(|entry| entry.unwrap().path()));
    packs.retain(|path| path.is_dir());
    assert!(packs.len() > 7);
    for path in packs {
        for document in documents(&path.join("pack.yaml")) {
            assert_eq!(faults(&pack, &document), Vec::<String>::new(), "{}", path.display());
        }
        for entry in std::fs::read_dir(path.join("rules")).unwrap() {
            let file = entry.unwrap().path();
            for document in documents(&file) {
                let said = faults(&rules, &document);
                assert_eq!(said, Vec::<String>::new(), "{} {}", file.display(), document["id"]);
            }
        }
    }
}

#[test]
fn what_the_compiler_does_not_read_is_wrong_to_an_editor() {
    let rules = schema(RULES);
    for name in ["R020_unknown_key", "R020_in_pattern", "R020_in_test", "R025_bad_duration"] {
        let path = root(&format!("tests/data/packs/broken/{name}.yaml"));
        let said: Vec<String> =
            documents(&path).iter().flat_map(|document| faults(&rules, document)).collect();
        assert!(!said.is_empty(), "{name}");
    }
}

/// The keys that the schema has at a place.
fn keys(schema: &Json, place: &str) -> Vec<String> {
    let found = schema.pointer(place).and_then(|it| it["properties"].as_object());
    found.unwrap_or_else(|| unreachable!("{place}")).keys().cloned().collect()
}

#[test]
fn the_keys_are_those_of_the_compiler() {
    let (rules, pack) = (schema(RULES), schema(PACK));
    let table: [(&Json, &str, &Keys); 9] = [
        (&rules, "/$defs/rule", &super::rule::RULE),
        (&rules, "/$defs/rule/properties/soften", &super::rule::SOFTEN),
        (&rules, "/$defs/escalation", &super::escalation::ESCALATION),
        (&rules, "/$defs/escalation/properties/strikes", &super::escalation::STRIKES),
        (&rules, "/$defs/pattern", &super::patterns::PATTERN),
        (&rules, "/$defs/count", &super::counts::COUNT),
        (&rules, "/$defs/limit", &super::counts::LIMIT),
        (&rules, "/$defs/test", &super::guards::TEST),
        (&pack, "", &super::pack::MANIFEST),
    ];
    for (schema, place, known) in table {
        let mut wanted: Vec<&str> = known.known.to_vec();
        wanted.sort_unstable();
        let mut has = keys(schema, place);
        has.sort_unstable();
        assert_eq!(has, wanted, "{}", known.of);
    }
    let mut actions = keys(&rules, "/$defs/action/anyOf/1");
    actions.sort_unstable();
    let mut wanted = super::actions::NAMES.map(str::to_owned);
    wanted.sort_unstable();
    assert_eq!(actions, wanted);
}
