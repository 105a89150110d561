//! The organisation behind a site, from its JSON-LD (schema.org).

use serde_json::{Map, Value, json};

use super::{clean, structured::MAX_LIST};
use crate::model::JsonObject;

pub(super) fn is_organization(name: &str, node: &Map<String, Value>) -> bool {
    const OTHERS: [&str; 20] = [
        "WebSite",
        "WebPage",
        "AboutPage",
        "ContactPage",
        "CollectionPage",
        "ItemPage",
        "Article",
        "NewsArticle",
        "BlogPosting",
        "Person",
        "Product",
        "Offer",
        "ImageObject",
        "VideoObject",
        "PostalAddress",
        "ContactPoint",
        "Service",
        "Place",
        "BreadcrumbList",
        "Brand",
    ];
    const SIGNS: [&str; 5] = ["address", "telephone", "openingHours", "openingHoursSpecification", "logo"];
    if OTHERS.contains(&name) {
        return false;
    }
    ["Organization", "Corporation", "LocalBusiness"].iter().any(|end| name.ends_with(end))
        || (node.contains_key("name") && SIGNS.iter().any(|key| node.contains_key(*key)))
}

pub(super) fn organization(types: &[&str], node: &Map<String, Value>) -> JsonObject {
    let mut facts = JsonObject::new();
    if let Some(name) = types.first().and_then(|name| clean::line(name, 100)) {
        facts.insert("type".to_owned(), name.into());
    }
    for (key, name) in TEXTS {
        if let Some(text) = texts(node.get(key)).find_map(|text| clean::line(text, clean::MAX_TEXT)) {
            facts.insert(name.to_owned(), text.into());
        }
    }
    let address = address(node.get("address"));
    if !address.is_empty() {
        facts.insert("address".to_owned(), address.into());
    }
    if let Some(country) = country(node) {
        facts.insert("country".to_owned(), country.into());
    }
    if let Some(logo) = image_url(node.get("logo")) {
        facts.insert("logo".to_owned(), logo.into());
    }
    for (name, list) in [("openingHours", opening_hours(node)), ("sameAs", same_as(node))] {
        if !list.is_empty() {
            facts.insert(name.to_owned(), json!(list));
        }
    }
    facts
}

/// Properties with a text, and the names under which they are kept.
const TEXTS: [(&str, &str); 12] = [
    ("name", "name"),
    ("legalName", "legalName"),
    ("url", "url"),
    ("description", "description"),
    ("telephone", "telephone"),
    ("email", "email"),
    ("vatID", "vatId"),
    ("taxID", "taxId"),
    ("foundingDate", "foundingDate"),
    ("priceRange", "priceRange"),
    ("areaServed", "areaServed"),
    ("slogan", "slogan"),
];

fn same_as(node: &Map<String, Value>) -> Vec<String> {
    texts(node.get("sameAs"))
        .filter_map(|url| clean::line(url, clean::MAX_URL_BYTES))
        .take(MAX_LIST)
        .collect()
}

/// The first address, whether an object, a list or a plain text.
fn address(value: Option<&Value>) -> JsonObject {
    const PARTS: [(&str, &str); 6] = [
        ("streetAddress", "street"),
        ("postOfficeBoxNumber", "postOfficeBox"),
        ("postalCode", "postalCode"),
        ("addressLocality", "locality"),
        ("addressRegion", "region"),
        ("addressCountry", "country"),
    ];
    let mut facts = JsonObject::new();
    match first(value) {
        Some(Value::Object(parts)) => {
            for (key, name) in PARTS {
                if let Some(text) = name_of(parts.get(key)).and_then(|text| clean::line(text, 300)) {
                    facts.insert(name.to_owned(), text.into());
                }
            }
        }
        Some(Value::String(text)) => {
            if let Some(text) = clean::line(text, 300) {
                facts.insert("text".to_owned(), text.into());
            }
        }
        _ => {}
    }
    facts
}

pub(super) fn country(node: &Map<String, Value>) -> Option<String> {
    let address = first(node.get("address"))?.as_object()?;
    name_of(address.get("addressCountry")).and_then(|text| clean::line(text, 100))
}

/// Opening hours as short lines: `Mo-Fr 09:00-17:00`.
fn opening_hours(node: &Map<String, Value>) -> Vec<String> {
    let plain = texts(node.get("openingHours")).map(str::to_owned);
    let specified =
        list(node.get("openingHoursSpecification")).filter_map(Value::as_object).filter_map(|hours| {
            let days: Vec<String> =
                list(hours.get("dayOfWeek")).filter_map(|day| name_of(Some(day))).map(short_day).collect();
            let (opens, closes) = (hours.get("opens")?.as_str()?, hours.get("closes")?.as_str()?);
            Some(format!("{} {opens}-{closes}", days.join(",")).trim().to_owned())
        });
    plain.chain(specified).filter_map(|text| clean::line(&text, 200)).take(MAX_LIST).collect()
}

fn short_day(day: &str) -> String {
    let day = day.rsplit('/').next().unwrap_or(day);
    day.chars().take(2).collect()
}

fn first(value: Option<&Value>) -> Option<&Value> {
    list(value).next()
}

/// The value itself, or the entries of a list.
pub(super) fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let values: &[Value] = match value {
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    values.iter()
}

/// The texts of a property: a string or a list of them.
pub(super) fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    list(value).filter_map(Value::as_str)
}

/// A text, or the name of a thing.
fn name_of(value: Option<&Value>) -> Option<&str> {
    match first(value)? {
        Value::String(text) => Some(text),
        Value::Object(thing) => thing.get("name").or_else(|| thing.get("@id")).and_then(Value::as_str),
        _ => None,
    }
}

/// The address of an image: a text or an `ImageObject`.
pub(super) fn image_url(value: Option<&Value>) -> Option<String> {
    let url = match first(value)? {
        Value::String(text) => text.as_str(),
        Value::Object(image) => texts(image.get("url").or_else(|| image.get("contentUrl"))).next()?,
        _ => return None,
    };
    clean::line(url, clean::MAX_URL_BYTES)
}
