//! Reads `[compare.tune.keys]`: keys with bounds or lists of values.

use crate::config::document::key_path::join;
use crate::config::document::tree::{Node, Value};
use crate::config::grid::axes::{add, listed};
use crate::config::plan::tune::TuneRange;
use crate::config::problems::Problems;

const FORMS: &str = "{ log = [from, to] }, { linear = [from, to] } or a list of values";

/// A table from dotted key to range or list, in the order of the file, without invalid ones.
pub(crate) fn expand(path: &str, node: &Node, problems: &mut Problems) -> toml::Table {
    let mut axes = toml::Table::new();
    for (key, node) in node.entries() {
        let path = join(path, key);
        let range = match &node.value {
            Value::List(nodes) => listed(&path, nodes, problems).map(toml::Value::Array),
            Value::Table(entries) => match entries.as_slice() {
                [(form, ends)] if matches!(form.as_str(), "log" | "linear") => {
                    between(&join(&path, form), form, ends, problems)
                }
                [] => {
                    problems.push(&path, format!("it is empty; it must be {FORMS}"));
                    None
                }
                _ if entries.iter().any(|(form, _)| matches!(form.as_str(), "log" | "linear")) => {
                    problems.push(&path, format!("it has several keys; it must be {FORMS}"));
                    None
                }
                _ => {
                    for (rest, range) in expand(&path, node, problems) {
                        add(&mut axes, &join(key, &rest), range, &join(&path, &rest), problems);
                    }
                    None
                }
            },
            _ => {
                problems.push(&path, format!("{} is a single value; it must be {FORMS}", node.written));
                None
            }
        };
        if let Some(range) = range {
            add(&mut axes, key, range, &path, problems);
        }
    }
    axes
}

/// The bounds at `path`, checked.
fn between(path: &str, form: &str, node: &Node, problems: &mut Problems) -> Option<toml::Value> {
    let ends = match &node.value {
        Value::List(nodes) => nodes.as_slice(),
        _ => &[],
    };
    let [from, to] = ends else {
        problems.push(path, "it must be a list of two: from, to");
        return None;
    };
    let (Some(low), Some(high)) = (number(from), number(to)) else {
        problems.push(path, "from and to must be finite numbers");
        return None;
    };
    if low >= high {
        problems.push(path, format!("from = {} must be less than to = {}", from.written, to.written));
        return None;
    }
    if form == "log" && low <= 0.0 {
        let message = format!("from = {} must be greater than 0 on a log scale; use linear", from.written);
        problems.push(path, message);
        return None;
    }
    let are_whole = ends.iter().all(|node| matches!(node.value, Value::Integer(_)));
    let end = |end: f64| if are_whole { toml::Value::Integer(end as i64) } else { toml::Value::Float(end) };
    let ends = toml::Value::Array(vec![end(low), end(high)]);
    Some(toml::Value::Table([(form.to_owned(), ends)].into_iter().collect()))
}

fn number(node: &Node) -> Option<f64> {
    match node.value {
        Value::Integer(integer) => integer.map(|integer| integer as f64),
        Value::Number(number) => Some(number).filter(|number| number.is_finite()),
        _ => None,
    }
}

/// What [`expand`] made of a range.
pub(crate) fn range_of(value: &toml::Value) -> Option<TuneRange> {
    if let toml::Value::Array(values) = value {
        return Some(TuneRange::Values(values.clone()));
    }
    let (form, ends) = value.as_table()?.iter().next()?;
    let ends = ends.as_array()?;
    let number = |end: &toml::Value| end.as_float().or_else(|| end.as_integer().map(|end| end as f64));
    Some(TuneRange::Between {
        low: number(ends.first()?)?,
        high: number(ends.last()?)?,
        is_log: form == "log",
        is_whole: ends.iter().all(toml::Value::is_integer),
    })
}
