//! Checks the numbers of settings that were not read from a config, where each key was checked already.

use std::ops::Bound;

use serde::Serialize;
use serde_json::Value;

use crate::settings::{Allowed, Configurable, Range, Section};

/// A number outside its range.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange {
    /// The keys that lead to it: `schedule.gamma`.
    pub(crate) field: String,
    /// As it is written; infinite and NaN are `not finite`.
    pub(crate) value: String,
    /// `at least 0 and less than 1`.
    pub(crate) allowed: String,
}

/// The first number of `settings` that is outside its range.
pub(crate) fn out_of_range<T: Configurable + Serialize>(settings: &T) -> Option<OutOfRange> {
    let value = serde_json::to_value(settings).ok()?;
    find(&T::ALLOWED, &value, String::new())
}

fn find(allowed: &Allowed, value: &Value, field: String) -> Option<OutOfRange> {
    match (allowed, value) {
        (Allowed::Integer(range) | Allowed::Number(range), Value::Number(number)) => {
            let outside = !range.contains(number.as_f64()?);
            outside.then(|| OutOfRange { field, value: number.to_string(), allowed: range.to_string() })
        }
        // JSON has no infinity and no NaN; an optional setting without a value is left out.
        (Allowed::Number(range), Value::Null) => {
            Some(OutOfRange { field, value: "not finite".to_owned(), allowed: range.to_string() })
        }
        (Allowed::Either(kinds), _) => kinds.iter().find_map(|kind| find(kind, value, field.clone())),
        (Allowed::Map(of), Value::Object(table)) => {
            table.iter().find_map(|(key, value)| find(of, value, join(&field, key)))
        }
        (Allowed::Table(section), Value::Object(table)) => in_table(section, table, &field),
        _ => None,
    }
}

fn in_table(section: &Section, table: &serde_json::Map<String, Value>, field: &str) -> Option<OutOfRange> {
    let name = table.get("type").and_then(Value::as_str).unwrap_or_default();
    let keys = section.of_type(name)?.keys;
    keys.iter().find_map(|key| find(&key.allowed, table.get(key.name)?, join(field, key.name)))
}

fn join(field: &str, key: &str) -> String {
    if field.is_empty() { key.to_owned() } else { format!("{field}.{key}") }
}

impl Range {
    fn contains(&self, number: f64) -> bool {
        let low = match self.low {
            Bound::Included(low) => number >= low,
            Bound::Excluded(low) => number > low,
            Bound::Unbounded => true,
        };
        low && match self.high {
            Bound::Included(high) => number <= high,
            Bound::Excluded(high) => number < high,
            Bound::Unbounded => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{AffineSpec, Init, LayerSpec, affine, batch_norm, dropout, leaky_relu};
    use crate::optim::{Adam, OptimizerSpec};

    #[test]
    fn a_number_outside_its_range_is_found_wherever_it_is() {
        let layer = |layer: LayerSpec| {
            out_of_range(&layer).map(|found| format!("{} = {}: {}", found.field, found.value, found.allowed))
        };
        let found = |text: &str| Some(text.to_owned());
        assert_eq!(layer(dropout(1.5)), found("rate = 1.5: at least 0 and less than 1"));
        assert_eq!(layer(dropout(f64::NAN)), found("rate = not finite: at least 0 and less than 1"));
        assert_eq!(layer(leaky_relu(0.0)), found("slope = 0.0: greater than 0 and less than 1"));
        let init = Some(Init::Normal(-1.0));
        let spec = AffineSpec { init, ..AffineSpec::default() };
        assert_eq!(layer(spec.into()), found("init.normal = -1.0: finite and at least 0"));
        for fine in [affine(3), batch_norm(), dropout(0.5), leaky_relu(0.1)] {
            assert_eq!(layer(fine), None);
        }

        let adam = OptimizerSpec::from(Adam { beta1: 1.0, ..Adam::default() });
        assert_eq!(out_of_range(&adam).map(|found| found.field), found("beta1"));
    }
}
