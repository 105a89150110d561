//! What RFC 9309 and Google's published description of its parser demand.

use super::*;

const BOT: &str = "FooBot";

fn url(path: &str) -> Url {
    Url::parse("http://foo.bar/").unwrap().join(path).unwrap()
}

fn allows(robots: &str, path: &str) -> bool {
    Robots::parse(robots.as_bytes(), BOT).allows(&url(path))
}

/// Checks rows of robots.txt, path and whether the visit is allowed.
#[track_caller]
fn check(rows: &[(&str, &str, bool)]) {
    for (robots, path, expected) in rows {
        assert_eq!(allows(robots, path), *expected, "{path} under\n{robots}");
    }
}

#[test]
fn an_empty_file_allows_everything() {
    check(&[
        ("", "/x", true),
        ("\n\n# nothing\n", "/x", true),
        ("<html><body>Not found</body></html>", "/x", true),
    ]);
}

#[test]
fn a_line_may_be_written_in_the_ways_people_write_it() {
    check(&[
        ("user-agent: FooBot\ndisallow: /\n", "/x", false),
        ("USER-AGENT: FooBot\nDISALLOW: /\n", "/x", false),
        ("  user-agent :  FooBot  \n\tdisallow\t:\t/\t\n", "/x", false),
        ("user-agent FooBot\ndisallow /\n", "/x", false),
        ("user agent: FooBot\ndissallow: /\n", "/x", false),
        ("useragent: FooBot\ndisalow: /\n", "/x", false),
        ("foo: FooBot\nbar: /\n", "/x", true),
        ("user-agent: FooBot # us\ndisallow: /x # and a comment\n", "/x", false),
        ("user-agent: FooBot\ndisallow: /x#y\n", "/x", false),
        ("user-agent: FooBot\r\ndisallow: /\r\n", "/x", false),
        ("user-agent: FooBot\rdisallow: /\r", "/x", false),
        ("\u{feff}user-agent: FooBot\ndisallow: /\n", "/x", false),
        ("user-agent: FooBot\ndisallow: /", "/x", false),
    ]);
}

#[test]
fn a_rule_without_a_user_agent_before_it_counts_for_nobody() {
    check(&[
        ("disallow: /\nuser-agent: FooBot\n", "/x", true),
        ("disallow: /x\nuser-agent: FooBot\ndisallow: /y", "/y", false),
    ]);
}

#[test]
fn consecutive_user_agents_share_the_rules_that_follow() {
    let robots = "user-agent: BarBot\nuser-agent: FooBot\ndisallow: /x\n\nuser-agent: BazBot\ndisallow: /y\n";
    check(&[(robots, "/x", false), (robots, "/y", true)]);
    let with_others_between =
        "user-agent: FooBot\nsitemap: http://foo.bar/s.xml\nfoo: bar\nuser-agent: BarBot\ndisallow: /\n";
    check(&[(with_others_between, "/x", false)]);
}

#[test]
fn groups_of_one_user_agent_are_merged() {
    let robots = "user-agent: FooBot\ndisallow: /a\nuser-agent: BarBot\ndisallow: /b\nuser-agent: FooBot\ndisallow: /c\n";
    check(&[(robots, "/a", false), (robots, "/b", true), (robots, "/c", false)]);
}

#[test]
fn the_product_token_is_compared_without_case_and_without_version() {
    check(&[
        ("user-agent: FOOBOT\ndisallow: /", "/x", false),
        ("user-agent: foobot/2.1\ndisallow: /", "/x", false),
        ("user-agent: FooBot Bar\ndisallow: /", "/x", false),
        ("user-agent: Foo\ndisallow: /", "/x", true),
        ("user-agent: FooBotNews\ndisallow: /", "/x", true),
        ("user-agent: Foo Bot\ndisallow: /", "/x", true),
    ]);
}

#[test]
fn everybody_s_rules_hold_only_without_a_group_of_our_own() {
    let own = "user-agent: *\ndisallow: /\nuser-agent: FooBot\ndisallow: /own\n";
    check(&[(own, "/x", true), (own, "/own", false)]);
    let own_first = "user-agent: FooBot\nallow: /\nuser-agent: *\ndisallow: /\n";
    check(&[(own_first, "/x", true)]);
    let own_empty = "user-agent: FooBot\nuser-agent: BarBot\ndisallow:\nuser-agent: *\ndisallow: /\n";
    check(&[(own_empty, "/x", true)]);
    let own_without_rules = "user-agent: *\ndisallow: /\nuser-agent: FooBot\n";
    check(&[(own_without_rules, "/x", true)]);
    let nobody = "user-agent: BarBot\ndisallow: /\n";
    check(&[(nobody, "/x", true)]);
    check(&[
        ("user-agent: * everybody\ndisallow: /", "/x", false),
        ("user-agent: *baz\ndisallow: /", "/x", true),
    ]);
}

