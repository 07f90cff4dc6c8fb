//! The messengers and shops that links are told apart by, and the channel a link leads to.

use super::handles::{NAME_MAX, begins_name};
use super::host::is_at_or_below;

/// One service and the hosts it answers at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// Name in rules (`links: {services: [telegram]}`).
    pub name: &'static str,
    /// Its hosts in canonical form; each covers all below it.
    pub hosts: &'static [&'static str],
}

/// Every known service.
pub const SERVICES: &[Service] = &[
    Service {
        name: "telegram",
        hosts: &["t.me", "telegram.me", "telegram.dog", "telegram.org", "tx.me"],
    },
    Service { name: "telegraph", hosts: &["telegra.ph", "graph.org", "te.legra.ph"] },
    Service { name: "whatsapp", hosts: &["wa.me", "whatsapp.com", "whatsapp.net", "wa.link"] },
    Service { name: "signal", hosts: &["signal.me", "signal.group", "signal.art", "signal.org"] },
    Service { name: "viber", hosts: &["viber.com", "vb.me"] },
    Service {
        name: "discord",
        hosts: &["discord.gg", "discord.com", "discordapp.com", "discord.me"],
    },
    Service { name: "vk", hosts: &["vk.com", "vk.me", "vk.ru", "vk.cc", "vk.link"] },
    Service { name: "ok", hosts: &["ok.ru", "ok.me"] },
    Service { name: "max", hosts: &["max.ru"] },
    Service { name: "instagram", hosts: &["instagram.com", "instagr.am", "ig.me"] },
    Service { name: "threads", hosts: &["threads.net", "threads.com"] },
    Service {
        name: "facebook",
        hosts: &["facebook.com", "fb.com", "fb.me", "fb.watch", "messenger.com", "m.me"],
    },
    Service { name: "x", hosts: &["x.com", "twitter.com", "t.co"] },
    Service { name: "tiktok", hosts: &["tiktok.com"] },
    Service { name: "youtube", hosts: &["youtube.com", "youtu.be"] },
    Service { name: "snapchat", hosts: &["snapchat.com"] },
    Service { name: "wechat", hosts: &["weixin.qq.com", "wechat.com"] },
    Service { name: "qq", hosts: &["qm.qq.com", "jq.qq.com"] },
    Service { name: "line", hosts: &["line.me", "lin.ee"] },
    Service { name: "kakaotalk", hosts: &["open.kakao.com", "pf.kakao.com"] },
    Service { name: "zalo", hosts: &["zalo.me"] },
    Service { name: "skype", hosts: &["join.skype.com"] },
    Service { name: "threema", hosts: &["threema.id"] },
    Service { name: "wickr", hosts: &["wickr.com"] },
    Service { name: "simplex", hosts: &["simplex.chat"] },
    Service { name: "matrix", hosts: &["matrix.to"] },
    Service { name: "reddit", hosts: &["reddit.com", "redd.it"] },
    Service { name: "paypal", hosts: &["paypal.com", "paypal.me"] },
    Service { name: "cashapp", hosts: &["cash.app", "cash.me"] },
    Service { name: "amazon", hosts: &["amazon.com", "amzn.to", "amzn.eu"] },
    Service { name: "aliexpress", hosts: &["aliexpress.com", "aliexpress.ru"] },
    Service { name: "ebay", hosts: &["ebay.com", "ebay.us"] },
    Service { name: "etsy", hosts: &["etsy.com"] },
    Service { name: "avito", hosts: &["avito.ru"] },
];

/// The service of this name.
#[must_use]
pub fn service_named(name: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.name == name)
}

/// The service a canonical host belongs to.
pub(super) fn of_host(host: &str) -> Option<&'static str> {
    let covers = |service: &&Service| service.hosts.iter().any(|own| is_at_or_below(host, own));
    SERVICES.iter().find(covers).map(|service| service.name)
}

/// Is this one of the hosts of [`SERVICES`] itself, not one below?
pub(super) fn is_front_door(host: &str) -> bool {
    SERVICES.iter().any(|service| service.hosts.contains(&host))
}

