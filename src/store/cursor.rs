//! Opaque text that says where a list goes on: keyset cursors.
//!
//! A cursor holds the position of one row (its sort value and identifier) and what it is a position in: the list, its
//! filter and its order. It is base64url text (RFC 4648, section 5) without padding over these bytes:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version |
//! | 8 | fingerprint of the list and its filter |
//! | 8 | fingerprint of the order |
//! | 16 | identifier |
//! | 1 | kind of the sort value |
//! | 0 or more | sort value: microseconds since 1970 (big endian), or UTF-8 text |

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// The position of a row in a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    /// The value by which the list is sorted.
    pub key: SortKey,
    /// The row's identifier, which decides between equal values.
    pub id: Uuid,
}

/// The value by which a list is sorted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// The identifier alone.
    Id,
    /// A text, compared byte by byte.
    Text(String),
    /// A time; those that have not come yet are last in either direction.
    Time(Option<DateTime<Utc>>),
}

/// What a cursor is a position in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListIdentity {
    list: u64,
    order: u64,
}

impl ListIdentity {
    /// The identity of the list of this name with its filter and order.
    pub fn new(list: &str, filter: &impl Serialize, order: &impl Serialize) -> Self {
        Self { list: fingerprint(&(list, filter)), order: fingerprint(order) }
    }
}

/// Text that is not a cursor of the list it was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It was never a cursor.
    #[error(
        "is not a cursor; expected the `cursor` of an edge, or a `startCursor` or `endCursor`, as it was given"
    )]
    Malformed,
    /// It belongs to another list, or to the same with another filter.
    #[error(
        "is a cursor of another list or filter; start again without it, or repeat the filter it came from"
    )]
    OtherList,
    /// It belongs to the same list in another order.
    #[error("is a cursor of another order; start again without it, or repeat the order it came from")]
    OtherOrder,
}

const VERSION: u8 = 1;
/// Longer text is no cursor: the longest sort value is a domain name.
const MAX_LENGTH: usize = 1_024;

impl Position {
    /// The cursor of this position in a list.
    pub fn encode(&self, list: ListIdentity) -> String {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(VERSION);
        bytes.extend(list.list.to_be_bytes());
        bytes.extend(list.order.to_be_bytes());
        bytes.extend(self.id.as_bytes());
        match &self.key {
            SortKey::Id => bytes.push(0),
            SortKey::Time(None) => bytes.push(1),
            SortKey::Time(Some(at)) => {
                bytes.push(2);
                bytes.extend(at.timestamp_micros().to_be_bytes());
            }
            SortKey::Text(text) => {
                bytes.push(3);
                bytes.extend(text.as_bytes());
            }
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor that must belong to `list`.
    pub fn decode(cursor: &str, list: ListIdentity) -> Result<Self, CursorError> {
        let (identity, position) = parse(cursor).ok_or(CursorError::Malformed)?;
        if identity.list != list.list {
            return Err(CursorError::OtherList);
        }
        if identity.order != list.order {
            return Err(CursorError::OtherOrder);
        }
        Ok(position)
    }
}

fn parse(cursor: &str) -> Option<(ListIdentity, Position)> {
    if cursor.len() > MAX_LENGTH {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (version, rest) = bytes.split_first()?;
    let (list, rest) = rest.split_first_chunk()?;
    let (order, rest) = rest.split_first_chunk()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (kind, value) = rest.split_first()?;
    let key = match (version, kind) {
        (&VERSION, 0) if value.is_empty() => SortKey::Id,
        (&VERSION, 1) if value.is_empty() => SortKey::Time(None),
        (&VERSION, 2) => SortKey::Time(Some(time(value)?)),
        (&VERSION, 3) => SortKey::Text(text(value)?),
        _ => return None,
    };
    let identity = ListIdentity { list: u64::from_be_bytes(*list), order: u64::from_be_bytes(*order) };
    Some((identity, Position { key, id: Uuid::from_bytes(*id) }))
}

fn time(value: &[u8]) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(i64::from_be_bytes(value.try_into().ok()?))
}

/// PostgreSQL's text cannot hold U+0000, so no row has it.
fn text(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    (!text.contains('\0')).then(|| text.to_owned())
}

/// FNV-1a over the JSON form: equal on every node and in every version of the compiler. It tells lists apart; it is no
/// protection, and needs none: every read is bound to the caller's tenant.
fn fingerprint(value: &impl Serialize) -> u64 {
    let json = serde_json::to_string(value).unwrap_or_default();
    json.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(name: &str) -> ListIdentity {
        ListIdentity::new(name, &["filter"], &"order")
    }

    fn keys() -> impl Strategy<Value = SortKey> {
        prop_oneof![
            Just(SortKey::Id),
            Just(SortKey::Time(None)),
            (-62_000_000_000_000_000_i64..250_000_000_000_000_000)
                .prop_map(|micros| SortKey::Time(DateTime::from_timestamp_micros(micros))),
            "[^\0]{0,253}".prop_map(SortKey::Text),
        ]
    }

    proptest! {
        #[test]
        fn a_position_reads_back_as_it_was_written(key in keys(), id: u128) {
            let position = Position { key, id: Uuid::from_u128(id) };
            prop_assert_eq!(Position::decode(&position.encode(list("a")), list("a")), Ok(position));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            prop_assert_eq!(Position::decode(&text, list("a")), Err(CursorError::Malformed));
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..80), kind in 0_u8..5, cut in 0_usize..80,
        ) {
            let mut forged = Position { key: SortKey::Id, id: Uuid::nil() }.encode(list("a"));
            let _ = Position::decode(&forged[..cut.min(forged.len())], list("a"));
            let mut raw = URL_SAFE_NO_PAD.decode(&forged).unwrap();
            *raw.last_mut().unwrap() = kind;
            raw.extend(bytes);
            forged = URL_SAFE_NO_PAD.encode(raw);
            if let Ok(position) = Position::decode(&forged, list("a")) {
                prop_assert_eq!(position.encode(list("a")), forged);
            }
        }
    }

    #[test]
    fn a_cursor_of_another_list_filter_or_order_is_refused() {
        let position = Position { key: SortKey::Id, id: Uuid::nil() };
        let cursor = position.encode(list("a"));
        assert_eq!(Position::decode(&cursor, list("b")), Err(CursorError::OtherList));
        let other_filter = ListIdentity::new("a", &["other"], &"order");
        assert_eq!(Position::decode(&cursor, other_filter), Err(CursorError::OtherList));
        let other_order = ListIdentity::new("a", &["filter"], &"other");
        assert_eq!(Position::decode(&cursor, other_order), Err(CursorError::OtherOrder));
    }
}
