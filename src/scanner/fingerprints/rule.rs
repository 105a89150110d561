//! Rules as files hold them.

use serde_json::{Map, Value};

use super::{
    FingerprintError,
    category::Categories,
    dom::{DomRule, What},
    pattern::{Pattern, PatternError},
};

/// All that one technology is known by.
#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) categories: Vec<u32>,
    pub(super) headers: Vec<(String, Pattern)>,
    pub(super) cookies: Vec<(String, Pattern)>,
    pub(super) metas: Vec<(String, Pattern)>,
    pub(super) html: Vec<Pattern>,
    pub(super) script_src: Vec<Pattern>,
    pub(super) scripts: Vec<Pattern>,
    pub(super) css: Vec<Pattern>,
    pub(super) text: Vec<Pattern>,
    pub(super) url: Vec<Pattern>,
    pub(super) dom: Vec<DomRule>,
    /// Technologies that come with this one, with how sure that is.
    pub(super) implies: Vec<(String, u8)>,
    /// Technologies of which one must be there as well.
    pub(super) requires: Vec<String>,
    /// Categories of which one must be there as well.
    pub(super) requires_category: Vec<u32>,
    /// Technologies that cannot be there when this one is.
    pub(super) excludes: Vec<String>,
}

impl Rule {
    /// Whether the technology can be seen itself, and is not only implied by others.
    #[cfg(test)]
    pub(super) fn has_patterns(&self) -> bool {
        let lists = [&self.html, &self.script_src, &self.scripts, &self.css, &self.text, &self.url];
        let named = [&self.headers, &self.cookies, &self.metas];
        lists.iter().any(|list| !list.is_empty())
            || named.iter().any(|list| !list.is_empty())
            || !self.dom.is_empty()
    }
}

/// The content of one file.
#[derive(Debug, Default)]
pub(super) struct RuleFile {
    pub(super) rules: Vec<Rule>,
    pub(super) categories: Categories,
    /// Patterns that cannot be matched here and were left out, each with its file, rule and field.
    pub(super) skipped: Vec<String>,
}

impl RuleFile {
    /// Reads a file: an object of rules by name, or one with the keys `technologies` and `categories`.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, FingerprintError> {
        let malformed = |message: String| FingerprintError::Malformed { file: file.to_owned(), message };
        let top: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        let mut own = Self::default();
        if let Some(Value::Object(categories)) = top.get("categories") {
            own.categories = Categories::from_map(file, categories)?;
        }
        let wrapped = match top.get("technologies").or_else(|| top.get("apps")) {
            Some(Value::Object(technologies)) => Some(technologies),
            _ => None,
        };
        for (name, value) in wrapped.unwrap_or(&top) {
            if wrapped.is_none() && name.starts_with('$') {
                continue;
            }
            let fields = value.as_object().ok_or_else(|| malformed(format!("rule `{name}` is no object")))?;
            let mut reader = Reader { file, rule: name, skipped: &mut own.skipped };
            own.rules.push(reader.rule(fields)?);
        }
        Ok(own)
    }
}

impl RuleFile {
    /// Adds the content of another file.
    pub(super) fn extend(&mut self, other: Self) {
        self.rules.extend(other.rules);
        self.categories.extend(other.categories);
        self.skipped.extend(other.skipped);
    }
}

