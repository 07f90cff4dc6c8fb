//! Seeded disguises of a word, by tactic. What stands for what is taken from how people write, not
//! from the tables that undo it: where a table of the product lacks a pair, recall must show it.

use crate::random::Random;

/// One way to hide a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tactic {
    /// A digit or sign for one or two letters: `bl0rp`. Two letters stay as they are, and `! | +`
    /// stand between two letters.
    Leet,
    /// For any number of letters, any sign anywhere: words of digits alone, `!` at an end.
    LeetBeyond,
    /// Letters apart: `b l o r p`, one piece of two or three letters at an end.
    Spaces,
    /// Letters of one other script with the same look.
    LookAlikes,
    /// Characters that nobody sees between the letters.
    Invisible,
    /// Mathematical letters, circled, squared, raised, small capitals.
    Fonts,
    /// Forms of East Asian width.
    FullWidth,
    /// Letters of several scripts and fonts in one word.
    Mixed,
    /// Marks between some letters or all: `b.lorp`, `b-l-o-r-p`.
    Punctuation,
    /// Letters three times or more.
    Repeats,
    /// A digit for an Arabic letter, by the chat alphabet: `مر7با`.
    ArabicDigits,
    /// A Latin letter for an Arabic one of the same look.
    ArabicLooks,
    /// A Latin letter for an Arabic one of the same sound.
    ArabicSounds,
}

/// Digits and signs by the letter they stand for, the usual ones first.
const LEET: [(char, &str); 24] = [
    ('a', "4@"),
    ('b', "86"),
    ('c', "¢"),
    ('e', "3€"),
    ('g', "9"),
    ('i', "1"),
    ('l', "1"),
    ('o', "0"),
    ('s', "5$§"),
    ('t', "7"),
    ('x', "×"),
    ('y', "¥"),
    ('z', "2"),
    ('а', "4@"),
    ('б', "6"),
    ('в', "8"),
    ('е', "3€"),
    ('з', "3"),
    ('о', "0"),
    ('р', "₽"),
    ('с', "¢"),
    ('т', "7"),
    ('х', "×"),
    ('ч', "4"),
];

/// How many letters of a word people swap, as it stands in the 155 words of rustrict's tests that
/// this can be counted in: 107 have one, 40 two, 8 more.
const SWAPS: [usize; 20] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3];

/// Signs that punctuate as well; people put them between two letters.
const INNER_SIGNS: &str = "i!i|l|l!t+";

/// Signs by sound or by a looser look.
const LOOSE_SIGNS: &str = "с$g6о@o@u@";

/// Latin letters and those of one look in Cyrillic and Greek.
const LATIN_IN_CYRILLIC: &str = "aаcсdԁeеhһiіjјkкoоpрqԛsѕvѵwԝxхyуAАBВCСEЕHНIІJЈKКMМOОPРSЅTТXХYУ";
const LATIN_IN_GREEK: &str = "aαiιkκoοpρtτuυvνAΑBΒEΕHΗIΙKΚMΜNΝOΟPΡTΤXΧYΥZΖ";
const CYRILLIC_IN_LATIN: &str = "аaеeоoрpсcуyхxіiјjѕsАAВBЕEКKМMНHОOРPСCТTУYХXІI";
const CYRILLIC_IN_GREEK: &str = "аαоοрρкκтτпπАΑВΒЕΕКΚМΜНΗОΟРΡТΤХΧ";

/// Further shapes of a letter, for words that mix scripts: Armenian, Cherokee, small capitals.
const OTHER_SHAPES: &str = "oօnոuսhհqզgցaᴀeᴇrʀtᴛkᴋMᎷAᎪWᎳTᎢpᴘmᴍ";

/// Latin letters that Russian writers put for Cyrillic ones of another look.
const CYRILLIC_BY_EYE: &str = "иuпnкkмmгrтtнhшw";

const INVISIBLE: &str = "\u{200b}\u{200c}\u{200d}\u{2060}\u{ad}\u{feff}\u{200e}\u{200f}\u{34f}\
                         \u{180e}\u{2061}\u{2063}\u{fe0f}\u{fe00}\u{e0061}\u{202c}\u{61c}";

/// Marks that hide a word with one of them between two letters.
const DOTS: &str = "._*~·•|/\\";

/// Marks that hide a word only between all its letters.
const APART: &str = "._*~·•|/\\-,:'–";

