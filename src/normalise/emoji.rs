//! Emoji: what belongs to one sequence, which are flags, which are letters in disguise.

use super::tables;

const JOINER: char = '\u{200D}';

/// Regions whose two regional indicators make a flag (emoji-test.txt, Unicode 15).
const FLAGS: &str = "AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO \
BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CP CR CU CV CW CX CY CZ DE DG DJ DK DM DO DZ EA \
EC EE EG EH ER ES ET EU FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN \
HR HT HU IC ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS \
LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP \
NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM \
SN SO SR SS ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM UN US UY UZ VA VC VE \
VG VI VN VU WF WS XK YE YT ZA ZM ZW";

const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz";

/// Is this an emoji by itself? Regional indicators are not.
pub(super) fn is_emoji(c: char) -> bool {
    tables::is_emoji(c)
}

pub(super) fn is_tone(c: char) -> bool {
    ('\u{1F3FB}'..='\u{1F3FF}').contains(&c)
}

pub(super) fn is_joiner(c: char) -> bool {
    c == JOINER
}

/// The letter of a regional indicator, upper case.
pub(super) fn region_letter(c: char) -> Option<char> {
    let at = u32::from(c).checked_sub(0x1F1E6).filter(|at| *at < 26)?;
    char::from_u32(u32::from('A') + at)
}

/// Do these two regional indicators make a flag?
pub(super) fn is_flag(first: char, second: char) -> bool {
    let (Some(first), Some(second)) = (region_letter(first), region_letter(second)) else {
        return false;
    };
    FLAGS.split(' ').any(|flag| flag.chars().eq([first, second]))
}

/// The letters that a letter emoji or a regional indicator shows, lower case: negative circled
/// (🅐), negative squared (🅰), squared words (🆗). Circled and squared letters that have a
/// compatibility form (Ⓜ, 🄰) are letters already in the fold.
pub(super) fn letters(c: char) -> Option<&'static str> {
    let code = u32::from(c);
    let words = ["ab", "cl", "cool", "free", "id", "new", "ng", "ok", "sos", "up", "vs"];
    let at = match code {
        0x1F150..=0x1F169 => code - 0x1F150,
        0x1F170..=0x1F189 => code - 0x1F170,
        0x1F1E6..=0x1F1FF => code - 0x1F1E6,
        0x1F18E => return words.first().copied(),
        0x1F191..=0x1F19A => {
            let at = usize::try_from(code - 0x1F190).ok()?;
            return words.get(at).copied();
        }
        _ => return None,
    };
    let at = usize::try_from(at).ok()?;
    ALPHABET.get(at..=at)
}
