//! Links as people write them and hide them: tables of (text, what is found).

use proptest::prelude::*;

use super::*;

/// What one link must be: the slice of the text, host, path.
type Wanted<'w> = &'w [(&'w str, &'w str, &'w str)];

#[track_caller]
fn check(text: &str, wanted: Wanted<'_>) {
    let found = links(text);
    let found: Vec<_> = found
        .iter()
        .map(|link| {
            (text.get(link.range.clone()).unwrap_or("not on boundaries"), &*link.host, &*link.path)
        })
        .collect();
    assert_eq!(found, wanted, "in {text:?}");
}

#[test]
fn plain_links_are_found_without_the_punctuation_around_them() {
    let cases: &[(&str, Wanted<'_>)] = &[
        ("", &[]),
        ("no link. None here", &[]),
        ("https://zorb.example/a", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("see https://zorb.example/a.", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("see https://zorb.example/a?!", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("\"https://zorb.example/a\"", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("'https://zorb.example/a'", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("**https://zorb.example/a**", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("<a href=http://zorb.test>x</a>", &[("http://zorb.test", "zorb.test", "")]),
        ("HTTPS://ZORB.Example/A", &[("HTTPS://ZORB.Example/A", "zorb.example", "/A")]),
        ("https://zorb.example", &[("https://zorb.example", "zorb.example", "")]),
        ("https://zorb.example/", &[("https://zorb.example/", "zorb.example", "")]),
        ("https://zorb.example./a", &[("https://zorb.example./a", "zorb.example", "/a")]),
        ("https://zorb.example. Next", &[("https://zorb.example", "zorb.example", "")]),
        ("https://zorb.example:8443/a", &[("https://zorb.example:8443/a", "zorb.example", "/a")]),
        ("https://zorb.example:80a", &[("https://zorb.example", "zorb.example", "")]),
        ("https://zorb.example:123456", &[("https://zorb.example", "zorb.example", "")]),
        ("https://zorb.example: yes", &[("https://zorb.example", "zorb.example", "")]),
        ("https://zorb.example?q=1#f", &[("https://zorb.example?q=1#f", "zorb.example", "?q=1#f")]),
        ("https://zorb.example#f", &[("https://zorb.example#f", "zorb.example", "#f")]),
        ("https://u:p@zorb.example/a", &[("https://u:p@zorb.example/a", "zorb.example", "/a")]),
        ("https://bank.com@zorb.test/", &[("https://bank.com@zorb.test/", "zorb.test", "")]),
        ("ftp://zorb.example/a", &[("ftp://zorb.example/a", "zorb.example", "/a")]),
        ("odd://zorb.example/a", &[("odd://zorb.example/a", "zorb.example", "/a")]),
        ("http://localhost/a", &[("http://localhost/a", "localhost", "/a")]),
        ("://zorb.example", &[]),
        ("https://", &[]),
        ("https:// zorb.com", &[("zorb.com", "zorb.com", "")]),
    ];
    for (text, wanted) in cases {
        check(text, wanted);
    }
}

#[test]
fn brackets_belong_to_a_link_only_where_it_opened_them() {
    let cases: &[(&str, Wanted<'_>)] = &[
        ("(https://zorb.example/a)", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("(zorb.com)", &[("zorb.com", "zorb.com", "")]),
        ("https://zorb.example/a_(b)", &[("https://zorb.example/a_(b)", "zorb.example", "/a_(b)")]),
        (
            "(https://zorb.example/a_(b))",
            &[("https://zorb.example/a_(b)", "zorb.example", "/a_(b)")],
        ),
        ("[x](https://zorb.example/a)b", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("[https://zorb.example/a]", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("https://zorb.example/a[1]", &[("https://zorb.example/a[1]", "zorb.example", "/a[1]")]),
        ("https://zorb.example/a(", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("{https://zorb.example/a}", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("「https://zorb.example/a」", &[("https://zorb.example/a", "zorb.example", "/a")]),
        ("（https://zorb.example/a）", &[("https://zorb.example/a", "zorb.example", "/a")]),
    ];
    for (text, wanted) in cases {
        check(text, wanted);
    }
}

#[test]
fn a_bare_domain_needs_a_public_ending() {
    let cases: &[(&str, Wanted<'_>)] = &[
        ("see zorb.com now", &[("zorb.com", "zorb.com", "")]),
        ("see zorb.com.", &[("zorb.com", "zorb.com", "")]),
        ("see zorb.com, then", &[("zorb.com", "zorb.com", "")]),
        ("zorb.com/a?b=c", &[("zorb.com/a?b=c", "zorb.com", "/a?b=c")]),
        ("zorb.com:8080/a", &[("zorb.com:8080/a", "zorb.com", "/a")]),
        ("a.b.zorb.co.uk", &[("a.b.zorb.co.uk", "a.b.zorb.co.uk", "")]),
        ("co.uk", &[]),
        ("zorb.github.io/x", &[("zorb.github.io/x", "zorb.github.io", "/x")]),
        ("github.io", &[("github.io", "github.io", "")]),
        ("zorb.example", &[]),
        ("zorb.example/a", &[]),
        ("end.Start", &[]),
        ("192.0.2.1", &[]),
        ("6.000 rub", &[]),
        ("e.g. this, i.e. that", &[]),
        ("wait...com", &[]),
        ("zorb..com", &[]),
        (".com", &[]),
        ("_zorb.com_", &[("zorb.com", "zorb.com", "")]),
        ("-zorb.com", &[("zorb.com", "zorb.com", "")]),
        ("my_shop.zorb.com", &[("my_shop.zorb.com", "my_shop.zorb.com", "")]),
        ("zorb.com.сам", &[("zorb.com", "zorb.com", "")]),
        ("zorb.com.nothing", &[("zorb.com", "zorb.com", "")]),
        (
            "a.com,b.net;c.org",
            &[("a.com", "a.com", ""), ("b.net", "b.net", ""), ("c.org", "c.org", "")],
        ),
        ("zorb.рф", &[("zorb.рф", "zorb.xn--p1ai", "")]),
        ("зорб.рф", &[("зорб.рф", "xn--90alvi.xn--p1ai", "")]),
    ];
    for (text, wanted) in cases {
        check(text, wanted);
    }
}

#[test]
fn what_is_too_long_for_a_host_is_cut_where_a_label_begins() {
    let long = "a".repeat(63);
    check(&format!("{long}.com"), &[(&format!("{long}.com"), &format!("{long}.com"), "")]);
    check(&format!("a{long}.com"), &[]);
    check(&format!("https://a{long}.com"), &[]);
    check(&format!("{}zorb.com", "中".repeat(500)), &[("zorb.com", "zorb.com", "")]);
    for labels in [126, 127, 200, 1000] {
        let text = "a.".repeat(labels) + "com";
        let found = links(&text);
        let [link] = &*found else { panic!("one link of {labels} labels: {found:?}") };
        assert_eq!(link.range.end, text.len());
        assert!((2..=253).contains(&link.host.len()) && link.host.starts_with("a."));
        assert_eq!(text.get(link.range.clone()), Some(&*link.host));
    }
    // Wherever the run is cut, it is not cut within a host.
    for labels in 100..400 {
        let found = links(&("a.".repeat(labels) + "zorb.com"));
        assert!(found.len() == 1 && found[0].host.ends_with("zorb.com"), "{labels} labels");
    }
}

#[test]
fn a_domain_of_an_e_mail_address_is_no_link() {
    let cases: &[(&str, Wanted<'_>)] = &[
        ("write to me@zorb.com", &[]),
        ("write to john.me@zorb.com now", &[]),
        ("write to john.me+shop@zorb.com now", &[]),
        ("mailto:me@zorb.com", &[]),
        ("@zorb.com", &[]),
        ("me＠zorb.com", &[]),
        ("x@t.me/zorb", &[("t.me/zorb", "t.me", "/zorb")]),
        ("me@zorb.com, zorb.net", &[("zorb.net", "zorb.net", "")]),
    ];
    for (text, wanted) in cases {
        check(text, wanted);
    }
}

#[test]
fn disguised_links_are_found_with_the_range_of_the_disguise() {
    let cases: &[(&str, Wanted<'_>)] = &[
        (
            "see hxxps://login.zorbbank-example[.]test/a now",
            &[("hxxps://login.zorbbank-example[.]test/a", "login.zorbbank-example.test", "/a")],
        ),
        (
            "see https://login.zorbbank%2Dexample.test/a now",
            &[("https://login.zorbbank%2Dexample.test/a", "login.zorbbank-example.test", "/a")],
        ),
        ("hXXp://zorb.test", &[("hXXp://zorb.test", "zorb.test", "")]),
        ("hххp://zorb.test", &[("hххp://zorb.test", "zorb.test", "")]),
        ("hxxps[:]//zorb[.]test", &[("hxxps[:]//zorb[.]test", "zorb.test", "")]),
        ("hxxps[://]zorb[.]test", &[("hxxps[://]zorb[.]test", "zorb.test", "")]),
        ("go zorb[.]com!", &[("zorb[.]com", "zorb.com", "")]),
        ("go zorb(.)com!", &[("zorb(.)com", "zorb.com", "")]),
        ("go zorb{.}com!", &[("zorb{.}com", "zorb.com", "")]),
        ("go zorb[dot]com!", &[("zorb[dot]com", "zorb.com", "")]),
        ("go zorb (DOT) com!", &[("zorb (DOT) com", "zorb.com", "")]),
        ("go zorb [ . ] com/a", &[("zorb [ . ] com/a", "zorb.com", "/a")]),
        ("go zorb[точка]com", &[("zorb[точка]com", "zorb.com", "")]),
        ("go zorb[dots]com", &[]),
        ("go zorb[.] later", &[]),
        ("zorb%2Ecom", &[("zorb%2Ecom", "zorb.com", "")]),
        ("https://%7Aorb.test", &[("https://%7Aorb.test", "zorb.test", "")]),
        (
            "https://%D0%B7%D0%BE%D1%80%D0%B1.test",
            &[("https://%D0%B7%D0%BE%D1%80%D0%B1.test", "xn--90alvi.test", "")],
        ),
        ("t\\.me/some\\_name", &[("t\\.me/some\\_name", "t.me", "/some_name")]),
        ("https:\\/\\/zorb.test\\/a", &[("https:\\/\\/zorb.test\\/a", "zorb.test", "/a")]),
        ("ｚｏｒｂ．ｃｏｍ", &[("ｚｏｒｂ．ｃｏｍ", "zorb.com", "")]),
        (
            "ｈｔｔｐｓ：／／ｚｏｒｂ．ｔｅｓｔ／ａ",
            &[("ｈｔｔｐｓ：／／ｚｏｒｂ．ｔｅｓｔ／ａ", "zorb.test", "/a")],
        ),
        ("zorb。com", &[("zorb。com", "zorb.com", "")]),
        ("zorb｡com", &[("zorb｡com", "zorb.com", "")]),
        ("zorb․com", &[("zorb․com", "zorb.com", "")]),
        ("𝘇𝗼𝗿𝗯.𝗰𝗼𝗺/𝗮", &[("𝘇𝗼𝗿𝗯.𝗰𝗼𝗺/𝗮", "zorb.com", "/a")]),
        ("ⓩⓞⓡⓑ.ⓒⓞⓜ", &[("ⓩⓞⓡⓑ.ⓒⓞⓜ", "zorb.com", "")]),
        ("🅩🅞🅡🅑.🅲🅾🅼", &[("🅩🅞🅡🅑.🅲🅾🅼", "zorb.com", "")]),
        ("zo\u{200b}rb.c\u{ad}om\u{200b}", &[("zo\u{200b}rb.c\u{ad}om", "zorb.com", "")]),
        ("ht\u{2060}tps://zorb.test", &[("ht\u{2060}tps://zorb.test", "zorb.test", "")]),
        ("t̶.̶m̶e̶/zorb", &[("t̶.̶m̶e̶/zorb", "t.me", "/zorb")]),
        ("xn--90alvi.xn--p1ai", &[("xn--90alvi.xn--p1ai", "xn--90alvi.xn--p1ai", "")]),
        ("XN--90ALVI.XN--P1AI", &[("XN--90ALVI.XN--P1AI", "xn--90alvi.xn--p1ai", "")]),
        ("ЗОРБ.РФ", &[("ЗОРБ.РФ", "xn--90alvi.xn--p1ai", "")]),
        ("http://3221225985/a", &[("http://3221225985/a", "192.0.2.1", "/a")]),
        ("http://0xC0.0.2.1/a", &[("http://0xC0.0.2.1/a", "192.0.2.1", "/a")]),
        ("http://[2001:DB8::1]/a", &[("http://[2001:DB8::1]/a", "[2001:db8::1]", "/a")]),
    ];
    for (text, wanted) in cases {
        check(text, wanted);
    }
}

#[test]
fn look_alikes_are_undone_only_where_nobody_else_can_own_the_name() {
    let cases: &[(&str, Wanted<'_>)] = &[
        // A label of two scripts: no registry takes it.
        ("zоrbbank.com", &[("zоrbbank.com", "zorbbank.com", "")]),
        ("tеlegram.me/zorb", &[("tеlegram.me/zorb", "telegram.me", "/zorb")]),
        ("zorb.cоm", &[("zorb.cоm", "zorb.com", "")]),
        ("zοrb.com", &[("zοrb.com", "zorb.com", "")]),
        // The same in punycode.
        ("xn--zrb-sed.com", &[("xn--zrb-sed.com", "zorb.com", "")]),
        // Of one script, but nobody else's: a service.
        ("т.me/zorb", &[("т.me/zorb", "t.me", "/zorb")]),
        ("т.ме/zorb", &[("т.ме/zorb", "t.me", "/zorb")]),
        ("ᴛ.ᴍᴇ/zorb", &[("ᴛ.ᴍᴇ/zorb", "t.me", "/zorb")]),
        // Of one script, and somebody's own.
        ("сор.com", &[("сор.com", "xn--n1aeb.com", "")]),
        ("зорб.com", &[("зорб.com", "xn--90alvi.com", "")]),
        // Russian with a space forgotten.
        ("тоска.Сам", &[]),
        ("и т.е. так, т.к. вот", &[]),
    ];
    for (text, wanted) in cases {
        check(text, wanted);
    }
}

#[test]
fn text_glued_to_a_link_is_not_of_it() {
    let zorb = ("https://zorb.example/a", "zorb.example", "/a");
    let bare = ("zorb.com", "zorb.com", "");
    let cases: &[(&str, Wanted<'_>)] = &[
        ("今天发送https://zorb.example/a吧", &[zorb]),
        ("今天发送https://zorb.example吧", &[("https://zorb.example", "zorb.example", "")]),
        ("今天https://zorb.example。下一句", &[("https://zorb.example", "zorb.example", "")]),
        ("今天https://zorb.example/a。下一句", &[zorb]),
        ("今天https://zorb.example/a，下一句", &[zorb]),
        ("今天https://zorb.example/a？下一句", &[zorb]),
        ("今天发送zorb.com吧", &[bare]),
        ("今天zorb.com。下一句", &[bare]),
        ("今天t.me/zorb看", &[("t.me/zorb", "t.me", "/zorb")]),
        ("فيhttps://zorb.example/aمن", &[zorb]),
        ("فيzorb.comمن", &[bare]),
        ("https://zorb.example/a، ثم", &[zorb]),
        ("смотриzorb.comтут", &[bare]),
        ("ракетаzorb.com", &[bare]),
        ("смотриtеlegram.me/zorb", &[("tеlegram.me/zorb", "telegram.me", "/zorb")]),
        ("ดูzorb.comนะ", &[bare]),
        ("https://zorb.example/a🔥", &[zorb]),
        ("https://zorb.example/a—b", &[zorb]),
        (
            "https://zorb.example/путь/a",
            &[("https://zorb.example/путь/a", "zorb.example", "/путь/a")],
        ),
        ("https://zorb.example/中文 x", &[("https://zorb.example/中文", "zorb.example", "/中文")]),
        (
            "https://zorb.example/a%E5%90%A7",
            &[("https://zorb.example/a%E5%90%A7", "zorb.example", "/a吧")],
        ),
        (
            "https://zorb.example/ahttps://zorb.test/b",
            &[zorb, ("https://zorb.test/b", "zorb.test", "/b")],
        ),
        ("https://zorb.example/a,t.me/zorb", &[zorb, ("t.me/zorb", "t.me", "/zorb")]),
        ("https://zorb.example/a,b", &[("https://zorb.example/a,b", "zorb.example", "/a,b")]),
        ("zorb.com.https://zorb.example/a", &[bare, zorb]),
        (
            "https://web.test/?u=https://zorb.test",
            &[("https://web.test/?u=https://zorb.test", "web.test", "/?u=https://zorb.test")],
        ),
    ];
    for (text, wanted) in cases {
        check(text, wanted);
    }
}

#[test]
fn a_dot_lost_before_the_slash_is_put_back_for_known_services_only() {
    let cases: &[(&str, Wanted<'_>)] = &[
        ("go t me/zorb", &[("t me/zorb", "t.me", "/zorb")]),
        ("go t. me/zorb!", &[("t. me/zorb", "t.me", "/zorb")]),
        ("go t .me/zorb!", &[("t .me/zorb", "t.me", "/zorb")]),
        ("go t . me/zorb", &[("t . me/zorb", "t.me", "/zorb")]),
        ("go t,me/zorb", &[("t,me/zorb", "t.me", "/zorb")]),
        ("go t dot me/zorb", &[("t dot me/zorb", "t.me", "/zorb")]),
        ("go T ME/+AbC", &[("T ME/+AbC", "t.me", "/+AbC")]),
        ("go т ме/zorb", &[("т ме/zorb", "t.me", "/zorb")]),
        ("telegram me/zorb", &[("telegram me/zorb", "telegram.me", "/zorb")]),
        ("wa me/4915100000000", &[("wa me/4915100000000", "wa.me", "/4915100000000")]),
        ("it can't me/you", &[]),
        ("not me/you", &[]),
        ("cat me/you", &[]),
        ("t me / you", &[]),
        ("zorb com/a", &[]),
    ];
    for (text, wanted) in cases {
        check(text, wanted);
    }
}

#[test]
fn services_and_channels_are_named() {
    let cases: &[(&str, Option<&str>, Option<&str>)] = &[
        ("t.me/zorb", Some("telegram"), Some("zorb")),
        ("https://t.me/Zorb_News/12?single", Some("telegram"), Some("zorb_news")),
        ("https://t.me/@zorb", Some("telegram"), Some("zorb")),
        ("https://t.me/zоrb", Some("telegram"), Some("zorb")),
        ("telegram.me/s/zorb_news", Some("telegram"), Some("zorb_news")),
        ("telegram.dog/zorb", Some("telegram"), Some("zorb")),
        ("https://zorb.t.me", Some("telegram"), Some("zorb")),
        ("https://web.telegram.org/k/#@zorb", Some("telegram"), Some("zorb")),
        ("tg://resolve?domain=Zorb_News&post=3", Some("telegram"), Some("zorb_news")),
        ("tg://join?invite=AbC", Some("telegram"), None),
        ("tg://resolve?phone=4915100000000", Some("telegram"), None),
        ("tg://settings", Some("telegram"), None),
        ("t.me/+AbCdEf", Some("telegram"), None),
        ("t.me/joinchat/AbCdEf", Some("telegram"), None),
        ("t.me/c/123/4", Some("telegram"), None),
        ("t.me/share/url?url=x", Some("telegram"), None),
        ("t.me/boost/zorb", Some("telegram"), Some("zorb")),
        ("t.me/12345", Some("telegram"), None),
        (
            "t.me/aaaaaaaaaabbbbbbbbbbccccccccccdd",
            Some("telegram"),
            Some("aaaaaaaaaabbbbbbbbbbccccccccccdd"),
        ),
        ("t.me/aaaaaaaaaabbbbbbbbbbccccccccccddd", Some("telegram"), None),
        ("https://t.me/", Some("telegram"), None),
        ("nott.me/zorb", None, None),
        ("t.me.zorb.com/zorb", None, None),
        ("wa.me/+4915100000000", Some("whatsapp"), Some("4915100000000")),
        (
            "https://api.whatsapp.com/send?phone=4915100000000&text=x",
            Some("whatsapp"),
            Some("4915100000000"),
        ),
        ("whatsapp://send?phone=4915100000000", Some("whatsapp"), Some("4915100000000")),
        ("https://chat.whatsapp.com/AbCdEfGh", Some("whatsapp"), None),
        ("https://whatsapp.com/channel/0029Zorb", Some("whatsapp"), Some("0029zorb")),
        ("vk.com/zorb", Some("vk"), Some("zorb")),
        ("vk.com/away.php?to=x", Some("vk"), None),
        ("https://discord.gg/AbC", Some("discord"), None),
        ("https://www.instagram.com/zorb", Some("instagram"), None),
        ("https://zorb.example/t.me/a", None, None),
    ];
    for &(text, service, channel) in cases {
        let found = links(text);
        let [link] = &*found else { panic!("one link in {text:?}: {found:?}") };
        assert_eq!((link.service, link.channel.as_deref()), (service, channel), "in {text:?}");
        assert_eq!(link.range, 0..text.len(), "in {text:?}");
        assert_eq!(parse(text).as_ref(), Some(link), "parse {text:?}");
    }
}

#[test]
fn every_service_is_found_at_each_of_its_hosts_and_nowhere_else() {
    let mut hosts = std::collections::HashSet::new();
    for service in SERVICES {
        assert_eq!(service_named(service.name), Some(service));
        for host in service.hosts {
            assert!(hosts.insert(host), "{host} stands twice");
            for url in [format!("https://{host}/x"), format!("https://below.{host}/x")] {
                assert_eq!(parse(&url).and_then(|link| link.service), Some(service.name), "{url}");
            }
            assert_eq!(canonical_domain(host).as_deref(), Some(*host));
        }
    }
    assert_eq!(service_named("zorb"), None);
}

#[test]
fn one_spelling_of_a_path() {
    let cases = [
        ("zorb.com/%61%2d%5F%7e%2E", "/a-_~."),
        ("zorb.com/%2f%3a", "/%2F%3A"),
        ("zorb.com/a%2fb%zz", "/a%2Fb%zz"),
        ("zorb.com/%d0%bf%D1%83", "/пу"),
        ("zorb.com/%2561", "/%2561"),
        ("zorb.com/%D0", "/%D0"),
        ("zorb.com/%D0%", "/%D0%"),
        ("zorb.com/AbC", "/AbC"),
    ];
    for (text, path) in cases {
        check(text, &[(text, "zorb.com", path)]);
    }
}

#[test]
fn an_address_needs_no_public_ending_and_goes_to_its_end() {
    let cases = [
        ("https://s.example/x", Some(("s.example", "/x"))),
        (" https://s.example/x ", Some(("s.example", "/x"))),
        ("ht\ntps://s.exa\tmple/x", Some(("s.example", "/x"))),
        ("s.example/x.", Some(("s.example", "/x."))),
        ("s.example", Some(("s.example", ""))),
        ("s.example:80/x y)", Some(("s.example", "/x y)"))),
        ("//s.example/x", Some(("s.example", "/x"))),
        ("u@s.example/x", Some(("s.example", "/x"))),
        ("http://localhost", Some(("localhost", ""))),
        ("tg://resolve?domain=zorb", Some(("t.me", "/zorb"))),
        ("localhost", None),
        ("hello world.com", None),
        ("mailto:me", None),
        ("javascript:alert(1)", None),
        ("tel:+49", None),
        ("data:text/html,x", None),
        ("https:///x", None),
        ("", None),
        (" ", None),
        ("🔥", None),
    ];
    for (url, wanted) in cases {
        let link = parse(url);
        let got = link.as_ref().map(|link| (&*link.host, &*link.path));
        assert_eq!(got, wanted, "{url:?}");
        let range = link.map_or(0..0, |link| link.range);
        assert!(range.is_empty() || url.get(range) == Some(url.trim()), "{url:?}");
    }
}

#[test]
fn a_domain_covers_itself_and_all_below_however_it_is_written() {
    let cases = [
        ("zorb.com", "zorb.com", true),
        ("zorb.com", "a.b.zorb.com", true),
        ("zorb.com", "notzorb.com", false),
        ("zorb.com", "com", false),
        ("zorb.com", "zorb.com.test", false),
        ("a.zorb.com", "zorb.com", false),
        ("HTTPS://Zorb.COM/path", "x.zorb.com", true),
        ("*.zorb.com", "zorb.com", true),
        (".zorb.com", "x.zorb.com", true),
        ("zorb.com.", "zorb.com", true),
        ("зорб.рф", "xn--90alvi.xn--p1ai", true),
        ("ЗОРБ.рф", "a.xn--90alvi.xn--p1ai", true),
        ("xn--90alvi.xn--p1ai", "xn--90alvi.xn--p1ai", true),
        ("zorb[.]com", "zorb.com", true),
        ("example", "zorb.example", true),
        ("сор.com", "cop.com", false),
        ("", "zorb.com", false),
        (" ", "", false),
        ("not a host", "host", false),
    ];
    for (entry, host, covers) in cases {
        assert_eq!(domain_covers(entry, host), covers, "{entry:?} over {host:?}");
    }
}

#[test]
fn the_registrable_domain_is_one_label_above_the_suffix() {
    let cases = [
        ("zorb.com", Some("zorb.com")),
        ("a.b.zorb.com", Some("zorb.com")),
        ("a.zorb.co.uk", Some("zorb.co.uk")),
        ("co.uk", None),
        ("com", None),
        ("a.zorb.github.io", Some("zorb.github.io")),
        ("a.zorb.example", Some("zorb.example")),
        ("a.xn--90alvi.xn--p1ai", Some("xn--90alvi.xn--p1ai")),
        ("192.0.2.1", None),
        ("[2001:db8::1]", None),
        ("localhost", None),
        ("", None),
    ];
    for (host, wanted) in cases {
        assert_eq!(registrable(host), wanted, "{host:?}");
    }
}

#[test]
fn shown_text_differs_where_it_names_the_domain_of_another() {
    let cases = [
        ("zorbbank.example", "https://s.example/x", true),
        ("zorbbank.example", "https://zorbbank.example/x", false),
        ("zorbbank.example", "https://login.zorbbank.example/x", false),
        ("login.zorbbank.example", "zorbbank.example", false),
        ("https://zorb.com/a", "https://zorb.net/a", true),
        ("our shop: zorb.com", "https://zorb.net", true),
        ("ZORB.COM", "https://zorb.com", false),
        ("zоrb.com", "https://zorb.com", false),
        ("zorb.com", "https://zorb.com.evil.test", true),
        ("a.github.io", "https://b.github.io", true),
        ("click here", "https://zorb.com", false),
        ("Read.More", "https://zorb.com", false),
        ("http://192.0.2.1", "http://192.0.2.1/x", false),
        ("http://192.0.2.1", "http://192.0.2.2/x", true),
        ("t.me/zorb", "tg://resolve?domain=zorb", false),
        ("zorb.com", "mailto:x", false),
        ("zorb.com", "", false),
        ("", "https://zorb.com", false),
    ];
    for (shown, url, differs) in cases {
        assert_eq!(shown_differs(shown, url), differs, "{shown:?} {url:?}");
    }
}

#[test]
fn a_mebibyte_of_anything_is_looked_through_once() {
    // Each would take minutes if one look around were not bounded.
    let beginnings = [
        "a",
        ".",
        "a.",
        "com.",
        "a.com.zz.",
        "a.com/",
        "/",
        "://",
        "a://",
        "t me/",
        "t me/a,",
        "@",
        "a@",
        "a.com@",
        "[",
        "[.]",
        "(dot)",
        "%",
        "%2e",
        "%D0",
        "a.com:1",
        "https://a@",
        "https://a.a.",
        "т.",
        "中.",
        "中a.com",
        "zоrb.",
        "a。",
        "。中",
        "a.com,",
        "\\.",
        "a.co.uk.",
        "xn--a.",
        "(",
        "a.com/(",
    ];
    for beginning in beginnings {
        let size = if matches!(beginning, "a" | "." | "a." | "com.") { 1 << 20 } else { 1 << 17 };
        let text = beginning.repeat(size / beginning.len());
        let found = links(&text);
        assert!(found.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
    }
}

/// Pieces that links and their disguises are made of, so that chance builds some.
fn noise() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "http", "s", "hxxp", "tg", "://", ":", "/", "//", ".", "。", "．", "[.]", "(dot)", " ",
            "t", "me", "com", "рф", "zorb", "т", "о", "中文", "من", "%2E", "%D0%BE", "%", "@",
            "\u{200b}", "\u{301}", "?", "#", "[", "]", "(", ")", ",", "xn--", "-", "_", "🔥",
            "8080", "\\",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_gives_ordered_ranges_on_character_boundaries(text in noise()) {
        let mut end = 0;
        for link in links(&text) {
            prop_assert!(link.range.start >= end && !link.range.is_empty());
            end = link.range.end;
            prop_assert!(text.get(link.range.clone()).is_some());
            prop_assert!(!link.host.is_empty() && link.host.len() <= 253);
            prop_assert!(!link.host.chars().any(char::is_uppercase) && link.host.is_ascii());
            // What is canonical stays as it is.
            prop_assert_eq!(canonical_domain(&link.host), Some(link.host.clone()));
            prop_assert!(domain_covers(&link.host, &link.host));
        }
        // Must only come to an end.
        prop_assert!(!shown_differs(&text, ""));
        prop_assert!(parse(&text).is_none_or(|link| text.get(link.range).is_some()));
    }

    #[test]
    fn a_link_is_found_wherever_it_stands(before in "[ \n,(«]{1,3}", after in "[ \n»]{1,3}") {
        let link = "https://zorb.example/a";
        let text = format!("{before}{link}{after}");
        check(&text, &[(link, "zorb.example", "/a")]);
    }

    #[test]
    fn the_look_over_the_bytes_never_hides_a_link(text in noise()) {
        // `shown_links` takes no such look, and finds all that `links` does.
        let all = find::shown_links(&text);
        for link in links(&text) {
            prop_assert!(all.contains(&link));
        }
        if all.iter().all(|link| host::is_public(&link.host)) {
            prop_assert_eq!(links(&text), all);
        }
    }

    #[test]
    fn a_text_without_a_trigger_holds_no_link(text in "[a-zA-Zа-я0-9 ,!@:;-]{0,60}") {
        prop_assert!(links(&text).is_empty());
    }
}
