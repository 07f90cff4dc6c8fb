//! librdkafka settings that pass through: flattened names, text values, secrets out of files.

use std::collections::BTreeMap;
use std::fmt;

use toml::de::DeValue;

use super::check::Checker;
use super::written::Setting;
use crate::log::kafka::FIXED;

/// Settings whose value is a secret. Each must be given as `NAME.file`, a path; other settings
/// that happen to end in `.file` are librdkafka's own and pass as they are.
pub(super) const SECRETS: &[&str] = &[
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.config",
    "sasl.password",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
];

/// librdkafka settings by name. `Debug` shows the values of secrets as `…`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Name and value, in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a setting.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|(name, value)| {
            let secret = SECRETS.contains(&name);
            (name, if secret { "…" } else { value })
        });
        f.debug_map().entries(shown).finish()
    }
}

/// Text of a value as librdkafka takes it; `None` for a type it has no use for.
pub(super) fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|n| n.to_string())
        }
        _ => None,
    }
}

/// Settings of one section as usable.
pub(super) fn check(checker: &mut Checker<'_>, section: &str, written: &[Setting]) -> Settings {
    let mut usable = BTreeMap::new();
    for setting in written {
        let Some((name, value)) = one(checker, section, setting) else { continue };
        if usable.insert(name, value).is_some() {
            let path = format!("{section}.{}", setting.name);
            checker.fault(&path, Some(setting.line), "given twice");
        }
    }
    Settings(usable)
}

fn one(checker: &mut Checker<'_>, section: &str, setting: &Setting) -> Option<(String, String)> {
    let path = format!("{section}.{}", setting.name);
    let line = Some(setting.line);
    let name = setting.name.as_str();
    if let Some((_, instead)) = FIXED.iter().find(|(fixed, _)| *fixed == name) {
        checker.fault(&path, line, format!("is set by Tidegate: {instead}"));
        return None;
    }
    if SECRETS.contains(&name) {
        let hint = format!("is a secret: put it into a file and its path into `{name}.file`");
        checker.fault(&path, line, hint);
        return None;
    }
    let secret = name.strip_suffix(".file").filter(|name| SECRETS.contains(name));
    let Some(secret) = secret else { return Some((setting.name.clone(), setting.value.clone())) };
    let value = checker.secret_file(&path, line, &setting.value)?;
    Some((secret.to_owned(), value.expose().to_owned()))
}
