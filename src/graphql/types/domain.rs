//! Domains.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::{
    BatchJob, Job,
    connection::Connection,
    contact::Contact,
    enums::DomainStatus,
    filters::JobFilter,
    job_list::JobList,
    scalars::{DateTime, JsonValue, Url},
    scan_failure::ScanFailure,
    sitemap::Sitemap,
    social_link::SocialLink,
    technology::Technology,
    wordpress::{WordpressPlugin, WordpressTheme},
};
use crate::{
    graphql::{
        context,
        paging::PageArguments,
        selection::{Shown, shown},
    },
    model::{self, DomainName, JsonObject, SiteFacts},
    store::{domains::Column, jobs::JobsOf},
};

/// A website known to the tenant, with what its newest successful scan found.
pub(crate) struct Domain(pub(crate) Arc<model::Domain>);

impl Shown for model::Domain {
    /// Who it is, its relations included, is always read.
    fn columns_of(_field: &str) -> &'static [Column] {
        &[]
    }
}

impl Domain {
    fn facts(&self) -> Option<&SiteFacts> {
        self.0.facts.as_ref()
    }

    /// A fact that may not have been found; none before the first scan either.
    fn text(&self, fact: impl FnOnce(&SiteFacts) -> &Option<String>) -> Option<&str> {
        self.facts().and_then(|facts| fact(facts).as_deref())
    }

    fn url_of(&self, fact: impl FnOnce(&SiteFacts) -> &Option<String>) -> Option<Url> {
        self.text(fact).map(|url| Url(url.to_owned()))
    }

    /// A list of facts; empty before the first scan.
    fn list<'a, T: 'a, U: From<&'a T>>(&'a self, fact: impl FnOnce(&'a SiteFacts) -> &'a Vec<T>) -> Vec<U> {
        self.facts().map(|facts| fact(facts).iter().map(U::from).collect()).unwrap_or_default()
    }

    fn json(&self, fact: impl FnOnce(&SiteFacts) -> &JsonObject) -> JsonValue {
        self.facts().map_or_else(|| JsonValue(JsonObject::new().into()), |facts| fact(facts).into())
    }
}

/// A website known to the tenant, with what its newest successful scan found.
#[Object]
impl Domain {
    /// Its identifier: `domain_` and 32 hexadecimal digits.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The normalised name: lower case, without scheme and `www.`, internationalised labels in punycode.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The name for people, internationalised labels decoded.
    async fn unicode_name(&self) -> String {
        DomainName::parse(&self.0.name).map_or_else(|_| self.0.name.clone(), |name| name.to_unicode())
    }

    /// Where the newest successful scan ended, after redirects; before the first the https address of the name.
    async fn url(&self) -> Url {
        Url(self.0.url.clone())
    }

    /// What is known of it, and whether work on it is under way.
    async fn status(&self) -> DomainStatus {
        self.0.status.into()
    }

    /// When its newest successful scan began.
    async fn last_scan(&self) -> Option<DateTime> {
        self.0.last_scan.map(DateTime)
    }

    /// Why its newest scan failed; none when it succeeded.
    async fn last_error(&self) -> Option<ScanFailure> {
        self.0.last_error.as_ref().map(ScanFailure::from)
    }

    /// The title of its homepage.
    async fn title(&self) -> Option<&str> {
        self.text(|facts| &facts.title)
    }

    /// The description its homepage gives of itself.
    async fn description(&self) -> Option<&str> {
        self.text(|facts| &facts.description)
    }

    /// The language of its homepage as a BCP 47 tag, such as `en` or `de-AT`.
    async fn language(&self) -> Option<&str> {
        self.text(|facts| &facts.language)
    }

    /// The icon that browsers show.
    async fn favicon_url(&self) -> Option<Url> {
        self.url_of(|facts| &facts.favicon_url)
    }

    /// The logo of the site.
    async fn logo_url(&self) -> Option<Url> {
        self.url_of(|facts| &facts.logo_url)
    }

    /// Whether it runs on WordPress; none before the first scan.
    async fn is_wordpress(&self) -> Option<bool> {
        self.facts().map(|facts| facts.is_wordpress)
    }

    /// The version of WordPress, where the page tells.
    async fn wordpress_version(&self) -> Option<&str> {
        self.text(|facts| &facts.wordpress_version)
    }

    /// The WordPress themes whose files the page uses.
    async fn wordpress_themes(&self) -> Vec<WordpressTheme> {
        self.list(|facts| &facts.wordpress_themes)
    }

