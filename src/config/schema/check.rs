//! A tree against the table of keys: unknown keys, missing ones, types and ranges.

use crate::config::document::tree::{Node, Value};
use crate::config::problems::{Problems, join};
use crate::config::schema::hints::unknown_key;
use crate::config::schema::kinds::alternatives;
use crate::config::schema::{Key, Kind, ROOT, Section, Standard, Variant};
use crate::data::spec_check::{is_delimiter, is_mark};
use crate::text::similar_names;

/// What of `tree` is right, as plain TOML for serde; everything else is a problem and left out.
pub(crate) fn check(tree: &Node, problems: &mut Problems) -> toml::Table {
    Checker { problems }.table("", tree, &ROOT).unwrap_or_default()
}

struct Checker<'p> {
    problems: &'p mut Problems,
}

impl Checker<'_> {
    /// The table at `path` with what is right in it; none if its type is not known.
    fn table(&mut self, path: &str, node: &Node, section: &'static Section) -> Option<toml::Table> {
        let mut right = toml::Table::new();
        let variant = self.variant(path, node, section)?;
        if section.is_typed() {
            right.insert("type".to_owned(), variant.name.into());
        }
        for (name, value) in node.entries() {
            if section.is_typed() && name == "type" {
                continue;
            }
            let Some(key) = variant.key(name) else {
                let hint = unknown_key(section, variant, name);
                self.problems.push_key(path, name, hint.meant, hint.message);
                continue;
            };
            if let Some(value) = self.value(&join(path, name), value, &key.kind) {
                right.insert(name.clone(), value);
            }
        }
        for key in variant.keys {
            self.required(path, node, key);
        }
        Some(right)
    }

    fn variant(&mut self, path: &str, node: &Node, section: &'static Section) -> Option<&'static Variant> {
        if !section.is_typed() {
            return section.variants.first();
        }
        let types = || alternatives(section.types().map(|name| format!("\"{name}\"")));
        let Some(written) = node.get("type") else {
            if section.default_type.is_none() {
                self.problems.push_key(
                    path,
                    "type",
                    Some("type"),
                    format!("missing key `type`: {}", types()),
                );
            }
            return section.variant(section.default_type?);
        };
        let path = join(path, "type");
        let Value::Text(name) = &written.value else {
            self.problems.push(&path, mistyped(written, &types()));
            return None;
        };
        let variant = section.variant(name);
        if variant.is_none() {
            let hint = did_you_mean(name, section.types());
            self.problems
                .push(&path, format!("{} is not allowed; it must be {}{hint}", written.written, types()));
        }
        variant
    }

    /// A missing key, unless there is something else in its place that is wrong already.
    fn required(&mut self, path: &str, node: &Node, key: &'static Key) {
        if !matches!(key.default, Standard::Required) || node.get(key.name).is_some() {
            return;
        }
        match &key.kind {
            // What is missing of a whole table is told by its keys.
            Kind::Table(section) => {
                let _ = self.table(&join(path, key.name), &Node::table(node.origin.clone()), section);
            }
            _ if !self.problems.trusts(&join(path, key.name)) => {}
            kind => {
                let message = format!("missing key `{}`, {}: {}", key.name, kind.description(), key.doc);
                self.problems.push_key(path, key.name, Some(key.name), message);
            }
        }
    }

    /// The value at `path` as plain TOML if it is right, or what of it is right.
    fn value(&mut self, path: &str, node: &Node, kind: &'static Kind) -> Option<toml::Value> {
        if !kind.takes(&node.value) {
            self.problems.push(path, mistyped(node, &kind.description()));
            return None;
        }
        match (kind, &node.value) {
            (Kind::Table(section), _) => self.table(path, node, section).map(toml::Value::Table),
            (Kind::List { of, least, most }, Value::List(nodes)) => {
                self.list(path, nodes, of, *least..=*most).map(toml::Value::Array)
            }
            (Kind::Map(of), _) => {
                let right = node.entries().iter().filter_map(|(name, node)| {
                    Some((name.clone(), self.value(&join(path, name), node, of)?))
                });
                Some(toml::Value::Table(right.collect()))
            }
            (Kind::Either(kinds), _) => match kinds.iter().find(|kind| kind.takes(&node.value))? {
                one @ (Kind::List { .. } | Kind::Table(_) | Kind::Map(_)) => self.value(path, node, one),
                one => self.scalar(path, node, one, kind),
            },
            (Kind::Grid, _) => {
                crate::config::grid::axes::expand(path, node, self.problems).map(toml::Value::Table)
            }
            _ => self.scalar(path, node, kind, kind),
        }
    }

    fn list(
        &mut self,
        path: &str,
        nodes: &[Node],
        of: &'static Kind,
        lengths: std::ops::RangeInclusive<usize>,
    ) -> Option<Vec<toml::Value>> {
        if !lengths.contains(&nodes.len()) {
            let (least, most) = (lengths.start(), lengths.end());
            let message =
                format!("{} entries are not allowed; there must be from {least} to {most}", nodes.len());
            self.problems.push(path, message);
            return None;
        }
        // Every entry is looked at before the list is given up.
        let entry = |(index, node)| self.value(&format!("{path}[{index}]"), node, of);
        let values: Vec<_> = nodes.iter().enumerate().map(entry).collect();
        values.into_iter().collect()
    }

    /// `kind` is the one of the alternatives in `whole` that has the type of the value.
    fn scalar(
        &mut self,
        path: &str,
        node: &Node,
        kind: &'static Kind,
        whole: &'static Kind,
    ) -> Option<toml::Value> {
        let right = scalar(&node.value, kind);
        if right.is_none() {
            let wanted = match (kind, &node.value) {
                (Kind::Choice(choices), Value::Text(text)) => {
                    format!("{}{}", whole.description(), did_you_mean(text, choices.iter().copied()))
                }
                _ => kind.range(),
            };
            self.problems.push(path, format!("{} is not allowed; it must be {wanted}", node.written));
        }
        right
    }
}

