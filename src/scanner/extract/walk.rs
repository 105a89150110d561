//! The one walk over a parsed page. It never recurses: a page may be nested as deeply as it likes.

use scraper::{ElementRef, Html, Node, node::Element};

use super::{
    attributes::Attrs,
    clean,
    view::{Anchor, Counts, Found, Image, ItemProp, LinkTag, Meta},
    visible_text::VisibleText,
};

/// Collects what the extractors read.
pub(super) fn walk(html: &Html) -> Found<'_> {
    let mut walker = Walker::default();
    let mut node = html.tree.root();
    loop {
        let enters = match ElementRef::wrap(node) {
            Some(element) => walker.element(element),
            None => walker.open(node.value()),
        };
        if enters && let Some(child) = node.first_child() {
            node = child;
            continue;
        }
        loop {
            walker.close(node.value());
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            let Some(parent) = node.parent() else { return walker.into_found() };
            node = parent;
        }
    }
}

/// What an open element means for what stands in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Heading,
    Anchor,
    ItemProp(usize),
    /// What had been counted before: the content of a template is not shown, or only later.
    Template(Counts),
}

#[derive(Default)]
struct Walker<'a> {
    found: Found<'a>,
    /// The open elements that mean something, with the address of each so that its end is known.
    scopes: Vec<(*const Element, Scope)>,
    anchor: Option<usize>,
    text: VisibleText,
}

impl<'a> Walker<'a> {
    fn into_found(self) -> Found<'a> {
        let (text, seams) = self.text.into_parts();
        Found { text, seams, ..self.found }
    }

    /// Takes note of a node that is no element; says whether to enter it.
    fn open(&mut self, node: &'a Node) -> bool {
        match node {
            Node::Text(text) => {
                self.text.add(text);
                false
            }
            Node::Comment(comment) => {
                self.found.comments.push(comment);
                false
            }
            Node::Document | Node::Fragment => true,
            _ => false,
        }
    }

    /// Takes note of an element; says whether to enter it.
    fn element(&mut self, node: ElementRef<'a>) -> bool {
        let element = node.value();
        let name = element.name();
        let attrs = Attrs::of(element);
        self.found.counts.elements += 1;
        if is_block(name) {
            self.text.line_break();
        } else {
            self.text.seam();
        }
        self.found.has_elementor_mark |= attrs.elementor;
        self.scope(element, name, &attrs);
        if is_fax(&attrs) {
            // What stands behind it is another number than what stands before it.
            self.text.line_break();
            self.found.fax_marks.push(self.text.len());
        }
        self.attributes(&attrs);
        self.collect(node, name, &attrs)
    }

    /// What attributes of any element tell.
    fn attributes(&mut self, attrs: &Attrs<'a>) {
        let found = &mut self.found;
        let lists = [
            (&mut found.mailto_tokens, attrs.mailto_token),
            (&mut found.cfemails, attrs.cfemail),
            (&mut found.mails, attrs.mail),
            (&mut found.hints, attrs.hint),
        ];
        for (list, value) in lists {
            if !value.is_empty() {
                list.push(value);
            }
        }
        let is_logo = |text: &str| clean::contains_word(text, "logo");
        if !attrs.style.is_empty() && (is_logo(attrs.class) || is_logo(attrs.id)) {
            found.logo_styles.push(attrs.style);
        }
    }

    /// What kinds of elements tell; says whether to enter the element.
    fn collect(&mut self, node: ElementRef<'a>, name: &str, attrs: &Attrs<'a>) -> bool {
        let content = text_of(node.first_child().map(|child| child.value()));
        let found = &mut self.found;
        match name {
            "html" => found.lang = found.lang.or(non_empty(attrs.lang)),
            "base" => found.base = found.base.or(attrs.href),
            "body" => found.body_class = attrs.class,
            "title" => {
                found.titles.push(content);
                return false;
            }
            "meta" => self.meta(attrs),
            "link" => self.link(attrs),
            "a" | "area" => self.anchor(node, attrs),
            "img" => self.image(node, attrs),
            "iframe" => {
                found.iframes.push(non_empty(attrs.src).unwrap_or(attrs.late_src));
                return false;
            }
            "form" => {
                found.counts.forms += 1;
                found.form_actions.extend(node.attr("action"));
            }
            "joomla-hidden-mail" => {
                found.joomla_mails.extend(node.attr("first").zip(node.attr("last")));
                return false;
            }
            "script" => {
                self.script(attrs, content);
                return false;
            }
            "style" => {
                found.styles.push(content);
                return false;
            }
            "noscript" => {
                found.noscripts.push(content);
                return false;
            }
            "template" => self.scopes.push((node.value(), Scope::Template(found.counts))),
            "svg" | "object" | "option" | "textarea" => return false,
            _ => {}
        }
        true
    }

    fn meta(&mut self, attrs: &Attrs<'a>) {
        let Some(content) = attrs.content else { return };
        for name in [attrs.name, attrs.property, attrs.equiv, attrs.itemprop] {
            if !name.is_empty() {
                self.found.metas.push(Meta { name, content });
            }
        }
    }

    fn link(&mut self, attrs: &Attrs<'a>) {
        let Some(href) = attrs.href else { return };
        let link = LinkTag { rel: attrs.rel, href, sizes: attrs.sizes, media: attrs.media };
        if link.rel.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("stylesheet")) {
            self.found.counts.stylesheets += 1;
        }
        self.found.links.push(link);
    }

    fn anchor(&mut self, node: ElementRef<'a>, attrs: &Attrs<'a>) {
        let Some(href) = attrs.href else { return };
        self.found.counts.links += 1;
        let start = self.text.len();
        self.found.anchors.push(Anchor { href, node, start, end: start });
        self.anchor = Some(self.found.anchors.len() - 1);
        self.scopes.push((node.value(), Scope::Anchor));
    }

    fn image(&mut self, node: ElementRef<'a>, attrs: &Attrs<'a>) {
        self.found.counts.images += 1;
        let late = attrs.src.is_empty() || is_placeholder(attrs.src);
        let late_src = non_empty(attrs.late_src).or_else(|| attrs.srcset.split_ascii_whitespace().next());
        let src = if late { late_src.unwrap_or(attrs.src) } else { attrs.src };
        self.found.images.push(Image {
            src,
            alt: attrs.alt,
            class: attrs.class,
            id: attrs.id,
            anchor: self.anchor,
            node,
        });
    }

    fn script(&mut self, attrs: &Attrs<'a>, content: &'a str) {
        self.found.counts.scripts += 1;
        if attrs.kind.trim().eq_ignore_ascii_case("application/ld+json") {
            self.found.json_ld.push(content);
        } else if !attrs.src.is_empty() {
            self.found.script_urls.push(attrs.src);
        } else if !attrs.late_src.is_empty() {
            self.found.script_urls.push(attrs.late_src);
        } else if !content.is_empty() {
            self.found.scripts.push(content);
        }
    }

    /// Opens the scopes that an element makes.
    fn scope(&mut self, element: &'a Element, name: &str, attrs: &Attrs<'a>) {
        if name == "h1" && self.found.heading.is_none() {
            self.found.heading = Some((self.text.len(), self.text.len()));
            self.scopes.push((element, Scope::Heading));
        }
        if !attrs.itemprop.is_empty() && name != "meta" {
            self.itemprop(element, attrs);
        }
    }

    fn itemprop(&mut self, element: &'a Element, attrs: &Attrs<'a>) {
        let value = attrs.content.or(attrs.href).or(non_empty(attrs.src)).or(non_empty(attrs.datetime));
        let at = self.text.len();
        self.scopes.push((element, Scope::ItemProp(self.found.itemprops.len())));
        self.found.itemprops.push(ItemProp { name: attrs.itemprop, value, start: at, end: at });
    }

    /// Takes note that a node ends.
    fn close(&mut self, node: &'a Node) {
        let Node::Element(element) = node else { return };
        if is_block(element.name()) {
            self.text.line_break();
        } else {
            self.text.seam();
        }
        while let Some((owner, scope)) = self.scopes.last().copied()
            && std::ptr::eq(owner, element)
        {
            self.scopes.pop();
            self.end_scope(scope);
        }
    }

    fn end_scope(&mut self, scope: Scope) {
        let end = self.text.len();
        match scope {
            Scope::Anchor => {
                if let Some(anchor) = self.anchor.take() {
                    self.found.anchors[anchor].end = end;
                }
            }
            Scope::Heading => {
                if let Some(heading) = &mut self.found.heading {
                    heading.1 = end;
                }
            }
            Scope::ItemProp(index) => self.found.itemprops[index].end = end,
            Scope::Template(counts) => self.found.counts = counts,
        }
    }
}

