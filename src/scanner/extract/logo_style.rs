//! A logo that is drawn as the background of an element.

use memchr::memmem;
use url::Url;

use super::{clean::contains_word, view::View};

/// How many rules of one style sheet are looked at.
const MAX_RULES: usize = 100;
/// The most bytes of a selector and of a rule.
const MAX_SELECTOR: usize = 300;
const MAX_RULE: usize = 2_000;

/// Words in selectors that speak of logos of others, or of those at the foot of the page.
const OTHERS: [&str; 12] = [
    "logos", "partner", "client", "customer", "sponsor", "payment", "footer", "brands", "print", "cookie",
    "onetrust", "powered",
];

/// The background of an element that is called a logo, by its own styles or by a style sheet inside the page.
pub(super) fn find(view: &View<'_>) -> Option<Url> {
    let own = view.found.logo_styles.iter().find_map(|style| background(view, style));
    own.or_else(|| view.found.styles.iter().find_map(|sheet| of_sheet(view, sheet)))
}

fn of_sheet(view: &View<'_>, sheet: &str) -> Option<Url> {
    let places = memmem::find_iter(sheet.as_bytes(), "logo").take(MAX_RULES);
    places.filter_map(|at| rule_of(sheet, at)).find_map(|rule| background(view, rule))
}

/// The declarations of the rule in whose selector a place stands, unless it is about others.
fn rule_of(sheet: &str, at: usize) -> Option<&str> {
    let rest = &sheet[at..sheet.ceil_char_boundary(at + MAX_RULE)];
    let open = rest.find(['{', '}', ';', '('])?;
    let body = rest[open..].strip_prefix('{')?;
    let before = &sheet[sheet.floor_char_boundary(at.saturating_sub(MAX_SELECTOR))..at];
    let selector = before.rfind(['}', '{', ';', ',', '/']).map_or(before, |end| &before[end + 1..]);
    let names_others = |text: &str| OTHERS.iter().any(|word| contains_word(text, word));
    let is_own = !names_others(selector) && !names_others(&rest[..open]);
    is_own.then(|| body.split('}').next().unwrap_or(body))
}

/// The file of a `background` among declarations.
fn background(view: &View<'_>, declarations: &str) -> Option<Url> {
    let from = memmem::find(declarations.as_bytes(), b"background")?;
    let (_, rest) = declarations[from..].split_once("url(")?;
    let address = rest.split(')').next()?.trim().trim_matches(['"', '\'']).trim();
    let is_file = !address.is_empty() && !address.starts_with("data:") && !address.starts_with('#');
    view.resolve(address).filter(|_| is_file)
}

#[cfg(test)]
mod tests {
    use crate::scanner::extract::tests::facts_of;

    fn logo(html: &str) -> Option<String> {
        facts_of(html).facts.logo_url
    }

    #[test]
    fn a_logo_may_be_the_background_of_an_element_that_bears_the_name() {
        for html in [
            "<style>.head{color:red}\n.site-logo a{background:#fff url('/img/l.svg') no-repeat}</style>",
            "<style>#logo { background-image: url(/img/l.svg); height: 1em }</style>",
            "<style>h1, .logo{background-image:url(\"/img/l.svg\")}</style>",
            "<a class=logo href=/ style=\"background-image: url(/img/l.svg)\"></a>",
        ] {
            assert_eq!(logo(html).as_deref(), Some("https://www.firma.de/img/l.svg"), "{html}");
        }
    }

    #[test]
    fn other_backgrounds_are_no_logos() {
        for html in [
            "<style>.partner-logo{background:url(/img/p.svg)} .footer .logo{background:url(/img/f.svg)}</style>",
            "<style>.logos li{background:url(/img/p.svg)} .hero{background:url(/img/logo-wall.jpg)}</style>",
            "<style>.logo{color:red} .hero{background:url(/img/h.jpg)}</style>",
            "<style>.logo{background:url(data:image/png;base64,AAAA)}</style>",
            "<div class=hero style='background-image: url(/img/h.jpg)'></div>",
        ] {
            assert_eq!(logo(html), None, "{html}");
        }
    }
}
