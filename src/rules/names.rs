//! The nearest known name to a misspelt one.

/// The known name that `word` was most likely meant to be, if one is near enough.
#[must_use]
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Long words are no misspelling of ours, and the distance costs their length squared.
    const LONGEST_CHARS: usize = 64;
    let word: Vec<char> = word.chars().take(LONGEST_CHARS + 1).collect();
    if word.len() > LONGEST_CHARS {
        return None;
    }
    let allowed = (word.len() / 3).max(1);
    let known = known.into_iter().map(|name| (distance(&word, name), name));
    known.filter(|&(far, _)| far <= allowed).min().map(|(_, name)| name)
}

/// Insertions, deletions, replacements and swaps of neighbours from one word to the other.
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut cost = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_the_one_that_was_meant() {
        let known = ["condition", "count", "category", "kinds", "limit"];
        let cases = [
            ("conditon", Some("condition")),
            ("cuont", Some("count")),
            ("Kinds", Some("kinds")),
            ("kind", Some("kinds")),
            // Two letters away of five: too far to guess.
            ("lists", None),
            ("zorb", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
