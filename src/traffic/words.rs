//! Harmless words by language, without any that a plant looks for.

use super::random::Random;

/// A language, its list, how many of 100 channels write it.
const LANGUAGES: [(&str, usize, &str); 6] = [
    ("en", 30, include_str!("words/en.txt")),
    ("ru", 24, include_str!("words/ru.txt")),
    ("es", 16, include_str!("words/es.txt")),
    ("ar", 12, include_str!("words/ar.txt")),
    ("hi", 10, include_str!("words/hi.txt")),
    ("zh", 8, include_str!("words/zh.txt")),
];

/// With fewer words, posts of a language would all look alike.
pub(super) const WORDS_MIN: usize = 40;

/// Emoji as they stand in posts, the most frequent first.
const EMOJI: [&str; 16] = [
    "😂", "❤️", "🔥", "👍", "🙏", "😊", "🎉", "👏", "😍", "🤔", "💪", "☀️", "🌸", "⚽", "🎵", "☕",
];

/// One language, filtered.
pub(super) struct Language {
    pub(super) code: &'static str,
    pub(super) words: Vec<&'static str>,
    share: usize,
    /// Words stand side by side.
    pub(super) spaceless: bool,
}

/// All languages that have words left.
pub(super) struct Words {
    languages: Vec<Language>,
    pub(super) emoji: Vec<&'static str>,
}

impl Words {
    /// Leaves out every word that holds one of `planted`.
    pub(super) fn without(planted: &[String]) -> Self {
        let languages = LANGUAGES.map(|(code, share, list)| {
            let words = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
            let words = words.filter(|word| !planted.iter().any(|bad| touches(word, bad)));
            Language { code, share, words: words.collect(), spaceless: code == "zh" }
        });
        let languages = languages.into_iter().filter(|one| one.words.len() >= WORDS_MIN);
        let emoji = EMOJI.into_iter().filter(|emoji| !planted.iter().any(|bad| bad == emoji));
        Self { languages: languages.collect(), emoji: emoji.collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.languages.is_empty()
    }

    /// The language of a channel, by a scattered number; the shares of those left out go to the
    /// first one.
    pub(super) fn language(&self, scattered: u64) -> Option<&Language> {
        let mut point = super::random::spread(scattered, 100);
        for language in &self.languages {
            if point < language.share {
                return Some(language);
            }
            point -= language.share;
        }
        self.languages.first()
    }
}

/// Could `word`, alone or beside others, be read as `bad`? Both in lower case. Han is written
/// without spaces, so that neighbours could make up a planted word: one common character is enough.
fn touches(word: &str, bad: &str) -> bool {
    let han = |letter: char| ('\u{3400}'..='\u{9fff}').contains(&letter);
    word.contains(bad) || word.chars().any(|letter| han(letter) && bad.contains(letter))
}

impl Language {
    /// Adds harmless words until `text` has `bytes` more, roughly.
    pub(super) fn write(&self, text: &mut String, bytes: usize, random: &mut Random) {
        let end = text.len() + bytes;
        let mut last_single = false;
        while text.len() < end {
            let Some(word) = random.pick_ranked(&self.words) else { return };
            // Single letters in a row are how words are hidden: harmless text has none.
            let single = !self.spaceless && word.chars().nth(1).is_none();
            if single && last_single {
                continue;
            }
            last_single = single;
            text.push_str(word);
            self.between(text, random);
        }
        trim(text);
    }

    /// What stands after a word.
    fn between(&self, text: &mut String, random: &mut Random) {
        let die = random.below(32);
        let (comma, stop) = if self.spaceless { ("，", "。") } else { (", ", ". ") };
        let arabic = self.code == "ar";
        match die {
            0 => text.push_str(stop),
            1 | 2 => text.push_str(if arabic { "، " } else { comma }),
            3 => text.push_str(if self.spaceless { "！" } else { "! " }),
            4 if random.percent(25) => text.push('\n'),
            _ if self.spaceless => {}
            _ => text.push(' '),
        }
    }

    /// A harmless word by a scattered number.
    pub(super) fn word(&self, scattered: u64) -> &'static str {
        let index = super::random::spread(scattered, self.words.len());
        self.words.get(index).copied().unwrap_or_default()
    }
}

/// Cuts what stands between words from the end.
pub(super) fn trim(text: &mut String) {
    let kept = text.trim_end_matches([' ', ',', '،', '，', '\n']).len();
    text.truncate(kept);
}