/// A scalar as plain TOML, if it is right. Every condition says what is allowed, so that NaN is
/// not.
fn scalar(value: &Value, kind: &Kind) -> Option<toml::Value> {
    let is_in =
        |number: f64, low, high| number.is_finite() && std::ops::RangeBounds::contains(&(low, high), &number);
    let right = match (kind, value) {
        (Kind::Boolean, Value::Boolean(boolean)) => toml::Value::Boolean(*boolean),
        (Kind::Integer { least, most }, Value::Integer(Some(integer)))
            if (*least..=*most).contains(integer) =>
        {
            toml::Value::Integer(*integer)
        }
        (Kind::Number { low, high }, Value::Number(number)) if is_in(*number, *low, *high) => {
            toml::Value::Float(*number)
        }
        (Kind::Number { low, high }, Value::Integer(Some(integer)))
            if is_in(*integer as f64, *low, *high) =>
        {
            toml::Value::Float(*integer as f64)
        }
        (Kind::Column, Value::Integer(Some(index))) if (-1..=i64::from(i32::MAX)).contains(index) => {
            toml::Value::Integer(*index)
        }
        (Kind::Column | Kind::Path | Kind::Name, Value::Text(text)) if !text.is_empty() => {
            toml::Value::String(text.clone())
        }
        (Kind::Text, Value::Text(text)) => toml::Value::String(text.clone()),
        (Kind::Delimiter, Value::Text(text)) if is_one(text, is_delimiter) => {
            toml::Value::String(text.clone())
        }
        (Kind::Bytes, Value::Text(text)) if crate::data::Bytes::parse(text).is_some() => {
            toml::Value::String(text.clone())
        }
        (Kind::Mark, Value::Text(text)) if text.is_empty() || is_one(text, is_mark) => {
            toml::Value::String(text.clone())
        }
        (Kind::Choice(choices), Value::Text(text)) if choices.contains(&text.as_str()) => {
            toml::Value::String(text.clone())
        }
        _ => return None,
    };
    Some(right)
}

/// Whether a text is one character of this kind.
fn is_one(text: &str, is_allowed: fn(char) -> bool) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_allowed) && chars.next().is_none()
}

fn mistyped(node: &Node, wanted: &str) -> String {
    match &node.value {
        Value::List(_) | Value::Table(_) | Value::TooDeep => {
            format!("it is {}; it must be {wanted}", node.value.type_name())
        }
        value => format!("{} is {}; it must be {wanted}", node.written, value.type_name()),
    }
}

fn did_you_mean(text: &str, names: impl Iterator<Item = &'static str>) -> String {
    similar_names(text, names).first().map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default()
}
