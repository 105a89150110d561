//! The four arguments of every list.

use super::error::InputError;
use crate::store::{ListIdentity, PageRequest, Position};

/// The most items of one page.
pub(crate) const MAX_PAGE_SIZE: u32 = 500;
/// The items of a page where no number is asked for.
pub(crate) const DEFAULT_PAGE_SIZE: u32 = 50;

/// `first` and `after` for pages forward, or `last` and `before` for pages backward.
#[derive(Debug, Default)]
pub(super) struct PageArguments {
    pub(super) first: Option<i32>,
    pub(super) after: Option<String>,
    pub(super) last: Option<i32>,
    pub(super) before: Option<String>,
}

impl PageArguments {
    /// The page asked for, in a list of this identity.
    pub(super) fn into_request(self, list: impl FnOnce() -> ListIdentity) -> Result<PageRequest, InputError> {
        self.refuse_mixtures()?;
        let backward = self.last.is_some() || self.before.is_some();
        let (size, cursor) = if backward {
            (("last", self.last), ("before", self.before))
        } else {
            (("first", self.first), ("after", self.after))
        };
        let from = cursor.1.map(|text| position(cursor.0, &text, list())).transpose()?;
        Ok(PageRequest { limit: limit(size.0, size.1)?, backward, from })
    }

    fn refuse_mixtures(&self) -> Result<(), InputError> {
        let forward = [("first", self.first.is_some()), ("after", self.after.is_some())];
        let backward = [("last", self.last.is_some()), ("before", self.before.is_some())];
        let given = |names: [(&'static str, bool); 2]| names.into_iter().find(|(_, given)| *given);
        let (Some((one, _)), Some((other, _))) = (given(forward), given(backward)) else { return Ok(()) };
        Err(InputError(format!(
            "`{one}` and `{other}` were both given; page forward with `first` and `after`, or backward with `last` \
             and `before`"
        )))
    }
}

fn limit(argument: &str, given: Option<i32>) -> Result<u32, InputError> {
    let Some(given) = given else { return Ok(DEFAULT_PAGE_SIZE) };
    u32::try_from(given)
        .ok()
        .filter(|size| *size <= MAX_PAGE_SIZE)
        .ok_or_else(|| InputError(format!("`{argument}` is {given}; it must be from 0 to {MAX_PAGE_SIZE}")))
}

fn position(argument: &str, cursor: &str, list: ListIdentity) -> Result<Position, InputError> {
    Position::decode(cursor, list).map_err(|error| InputError::cursor(argument, cursor, error))
}
