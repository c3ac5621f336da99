//! From TOML text to a tree with line numbers.

pub(crate) mod lines;
pub(crate) mod syntax;
pub(crate) mod tree;
pub(crate) mod write;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::document::lines::Lines;
use crate::config::document::tree::{DEEPEST, Node, Origin, Value};
use crate::config::error::SyntaxFault;
use crate::text::shortened;

/// The tree of a whole file.
///
/// # Errors
///
/// The first place where `text` is no TOML.
pub(crate) fn read(text: &str) -> Result<Node, SyntaxFault> {
    let lines = Lines::new(text);
    match DeTable::parse(text) {
        Ok(root) => Ok(Node { value: table(&lines, root.into_inner(), 0), ..Node::table(Origin::Nowhere) }),
        Err(error) => Err(syntax::fault(&lines, &error)),
    }
}

/// The value in a `--set key=text`: TOML, or a bare text where it cannot be meant as TOML.
///
/// # Errors
///
/// What is wrong with something that starts like a quoted text, list or table.
pub(crate) fn read_value(text: &str, origin: &Origin) -> Result<Node, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("there is no value; an empty text is \"\"".to_owned());
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

fn relabel(node: &mut Node, origin: &Origin) {
    node.origin = origin.clone();
    match &mut node.value {
        Value::List(nodes) => nodes.iter_mut().for_each(|node| relabel(node, origin)),
        Value::Table(entries) => entries.iter_mut().for_each(|(_, node)| relabel(node, origin)),
        _ => {}
    }
}

/// `place` is the byte that names the line: of the key, or of the entry of a list itself.
fn node(lines: &Lines<'_>, value: Spanned<DeValue<'_>>, place: usize, depth: usize) -> Node {
    let written = shortened(lines.text().get(value.span()).unwrap_or_default());
    let value = match value.into_inner() {
        // Recursion ends here, whatever the parser lets through.
        DeValue::Array(_) | DeValue::Table(_) if depth >= DEEPEST => Value::TooDeep,
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
    Node { value, written, origin: Origin::Line(lines.line(place)) }
}

fn table(lines: &Lines<'_>, table: DeTable<'_>, depth: usize) -> Value {
    let entry = |(key, value): (Spanned<std::borrow::Cow<'_, str>>, _)| {
        let place = key.span().start;
        (key.into_inner().into_owned(), node(lines, value, place, depth + 1))
    };
    Value::Table(table.into_iter().map(entry).collect())
}
