//! Relay connections: <https://relay.dev/graphql/connections.htm>.

use std::{borrow::Cow, sync::Arc};

use async_graphql::{Context, Object, ObjectType, Result, SimpleObject, TypeName};

use crate::{
    graphql::paging::PageArguments,
    store::{ListIdentity, Page, PageRequest, Position},
};

/// A list that can be read a page at a time: what it holds, in what order, and where its items stand in it.
pub(crate) trait Listing: Send + Sync + 'static {
    /// What a page holds.
    type Item: Send + Sync;
    /// The GraphQL type that an item becomes.
    type Node: ObjectType;
    /// The name of that type, from which the names of the connection and the edge are made.
    const NODE: &'static str;

    /// The identity of the list in its cursors.
    fn identity(&self) -> ListIdentity;

    /// Where the item stands.
    fn position(&self, item: &Self::Item) -> Position;

    /// The item as a GraphQL object.
    fn node(item: &Self::Item) -> Self::Node;

    /// Reads a page.
    fn page(
        &self,
        context: &Context<'_>,
        request: PageRequest,
    ) -> impl Future<Output = Result<Arc<Page<Self::Item>>>> + Send;

    /// Counts the whole list.
    fn total(&self, context: &Context<'_>) -> impl Future<Output = Result<i64>> + Send;
}

/// One page of a list.
pub(crate) struct Connection<L: Listing> {
    listing: Arc<L>,
    page: Arc<Page<L::Item>>,
    backward: bool,
    adjoins: bool,
}

impl<L: Listing> Connection<L> {
    /// Reads the page that is asked for.
    pub(crate) async fn read(context: &Context<'_>, listing: L, arguments: PageArguments) -> Result<Self> {
        let request = arguments.into_request(|| listing.identity())?;
        let (backward, adjoins) = (request.backward, request.from.is_some());
        let page = listing.page(context, request).await?;
        Ok(Self { listing: Arc::new(listing), page, backward, adjoins })
    }

    fn cursor(&self, item: Option<&L::Item>) -> Option<String> {
        item.map(|item| self.listing.position(item).encode(self.listing.identity()))
    }
}

impl<L: Listing> TypeName for Connection<L> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", L::NODE).into()
    }
}

/// One page of a list.
#[Object(name_type)]
impl<L: Listing> Connection<L> {
    /// The items, each with its cursor.
    async fn edges(&self) -> Vec<Edge<L>> {
        let identity = self.listing.identity();
        let edge = |place| Edge {
            listing: Arc::clone(&self.listing),
            page: Arc::clone(&self.page),
            place,
            identity,
        };
        (0..self.page.items.len()).map(edge).collect()
    }

    /// The items alone.
    async fn nodes(&self) -> Vec<L::Node> {
        self.page.items.iter().map(L::node).collect()
    }

    /// Whether there is more, and the cursors to go on with.
    async fn page_info(&self) -> PageInfo {
        let (has_next_page, has_previous_page) = if self.backward {
            (self.adjoins, self.page.has_more)
        } else {
            (self.page.has_more, self.adjoins)
        };
        PageInfo {
            has_next_page,
            has_previous_page,
            start_cursor: self.cursor(self.page.items.first()),
            end_cursor: self.cursor(self.page.items.last()),
        }
    }

    /// How many items the whole list has. They are counted only when this is asked for.
    async fn total_count(&self, context: &Context<'_>) -> Result<i64> {
        self.listing.total(context).await
    }
}

/// An item of a list with its cursor.
pub(crate) struct Edge<L: Listing> {
    listing: Arc<L>,
    page: Arc<Page<L::Item>>,
    place: usize,
    identity: ListIdentity,
}

impl<L: Listing> Edge<L> {
    fn item(&self) -> &L::Item {
        &self.page.items[self.place]
    }
}

impl<L: Listing> TypeName for Edge<L> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", L::NODE).into()
    }
}

/// An item of a list with its cursor.
#[Object(name_type)]
impl<L: Listing> Edge<L> {
    /// The item.
    async fn node(&self) -> L::Node {
        L::node(self.item())
    }

    /// Where the item stands in the list: to be given back as `after` or `before`.
    async fn cursor(&self) -> String {
        self.listing.position(self.item()).encode(self.identity)
    }
}

/// Whether there is more of a list, and where to go on.
#[derive(Debug, SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether there are items after this page. Of a page asked for with `before`, whether that was given.
    has_next_page: bool,
    /// Whether there are items before this page. Of a page asked for with `after`, whether that was given.
    has_previous_page: bool,
    /// The cursor of the first item; none when the page is empty.
    start_cursor: Option<String>,
    /// The cursor of the last item; none when the page is empty.
    end_cursor: Option<String>,
}
