//! The technology rules: data in the Wappalyzer JSON format, and the engine that matches them.
//!
//! The rules in `rules/` are this project's own, written from facts such as a header's name or a script's host.
//! Anyone may add a set of their own in the same format.

mod category;
mod compound;
mod detect;
mod dom;
mod error;
mod literal;
mod literal_set;
mod pattern;
mod prefilter;
mod rule;

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

use reqwest::header::HeaderMap;
use scraper::Html;
use url::Url;

pub use category::group_of;
pub use error::FingerprintError;

use category::Categories;
use detect::Matchers;
use rule::{Rule, RuleFile};

/// What a page shows to the rules.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// Where the page was found.
    pub url: &'a Url,
    /// The headers of the answer.
    pub headers: &'a HeaderMap,
    /// The decoded page.
    pub source: &'a str,
    /// The parsed page.
    pub html: &'a Html,
    /// Name and content of each `<meta>`.
    pub metas: &'a [(&'a str, &'a str)],
    /// The `src` of each script.
    pub script_urls: &'a [&'a str],
    /// The folders of WordPress themes and plugins that the page shows: `/wp-content/plugins/jetpack/`.
    pub folders: &'a [String],
    /// The scripts inside the page, and what stands in `<noscript>`: text to the parser.
    pub scripts: &'a [&'a str],
    /// The style sheets inside the page.
    pub styles: &'a [&'a str],
    /// The visible text.
    pub text: &'a str,
}

/// A set of technology rules, ready to match. Make it once and share it.
#[derive(Debug)]
pub struct Fingerprints {
    rules: Vec<Rule>,
    names: HashMap<String, usize>,
    categories: Categories,
    matchers: Matchers,
    skipped: Vec<String>,
}

/// The rules that come with the program, by file name.
const BUILTIN: [(&str, &str); 10] = [
    ("analytics.json", include_str!("rules/analytics.json")),
    ("cms.json", include_str!("rules/cms.json")),
    ("content.json", include_str!("rules/content.json")),
    ("ecommerce.json", include_str!("rules/ecommerce.json")),
    ("frameworks.json", include_str!("rules/frameworks.json")),
    ("libraries.json", include_str!("rules/libraries.json")),
    ("marketing.json", include_str!("rules/marketing.json")),
    ("servers.json", include_str!("rules/servers.json")),
    ("widgets.json", include_str!("rules/widgets.json")),
    ("wordpress.json", include_str!("rules/wordpress.json")),
];

impl Fingerprints {
    /// The rules that come with the program.
    pub fn builtin() -> Result<Self, FingerprintError> {
        Self::new(builtin_rules()?)
    }

    /// The rules that come with the program and those of all `.json` files in a folder and its folder `technologies`;
    /// of two rules with one name, the folder's wins. A file `categories.json` names further categories. Fails when
    /// the folder cannot be read or a rule cannot be understood; what merely cannot be matched is left out and named
    /// by [`Self::skipped`].
    pub fn with_directory(directory: &Path) -> Result<Self, FingerprintError> {
        let mut all = builtin_rules()?;
        for (file, text) in read_directory(directory)? {
            if Path::new(&file).file_name().is_some_and(|name| name == "categories.json") {
                all.categories.add(&file, &text)?;
            } else {
                let own = RuleFile::parse(&file, &text)?;
                let replaced: HashSet<&str> = own.rules.iter().map(|rule| rule.name.as_str()).collect();
                all.rules.retain(|rule| !replaced.contains(rule.name.as_str()));
                all.extend(own);
            }
        }
        Self::new(all)
    }

    /// How many technologies the rules know.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are no rules at all.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The patterns that were left out because they need look-around, back-references or selectors that are not
    /// supported, each with its file, rule and field.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    fn new(all: RuleFile) -> Result<Self, FingerprintError> {
        let RuleFile { rules, categories, skipped } = all;
        let names = rules.iter().enumerate().map(|(index, rule)| (rule.name.clone(), index)).collect();
        let matchers = Matchers::new(&rules)?;
        Ok(Self { rules, names, categories, matchers, skipped })
    }
}

fn builtin_rules() -> Result<RuleFile, FingerprintError> {
    let mut all = RuleFile { categories: Categories::builtin(), ..RuleFile::default() };
    for (file, text) in BUILTIN {
        all.extend(RuleFile::parse(file, text)?);
    }
    Ok(all)
}

/// The `.json` files of a folder and of its folder `technologies`, by name.
pub(super) fn read_directory(directory: &Path) -> Result<Vec<(String, String)>, FingerprintError> {
    let mut files = Vec::new();
    for folder in [directory.to_owned(), directory.join("technologies")] {
        if folder != directory && !folder.is_dir() {
            continue;
        }
        let unreadable = |source| FingerprintError::Unreadable { file: folder.display().to_string(), source };
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_file() && path.extension().is_some_and(|extension| extension == "json") {
                let file = path.display().to_string();
                let text = fs::read_to_string(&path)
                    .map_err(|source| FingerprintError::Unreadable { file: file.clone(), source })?;
                files.push((file, text));
            }
        }
    }
    files.sort();
    Ok(files)
}
