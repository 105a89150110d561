//! Every shape in which sitemaps are met, whole and in pieces.

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;

const LIMITS: ReadLimits = ReadLimits { bytes: 64 << 20, children: 1_000 };

fn read_in_pieces(bytes: &[u8], size: usize, charset: Option<&str>, limits: ReadLimits) -> SitemapContent {
    let mut reader = SitemapReader::new(charset, limits);
    for piece in bytes.chunks(size) {
        if !reader.push(piece) {
            break;
        }
    }
    reader.finish()
}

/// Reads a file at once and byte by byte, which must come to the same.
#[track_caller]
fn read(bytes: impl AsRef<[u8]>) -> SitemapContent {
    let bytes = bytes.as_ref();
    let whole = read_in_pieces(bytes, usize::MAX, None, LIMITS);
    assert_eq!(whole, read_in_pieces(bytes, 1, None, LIMITS), "in pieces of one byte");
    assert_eq!(whole, read_in_pieces(bytes, 7, None, LIMITS), "in pieces of seven bytes");
    whole
}

#[track_caller]
fn expect(content: &SitemapContent, kind: SitemapKind, count: u64, fault: Option<Fault>) {
    assert_eq!((content.kind, content.count, content.fault.clone()), (kind, count, fault));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str, is_big: bool) -> Vec<u8> {
    text.encode_utf16()
        .flat_map(|unit| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() })
        .collect()
}

const TWO: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
  <url><loc>https://a.test/</loc><lastmod>2024-05-06</lastmod></url>
  <url><loc>https://a.test/b?x=1&amp;y=2</loc><lastmod>2024-05-07T10:00:00+02:00</lastmod></url>
</urlset>"#;

#[test]
fn a_urlset_tells_its_pages_and_its_newest_date() {
    let content = read(TWO);
    expect(&content, SitemapKind::Urlset, 2, None);
    assert_eq!(content.last_modified.unwrap().to_rfc3339(), "2024-05-07T08:00:00+00:00");
    assert_eq!(content.bytes, TWO.len() as u64);
}

