//! HTML to a tree, in linear time whatever the page.
//!
//! The parsing algorithm of the HTML standard takes quadratic time and memory on pages made for that: deep nesting
//! (each tag looks up the stack of open elements), formatting elements that are opened again in each block, and
//! thousands of attributes on one tag (each is compared with all others). [`parse`] keeps to the standard but
//! for bounds that no page for people reaches.

use std::cell::Cell;

use ego_tree::Tree;
use html5ever::{
    TokenizerResult,
    interface::{Tracer, TreeSink},
    tendril::StrTendril,
    tokenizer::{BufferQueue, StartTag, Tag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts},
    tree_builder::{TreeBuilder, TreeBuilderOpts},
};
use scraper::{Html, HtmlTreeSink, Node};

/// Elements open at once (and formatting elements remembered), beyond which no more are opened; browsers stop
/// at 512.
const MAX_DEPTH: u32 = 256;
/// How much deeper elements go that are closed at once, or whose text must not be taken for tags.
const LEAF_DEPTH: u32 = MAX_DEPTH + 32;
/// Attributes kept of one tag.
const MAX_ATTRIBUTES: usize = 200;
/// How many `<html>` and `<body>` tags may add attributes to the first of their kind.
const MAX_ROOT_TAGS: u32 = 8;
/// How many bytes are fed at a time; a longer tag or comment is read in a way that keeps its cost linear.
const STRIDE: usize = 4 << 10;
/// Nodes that even the shortest page may have; beyond, one for every two bytes.
const MIN_NODES: usize = 4_096;

/// About how many bytes of an ordinary page make a node, so that room for most is made at once.
const BYTES_PER_NODE: usize = 32;

type Handle = <HtmlTreeSink as TreeSink>::Handle;

