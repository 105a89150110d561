//! Why a sitemap file could not be read, or not to its end.

/// Why a sitemap file could not be read, or not to its end. What was read before counts all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// A page for people where a sitemap was expected.
    #[error("it is an HTML page")]
    Html,
    /// Neither a known XML format nor a list of addresses.
    #[error("it is no sitemap: neither a known XML format nor a list of addresses")]
    Unknown,
    /// A document type, which could define entities that grow without bound.
    #[error("it has a DOCTYPE, which sitemaps must not have")]
    Doctype,
    /// Markup that is no XML.
    #[error("it is no valid XML: {0}")]
    Malformed(String),
    /// The root element is still open at the end.
    #[error("it ends in the middle")]
    Truncated,
    /// Elements nested deeper than any sitemap has them.
    #[error("its elements are nested too deep")]
    TooDeep,
    /// One tag, text or comment of more than a mebibyte.
    #[error("it has a single tag or text of more than 1 MiB")]
    TooLong,
    /// The compressed data breaks off or is damaged.
    #[error("its gzip data is damaged")]
    Gzip,
    /// The budget of bytes is used up.
    #[error("it is longer than the bytes that may be read of one domain's sitemaps")]
    OverBudget,
}