/// First capital and first small letter of a font; `None` where it has none.
const FONTS: [(Option<char>, Option<char>); 18] = [
    (Some('𝐀'), Some('𝐚')),
    (Some('𝑨'), Some('𝒂')),
    (Some('𝓐'), Some('𝓪')),
    (Some('𝕬'), Some('𝖆')),
    (Some('𝖠'), Some('𝖺')),
    (Some('𝗔'), Some('𝗮')),
    (Some('𝘈'), Some('𝘢')),
    (Some('𝘼'), Some('𝙖')),
    (Some('𝙰'), Some('𝚊')),
    (None, Some('𝔞')),
    (None, Some('𝕒')),
    (Some('Ⓐ'), Some('ⓐ')),
    (None, Some('⒜')),
    (Some('🄰'), None),
    (Some('🅐'), None),
    (Some('🅰'), None),
    (Some('🄐'), None),
    (Some('𝐴'), None),
];

const SMALL_CAPITALS: &str = "aᴀbʙcᴄdᴅeᴇfꜰgɢhʜiɪjᴊkᴋlʟmᴍnɴoᴏpᴘrʀsꜱtᴛuᴜvᴠwᴡyʏzᴢ";
const RAISED: &str = "aᵃbᵇcᶜdᵈeᵉfᶠgᵍhʰiⁱjʲkᵏlˡmᵐnⁿoᵒpᵖrʳsˢtᵗuᵘvᵛwʷxˣyʸzᶻ";

/// The Arabic chat alphabet: digits by the letter they stand for. Not all are in the table that
/// undoes them.
const ARABIC_DIGITS: &str = "ع3ح7خ5ط6ص9ق2ق8ق9ء2ا2";

/// Latin letters for Arabic ones, by look and by sound.
const ARABIC_LOOKS: &str = "اlاIهoهO";
const ARABIC_SOUNDS: &str = "بbسsمmنnلlرrدdتtكkوwفfزz";

impl Tactic {
    pub(crate) const ALL: [Self; 13] = [
        Self::Leet,
        Self::LeetBeyond,
        Self::Spaces,
        Self::LookAlikes,
        Self::Invisible,
        Self::Fonts,
        Self::FullWidth,
        Self::Mixed,
        Self::Punctuation,
        Self::Repeats,
        Self::ArabicDigits,
        Self::ArabicLooks,
        Self::ArabicSounds,
    ];

    /// Name in reports, and in pairs.tsv.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Leet => "leet",
            Self::LeetBeyond => "leet, beyond",
            Self::Spaces => "spaces",
            Self::LookAlikes => "look-alikes",
            Self::Invisible => "invisible",
            Self::Fonts => "fonts",
            Self::FullWidth => "full width",
            Self::Mixed => "mixed scripts",
            Self::Punctuation => "punctuation",
            Self::Repeats => "repeats",
            Self::ArabicDigits => "arabic digits",
            Self::ArabicLooks => "arabic looks",
            Self::ArabicSounds => "arabic sounds",
        }
    }

    /// The word, hidden; `None` where the tactic has nothing to put for any of its letters. The
    /// word is in lower case and of letters and their marks alone.
    pub(crate) fn hide(self, word: &str, random: &mut Random) -> Option<String> {
        let hidden = match self {
            Self::Leet => readable_leet(word, random),
            Self::LeetBeyond => swap_some(word, random, |c, random| random.pick(&leet(c)).copied()),
            Self::Spaces => spaced(word, random),
            Self::LookAlikes => look_alikes(word, random),
            Self::Invisible => between_some(word, random, |random| random.pick_char(INVISIBLE)),
            Self::Fonts => fonts(word, random),
            Self::FullWidth => full_width(word, random),
            Self::Mixed => mixed(word, random),
            Self::Punctuation => punctuated(word, random),
            Self::Repeats => repeats(word, random),
            Self::ArabicDigits => swap_one(word, random, ARABIC_DIGITS),
            Self::ArabicLooks => swap_one(word, random, ARABIC_LOOKS),
            Self::ArabicSounds => swap_one(word, random, ARABIC_SOUNDS),
        };
        hidden.filter(|hidden| hidden != word)
    }
}

/// What stands for a letter anywhere in a word.
fn leet_anywhere(c: char) -> Vec<char> {
    let signs = LEET.iter().find(|(plain, _)| *plain == c);
    signs.map_or("", |(_, signs)| signs).chars().collect()
}

/// What stands for a letter at all.
fn leet(c: char) -> Vec<char> {
    [leet_anywhere(c), others(INNER_SIGNS, c), others(LOOSE_SIGNS, c)].concat()
}

