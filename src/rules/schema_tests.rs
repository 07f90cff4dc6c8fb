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
fn what_is_a_list_file_to_the_compiler_is_one_to_an_editor() {
    let all = schema(RULES);
    for (place, value, is_good) in [
        ("/properties/links", json!({"domains": "lists/a.txt", "channels": "lists/b.txt"}), true),
        ("/properties/links", json!({"domains": ["a.example"]}), false),
        ("/properties/links", json!({"channels": ["a"]}), false),
        ("/properties/handles", json!("lists/a.txt"), true),
        ("/properties/handles", json!(["a"]), false),
    ] {
        let mut part = all["$defs"]["pattern"].pointer(place).unwrap().clone();
        part["$defs"] = all["$defs"].clone();
        assert_eq!(faults(&part, &value).is_empty(), is_good, "{place} {value}");
    }
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
        (&rules, "/$defs/limit", &super::limits::LIMIT),
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

/// The places of the schemas whose keys the page of keys lists: a title, the schema, where.
const LISTED: [(&str, &str, &str); 13] = [
    ("pack.yaml", PACK, ""),
    ("A rule", RULES, "/$defs/rule"),
    ("A pattern", RULES, "/$defs/pattern"),
    ("`links` of a pattern", RULES, "/$defs/pattern/properties/links/anyOf/1"),
    ("`soften`", RULES, "/$defs/rule/properties/soften"),
    ("`exempt`", RULES, "/$defs/rule/properties/exempt"),
    ("An action", RULES, "/$defs/action/anyOf/1"),
    ("`count`", RULES, "/$defs/count"),
    ("`limit`", RULES, "/$defs/limit"),
    ("An escalation", RULES, "/$defs/escalation"),
    ("`strikes` of an escalation", RULES, "/$defs/escalation/properties/strikes"),
    ("A test", RULES, "/$defs/test"),
    ("`series` of a test", RULES, "/$defs/test/properties/series"),
];

/// What a schema takes, in words.
fn takes(value: &Json) -> String {
    if let Some(name) = value["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return match name {
            "duration" => "a duration: `30m`".to_owned(),
            "list" => "`lists/name.txt`".to_owned(),
            "status" | "severity" | "share" => takes(&schema(RULES)["$defs"][name]),
            name => name.to_owned(),
        };
    }
    if let Some(one) = value.get("const") {
        return format!("`{}`", one.as_str().map_or_else(|| one.to_string(), str::to_owned));
    }
    if let Some(names) = value["enum"].as_array() {
        let names: Vec<String> =
            names.iter().filter_map(Json::as_str).map(|name| format!("`{name}`")).collect();
        return names.join(", ");
    }
    if let Some(any) = value["anyOf"].as_array() {
        return any.iter().map(takes).collect::<Vec<_>>().join(", or ");
    }
    match (&value["type"], &value["minimum"], &value["maximum"]) {
        (kind, least, Json::Number(most)) if kind == "integer" => format!("{least} to {most}"),
        (kind, least, _) if kind == "integer" => format!("{least} or more"),
        (kind, ..) if kind == "boolean" => "`true`, `false`".to_owned(),
        (kind, ..) if kind == "array" => format!("a list of: {}", takes(&value["items"])),
        (kind, ..) if kind == "object" || kind.is_array() && value.get("properties").is_some() => {
            let keys = value["properties"].as_object().into_iter().flat_map(Map::keys);
            let keys: Vec<String> = keys.map(|key| format!("`{key}`")).collect();
            if keys.is_empty() {
                "a mapping".to_owned()
            } else {
                format!("a mapping of {}", keys.join(", "))
            }
        }
        _ if value["pattern"].as_str().is_some_and(|pattern| pattern.ends_with("%$")) => {
            "a share: `5%`".to_owned()
        }
        _ => "a text".to_owned(),
    }
}

fn page_of_keys() -> String {
    let mut page = "# Every key of a pack\n\n<!-- Made from schemas/, whose keys a test compares with those the \
                    compiler reads. To renew it:\n     TIDEGATE_RENEW=1 cargo test --lib the_page_of_keys -->\n\n\
                    What each means at length: [rules.md](rules.md), [patterns.md](patterns.md), \
                    [conditions.md](conditions.md),\n[counts.md](counts.md), [ladder.md](ladder.md). Editors read \
                    the same from `schemas/rules.json` and `schemas/pack.json`.\n"
        .to_owned();
    for (title, text, place) in LISTED {
        let all = schema(text);
        let at = all.pointer(place).unwrap();
        page += &format!("\n## {title}\n\n| key | takes | meaning |\n|---|---|---|\n");
        for (key, value) in at["properties"].as_object().unwrap() {
            let needed =
                at["required"].as_array().is_some_and(|all| all.iter().any(|one| one == key));
            let needed = if needed { " (needed)" } else { "" };
            let meaning = value["description"].as_str().unwrap_or_else(|| {
                let name = value["$ref"].as_str().unwrap_or("#/none").trim_start_matches('#');
                all.pointer(name).and_then(|it| it["description"].as_str()).unwrap_or_default()
            });
            assert!(!meaning.is_empty(), "{title}: {key} has no description");
            page += &format!("| `{key}`{needed} | {} | {meaning} |\n", takes(value));
        }
    }
    page
}

#[test]
fn the_page_of_keys_is_up_to_date() {
    let path = root("docs/keys.md");
    let page = page_of_keys();
    if std::env::var_os("TIDEGATE_RENEW").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(committed == page, "docs/keys.md is old: run this with TIDEGATE_RENEW=1");
}
