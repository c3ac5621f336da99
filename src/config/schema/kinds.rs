//! What a kind of value is called in messages and in the reference.

use std::ops::Bound;

use crate::config::document::tree::Value;
use crate::config::schema::Kind;
use crate::data::spec_check::{DELIMITER, MARK};

impl Kind {
    /// What a value has to be, with its article: `a number, finite and greater than 0`.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Boolean => "true or false".to_owned(),
            Self::Integer { .. } => format!("an integer, {}", self.range()),
            Self::Number { .. } => format!("a number, {}", self.range()),
            Self::Path => "a path".to_owned(),
            Self::Delimiter => DELIMITER.to_owned(),
            Self::Bytes => "a whole number and its unit, such as \"4 GiB\" or \"200 MB\"".to_owned(),
            Self::Mark => MARK.to_owned(),
            Self::Name => "a name".to_owned(),
            Self::Column => "a column name, or an index from 0 (-1 is the last)".to_owned(),
            Self::Choice(choices) => alternatives(choices.iter().map(|choice| format!("\"{choice}\""))),
            Self::List { of, least, .. } => {
                let amount = if *least == 0 { "" } else { " of at least one" };
                format!("a list{amount}, each {}", of.description())
            }
            Self::Either(kinds) => alternatives(kinds.iter().flat_map(|kind| match kind {
                Self::Choice(choices) => choices.iter().map(|choice| format!("\"{choice}\"")).collect(),
                _ => vec![kind.description()],
            })),
            Self::Text => "a string".to_owned(),
            Self::Map(of) => format!("a table from names, each to {}", of.description()),
            Self::Table(section) if section.title.starts_with('{') => section.title.to_owned(),
            Self::Table(section) => format!("a table: {}", section.title),
            Self::Grid => "a table from keys to lists".to_owned(),
        }
    }

    /// What a value of the right type has to be besides: `finite and greater than 0`.
    pub(crate) fn range(&self) -> String {
        match self {
            Self::Integer { least, most: i64::MAX } => format!("from {least} to 2^63 - 1"),
            Self::Integer { least, most } => format!("from {least} to {most}"),
            Self::Number { low, high } => {
                let low = match low {
                    Bound::Included(low) => format!("at least {low}"),
                    Bound::Excluded(low) => format!("greater than {low}"),
                    Bound::Unbounded => "finite".to_owned(),
                };
                match high {
                    Bound::Included(high) => format!("{low} and at most {high}"),
                    Bound::Excluded(high) => format!("{low} and less than {high}"),
                    Bound::Unbounded => format!("finite and {low}"),
                }
            }
            _ => self.description(),
        }
    }

    /// Whether a value of this TOML type can be right at all.
    pub(crate) fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Boolean => matches!(value, Value::Boolean(_)),
            Self::Integer { .. } => matches!(value, Value::Integer(_)),
            Self::Number { .. } => matches!(value, Value::Integer(_) | Value::Number(_)),
            Self::Path
            | Self::Delimiter
            | Self::Bytes
            | Self::Mark
            | Self::Name
            | Self::Text
            | Self::Choice(_) => {
                matches!(value, Value::Text(_))
            }
            Self::Column => matches!(value, Value::Text(_) | Value::Integer(_)),
            Self::List { .. } => matches!(value, Value::List(_)),
            Self::Either(kinds) => kinds.iter().any(|kind| kind.takes(value)),
            Self::Table(_) | Self::Map(_) | Self::Grid => matches!(value, Value::Table(_)),
        }
    }
}

/// `a, b or c`.
pub(crate) fn alternatives(items: impl IntoIterator<Item = String>) -> String {
    let mut items: Vec<String> = items.into_iter().collect();
    match items.pop() {
        Some(last) if !items.is_empty() => format!("{} or {last}", items.join(", ")),
        last => last.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_as_they_are() {
        let number = |low, high| Kind::Number { low, high }.range();
        assert_eq!(number(Bound::Excluded(0.0), Bound::Unbounded), "finite and greater than 0");
        assert_eq!(number(Bound::Included(0.0), Bound::Unbounded), "finite and at least 0");
        assert_eq!(number(Bound::Included(0.0), Bound::Excluded(1.0)), "at least 0 and less than 1");
        assert_eq!(number(Bound::Excluded(0.0), Bound::Included(1.0)), "greater than 0 and at most 1");
        assert_eq!(
            Kind::Integer { least: 1, most: i64::MAX }.description(),
            "an integer, from 1 to 2^63 - 1"
        );
        assert_eq!(Kind::Integer { least: 0, most: 7 }.description(), "an integer, from 0 to 7");
    }
}
