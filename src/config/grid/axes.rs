//! Reads `[compare.grid]`: keys with lists or ranges, expanded to keys with values.

use std::collections::HashSet;

use crate::config::document::inline::inline;
use crate::config::document::key_path::{dotted, join};
use crate::config::document::tree::{Node, Value};
use crate::config::problems::Problems;
use crate::text::shortened;

/// More points than anyone waits for; bounds what a small file can ask for.
pub(crate) const MAX_POINTS: usize = 10_000;

/// More keys than anyone varies at once.
pub(crate) const MAX_AXES: usize = 16;

/// A table from dotted key to values, in the order of the file, without invalid axes.
///
/// A quoted key `"optimizer.learning_rate"` and a bare one, which TOML reads as a table in a
/// table, mean the same.
pub(crate) fn expand(path: &str, node: &Node, problems: &mut Problems) -> Option<toml::Table> {
    let mut axes = toml::Table::new();
    for (key, node) in node.entries() {
        let path = join(path, key);
        let values = match &node.value {
            Value::List(nodes) => listed(&path, nodes, problems),
            Value::Table(entries) => match entries.as_slice() {
                [(function, arguments)] if function == "linspace" => {
                    spaced(&join(&path, function), arguments, problems, |value| value)
                }
                [(function, arguments)] if function == "logspace" => {
                    spaced(&join(&path, function), arguments, problems, power_of_ten)
                }
                [] => {
                    problems.push(&path, format!("it is empty; it must be {FORMS}"));
                    None
                }
                _ => {
                    for (rest, values) in expand(&path, node, problems).unwrap_or_default() {
                        add(&mut axes, &join(key, &rest), values, &join(&path, &rest), problems);
                    }
                    None
                }
            },
            _ => {
                problems.push(&path, format!("{} is a single value; it must be {FORMS}", node.written));
                None
            }
        };
        if let Some(values) = values {
            add(&mut axes, key, toml::Value::Array(values), &path, problems);
        }
    }
    Some(axes)
}

const FORMS: &str = "a list, { linspace = [from, to, n] } or { logspace = [from, to, n] }";

pub(super) fn add(
    axes: &mut toml::Table,
    key: &str,
    values: toml::Value,
    path: &str,
    problems: &mut Problems,
) {
    match dotted(key) {
        None => problems
            .push(path, "this is not a key; write it as in `optimizer.learning_rate` or `layers.0.units`"),
        Some(key) if axes.contains_key(&key) => problems.push(path, "this key is varied twice"),
        Some(key) => {
            axes.insert(key, values);
        }
    }
}

pub(super) fn listed(path: &str, nodes: &[Node], problems: &mut Problems) -> Option<Vec<toml::Value>> {
    let values: Option<Vec<toml::Value>> = nodes.iter().map(plain).collect();
    match values {
        Some(values) if values.is_empty() => {
            problems.push(path, "it is empty; there must be at least one value")
        }
        Some(values) => return distinct(path, values, problems),
        None => problems.push(path, "no key accepts a date, or an integer beyond 64 bits"),
    }
    None
}

fn distinct(path: &str, values: Vec<toml::Value>, problems: &mut Problems) -> Option<Vec<toml::Value>> {
    let mut seen = HashSet::new();
    if let Some(repeated) = values.iter().map(inline).find(|value| !seen.insert(value.clone())) {
        problems.push(path, format!("{} is listed twice", shortened(&repeated)));
        return None;
    }
    Some(values)
}

/// `n` values of `function` over an even grid from one end to the other, both included.
fn spaced(
    path: &str,
    node: &Node,
    problems: &mut Problems,
    function: fn(f64) -> f64,
) -> Option<Vec<toml::Value>> {
    let arguments = match &node.value {
        Value::List(nodes) => nodes.as_slice(),
        _ => &[],
    };
    let number = |node: &Node| match node.value {
        Value::Integer(integer) => integer.map(|integer| integer as f64),
        Value::Number(number) => Some(number).filter(|number| number.is_finite()),
        _ => None,
    };
    let [from, to, count] = arguments else {
        problems.push(path, "it must be a list of three: from, to, n");
        return None;
    };
    let (Some(low), Some(high)) = (number(from), number(to)) else {
        problems.push(path, "from and to must be finite numbers");
        return None;
    };
    let n = match count.value {
        Value::Integer(Some(n)) => usize::try_from(n).ok().filter(|n| (2..=MAX_POINTS).contains(n)),
        _ => None,
    };
    let Some(n) = n else {
        problems.push(path, format!("n must be an integer, from 2 to {MAX_POINTS}"));
        return None;
    };
    // The last value is exact, without rounding errors.
    let at = |index: usize| {
        if index + 1 == n { high } else { low + (high - low) * (index as f64 / (n - 1) as f64) }
    };
    let values: Vec<f64> = (0..n).map(|index| function(at(index))).collect();
    let whole = |value: &f64| value.fract() == 0.0 && value.abs() < 1e15;
    let are_integers =
        values.iter().all(whole) && [from, to].iter().all(|node| matches!(node.value, Value::Integer(_)));
    // Integers between integers, so that a batch size can be varied as well.
    let value = |value: f64| {
        if are_integers { toml::Value::Integer(value as i64) } else { toml::Value::Float(value) }
    };
    distinct(path, values.into_iter().map(value).collect(), problems)
}

/// Exact for integer exponents, as if written out.
fn power_of_ten(exponent: f64) -> f64 {
    if exponent.fract() == 0.0 {
        return format!("1e{exponent}").parse().unwrap_or(f64::INFINITY);
    }
    10f64.powf(exponent)
}

fn plain(node: &Node) -> Option<toml::Value> {
    Some(match &node.value {
        Value::Text(text) => toml::Value::String(text.clone()),
        Value::Integer(integer) => toml::Value::Integer((*integer)?),
        Value::Number(number) => toml::Value::Float(*number),
        Value::Boolean(boolean) => toml::Value::Boolean(*boolean),
        Value::List(nodes) => toml::Value::Array(nodes.iter().map(plain).collect::<Option<_>>()?),
        Value::Table(entries) => {
            let entries = entries.iter().map(|(key, node)| Some((key.clone(), plain(node)?)));
            toml::Value::Table(entries.collect::<Option<_>>()?)
        }
        Value::Time | Value::TooDeep => return None,
    })
}
