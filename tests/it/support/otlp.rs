//! Reads as much of OTLP's protobuf (`ExportTraceServiceRequest`) as tests ask for.

use std::collections::BTreeMap;

/// Attributes with their values as text.
pub type Attributes = BTreeMap<String, String>;

/// The spans of one resource.
#[derive(Debug)]
pub struct Export {
    pub resource: Attributes,
    pub spans: Vec<Span>,
}

/// One span; its ids are in hexadecimal, that of a missing parent empty.
#[derive(Debug)]
pub struct Span {
    pub trace_id: String,
    pub id: String,
    pub parent_id: String,
    pub name: String,
    pub attributes: Attributes,
}

/// Reads the body of one request.
pub fn read(body: &[u8]) -> Vec<Export> {
    all(body, 1)
        .map(|resource_spans| Export {
            resource: all(resource_spans, 1).flat_map(|resource| attributes(resource, 1)).collect(),
            spans: all(resource_spans, 2).flat_map(|scope| all(scope, 2)).map(span).collect(),
        })
        .collect()
}

fn span(span: &[u8]) -> Span {
    let first = |number| all(span, number).next().unwrap_or_default();
    let hex = |bytes: &[u8]| {
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    };
    Span {
        trace_id: hex(first(1)),
        id: hex(first(2)),
        parent_id: hex(first(4)),
        name: text(first(5)),
        attributes: attributes(span, 9).collect(),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn attributes(message: &[u8], number: u64) -> impl Iterator<Item = (String, String)> {
    all(message, number).map(|pair| {
        let value = all(pair, 2).next().and_then(|value| fields(value).next());
        let value = match value {
            Some((1, Field::Bytes(value))) => text(value),
            Some((_, Field::Varint(value))) => value.to_string(),
            other => format!("{other:?}"),
        };
        (text(all(pair, 1).next().expect("a key")), value)
    })
}

/// The strings, bytes or messages of a field.
fn all(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    fields(message).filter_map(move |field| match field {
        (found, Field::Bytes(bytes)) if found == number => Some(bytes),
        _ => None,
    })
}

#[derive(Debug)]
enum Field<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The fields of a message with their numbers, in their order.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = (u64, Field<'_>)> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let key = varint(&mut rest);
        let field = match key & 7 {
            0 => Field::Varint(varint(&mut rest)),
            2 => {
                let length = usize::try_from(varint(&mut rest)).expect("a length");
                Field::Bytes(take(&mut rest, length))
            }
            wire @ (1 | 5) => {
                take(&mut rest, if wire == 1 { 8 } else { 4 });
                Field::Fixed
            }
            wire => panic!("wire type {wire}"),
        };
        Some((key >> 3, field))
    })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at_checked(length).expect("a whole message");
    *rest = left;
    taken
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}
