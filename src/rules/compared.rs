//! Fields that conditions compare, each with the type of its values.

use std::fmt;

use super::asked::PostField;
use super::model::Comparison;
use super::values::DAY_MS;

/// What a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compared {
    /// A field as it stands in the post.
    Field(PostField),
    /// `channel.members`
    Members,
    /// `author.age`: how old the account was when the post was edited, or else sent.
    AuthorAge,
    /// `text.words`: words of the text, counted as `gap` and `within` count them.
    TextWords,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Whole numbers from 0.
    Number,
    /// Time that went by.
    Duration,
    /// Text, compared byte for byte.
    Text,
    /// `true` or `false`
    Boolean,
}

/// A value: `T` is what holds a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<T> {
    /// A number.
    Number(u64),
    /// Milliseconds.
    Duration(i64),
    /// A text.
    Text(T),
    /// `true` or `false`
    Boolean(bool),
}

/// A value that stands in a condition.
pub type Literal = Value<String>;

/// `author.age < 30d`, `(channel.members else 0) > 1000`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldComparison {
    /// What is compared.
    pub what: Compared,
    /// What stands for it where it is missing.
    pub default: Option<Literal>,
    /// How.
    pub how: Comparison,
    /// With what; of the same type.
    pub with: Literal,
}

impl Compared {
    /// Everything that can be compared.
    pub fn all() -> impl Iterator<Item = Self> {
        let fields = PostField::ALL.into_iter().map(Self::Field);
        fields.chain([Self::Members, Self::AuthorAge, Self::TextWords])
    }

    /// Name in rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Field(field) => field.name(),
            Self::Members => "channel.members",
            Self::AuthorAge => "author.age",
            Self::TextWords => "text.words",
        }
    }

    /// The type of its values.
    #[must_use]
    pub fn of_type(self) -> Type {
        match self {
            Self::Field(PostField::ChannelVerified) => Type::Boolean,
            Self::Field(_) => Type::Text,
            Self::Members | Self::TextWords => Type::Number,
            Self::AuthorAge => Type::Duration,
        }
    }
}

impl Type {
    /// Can one value be less than another?
    #[must_use]
    pub fn is_ordered(self) -> bool {
        matches!(self, Self::Number | Self::Duration)
    }
}

impl Literal {
    fn borrowed(&self) -> Value<&str> {
        match self {
            Self::Number(number) => Value::Number(*number),
            Self::Duration(ms) => Value::Duration(*ms),
            Self::Text(text) => Value::Text(text),
            Self::Boolean(truth) => Value::Boolean(*truth),
        }
    }
}

impl<T> Value<T> {
    /// Its type.
    #[must_use]
    pub fn of_type(&self) -> Type {
        match self {
            Self::Number(_) => Type::Number,
            Self::Duration(_) => Type::Duration,
            Self::Text(_) => Type::Text,
            Self::Boolean(_) => Type::Boolean,
        }
    }
}

impl FieldComparison {
    /// Does it hold for the value of a post? `None`: the value is missing, and nothing stands for it.
    #[must_use]
    pub fn holds(&self, value: Option<Value<&str>>) -> Option<bool> {
        let value = value.or_else(|| self.default.as_ref().map(Literal::borrowed))?;
        match (value, self.with.borrowed()) {
            (Value::Number(value), Value::Number(with)) => Some(self.how.holds(value, with)),
            (Value::Duration(value), Value::Duration(with)) => Some(self.how.holds(value, with)),
            (Value::Text(value), Value::Text(with)) => Some(self.how.holds(value, with)),
            (Value::Boolean(value), Value::Boolean(with)) => Some(self.how.holds(value, with)),
            // Conditions that were read have one type on both sides.
            _ => None,
        }
    }
}

/// As it is written in a condition; of a duration the largest unit that says it whole.
impl<T: AsRef<str>> fmt::Display for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(i64, &str); 4] =
            [(DAY_MS, "d"), (60 * 60 * 1_000, "h"), (60 * 1_000, "m"), (1_000, "s")];
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Duration(0) => f.write_str("0s"),
            Self::Duration(ms) => {
                let unit = UNITS.iter().find(|(unit, _)| ms % unit == 0);
                let (size, name) = unit.unwrap_or(&(1_000, "s"));
                write!(f, "{}{name}", ms / size)
            }
            // A text in a condition holds one kind of quotes at most.
            Self::Text(text) if text.as_ref().contains('"') => write!(f, "'{}'", text.as_ref()),
            Self::Text(text) => write!(f, "\"{}\"", text.as_ref()),
            Self::Boolean(truth) => write!(f, "{truth}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(how: Comparison, with: Literal, default: Option<Literal>) -> FieldComparison {
        FieldComparison { what: Compared::Members, default, how, with }
    }

    #[test]
    fn values_of_one_type_compare_and_what_is_missing_is_unknown() {
        use Comparison::{AtLeast, Equal, Less, More, NotEqual};
        let text = |text: &str| Value::Text(text.to_owned());
        let table = [
            (Less, Value::Number(3), Some(Value::Number(2)), Some(true)),
            (More, Value::Number(3), Some(Value::Number(u64::MAX)), Some(true)),
            (AtLeast, Value::Duration(5), Some(Value::Duration(5)), Some(true)),
            (Less, Value::Duration(5), Some(Value::Duration(5)), Some(false)),
            (Equal, text("ru"), Some(Value::Text("ru")), Some(true)),
            (Equal, text("ru"), Some(Value::Text("RU")), Some(false)),
            (NotEqual, text("ru"), Some(Value::Text("en")), Some(true)),
            (Equal, Value::Boolean(true), Some(Value::Boolean(false)), Some(false)),
            (NotEqual, Value::Boolean(true), None, None),
            (Equal, Value::Number(1), Some(Value::Duration(1)), None),
        ];
        for (how, with, value, want) in table {
            assert_eq!(compare(how, with.clone(), None).holds(value), want, "{how:?} {with:?}");
        }
        let defaulted = compare(More, Value::Number(3), Some(Value::Number(4)));
        assert_eq!(defaulted.holds(None), Some(true));
        assert_eq!(defaulted.holds(Some(Value::Number(0))), Some(false));
    }

    #[test]
    fn a_value_is_written_as_a_condition_says_it() {
        let table = [
            (Value::Number(0), "0"),
            (Value::Duration(0), "0s"),
            (Value::Duration(30 * DAY_MS), "30d"),
            (Value::Duration(36 * 60 * 60 * 1_000), "36h"),
            (Value::Duration(90_000), "90s"),
            (Value::Duration(120_500), "120s"),
            (Value::Text("a 'b'"), r#""a 'b'""#),
            (Value::Text(r#"a "b""#), r#"'a "b"'"#),
            (Value::Boolean(true), "true"),
        ];
        for (value, written) in table {
            assert_eq!(value.to_string(), written);
        }
    }

    #[test]
    fn every_field_has_a_name_of_its_own() {
        let mut names: Vec<&str> = Compared::all().map(Compared::name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        // What counts hits of a pattern is never a field.
        assert!(names.iter().all(|name| !name.ends_with(".hits") && !name.ends_with(".different")));
    }
}