/// Reads one rule and knows its name for error messages.
struct Reader<'a> {
    file: &'a str,
    rule: &'a str,
    skipped: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn rule(&mut self, fields: &Map<String, Value>) -> Result<Rule, FingerprintError> {
        let mut rule = Rule { name: self.rule.to_owned(), ..Rule::default() };
        for (field, value) in fields {
            match field.as_str() {
                "cats" => rule.categories = self.numbers(field, value)?,
                "headers" => rule.headers = self.named(field, value)?,
                "cookies" => rule.cookies = self.named(field, value)?,
                "meta" => rule.metas = self.named(field, value)?,
                "html" => rule.html = self.patterns(field, value)?,
                "scriptSrc" => rule.script_src = self.patterns(field, value)?,
                "scripts" => rule.scripts = self.patterns(field, value)?,
                "css" => rule.css = self.patterns(field, value)?,
                "text" => rule.text = self.patterns(field, value)?,
                "url" => rule.url = self.patterns(field, value)?,
                "dom" => rule.dom = self.dom(value)?,
                "implies" => rule.implies = self.implies(field, value)?,
                "requires" => rule.requires = self.texts(field, value)?,
                "requiresCategory" => rule.requires_category = self.numbers(field, value)?,
                "excludes" => rule.excludes = self.texts(field, value)?,
                // What needs a running page or another protocol (`js`, `dns`, …), and what describes the technology.
                _ => {}
            }
        }
        Ok(rule)
    }

    fn error(&self, field: &str, message: impl Into<String>) -> FingerprintError {
        FingerprintError::Rule {
            file: self.file.to_owned(),
            rule: self.rule.to_owned(),
            field: field.to_owned(),
            message: message.into(),
        }
    }

    /// A text or a list of them.
    fn texts(&self, field: &str, value: &Value) -> Result<Vec<String>, FingerprintError> {
        let one = |value: &Value| {
            value
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| self.error(field, "expected a text or a list of texts"))
        };
        match value {
            Value::Array(values) => values.iter().map(one).collect(),
            value => Ok(vec![one(value)?]),
        }
    }

    /// A number or a list of them; some files write them as texts.
    fn numbers(&self, field: &str, value: &Value) -> Result<Vec<u32>, FingerprintError> {
        let one = |value: &Value| {
            let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
            number
                .and_then(|number| u32::try_from(number).ok())
                .ok_or_else(|| self.error(field, "expected a number or a list of numbers"))
        };
        match value {
            Value::Array(values) => values.iter().map(one).collect(),
            value => Ok(vec![one(value)?]),
        }
    }

    fn patterns(&mut self, field: &str, value: &Value) -> Result<Vec<Pattern>, FingerprintError> {
        let texts = self.texts(field, value)?;
        let patterns = texts.iter().map(|text| self.pattern(field, text)).collect::<Result<Vec<_>, _>>()?;
        Ok(patterns.into_iter().flatten().collect())
    }

    /// A pattern; none when it needs what cannot be matched in linear time.
    fn pattern(&mut self, field: &str, text: &str) -> Result<Option<Pattern>, FingerprintError> {
        match Pattern::parse(text) {
            Ok(pattern) => Ok(Some(pattern)),
            Err(PatternError::Malformed(message)) => Err(self.error(field, format!("`{text}`: {message}"))),
            Err(PatternError::Unsupported(message)) => {
                self.skip(field, &format!("`{text}`: {message}"));
                Ok(None)
            }
        }
    }

    fn skip(&mut self, field: &str, message: &str) {
        self.skipped.push(self.error(field, message).to_string());
    }

    /// Patterns by the name of a header, cookie or meta element, in lower case.
    fn named(&mut self, field: &str, value: &Value) -> Result<Vec<(String, Pattern)>, FingerprintError> {
        let map = value.as_object().ok_or_else(|| self.error(field, "expected an object"))?;
        let mut named = Vec::new();
        for (name, value) in map {
            let patterns = self.patterns(field, value)?;
            named.extend(patterns.into_iter().map(|pattern| (name.to_ascii_lowercase(), pattern)));
        }
        Ok(named)
    }

    fn implies(&self, field: &str, value: &Value) -> Result<Vec<(String, u8)>, FingerprintError> {
        let texts = self.texts(field, value)?;
        let split = |text: &String| {
            let mut parts = text.split("\\;");
            let name = parts.next().unwrap_or_default().to_owned();
            let confidence = parts.find_map(|part| part.strip_prefix("confidence:")?.parse().ok());
            (name, confidence.unwrap_or(100).min(100))
        };
        Ok(texts.iter().map(split).collect())
    }

    /// A selector, a list of them, or selectors with what their elements must have.
    fn dom(&mut self, value: &Value) -> Result<Vec<DomRule>, FingerprintError> {
        let mut rules = Vec::new();
        match value {
            Value::Object(map) => {
                for (selector, tests) in map {
                    let list = tests.as_array().map_or(std::slice::from_ref(tests), Vec::as_slice);
                    for tests in list {
                        self.dom_tests(selector, tests, &mut rules)?;
                    }
                }
            }
            value => {
                for selector in self.texts("dom", value)? {
                    self.dom_rule(&selector, What::Presence, Pattern::parse("").ok(), &mut rules);
                }
            }
        }
        Ok(rules)
    }

    fn dom_tests(
        &mut self,
        selector: &str,
        tests: &Value,
        rules: &mut Vec<DomRule>,
    ) -> Result<(), FingerprintError> {
        let tests =
            tests.as_object().ok_or_else(|| self.error("dom", format!("`{selector}` needs an object")))?;
        for (test, value) in tests {
            match test.as_str() {
                "exists" | "text" => {
                    for pattern in self.patterns("dom", value)? {
                        let what = if test == "text" { What::Text } else { What::Presence };
                        self.dom_rule(selector, what, Some(pattern), rules);
                    }
                }
                "attributes" => {
                    for (attribute, pattern) in self.named("dom", value)? {
                        self.dom_rule(selector, What::Attribute(attribute), Some(pattern), rules);
                    }
                }
                // `properties` needs a running page.
                _ => {}
            }
        }
        Ok(())
    }

    fn dom_rule(&mut self, selector: &str, what: What, pattern: Option<Pattern>, rules: &mut Vec<DomRule>) {
        let Some(pattern) = pattern else { return };
        match DomRule::new(selector, what, pattern) {
            Ok(rule) => rules.push(rule),
            Err(message) => self.skip("dom", &format!("`{selector}`: {message}")),
        }
    }
}