#[test]
fn the_longest_matching_rule_decides_and_of_equals_the_allowing() {
    check(&[
        ("user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/\n", "/x/page.html", false),
        ("user-agent: FooBot\nallow: /x/page.html\ndisallow: /x/\n", "/x/page.html", true),
        ("user-agent: FooBot\nallow: /x/page.html\ndisallow: /x/\n", "/x/", false),
        ("user-agent: FooBot\ndisallow: /x\nallow: /x\n", "/x", true),
        ("user-agent: FooBot\ndisallow:\nallow:\n", "/x", true),
        ("user-agent: FooBot\ndisallow: /\nallow: /p\n", "/page", true),
        ("user-agent: FooBot\ndisallow: /folder\nallow: /folder\n", "/folder/page", true),
        ("user-agent: FooBot\nallow: /page\ndisallow: /*.htm\n", "/page.htm", false),
        ("user-agent: FooBot\nallow: /page\ndisallow: /*.ph\n", "/page.php5", true),
        ("user-agent: FooBot\nallow: /$\ndisallow: /\n", "/", true),
        ("user-agent: FooBot\nallow: /$\ndisallow: /\n", "/page.html", false),
        ("user-agent: FooBot\ndisallow: /*q=\nallow: /search?q=all\n", "/search?q=all", true),
    ]);
}

#[test]
fn paths_are_compared_with_their_case_and_query_from_the_beginning() {
    check(&[
        ("user-agent: FooBot\ndisallow: /X/\n", "/x/", true),
        ("user-agent: FooBot\ndisallow: /X/\n", "/X/y", false),
        ("user-agent: FooBot\ndisallow: /fish\n", "/fish.html", false),
        ("user-agent: FooBot\ndisallow: /fish\n", "/fishheads/yummy.html?id=1", false),
        ("user-agent: FooBot\ndisallow: /fish\n", "/catfish", true),
        ("user-agent: FooBot\ndisallow: /fish/\n", "/fish", true),
        ("user-agent: FooBot\ndisallow: /fish/\n", "/fish/salmon", false),
        ("user-agent: FooBot\ndisallow: fish\n", "/fish", true),
        ("user-agent: FooBot\ndisallow: /foo/bar?baz=quz\n", "/foo/bar?baz=quz", false),
        ("user-agent: FooBot\ndisallow: /foo/bar?baz=quz\n", "/foo/bar", true),
        ("user-agent: FooBot\ndisallow: /foo/bar?q=http://x.y\n", "/foo/bar?q=http://x.y", false),
    ]);
}

#[test]
fn star_and_dollar_are_patterns() {
    check(&[
        ("user-agent: FooBot\ndisallow: /fish*\n", "/fish", false),
        ("user-agent: FooBot\ndisallow: /*.php\n", "/folder/any.php.file.html", false),
        ("user-agent: FooBot\ndisallow: /*.php\n", "/windows.PHP", true),
        ("user-agent: FooBot\ndisallow: /*.php$\n", "/filename.php", false),
        ("user-agent: FooBot\ndisallow: /*.php$\n", "/filename.php?parameters", true),
        ("user-agent: FooBot\ndisallow: /*.php$\n", "/filename.php/", true),
        ("user-agent: FooBot\ndisallow: /*.php$\n", "/a.php.php", false),
        ("user-agent: FooBot\ndisallow: /fish*.php\n", "/fishheads/catfish.php?x", false),
        ("user-agent: FooBot\ndisallow: /fish*.php\n", "/Fish.PHP", true),
        ("user-agent: FooBot\ndisallow: *.gif$\n", "/a/b.gif", false),
        ("user-agent: FooBot\ndisallow: /x$\n", "/x", false),
        ("user-agent: FooBot\ndisallow: /x$\n", "/xy", true),
        ("user-agent: FooBot\ndisallow: /a*b*c$\n", "/a1b2c", false),
        ("user-agent: FooBot\ndisallow: /a*b*c$\n", "/a1c2b", true),
        ("user-agent: FooBot\ndisallow: /a$b\n", "/a$b", false),
        ("user-agent: FooBot\ndisallow: /**/x\n", "/a/x", false),
        ("user-agent: FooBot\ndisallow: *\n", "/x", false),
        ("user-agent: FooBot\ndisallow: $\n", "/", true),
    ]);
}

#[test]
fn percent_encoding_does_not_matter() {
    check(&[
        ("user-agent: FooBot\ndisallow: /\nallow: /foo/bar/ツ\n", "/foo/bar/%E3%83%84", true),
        ("user-agent: FooBot\ndisallow: /\nallow: /foo/bar/ツ\n", "/foo/bar/ツ", true),
        ("user-agent: FooBot\ndisallow: /foo/bar/%e3%83%84\n", "/foo/bar/ツ", false),
        ("user-agent: FooBot\ndisallow: /foo/%aa\n", "/foo/%AA", false),
        ("user-agent: FooBot\ndisallow: /foo/bar/%62%61%7A\n", "/foo/bar/baz", false),
        ("user-agent: FooBot\ndisallow: /foo/bar/baz\n", "/foo/bar/%62%61%7A", false),
        ("user-agent: FooBot\ndisallow: /\nallow: /foo/bar/%62%61%7A\n", "/foo/bar/%62%61%7A", true),
        ("user-agent: FooBot\ndisallow: /\nallow: /foo/bar/%62%61%7A\n", "/foo/bar/baz", false),
        ("user-agent: FooBot\ndisallow: /a%2Fb\n", "/a/b", true),
        ("user-agent: FooBot\ndisallow: /100%\n", "/100%", false),
    ]);
}

