//! The categories of technologies, by the numbers of the Wappalyzer format, and the groups of `techStack`.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::FingerprintError;

/// The names of the categories by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Categories(HashMap<u32, String>);

impl Categories {
    pub(super) fn builtin() -> Self {
        Self(BUILTIN.iter().map(|(number, name)| (*number, (*name).to_owned())).collect())
    }

    pub(super) fn name(&self, number: u32) -> Option<&str> {
        self.0.get(&number).map(String::as_str)
    }

    /// Adds the categories of a file: `{"1": {"name": "CMS", …}, …}`.
    pub(super) fn add(&mut self, file: &str, text: &str) -> Result<(), FingerprintError> {
        let malformed = |message: String| FingerprintError::Malformed { file: file.to_owned(), message };
        let map: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        self.extend(Self::from_map(file, &map)?);
        Ok(())
    }

    pub(super) fn from_map(file: &str, map: &Map<String, Value>) -> Result<Self, FingerprintError> {
        let mut categories = HashMap::new();
        for (key, value) in map {
            let name = value.get("name").and_then(Value::as_str);
            let (Ok(number), Some(name)) = (key.parse(), name) else {
                return Err(FingerprintError::Malformed {
                    file: file.to_owned(),
                    message: format!("category `{key}` needs a number as its key and a `name`"),
                });
            };
            categories.insert(number, name.to_owned());
        }
        Ok(Self(categories))
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// The group of `techStack` that a category belongs to.
pub fn group_of(category: &str) -> &'static str {
    match category {
        "CMS"
        | "Blogs"
        | "Message boards"
        | "Wikis"
        | "LMS"
        | "DMS"
        | "Static site generator"
        | "Page builders" => "cms",
        "Ecommerce" | "Shopify apps" | "Ecommerce frontends" | "Cart abandonment" => "ecommerce",
        "JavaScript frameworks" | "Web frameworks" | "UI frameworks" | "Mobile frameworks" => "frameworks",
        "JavaScript libraries" | "JavaScript graphics" => "libraries",
        "Analytics" | "Tag managers" | "Heatmaps & session recording" | "RUM" | "A/B Testing" => "analytics",
        "Web servers"
        | "Reverse proxies"
        | "Load balancers"
        | "Operating systems"
        | "Programming languages"
        | "Databases"
        | "Web server extensions" => "servers",
        "CDN" | "PaaS" | "IaaS" | "Hosting" | "Caching" | "Performance" => "hosting",
        "Advertising" | "Retargeting" | "Marketing automation" | "Email" | "CRM" | "SEO" => "marketing",
        "Payment processors" | "Buy now pay later" => "payment",
        "Security" | "Cookie compliance" | "SSL/TLS certificate authorities" => "security",
        "Widgets"
        | "Live chat"
        | "Maps"
        | "Video players"
        | "Appointment scheduling"
        | "Form builders"
        | "Reviews"
        | "Comment systems"
        | "Photo galleries"
        | "Captchas"
        | "Surveys"
        | "Accessibility"
        | "Font scripts" => "widgets",
        "WordPress themes" | "WordPress plugins" => "wordpress",
        _ => "other",
    }
}

/// Numbers and names as tools of the Wappalyzer format use them.
const BUILTIN: [(u32, &str); 78] = [
    (1, "CMS"),
    (2, "Message boards"),
    (4, "Documentation"),
    (5, "Widgets"),
    (6, "Ecommerce"),
    (7, "Photo galleries"),
    (8, "Wikis"),
    (9, "Hosting panels"),
    (10, "Analytics"),
    (11, "Blogs"),
    (12, "JavaScript frameworks"),
    (13, "Issue trackers"),
    (14, "Video players"),
    (15, "Comment systems"),
    (16, "Security"),
    (17, "Font scripts"),
    (18, "Web frameworks"),
    (19, "Miscellaneous"),
    (20, "Editors"),
    (21, "LMS"),
    (22, "Web servers"),
    (23, "Caching"),
    (24, "Rich text editors"),
    (25, "JavaScript graphics"),
    (26, "Mobile frameworks"),
    (27, "Programming languages"),
    (28, "Operating systems"),
    (29, "Search engines"),
    (30, "Webmail"),
    (31, "CDN"),
    (32, "Marketing automation"),
    (33, "Web server extensions"),
    (34, "Databases"),
    (35, "Maps"),
    (36, "Advertising"),
    (37, "Network devices"),
    (38, "Media servers"),
    (39, "Webcams"),
    (41, "Payment processors"),
    (42, "Tag managers"),
    (44, "CI"),
    (46, "Remote access"),
    (47, "Development"),
    (48, "Network storage"),
    (49, "Feed readers"),
    (50, "DMS"),
    (51, "Page builders"),
    (52, "Live chat"),
    (53, "CRM"),
    (54, "SEO"),
    (55, "Accounting"),
    (57, "Static site generator"),
    (59, "JavaScript libraries"),
    (62, "PaaS"),
    (63, "IaaS"),
    (64, "Reverse proxies"),
    (65, "Load balancers"),
    (66, "UI frameworks"),
    (67, "Cookie compliance"),
    (68, "Accessibility"),
    (69, "Authentication"),
    (70, "SSL/TLS certificate authorities"),
    (71, "Affiliate programs"),
    (72, "Appointment scheduling"),
    (73, "Surveys"),
    (74, "A/B Testing"),
    (75, "Email"),
    (76, "Personalisation"),
    (77, "Retargeting"),
    (78, "RUM"),
    (80, "WordPress themes"),
    (87, "WordPress plugins"),
    (88, "Hosting"),
    (90, "Reviews"),
    (91, "Buy now pay later"),
    (92, "Performance"),
    (95, "Digital asset management"),
    (110, "Form builders"),
];