fn readable_leet(word: &str, random: &mut Random) -> Option<String> {
    let mut letters: Vec<char> = word.chars().collect();
    let swaps = *random.pick(&SWAPS)?;
    for _ in 0..swaps {
        let signs = |at: usize| {
            let inner = at > 0 && letters.get(at - 1..=at + 1).is_some_and(all_letters);
            let inner = if inner { others(INNER_SIGNS, letters[at]) } else { Vec::new() };
            [leet_anywhere(letters[at]), inner].concat()
        };
        let places: Vec<usize> = (0..letters.len()).filter(|at| !signs(*at).is_empty()).collect();
        let Some(&at) = random.pick(&places) else { break };
        let signs = signs(at);
        letters[at] = *random.pick(&signs)?;
    }
    let kept = letters.iter().filter(|c| c.is_alphabetic()).count();
    let inner = |at: usize| INNER_SIGNS.contains(letters[at]) && !letters[at].is_alphabetic();
    let apart = (1..letters.len() - 1)
        .all(|at| !inner(at) || letters[at - 1].is_alphabetic() && letters[at + 1].is_alphabetic());
    (kept >= 2 && apart).then(|| letters.into_iter().collect())
}

fn all_letters(chars: &[char]) -> bool {
    chars.iter().all(|c| c.is_alphabetic())
}

/// Everything that stands for a character in a table of pairs.
fn others(pairs: &str, c: char) -> Vec<char> {
    let chars: Vec<char> = pairs.chars().collect();
    chars.chunks(2).filter(|pair| pair.first() == Some(&c)).map(|pair| pair[1]).collect()
}

/// Swaps each letter that can be with even chance, one at least.
fn swap_some(
    word: &str,
    random: &mut Random,
    mut twin: impl FnMut(char, &mut Random) -> Option<char>,
) -> Option<String> {
    let letters: Vec<char> = word.chars().collect();
    let twins: Vec<Option<char>> = letters.iter().map(|c| twin(*c, random)).collect();
    let places: Vec<usize> = (0..twins.len()).filter(|at| twins[*at].is_some()).collect();
    let sure = *random.pick(&places)?;
    let swapped = letters.iter().zip(twins).enumerate().map(|(at, (letter, twin))| {
        let swaps = at == sure || random.percent(50);
        twin.filter(|_| swaps).unwrap_or(*letter)
    });
    Some(swapped.collect())
}

fn swap_one(word: &str, random: &mut Random, pairs: &str) -> Option<String> {
    let letters: Vec<char> = word.chars().collect();
    let places: Vec<usize> =
        (0..letters.len()).filter(|at| !others(pairs, letters[*at]).is_empty()).collect();
    let chosen = *random.pick(&places)?;
    let twin = *random.pick(&others(pairs, letters[chosen]))?;
    let swapped = letters.iter().enumerate();
    Some(swapped.map(|(at, letter)| if at == chosen { twin } else { *letter }).collect())
}

/// In small letters, with a capital at the start, or in capitals.
fn cased(word: &str, random: &mut Random) -> String {
    match random.below(4) {
        // A Turkish ı has the capital I, and that is the small i of all others.
        0 if word.to_uppercase().to_lowercase() == word => word.to_uppercase(),
        1 => {
            let mut letters = word.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect()
        }
        _ => word.to_owned(),
    }
}

fn look_alikes(word: &str, random: &mut Random) -> Option<String> {
    let word = cased(word, random);
    let pairs = match (word.is_ascii(), random.percent(60)) {
        (true, true) => LATIN_IN_CYRILLIC,
        (true, false) => LATIN_IN_GREEK,
        (false, true) => CYRILLIC_IN_LATIN,
        (false, false) => CYRILLIC_IN_GREEK,
    };
    swap_some(&word, random, |c, random| random.pick(&others(pairs, c)).copied())
}

fn mixed(word: &str, random: &mut Random) -> Option<String> {
    let word = cased(word, random);
    let latin = [LATIN_IN_CYRILLIC, LATIN_IN_GREEK, OTHER_SHAPES, SMALL_CAPITALS];
    let cyrillic = [CYRILLIC_IN_LATIN, CYRILLIC_IN_GREEK, CYRILLIC_BY_EYE];
    let tables: &[&str] = if word.is_ascii() { &latin } else { &cyrillic };
    swap_some(&word, random, |c, random| {
        let twins: Vec<char> = tables.iter().flat_map(|pairs| others(pairs, c)).collect();
        random.pick(&twins).copied()
    })
}

/// Clusters of a word: letters with their marks.
fn clusters(word: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for c in word.chars() {
        match out.last_mut() {
            Some(last) if unicode_normalization::char::is_combining_mark(c) => last.push(c),
            _ => out.push(c.to_string()),
        }
    }
    out
}

