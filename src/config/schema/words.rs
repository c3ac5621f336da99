//! What a value may be, in words.

use std::ops::Bound;

use crate::config::document::tree::Value;
use crate::settings::{Allowed, Range};

impl Allowed {
    /// With its article: `a number, finite and greater than 0`.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Boolean => "true or false".to_owned(),
            Self::Integer(range) => format!("an integer, {}", integers(range)),
            Self::Number(range) => format!("a number, {range}"),
            Self::Text(format) => format.description.to_owned(),
            Self::Column => "a column name, or an index from 0 (-1 is the last)".to_owned(),
            Self::Choice(words) => alternatives(words.iter().map(|word| format!("\"{word}\""))),
            Self::List { of, min, .. } => {
                let amount = if *min == 0 { "" } else { " of at least one" };
                format!("a list{amount}, each {}", of.description())
            }
            Self::Either(kinds) => alternatives(kinds.iter().flat_map(|kind| match kind {
                Self::Choice(words) => words.iter().map(|word| format!("\"{word}\"")).collect(),
                _ => vec![kind.description()],
            })),
            Self::Map(of) => format!("a table from names, each to {}", of.description()),
            Self::Table(section) => section.inline.unwrap_or("a table").to_owned(),
            Self::Grid => "a table from keys to lists".to_owned(),
            Self::Ranges => "a table from keys to bounds or lists".to_owned(),
        }
    }

    /// What a value of the right type must be as well: `finite and greater than 0`.
    pub(crate) fn range(&self) -> String {
        match self {
            Self::Integer(range) => integers(range),
            Self::Number(range) => range.to_string(),
            _ => self.description(),
        }
    }

    /// Whether a value of this TOML type can be allowed at all.
    pub(crate) fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Boolean => matches!(value, Value::Boolean(_)),
            Self::Integer(_) => matches!(value, Value::Integer(_)),
            Self::Number(_) => matches!(value, Value::Integer(_) | Value::Number(_)),
            Self::Text(_) | Self::Choice(_) => matches!(value, Value::Text(_)),
            Self::Column => matches!(value, Value::Text(_) | Value::Integer(_)),
            Self::List { .. } => matches!(value, Value::List(_)),
            Self::Either(kinds) => kinds.iter().any(|kind| kind.takes(value)),
            Self::Table(_) | Self::Map(_) | Self::Grid | Self::Ranges => matches!(value, Value::Table(_)),
        }
    }
}

fn integers(range: &Range) -> String {
    let low = match range.low {
        Bound::Included(low) => format!("from {low}"),
        Bound::Excluded(low) => format!("greater than {low}"),
        Bound::Unbounded => "any".to_owned(),
    };
    match range.high {
        Bound::Included(high) => format!("{low} to {high}"),
        Bound::Excluded(high) => format!("{low} to less than {high}"),
        Bound::Unbounded => format!("{low} to 2^63 - 1"),
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
    use crate::settings::range;

    #[test]
    fn a_range_is_described_in_words() {
        for (range, words) in [
            (range!(> 0.0), "finite and greater than 0"),
            (range!(0.0..), "finite and at least 0"),
            (range!(0.0..1.0), "at least 0 and less than 1"),
            (range!(> 0.0..=1.0), "greater than 0 and at most 1"),
        ] {
            assert_eq!(Allowed::Number(range).range(), words);
        }
        assert_eq!(Allowed::Integer(range!(1..)).description(), "an integer, from 1 to 2^63 - 1");
        assert_eq!(Allowed::Integer(range!(0..=7)).description(), "an integer, from 0 to 7");
    }
}