/// Parses a page as the HTML standard says, within bounds.
pub(super) fn parse(text: &str) -> Html {
    let mut document = Html::new_document();
    document.tree = Tree::with_capacity(Node::Document, text.len() / BYTES_PER_NODE);
    let sink = HtmlTreeSink::new(document);
    let guard = Guard {
        builder: TreeBuilder::new(sink, TreeBuilderOpts::default()),
        tokens: Cell::new(0),
        root_tags: Cell::new(0),
        max_nodes: MIN_NODES + text.len() / 2,
    };
    let tokenizer = Tokenizer::new(guard, TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut rest = text;
    let mut silent = 0;
    while !rest.is_empty() {
        let before = tokenizer.sink.tokens.get();
        let piece = if silent < STRIDE { stride(rest) } else { up_to_quote(rest) };
        queue.push_back(if silent < STRIDE { piece.into() } else { unseparated(piece) });
        while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
        silent = if tokenizer.sink.tokens.get() == before { silent + piece.len() } else { 0 };
        rest = &rest[piece.len()..];
    }
    tokenizer.end();
    tokenizer.sink.builder.sink.finish()
}

/// The next piece of ordinary length.
fn stride(text: &str) -> &str {
    &text[..text.ceil_char_boundary(STRIDE)]
}

/// The next piece of a very long tag or comment: it ends with what may end an attribute or the tag, so that
/// nothing behind is touched by [`unseparated`].
fn up_to_quote(text: &str) -> &str {
    let piece = stride(text);
    let end = memchr::memchr3(b'"', b'\'', b'>', piece.as_bytes());
    &piece[..end.map_or(piece.len(), |end| end + 1)]
}

/// The piece without what separates attributes, so that the rest of a tag adds at most one more. Inside a long
/// value or comment this changes only what nobody reads.
fn unseparated(piece: &str) -> StrTendril {
    let joined: String = piece
        .chars()
        .map(|c| if c.is_ascii_whitespace() || c == '/' || c == '=' { '_' } else { c })
        .collect();
    joined.into()
}

/// Stands between tokenizer and tree builder and keeps out what would exceed the bounds.
struct Guard {
    builder: TreeBuilder<Handle, HtmlTreeSink>,
    tokens: Cell<u64>,
    root_tags: Cell<u32>,
    max_nodes: usize,
}

impl Guard {
    fn admits(&self, tag: &Tag) -> bool {
        if matches!(&*tag.name, "html" | "body") {
            self.root_tags.set(self.root_tags.get() + 1);
            if self.root_tags.get() > MAX_ROOT_TAGS {
                return false;
            }
        }
        let depth = self.depth();
        depth < MAX_DEPTH || depth < LEAF_DEPTH && is_leaf(&tag.name)
    }

    fn is_full(&self) -> bool {
        self.builder.sink.0.borrow().tree.values().len() > self.max_nodes
    }

    fn depth(&self) -> u32 {
        let counter = Counter(Cell::new(0));
        self.builder.trace_handles(&counter);
        counter.0.get()
    }
}

/// Elements that have no end tag, and those whose content is text to the tokenizer.
fn is_leaf(name: &str) -> bool {
    const LEAVES: [&str; 21] = [
        "area", "base", "br", "col", "embed", "hr", "iframe", "img", "input", "link", "meta", "noembed",
        "noframes", "noscript", "script", "source", "style", "textarea", "title", "wbr", "xmp",
    ];
    LEAVES.binary_search(&name).is_ok()
}

impl TokenSink for Guard {
    type Handle = Handle;

    fn process_token(&self, mut token: Token, line: u64) -> TokenSinkResult<Handle> {
        if matches!(token, Token::ParseError(_)) {
            return TokenSinkResult::Continue;
        }
        self.tokens.set(self.tokens.get() + 1);
        if self.is_full() && token != Token::EOFToken {
            return TokenSinkResult::Continue;
        }
        if let Token::TagToken(tag) = &mut token
            && tag.kind == StartTag
        {
            if !self.admits(tag) {
                return TokenSinkResult::Continue;
            }
            tag.attrs.truncate(MAX_ATTRIBUTES);
        }
        self.builder.process_token(token, line)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

struct Counter(Cell<u32>);

impl Tracer for Counter {
    type Handle = Handle;

    fn trace_handle(&self, _: &Handle) {
        self.0.set(self.0.get() + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::extract::tests::numbered;

    fn text_of(html: &Html) -> String {
        html.tree.values().filter_map(|node| node.as_text().map(|text| &**text)).collect()
    }

    /// How many nodes stand in one another at the end of the page.
    fn depth(html: &Html) -> usize {
        let (mut node, mut depth) = (html.tree.root(), 1);
        while let Some(child) = node.last_child() {
            (node, depth) = (child, depth + 1);
        }
        depth
    }

    #[test]
    fn an_ordinary_page_parses_as_the_standard_says() {
        let page = "<!doctype html><title>A &amp; B</title><body class=x><p>one<p>two<table><tr><td>1<td>2</table>\
                    <svg><title>t</title></svg><script>if (a < b) '</p>'</script><noscript><img></noscript>";
        assert_eq!(parse(page).html(), Html::parse_document(page).html());
    }

    #[test]
    fn a_long_value_and_a_long_comment_leave_the_rest_of_the_page_whole() {
        let long = "a b=c/d ".repeat(10_000);
        for page in [
            format!("<p title='{long}' class=k>text</p><i id=i>more</i>"),
            format!("<p title=\"{long}\" class=k>text</p><i id=i>more</i>"),
            format!("<!-- {long} --><p>text</p><i id=i>more</i>"),
            format!("<script>'{long}'</script><p>text</p><i id=i>more</i>"),
        ] {
            let html = parse(&page);
            assert!(text_of(&html).ends_with("textmore"), "{}", &page[..20]);
            assert!(
                html.html().ends_with("<p>text</p><i id=\"i\">more</i></body></html>")
                    || page.starts_with("<p")
            );
        }
    }

    #[test]
    fn whole_documents_pasted_into_a_page_do_not_end_it() {
        let pasted = "<html><head></head><body><p>pasted</p></body></html>".repeat(20);
        let html = parse(&format!("<title>x</title>{pasted}<p>end</p><a href=/x>link</a>"));
        assert!(html.html().ends_with("<p>end</p><a href=\"/x\">link</a></body></html>"), "{}", html.html());
    }

    /// Each of these takes minutes or gigabytes without the guard.
    #[test]
    fn pages_made_to_be_slow_are_read_in_linear_time() {
        let attributes = numbered(300_000, |i| format!(" a{i}"));
        let quoted = numbered(200_000, |i| format!("a{i}=''"));
        let cases = [
            "<div>".repeat(100_000),
            "<p><b>".repeat(20_000),
            format!("<table>{}", "<tr><td><table>".repeat(20_000)),
            format!("<svg>{}", "<g><style>".repeat(20_000)),
            format!("<p{attributes}>end</p>"),
            format!("<p {quoted}>end</p>"),
            format!("<!-- --><p <!-- {attributes}>end</p>"),
            format!("{}{}", numbered(300, |i| format!("<b id=x{i}>")), "<div>x</div>".repeat(20_000)),
            numbered(20_000, |i| format!("<body a{i}>")),
            format!("{}{}", "<a>".repeat(20_000), "</a>".repeat(20_000)),
            format!("<select>{}", "<option><select>".repeat(20_000)),
        ];
        for page in cases {
            let html = parse(&format!("<title>hostile</title>{page}"));
            assert!(text_of(&html).contains("hostile"), "{}", &page[..12]);
            assert!(html.tree.values().len() <= MIN_NODES + page.len(), "{}", &page[..12]);
            assert!(depth(&html) <= LEAF_DEPTH as usize + 16, "{} is {} deep", &page[..12], depth(&html));
            let attributes =
                html.tree.values().filter_map(|node| Some(node.as_element()?.attrs().count())).max();
            assert!(attributes <= Some(2 * MAX_ATTRIBUTES), "{}", &page[..12]);
        }
    }
}