#[test]
fn an_index_tells_its_sitemaps_with_entities_and_cdata_resolved() {
    let content = read(
        "<sitemapindex><sitemap><loc> https://a.test/1.xml?a=1&amp;b=2&#38;c=3 </loc><lastmod>2024</lastmod></sitemap>
         <sitemap><loc><![CDATA[https://a.test/2.xml?a=1&b=2]]></loc></sitemap>
         <sitemap><loc></loc></sitemap><sitemap/><sitemap><loc>a&nbsp;b</loc></sitemap></sitemapindex>",
    );
    expect(&content, SitemapKind::Index, 3, None);
    assert_eq!(
        content.children,
        ["https://a.test/1.xml?a=1&b=2&c=3", "https://a.test/2.xml?a=1&b=2", "a&nbsp;b"]
    );
}

#[test]
fn only_the_address_of_the_page_itself_counts() {
    let content = read(
        r#"<urlset xmlns:image="i" xmlns:video="v" xmlns:news="n" xmlns:xhtml="x"><url><loc>https://a.test/</loc>
           <image:image><image:loc>https://a.test/1.png</image:loc></image:image><image:loc>https://a.test/2.png</image:loc>
           <video:video><video:content_loc>https://a.test/v.mp4</video:content_loc><loc>https://a.test/no</loc></video:video>
           <news:news><news:publication_date>2030-01-01</news:publication_date></news:news>
           <xhtml:link rel="alternate" hreflang="de" href="https://a.test/de"/></url><loc>https://a.test/stray</loc></urlset>"#,
    );
    expect(&content, SitemapKind::Urlset, 1, None);
    assert_eq!(content.last_modified, None);
}

#[test]
fn the_namespace_may_be_missing_wrong_or_prefixed() {
    for root in
        ["urlset", "urlset xmlns='http://www.google.com/schemas/sitemap/0.84'", "urlset xmlns='wrong'"]
    {
        expect(
            &read(format!("<{root}><url><loc>https://a.test/</loc></url></urlset>")),
            SitemapKind::Urlset,
            1,
            None,
        );
    }
    let prefixed = "<s:urlset xmlns:s='x'><s:url><s:loc>https://a.test/</s:loc></s:url></s:urlset>";
    expect(&read(prefixed), SitemapKind::Urlset, 1, None);
}

#[test]
fn white_space_comments_and_processing_instructions_do_not_matter() {
    let text = "\u{feff}\n\n  <?xml version='1.0'?><?xml-stylesheet href='a.xsl'?><!-- <url><loc>no</loc></url> > -->
                <urlset><!-- a > b --><url>\n<loc>\n https://a.test/ \n</loc>\n</url></urlset>\n<!-- end -->\n";
    expect(&read(text), SitemapKind::Urlset, 1, None);
}

#[test]
fn byte_order_marks_within_the_file_are_no_part_of_an_address() {
    let content = read(
        "<sitemapindex><sitemap><loc>\u{feff}https://a.test/1.xml</loc></sitemap><sitemap><loc>\u{feff}\u{feff}</loc></sitemap>
         <sitemap><loc>https://a.test/2.xml<!-- x -->\u{feff}?x</loc></sitemap></sitemapindex>",
    );
    assert_eq!(content.children, ["https://a.test/1.xml", "https://a.test/2.xml?x"]);
}

#[test]
fn brackets_in_attributes_text_and_cdata_do_no_harm() {
    let text = "<urlset a='x > y'><url><loc>https://a.test/?a>b</loc></url>
                <url><loc><![CDATA[https://a.test/<a>&]]></loc></url><url><loc>https://a.test/?a&b</loc></url></urlset>";
    expect(&read(text), SitemapKind::Urlset, 3, None);
}

#[test]
fn gzip_is_known_by_its_first_bytes_and_its_damage_is_told() {
    let packed = gzip(TWO.as_bytes());
    expect(&read(&packed), SitemapKind::Urlset, 2, None);
    let two_members = [gzip(&TWO.as_bytes()[..100]), gzip(&TWO.as_bytes()[100..])].concat();
    expect(&read(two_members), SitemapKind::Urlset, 2, None);
    let with_garbage = [packed.as_slice(), b"garbage"].concat();
    expect(&read(with_garbage), SitemapKind::Urlset, 2, None);
    let cut = read_in_pieces(&packed[..packed.len() - 20], 64, None, LIMITS);
    assert_eq!(cut.fault, Some(Fault::Gzip));
    expect(&read([0x1f, 0x8b, 0, 0, 0, 0]), SitemapKind::Unknown, 0, Some(Fault::Gzip));
}

#[test]
fn what_comes_before_the_damage_of_a_compressed_file_counts() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&TWO.as_bytes()[..TWO.find("/b?x").unwrap()]).unwrap();
    encoder.flush().unwrap();
    let damaged = [encoder.get_ref().as_slice(), &[0xff; 40]].concat();
    expect(&read(damaged), SitemapKind::Urlset, 1, Some(Fault::Gzip));
    // As fuzzing found it: whole and in pieces it came to different things.
    let found = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xb3, 0x29, 0x2d, 0xca, 0x29, 0x4e, 0x2d, 0xb1, 0xb3, 1, 0xd2,
        0x76, 0x36, 0x39, 0xf9, 0xc9, 0x76, 0x19, 0x25, 0x5a, 5, 0xc5, 0x56, 0xfa, 0xfa, 0xc5, 0x19, 0xf9, 5,
        0x7a, 0xa9, 0x15, 0x89, 0xb9, 5, 0x39, 0xa9, 0xfa, 0x86, 0x36, 0xfa, 0x20, 0x39, 0x1b, 0x7d, 0xb0,
        0x32, 0x7d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 1, 0xff, 0xff,
    ];
    expect(&read(found), SitemapKind::Urlset, 1, Some(Fault::Gzip));
}

#[test]
fn a_bomb_ends_at_the_budget_of_bytes() {
    let page = "<url><loc>https://a.test/</loc></url>".repeat(1_000_000);
    let bomb = gzip(format!("<urlset>{page}</urlset>").as_bytes());
    let limits = ReadLimits { bytes: 1 << 20, children: 10 };
    let content = read_in_pieces(&bomb, 16 << 10, None, limits);
    assert_eq!((content.bytes, content.fault), (1 << 20, Some(Fault::OverBudget)));
    assert!(content.count > 20_000);
}

#[test]
fn the_encoding_is_found() {
    expect(&read([&[0xff, 0xfe], utf16(TWO, false).as_slice()].concat()), SitemapKind::Urlset, 2, None);
    expect(&read([&[0xfe, 0xff], utf16(TWO, true).as_slice()].concat()), SitemapKind::Urlset, 2, None);
    expect(&read(utf16(TWO, false)), SitemapKind::Urlset, 2, None);
    expect(&read(utf16(TWO, true)), SitemapKind::Urlset, 2, None);
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><sitemapindex><sitemap><loc>https://a.test/\xfc</loc></sitemap></sitemapindex>";
    assert_eq!(read(latin).children, ["https://a.test/ü"]);
    let in_transport = b"<sitemapindex><sitemap><loc>https://a.test/\xfc</loc></sitemap></sitemapindex>";
    let content = read_in_pieces(in_transport, 5, Some("windows-1252"), LIMITS);
    assert_eq!(content.children, ["https://a.test/ü"]);
    let lying = TWO.replace("UTF-8", "UTF-16");
    expect(&read(lying), SitemapKind::Urlset, 2, None);
}

#[test]
fn a_file_that_breaks_off_keeps_what_was_whole() {
    let cut = &TWO[..TWO.find("/b?x").unwrap()];
    expect(&read(cut), SitemapKind::Urlset, 1, Some(Fault::Truncated));
    expect(
        &read("<urlset><url><loc>https://a.test/</loc></url><url><lo"),
        SitemapKind::Urlset,
        1,
        Some(Fault::Truncated),
    );
}

#[test]
fn a_list_of_addresses_counts_its_lines() {
    let content = read("\u{feff}https://a.test/\r\n\r\nHTTPS://a.test/b\nnot an address\nhttp://a.test/c");
    expect(&content, SitemapKind::Text, 3, None);
    expect(&read("Not found"), SitemapKind::Unknown, 0, Some(Fault::Unknown));
}

#[test]
fn feeds_count_their_entries() {
    let rss = "<rss version='2.0' xmlns:atom='a'><channel><link>https://a.test/</link><atom:link href='x'/>
               <item><link>https://a.test/1</link><pubDate>Mon, 06 May 2024 07:08:09 GMT</pubDate></item>
               <item><title>No link</title></item></channel></rss>";
    let content = read(rss);
    expect(&content, SitemapKind::Rss, 1, None);
    assert_eq!(content.last_modified.unwrap().to_rfc3339(), "2024-05-06T07:08:09+00:00");
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><link href='https://a.test/'/><updated>2025-01-01T00:00:00Z</updated>
                <entry><link href='https://a.test/1'/><link rel='self' href='x'/><updated>2024-01-01T00:00:00Z</updated></entry>
                <entry><link rel='alternate' href='https://a.test/2'></link></entry><entry><link href=''/></entry></feed>";
    let content = read(atom);
    expect(&content, SitemapKind::Atom, 2, None);
    assert_eq!(content.last_modified.unwrap().to_rfc3339(), "2024-01-01T00:00:00+00:00");
    let old = "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><link rel='alternate' href='https://a.test/1'/><modified>2003-12-13T18:30:02Z</modified></entry></feed>";
    let content = read(old);
    expect(&content, SitemapKind::Atom, 1, None);
    assert!(content.last_modified.is_some());
}

#[test]
fn what_is_no_sitemap_is_told_apart() {
    for (text, fault) in [
        ("", Fault::Empty),
        (" \n\u{feff} ", Fault::Empty),
        ("<!DOCTYPE html><html></html>", Fault::Html),
        ("<html><body>404</body></html>", Fault::Html),
        ("<!doctype HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>", Fault::Html),
        ("<note/>", Fault::Unknown),
        ("{\"a\": 1}", Fault::Unknown),
        ("<!DOCTYPE urlset [<!ENTITY a 'aaaa'>]><urlset><url><loc>&a;</loc></url></urlset>", Fault::Doctype),
    ] {
        expect(&read(text), SitemapKind::Unknown, 0, Some(fault));
    }
    expect(&read("<urlset></urlset>"), SitemapKind::Urlset, 0, None);
    expect(&read("<urlset/>"), SitemapKind::Urlset, 0, None);
}

#[test]
fn endless_pieces_and_depths_are_refused() {
    let endless_tag = format!("<urlset><url a='{}", "x".repeat(3 << 20));
    assert_eq!(read_in_pieces(endless_tag.as_bytes(), 65_536, None, LIMITS).fault, Some(Fault::TooLong));
    let endless_comment = format!("<urlset><!-- {}", "> ".repeat(2 << 20));
    assert_eq!(read_in_pieces(endless_comment.as_bytes(), 65_536, None, LIMITS).fault, Some(Fault::TooLong));
    let deep = "<urlset>".repeat(100_000);
    assert_eq!(read_in_pieces(deep.as_bytes(), 65_536, None, LIMITS).fault, Some(Fault::TooDeep));
}

#[test]
fn more_pages_than_the_protocol_allows_are_counted_all_the_same() {
    let text = format!("<urlset>{}</urlset>", "<url><loc>https://a.test/</loc></url>".repeat(50_001));
    let content = read_in_pieces(text.as_bytes(), 8_192, None, LIMITS);
    expect(&content, SitemapKind::Urlset, 50_001, None);
}

#[test]
fn an_index_keeps_no_more_addresses_than_may_be_read() {
    let text = format!(
        "<sitemapindex>{}</sitemapindex>",
        "<sitemap><loc>https://a.test/</loc></sitemap>".repeat(50)
    );
    let content = read_in_pieces(text.as_bytes(), 100, None, ReadLimits { children: 3, ..LIMITS });
    assert_eq!((content.count, content.children.len()), (50, 3));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_fail_and_pieces_do_not_matter(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        size in 1_usize..50,
    ) {
        let whole = read_in_pieces(&bytes, usize::MAX, None, LIMITS);
        let pieces = read_in_pieces(&bytes, size, None, LIMITS);
        prop_assert_eq!((whole.kind, whole.count, whole.children), (pieces.kind, pieces.count, pieces.children));
    }

    #[test]
    fn no_markup_makes_the_reader_fail_and_pieces_do_not_matter(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<urlset>", "</urlset>", "<url>", "</url>", "<loc>", "</loc>", "https://a.test/", "<!--", "-->", "<![CDATA[",
            "]]>", "<?xml", "?>", "<!DOCTYPE", ">", "<", "&amp;", "&", "\"", "'", "<sitemapindex>", "<sitemap>", " ", "a='", "é",
        ]), 0..40),
        size in 1_usize..20,
    ) {
        let text = parts.concat();
        let whole = read_in_pieces(text.as_bytes(), usize::MAX, None, LIMITS);
        let pieces = read_in_pieces(text.as_bytes(), size, None, LIMITS);
        prop_assert_eq!((whole.kind, whole.count, whole.children), (pieces.kind, pieces.count, pieces.children));
    }
}