/// The address on the web that a link of an app (`tg://resolve?domain=name`) stands for: host and
/// path.
pub(super) fn of_app(scheme: &str, rest: &str) -> Option<(&'static str, String)> {
    match scheme {
        "tg" => Some(("t.me", telegram_path(rest))),
        "whatsapp" => Some(("wa.me", query(rest, "phone").map_or_else(String::new, slashed))),
        _ => None,
    }
}

fn telegram_path(rest: &str) -> String {
    let name = query(rest, "domain").map(slashed);
    let phone = || query(rest, "phone").map(|phone| slashed(&format!("+{phone}")));
    let invite = || query(rest, "invite").map(|invite| slashed(&format!("+{invite}")));
    name.or_else(phone).or_else(invite).unwrap_or_default()
}

fn slashed(name: &str) -> String {
    format!("/{name}")
}

/// The value of a key in the query or fragment of `path`.
fn query<'p>(path: &'p str, key: &str) -> Option<&'p str> {
    let pairs = path.split(['?', '&', '#']).skip(1);
    let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == key).map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// The channel, group or account that a link leads to, where its address says so by name or number.
/// Invite links have secret codes in place of a name and lead to none.
pub(super) fn channel(service: &str, host: &str, path: &str) -> Option<String> {
    match service {
        "telegram" => telegram(host, path),
        "whatsapp" => whatsapp(path),
        "vk" => name_at_start(segment(path, 0)?, 64, "_.").filter(|name| !name.ends_with(".php")),
        _ => None,
    }
}

/// First segments of `t.me` that are pages of the service and no names.
const TELEGRAM_PAGES: [&str; 24] = [
    "addemoji",
    "addlist",
    "addstickers",
    "addtheme",
    "bg",
    "c",
    "call",
    "confirmphone",
    "contact",
    "faq",
    "giftcode",
    "invoice",
    "iv",
    "joinchat",
    "login",
    "m",
    "msg",
    "nft",
    "privacy",
    "proxy",
    "setlanguage",
    "share",
    "socks",
    "tos",
];

/// Labels before `t.me` that are hosts of the service and no names.
const TELEGRAM_HOSTS: [&str; 4] = ["a", "k", "web", "www"];

fn telegram(host: &str, path: &str) -> Option<String> {
    if is_at_or_below(host, "telegram.org") {
        // The web client: `/k/#@name`, `/#/im?p=@name`.
        let (_, name) = path.split_once('@')?;
        return telegram_name(name);
    }
    let below = host.strip_suffix(".t.me").filter(|label| !TELEGRAM_HOSTS.contains(label));
    if let Some(label) = below {
        return telegram_name(label);
    }
    let first = segment(path, 0)?;
    let named = match &*first.to_ascii_lowercase() {
        "s" | "boost" => segment(path, 1),
        page if TELEGRAM_PAGES.contains(&page) => None,
        _ => Some(first),
    };
    telegram_name(named?)
}

fn telegram_name(text: &str) -> Option<String> {
    let text = text.strip_prefix('@').unwrap_or(text);
    let name = name_at_start(text, NAME_MAX, "_")?;
    begins_name(&name).then_some(name)
}

/// `/PHONE`, `/send?phone=PHONE`, `/channel/ID`.
fn whatsapp(path: &str) -> Option<String> {
    if segment(path, 0).is_some_and(|first| first.eq_ignore_ascii_case("channel")) {
        return name_at_start(segment(path, 1)?, 64, "_-");
    }
    let number = query(path, "phone").or_else(|| segment(path, 0))?;
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let only_number = number.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c));
    (only_number && (7..=15).contains(&digits.len())).then_some(digits)
}

fn segment(path: &str, index: usize) -> Option<&str> {
    let route = path.split(['?', '#']).next()?;
    route.split('/').filter(|segment| !segment.is_empty()).nth(index)
}

/// The letters, digits and `signs` that `text` begins with, lower case, look-alikes undone; `None`
/// if there are none or more than `longest`.
fn name_at_start(text: &str, longest: usize, signs: &str) -> Option<String> {
    let plain = text.chars().map(|c| super::chars::look_alike(c).unwrap_or(c));
    let name: String = plain
        .take_while(|&c| c.is_ascii_alphanumeric() || signs.contains(c))
        .take(longest + 1)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    (1..=longest).contains(&name.len()).then_some(name)
}