    /// The WordPress plugins whose files or marks are on the page.
    async fn wordpress_plugins(&self) -> Vec<WordpressPlugin> {
        self.list(|facts| &facts.wordpress_plugins)
    }

    /// Whether it is built with Elementor; none before the first scan.
    async fn has_elementor(&self) -> Option<bool> {
        self.facts().map(|facts| facts.has_elementor)
    }

    /// The version of Elementor, where the page tells.
    async fn elementor_version(&self) -> Option<&str> {
        self.text(|facts| &facts.elementor_version)
    }

    /// What it is built with, by name.
    async fn technologies(&self) -> Vec<Technology> {
        self.list(|facts| &facts.technologies)
    }

    /// The names of its technologies by group: `cms`, `frameworks`, `analytics`, `widgets` and others.
    async fn tech_stack(&self) -> JsonValue {
        self.json(|facts| &facts.tech_stack)
    }

    /// Its email addresses, lower case, most telling first.
    async fn email_addresses(&self) -> &[String] {
        self.facts().map_or(&[], |facts| &facts.email_addresses)
    }

    /// Its phone numbers in E.164 where the region is known, else as written.
    async fn phone_numbers(&self) -> &[String] {
        self.facts().map_or(&[], |facts| &facts.phone_numbers)
    }

    /// Where and how each address and number was found.
    async fn contacts(&self) -> Vec<Contact> {
        self.list(|facts| &facts.contacts)
    }

    /// Its profiles in social networks.
    async fn social_links(&self) -> Vec<SocialLink> {
        self.list(|facts| &facts.social_links)
    }

    /// Its first profile on Facebook.
    async fn facebook_url(&self) -> Option<Url> {
        self.url_of(|facts| &facts.facebook_url)
    }

    /// Its first profile on X, formerly Twitter.
    async fn twitter_url(&self) -> Option<Url> {
        self.url_of(|facts| &facts.twitter_url)
    }

    /// Its first profile or company page on LinkedIn.
    async fn linkedin_url(&self) -> Option<Url> {
        self.url_of(|facts| &facts.linkedin_url)
    }

    /// Its first profile on Instagram.
    async fn instagram_url(&self) -> Option<Url> {
        self.url_of(|facts| &facts.instagram_url)
    }

    /// Its first channel on YouTube.
    async fn youtube_url(&self) -> Option<Url> {
        self.url_of(|facts| &facts.youtube_url)
    }

    /// How many sitemap files were found, indexes included.
    async fn total_sitemaps(&self) -> i64 {
        self.0.total_sitemaps
    }

    /// How many page addresses its sitemaps list together.
    async fn sitemap_urls(&self) -> i64 {
        self.0.sitemap_urls
    }

    /// Its sitemap files in the order in which they were found.
    async fn sitemaps(&self, context: &Context<'_>) -> Result<Vec<Sitemap>> {
        let sitemaps = context::loaders(context)?.sitemaps(self.0.id).await?;
        Ok(sitemaps.iter().map(Sitemap::from).collect())
    }

    /// Everything else the scan found, by topic.
    async fn metadata(&self) -> JsonValue {
        self.json(|facts| &facts.metadata)
    }

    /// What people wrote about it.
    async fn notes(&self) -> Option<&str> {
        self.0.notes.as_deref()
    }

    /// Labels that people gave it.
    async fn tags(&self) -> &[String] {
        &self.0.tags
    }

    /// Its jobs, newest first.
    async fn jobs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which jobs; all by default.")] filter: Option<JobFilter>,
        #[graphql(desc = "The first items: at most 500, 50 by default.")] first: Option<i32>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last items: at most 500.")] last: Option<i32>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<JobList>> {
        let filter = Arc::new(filter.unwrap_or_default().into_store()?);
        let listing = JobList::Of(JobsOf::Domains, self.0.id.0, filter);
        Connection::read(context, listing, PageArguments { first, after, last, before }).await
    }

    /// Its newest job.
    async fn latest_job(&self, context: &Context<'_>) -> Result<Option<Job>> {
        let Some(id) = self.0.latest_job_id else { return Ok(None) };
        Ok(context::loaders(context)?.job(id, shown(context)).await?.map(Job))
    }

    /// The newest batch it was scanned in.
    async fn batch_job(&self, context: &Context<'_>) -> Result<Option<BatchJob>> {
        let Some(id) = self.0.batch_id else { return Ok(None) };
        Ok(context::loaders(context)?.batch(id, shown(context)).await?.map(BatchJob))
    }

    /// When it became known.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When anything of it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}
