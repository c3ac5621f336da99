//! From TOML text to a tree with line numbers.

pub(crate) mod inline;
pub(crate) mod key_path;
pub(crate) mod lines;
pub(crate) mod syntax;
pub(crate) mod tree;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::document::key_path::MAX_DEPTH;
use crate::config::document::lines::Lines;
use crate::config::document::tree::{Node, Value, ValueOrigin};
use crate::config::error::SyntaxFault;
use crate::text::shortened;

/// The tree of a whole file.
///
/// # Errors
///
/// The first syntax error.
pub(crate) fn read(text: &str) -> Result<Node, SyntaxFault> {
    let lines = Lines::new(text);
    match DeTable::parse(text) {
        Ok(root) => {
            Ok(Node { value: table(&lines, root.into_inner(), 0), ..Node::table(ValueOrigin::Nowhere) })
        }
        Err(error) => Err(syntax::fault(&lines, &error)),
    }
}

/// The value in `--set key=text`: TOML, or a plain string if it does not look like TOML.
///
/// # Errors
///
/// The syntax error in a text that starts like a quoted string, list or table.
pub(crate) fn read_value(text: &str, origin: &ValueOrigin) -> Result<Node, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("there is no value; an empty string is \"\"".to_owned());
    }
    match DeValue::parse(text) {
        Ok(value) => {
            let mut node = node(&Lines::new(text), value, 0, 0);
            relabel(&mut node, origin);
            Ok(node)
        }
        Err(_) if !text.starts_with(['"', '\'', '[', '{']) => {
            let value = toml::Value::String(text.to_owned());
            Ok(Node { origin: origin.clone(), ..Node::from_toml(&value) })
        }
        Err(error) => Err(format!("not a TOML value: {}", error.message())),
    }
}

fn relabel(node: &mut Node, origin: &ValueOrigin) {
    node.origin = origin.clone();
    match &mut node.value {
        Value::List(nodes) => nodes.iter_mut().for_each(|node| relabel(node, origin)),
        Value::Table(entries) => entries.iter_mut().for_each(|(_, node)| relabel(node, origin)),
        _ => {}
    }
}

/// `place` is the byte that determines the line: of the key, or of the list entry itself.
fn node(lines: &Lines<'_>, value: Spanned<DeValue<'_>>, place: usize, depth: usize) -> Node {
    let written = shortened(lines.text().get(value.span()).unwrap_or_default());
    let value = match value.into_inner() {
        // Bounds the recursion, whatever the parser accepts.
        DeValue::Array(_) | DeValue::Table(_) if depth >= MAX_DEPTH => Value::TooDeep,
        DeValue::Array(values) => Value::List(
            values
                .into_iter()
                .map(|value| {
                    let place = value.span().start;
                    node(lines, value, place, depth + 1)
                })
                .collect(),
        ),
        DeValue::Table(entries) => table(lines, entries, depth),
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(integer) => {
            Value::Integer(i64::from_str_radix(integer.as_str(), integer.radix()).ok())
        }
        DeValue::Float(number) => Value::Number(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(boolean) => Value::Boolean(boolean),
        DeValue::Datetime(_) => Value::Time,
    };
    Node { value, written, origin: ValueOrigin::Line(lines.line(place)) }
}

fn table(lines: &Lines<'_>, table: DeTable<'_>, depth: usize) -> Value {
    let entry = |(key, value): (Spanned<std::borrow::Cow<'_, str>>, _)| {
        let place = key.span().start;
        (key.into_inner().into_owned(), node(lines, value, place, depth + 1))
    };
    Value::Table(table.into_iter().map(entry).collect())
}