#[test]
fn a_permission_for_an_index_page_holds_for_its_folder() {
    check(&[
        ("user-agent: *\nallow: /allowed-slash/index.html\ndisallow: /\n", "/allowed-slash/", true),
        ("user-agent: *\nallow: /allowed-slash/index.html\ndisallow: /\n", "/allowed-slash/index.htm", false),
        ("user-agent: *\nallow: /allowed-slash/index.html\ndisallow: /\n", "/allowed-slash/index.html", true),
        ("user-agent: *\nallow: /allowed-slash/index.html\ndisallow: /\n", "/anyother-url", false),
    ]);
}

#[test]
fn robots_txt_itself_may_always_be_read() {
    check(&[("user-agent: *\ndisallow: /\n", "/robots.txt", true)]);
}

#[test]
fn what_lies_beyond_the_size_limit_does_not_count() {
    let filler = "# filler\n".repeat(MAX_ROBOTS_BYTES / 9 + 1);
    let late = format!("user-agent: FooBot\ndisallow: /early\n{filler}disallow: /late\n");
    check(&[(&late, "/early", false), (&late, "/late", true)]);
    let filler = "x".repeat(MAX_ROBOTS_BYTES - "user-agent: FooBot\n#\ndisallow: /sec".len());
    let cut = format!("user-agent: FooBot\n#{filler}\ndisallow: /secret\n");
    check(&[(&cut, "/section", true)]);
}

#[test]
fn sitemaps_count_wherever_they_stand_and_are_resolved() {
    let text = b"user-agent: BarBot\nSitemap: http://a.test/1.xml\nsite-map: /2.xml\nsitemap:\nSITEMAP: http://[bad\n";
    let base = Url::parse("https://foo.bar/robots.txt").unwrap();
    let robots = Robots::parse(text, BOT);
    let found: Vec<String> = robots.sitemaps(&base).map(String::from).collect();
    assert_eq!(found, ["http://a.test/1.xml", "https://foo.bar/2.xml"]);
}

#[test]
fn a_pause_belongs_to_its_group_and_is_bounded() {
    let delay = |text: &str| Robots::parse(text.as_bytes(), BOT).crawl_delay();
    assert_eq!(delay("user-agent: *\ncrawl-delay: 2.5\n"), Some(Duration::from_millis(2_500)));
    assert_eq!(delay("user-agent: FooBot\ndisallow:\nuser-agent: *\ncrawl-delay: 5\n"), None);
    assert_eq!(delay("user-agent: *\ncrawl-delay: 1e99\n"), Some(Duration::from_secs(3_600)));
    for nonsense in ["-1", "NaN", "soon", ""] {
        assert_eq!(delay(&format!("user-agent: *\ncrawl-delay: {nonsense}\n")), None, "{nonsense}");
    }
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let robots = Robots::parse(b"user-agent: FooBot\ndisallow: /\xff\xfe\x00x\n\x80\x81", BOT);
    assert!(robots.allows(&url("/x")));
}

proptest::proptest! {
    #[test]
    fn no_file_and_no_path_makes_the_parser_fail(text in proptest::collection::vec(proptest::num::u8::ANY, 0..300), path in "[ -~]{0,40}") {
        let robots = Robots::parse(&text, BOT);
        if let Ok(url) = url("/").join(&path) {
            robots.allows(&url);
        }
    }

    #[test]
    fn a_pattern_without_signs_matches_what_begins_with_it(pattern in "/[a-c/]{0,5}", path in "/[a-c/]{0,8}") {
        proptest::prop_assert_eq!(matches(&pattern, &path), path.starts_with(&pattern));
    }

    #[test]
    fn patterns_match_as_the_slow_and_obvious_way_says(pattern in "/[ab*$]{0,6}", path in "/[ab]{0,8}") {
        fn slow(pattern: &[u8], path: &[u8]) -> bool {
            match (pattern.first(), path.first()) {
                (None, _) => true,
                (Some(b'$'), _) if pattern.len() == 1 => path.is_empty(),
                (Some(b'*'), _) => (0..=path.len()).any(|skip| slow(&pattern[1..], &path[skip..])),
                (Some(a), Some(b)) => a == b && slow(&pattern[1..], &path[1..]),
                (Some(_), None) => false,
            }
        }
        proptest::prop_assert_eq!(matches(&pattern, &path), slow(pattern.as_bytes(), path.as_bytes()));
    }
}
