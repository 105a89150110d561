//! Filling templates in: `{{key}}` for a text, `{{#key}}…{{.}}…{{/key}}` once for each entry of a list.

use std::collections::HashMap;

/// What the keys of a template stand for, all of it HTML already.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) texts: HashMap<&'static str, String>,
    pub(super) lists: HashMap<&'static str, Vec<String>>,
}

impl Values {
    /// The template with its keys filled in. A key without value stays as it is.
    pub(super) fn fill(&self, template: &str) -> String {
        let mut out = String::with_capacity(template.len() * 2);
        let mut rest = template;
        while let Some((before, key, after)) = next_key(rest) {
            out.push_str(before);
            rest = after;
            if let Some(name) = key.strip_prefix('#') {
                rest = self.repeat(name, after, &mut out);
            } else if let Some(text) = self.texts.get(key) {
                out.push_str(text);
            } else {
                out.extend(["{{", key, "}}"]);
            }
        }
        out.push_str(rest);
        out
    }

    /// Fills the part up to `{{/name}}` in for each entry; returns what follows it.
    fn repeat<'t>(&self, name: &str, template: &'t str, out: &mut String) -> &'t str {
        let end = format!("{{{{/{name}}}}}");
        let (part, rest) = template.split_once(&end).unwrap_or((template, ""));
        for entry in self.lists.get(name).map(Vec::as_slice).unwrap_or_default() {
            out.push_str(&self.fill(&part.replace("{{.}}", entry)));
        }
        rest
    }
}

fn next_key(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (key, after) = rest.split_once("}}")?;
    Some((before, key, after))
}

/// A text as it stands in HTML, in attributes too.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_lists_are_filled_in_and_unknown_keys_stay() {
        let mut values = Values::default();
        values.texts.insert("name", "Bakery".to_owned());
        values.lists.insert("items", vec!["Rye".to_owned(), "Wheat".to_owned()]);
        let template = "<h1>{{name}}</h1>{{#items}}<li>{{.}} by {{name}}</li>{{/items}}{{nothing}}.";
        assert_eq!(
            values.fill(template),
            "<h1>Bakery</h1><li>Rye by Bakery</li><li>Wheat by Bakery</li>{{nothing}}."
        );
    }
}
