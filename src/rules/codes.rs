//! Every code a rule error can carry, with its meaning in one line. Codes are never used again
//! for something else: people search for them.

use std::fmt;

macro_rules! codes {
    ($($name:ident = $id:literal, $meaning:literal;)*) => {
        /// The code of a diagnostic.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $meaning] $name,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As it is printed: `R012`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id),* }
            }

            /// What it means, in one line.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),* }
            }
        }
    };
}

codes! {
    // The files and their YAML.
    NotUtf8 = "R001", "a file is not UTF-8";
    Syntax = "R002", "a file is not well-formed YAML";
    DuplicateKey = "R003", "a key stands twice in one mapping";
    Alias = "R004", "an anchor or an alias, which would hide what a rule says";
    Tag = "R005", "a YAML tag";
    Ambiguous = "R006", "a plain scalar that YAML does not read as text, or reads differently in 1.1 and 1.2";
    Tab = "R007", "a tab where YAML counts spaces";
    TooDeep = "R008", "nested too deep";
    SeveralDocuments = "R009", "pack.yaml holds several documents";
    FileTooLarge = "R010", "a file is too large";
    NoRules = "R011", "a pack without pack.yaml or without rules";
    Comment = "R012", "a YAML comment cuts a condition short";
    StrayFile = "R013", "a file that no pack reads";
    ControlCharacter = "R014", "a control character in a file";
    // Keys and values.
    UnknownKey = "R020", "a key that does not exist there";
    MissingKey = "R021", "a key that must be there";
    WrongType = "R022", "a value of the wrong kind";
    UnknownValue = "R023", "a value that is not one of those known";
    BadNumber = "R024", "a number that is none, or out of range";
    BadDuration = "R025", "a duration that is none, or out of range";
    BadId = "R026", "an id or a name in the wrong form";
    DuplicateId = "R027", "two rules with one id";
    BadName = "R028", "the name of a pattern in the wrong form, or a word of the condition language";
    DuplicateName = "R029", "two patterns with one name";
    Empty = "R030", "a text or a list without anything in it";
    OneOf = "R031", "of several keys exactly one must be there";
    // Patterns and lists.
    EntryLength = "R040", "an entry or a regex that is too long";
    EntryEmpty = "R041", "an entry without a letter, a digit or an emoji";
    NoSuchList = "R042", "a list file that is not in the pack";
    Wildcard = "R043", "a `*` where it means nothing";
    EmptyList = "R044", "a list file without entries";
    TooManyPatterns = "R045", "more entries than a pack may hold";
    Unused = "R046", "a pattern or a list that nothing uses";
    ListComment = "R047", "a `# ` in a list that does not start a comment";
    Gap = "R048", "a gap where there is nothing to leave out";
    View = "R049", "a view that this kind of pattern does not have";
    RegexSyntax = "R050", "a regular expression that cannot be read";
    RegexSize = "R051", "a regular expression that compiles to too much";
    RegexQuotes = "R052", "a regular expression outside single quotes";
    RegexEmpty = "R053", "a regular expression that matches the empty text";
    BadDomain = "R054", "an entry that is no domain, no channel name or no handle";
    EntryLoses = "R055", "an entry with a letter or sign that would not be looked for";
    EntryShort = "R056", "an entry of one character in a script without spaces";
    DuplicateEntry = "R057", "two entries of one list that find the same";
    BadHash = "R058", "an entry that is no hash of the right length";
    // Conditions.
    ConditionSyntax = "R060", "a condition that cannot be read";
    UnknownPattern = "R061", "a condition names a pattern that does not exist";
    GlobEmpty = "R062", "a `name*` in a condition that fits no pattern";
    TooManyWanted = "R063", "a condition asks for more names than it lists, or for none";
    WithinOperand = "R064", "`within` between things that have no place in the text";
    NoAnchor = "R065", "a rule that would have to be tried on every post";
    Constant = "R066", "a comparison that always or never holds";
    ExceptOperand = "R067", "an exception that has no place in the text";
    UnknownField = "R068", "a condition compares a field that does not exist";
    FieldType = "R069", "a field compared with a value of another type, or in a way it does not have";
    // Actions and what surrounds them.
    BadAction = "R070", "an action with the wrong details";
    DuplicateAction = "R071", "one action twice";
    PostAction = "R072", "an action on a post in a rule that looks at profiles";
    Harsher = "R073", "`soften` answers harsher than the rule itself";
    CountsItself = "R074", "a counter that can never pass one";
    Country = "R075", "a country code that does not exist";
    Share = "R076", "a share that is none, out of range, missing or not a canary's";
    BadDate = "R077", "a date that is none";
    NotAutomatic = "R078", "an action for ever that people decide on, unless the pack says otherwise";
    NoStrikes = "R079", "strikes that no rule of the pack gives";
    MissingTest = "R080", "a rule without a test that fires or without one that is quiet";
    StandIn = "R081", "a test stands in for a list that its rule does not read";
    OtherSubject = "R082", "an escalation acts on something else than its strikes are of";
    // What is legal and seldom meant.
    EntryCommon = "R083", "an entry that ordinary posts are full of";
    RegexPlain = "R084", "a regular expression that is a plain text";
    ExceptIdle = "R085", "an exception that can hide nothing";
    SameRule = "R086", "a rule that fires where another does";
    Disarmed = "R087", "a limit that would disarm a critical rule";
    NoLimit = "R088", "a rule that acts without a limit";
    // What this version does not do.
    Later = "R090", "a feature that this version does not have";
    // R091 was a status that earlier versions did not have, R092 a key that they did not enforce.
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].id() < pair[1].id()));
        assert!(Code::ALL.iter().all(|code| code.id().len() == 4 && code.id().starts_with('R')));
    }
}
