//! Scalars with a specification.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime as Time, SecondsFormat, Utc};
use serde_json::Value as Json;

use crate::model::JsonObject;

/// A point in time, such as `2026-11-20T09:30:00Z`. Answers are in UTC, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateTime(pub(crate) Time<Utc>);

/// A point in time, such as `2026-11-20T09:30:00Z`. Answers are in UTC, to the microsecond.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let expected = |given: &dyn std::fmt::Display| {
            InputValueError::custom(format!(
                "{given} is not a time; expected one such as \"2026-11-20T09:30:00Z\""
            ))
        };
        match &value {
            Value::String(text) => match Time::parse_from_rfc3339(text) {
                Ok(time) => Ok(Self(time.to_utc())),
                Err(_) => Err(expected(&value)),
            },
            _ => Err(expected(&value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// An absolute address, such as `https://example.com/about`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url(pub(crate) String);

/// An absolute address, such as `https://example.com/about`.
#[Scalar(name = "URL", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3986")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if url::Url::parse(&text).is_ok() => Ok(Self(text)),
            other => Err(InputValueError::custom(format!(
                "{other} is not an absolute address; expected one such as \"https://example.com/\""
            ))),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// Any JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonValue(pub(crate) Json);

/// Any JSON value.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for JsonValue {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value.into_json()?))
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

impl From<&JsonObject> for JsonValue {
    fn from(object: &JsonObject) -> Self {
        Self(Json::Object(object.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_any_offset_are_read_and_written_in_utc() {
        let time = DateTime::parse("2026-11-20T10:30:00.5+01:00".into()).unwrap();
        assert_eq!(time.to_value(), "2026-11-20T09:30:00.500Z".into());
        let error = DateTime::parse("yesterday".into()).unwrap_err().into_server_error(<_>::default());
        assert!(error.message.contains("\"yesterday\" is not a time; expected"), "{}", error.message);
    }
}