/// Puts something into one to three gaps between letters.
fn between_some(
    word: &str,
    random: &mut Random,
    mut what: impl FnMut(&mut Random) -> Option<char>,
) -> Option<String> {
    let clusters = clusters(word);
    let gaps = clusters.len().checked_sub(1).filter(|gaps| *gaps > 0)?;
    let mut chosen: Vec<usize> = (0..=random.below(3)).map(|_| random.below(gaps)).collect();
    chosen.sort_unstable();
    chosen.dedup();
    let mut out = String::new();
    for (at, cluster) in clusters.iter().enumerate() {
        out.push_str(cluster);
        if chosen.contains(&at) {
            out.push(what(random)?);
        }
    }
    Some(out)
}

/// Letters apart by one space, at times with a piece of two or three letters at an end.
fn spaced(word: &str, random: &mut Random) -> Option<String> {
    let mut pieces = clusters(word);
    if pieces.len() < 3 {
        return None;
    }
    let piece = 2 + random.below(2);
    if pieces.len() >= piece + 3 && random.percent(30) {
        if random.percent(50) {
            let head: String = pieces.drain(..piece).collect();
            pieces.insert(0, head);
        } else {
            let tail: String = pieces.drain(pieces.len() - piece..).collect();
            pieces.push(tail);
        }
    }
    let space = random.pick_char("     \u{a0}\u{2009}\u{3000}")?;
    Some(pieces.join(space.encode_utf8(&mut [0; 4])))
}

fn punctuated(word: &str, random: &mut Random) -> Option<String> {
    if random.percent(50) {
        let dot = random.pick_char(DOTS)?;
        return between_some(word, random, |_| Some(dot));
    }
    let pieces = clusters(word);
    let mark = random.pick_char(APART)?;
    (pieces.len() >= 3).then(|| pieces.join(mark.encode_utf8(&mut [0; 4])))
}

fn repeats(word: &str, random: &mut Random) -> Option<String> {
    let word = cased(word, random);
    swap_places(&word, random, |letter, random| letter.repeat(3 + random.below(6)))
}

/// Changes one to three of the letters of a word.
fn swap_places(
    word: &str,
    random: &mut Random,
    change: impl Fn(&str, &mut Random) -> String,
) -> Option<String> {
    let letters: Vec<String> = word.chars().map(String::from).collect();
    let marked = clusters(word).len() < letters.len();
    let chosen: Vec<usize> = (0..=random.below(3)).map(|_| random.below(letters.len())).collect();
    let changed = letters.iter().enumerate().map(|(at, letter)| {
        if chosen.contains(&at) { change(letter, random) } else { letter.clone() }
    });
    let changed: String = changed.collect();
    (!marked).then_some(changed)
}

/// The letter of a font that is `offset` from its first one.
fn of_font(first: char, offset: u32) -> Option<char> {
    char::from_u32(u32::from(first) + offset)
}

fn in_font(c: char, font: (Option<char>, Option<char>)) -> Option<char> {
    let small = c.is_ascii_lowercase();
    let offset = u32::from(c.to_ascii_lowercase()).checked_sub(u32::from('a'))?;
    let first = if small { font.1.or(font.0) } else { font.0.or(font.1) };
    of_font(first?, offset).filter(|_| c.is_ascii_alphabetic())
}

/// The whole word in one font, or some of its letters.
fn fonts(word: &str, random: &mut Random) -> Option<String> {
    let word = cased(word, random);
    let partly = random.percent(25);
    let style = random.below(FONTS.len() + 2);
    let font = |c: char| match FONTS.get(style) {
        Some(font) => in_font(c, *font),
        None if style == FONTS.len() => others(SMALL_CAPITALS, c).first().copied(),
        None => others(RAISED, c.to_ascii_lowercase()).first().copied(),
    };
    styled(&word, random, partly, font)
}

fn full_width(word: &str, random: &mut Random) -> Option<String> {
    let word = cased(word, random);
    let partly = random.percent(25);
    styled(&word, random, partly, |c| {
        c.is_ascii_alphabetic().then(|| of_font('Ａ', u32::from(c) - u32::from('A'))).flatten()
    })
}

fn styled(
    word: &str,
    random: &mut Random,
    partly: bool,
    font: impl Fn(char) -> Option<char>,
) -> Option<String> {
    if partly {
        return swap_some(word, random, |c, _| font(c));
    }
    let styled = word.chars().map(|c| font(c).unwrap_or(c));
    Some(styled.collect()).filter(|_| word.is_ascii())
}
