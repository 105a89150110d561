//! What can be wrong with a set of rules.

/// A set of rules that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FingerprintError {
    /// A file or folder cannot be read.
    #[error("{file}: cannot be read: {source}")]
    Unreadable {
        /// The path.
        file: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A file is no JSON object of rules.
    #[error("{file}: {message}")]
    Malformed {
        /// The path.
        file: String,
        /// What is wrong, with line and column where they are known.
        message: String,
    },
    /// One rule has something that cannot be understood.
    #[error("{file}: rule `{rule}`, `{field}`: {message}")]
    Rule {
        /// The path.
        file: String,
        /// The name of the technology.
        rule: String,
        /// The field of the rule.
        field: String,
        /// What is wrong.
        message: String,
    },
    /// The rules together are too large for the matcher.
    #[error("the rules are too many or too long: {0}")]
    TooLarge(String),
}