/// Whether an image only keeps the place of one that is loaded late.
fn is_placeholder(src: &str) -> bool {
    const NAMES: [&str; 9] =
        ["1x1", "1px", "blank.", "clear.", "placeholder", "spacer.", "trans.", "transparent.", "lazy"];
    let file = src.rsplit('/').next().unwrap_or_default();
    src.starts_with("data:") || NAMES.iter().any(|name| clean::contains_word(file, name))
}

/// Whether an element is the sign of a fax, or holds the number of one.
fn is_fax(attrs: &Attrs<'_>) -> bool {
    let says = |text: &str| clean::contains_word(text, "fax");
    let own = |class: &&str| {
        says(class) && !clean::contains_word(class, "phone") && !clean::contains_word(class, "tel")
    };
    (says(attrs.class) && attrs.class.split_ascii_whitespace().any(|class| own(&class)))
        || says(attrs.itemprop)
        || (says(attrs.alt) && attrs.alt.len() <= 20)
}

fn text_of(node: Option<&Node>) -> &str {
    node.and_then(Node::as_text).map_or("", |text| text)
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.trim().is_empty()).then_some(text)
}

/// Elements that begin and end a line of visible text.
fn is_block(name: &str) -> bool {
    !matches!(
        name,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "big"
            | "cite"
            | "code"
            | "data"
            | "em"
            | "font"
            | "i"
            | "img"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "noscript"
            | "q"
            | "s"
            | "samp"
            | "script"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "style"
            | "sub"
            | "sup"
            | "svg"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "wbr"
            | "link"
            | "meta"
            | "template"
    )
}
