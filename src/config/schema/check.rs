//! Checks a tree against the settings: unknown keys, missing keys, types and ranges.

use crate::config::document::key_path::{join, step};
use crate::config::document::tree::{Node, Value};
use crate::config::problems::Problems;
use crate::config::schema::ROOT;
use crate::config::schema::hints::{unknown_key, unknown_word};
use crate::config::schema::words::alternatives;
use crate::settings::{Allowed, DefaultValue, Range, Section, SectionType, Setting};

/// The valid part of `tree`, as plain TOML for serde; everything else becomes a problem.
pub(crate) fn check(tree: &Node, problems: &mut Problems) -> toml::Table {
    Checker { problems }.table("", tree, &ROOT).unwrap_or_default()
}

struct Checker<'p> {
    problems: &'p mut Problems,
}

impl Checker<'_> {
    /// The valid part of the table at `path`; none if its type is not known.
    fn table(&mut self, path: &str, node: &Node, section: &'static Section) -> Option<toml::Table> {
        let mut right = toml::Table::new();
        let section_type = self.section_type(path, node, section)?;
        if section.is_typed() {
            right.insert("type".to_owned(), section_type.name.into());
        }
        for (name, value) in node.entries() {
            if section.is_typed() && name == "type" {
                continue;
            }
            let Some(key) = section_type.key(name) else {
                let hint = unknown_key(path, section, section_type, name);
                self.problems.push_key(path, name, hint.meant, hint.message);
                continue;
            };
            if let Some(value) = self.value(&join(path, name), value, &key.allowed) {
                right.insert(name.clone(), value);
            }
        }
        for key in section_type.keys {
            self.required(path, node, key);
        }
        Some(right)
    }

    fn section_type(
        &mut self,
        path: &str,
        node: &Node,
        section: &'static Section,
    ) -> Option<&'static SectionType> {
        if !section.is_typed() {
            return section.types.first();
        }
        let types = || alternatives(section.type_names().map(|name| format!("\"{name}\"")));
        let Some(written) = node.get("type") else {
            if section.default_type.is_none() {
                let message = format!("missing key `type`: {}", types());
                self.problems.push_key(path, "type", Some("type"), message);
            }
            return section.of_type(section.default_type?);
        };
        let path = join(path, "type");
        let Value::Text(name) = &written.value else {
            self.problems.push(&path, mistyped(written, &types()));
            return None;
        };
        let section_type = section.of_type(name);
        if section_type.is_none() {
            let hint = unknown_word(name, section.type_names());
            self.problems
                .push(&path, format!("{} is not allowed; it must be {}{hint}", written.written, types()));
        }
        section_type
    }

    /// Reports a missing key, unless a misspelt one was already reported in its place.
    fn required(&mut self, path: &str, node: &Node, key: &'static Setting) {
        if !matches!(key.default, DefaultValue::Required) || node.get(key.name).is_some() {
            return;
        }
        match &key.allowed {
            // Of a missing table, its required keys are reported.
            Allowed::Table(section) => {
                let _ = self.table(&join(path, key.name), &Node::table(node.origin.clone()), section);
            }
            _ if !self.problems.is_valid(&join(path, key.name)) => {}
            allowed => {
                let doc = within_sentence(&key.doc.summary());
                let message = format!("missing key `{}`, {}: {doc}", key.name, allowed.description());
                self.problems.push_key(path, key.name, Some(key.name), message);
            }
        }
    }

    /// The value at `path` as plain TOML, or the valid part of it.
    fn value(&mut self, path: &str, node: &Node, allowed: &'static Allowed) -> Option<toml::Value> {
        if !allowed.takes(&node.value) {
            let wanted = match allowed {
                Allowed::Table(Section { inline: None, .. }) => format!("a table: {}", header(path)),
                allowed => allowed.description(),
            };
            self.problems.push(path, mistyped(node, &wanted));
            return None;
        }
        match (allowed, &node.value) {
            (Allowed::Table(section), _) => self.table(path, node, section).map(toml::Value::Table),
            (Allowed::List { of, min, max }, Value::List(nodes)) => {
                self.list(path, nodes, of, *min..=*max).map(toml::Value::Array)
            }
            (Allowed::Map(of), _) => {
                let right = node.entries().iter().filter_map(|(name, node)| {
                    Some((name.clone(), self.value(&join(path, &step(name)), node, of)?))
                });
                Some(toml::Value::Table(right.collect()))
            }
            (Allowed::Either(kinds), _) => match alternative(kinds, &node.value)? {
                one @ (Allowed::List { .. } | Allowed::Table(_) | Allowed::Map(_)) => {
                    self.value(path, node, one)
                }
                one => self.scalar(path, node, one, allowed),
            },
            (Allowed::Grid, _) => {
                crate::config::grid::axes::expand(path, node, self.problems).map(toml::Value::Table)
            }
            (Allowed::Ranges, _) => {
                Some(toml::Value::Table(crate::config::grid::ranges::expand(path, node, self.problems)))
            }
            _ => self.scalar(path, node, allowed, allowed),
        }
    }

    fn list(
        &mut self,
        path: &str,
        nodes: &[Node],
        of: &'static Allowed,
        lengths: std::ops::RangeInclusive<usize>,
    ) -> Option<Vec<toml::Value>> {
        if !lengths.contains(&nodes.len()) {
            let (min, max) = (lengths.start(), lengths.end());
            let wanted = match *max {
                usize::MAX => format!("at least {min}"),
                max => format!("from {min} to {max}"),
            };
            let message = format!("{} entries are not allowed; there must be {wanted}", nodes.len());
            self.problems.push(path, message);
            return None;
        }
        // Every entry is checked, even if an earlier one is wrong.
        let entry = |(index, node)| self.value(&format!("{path}[{index}]"), node, of);
        let values: Vec<_> = nodes.iter().enumerate().map(entry).collect();
        values.into_iter().collect()
    }

    /// `kind` is the alternative in `whole` that has the type of the value.
    fn scalar(
        &mut self,
        path: &str,
        node: &Node,
        kind: &'static Allowed,
        whole: &'static Allowed,
    ) -> Option<toml::Value> {
        let value = scalar(&node.value, kind);
        if value.is_none() {
            let wanted = match (kind, &node.value) {
                (Allowed::Choice(words), Value::Text(text)) => {
                    format!("{}{}", whole.description(), unknown_word(text, words.iter().copied()))
                }
                _ => kind.range(),
            };
            self.problems.push(path, format!("{} is not allowed; it must be {wanted}", node.written));
        }
        value
    }
}

/// A sentence without its final period, and with a small first letter unless it begins with an acronym.
fn within_sentence(sentence: &str) -> String {
    let mut chars = sentence.trim_end_matches('.').chars();
    let first = chars.next();
    let is_acronym = chars.clone().next().is_some_and(char::is_uppercase);
    first
        .into_iter()
        .map(|char| if is_acronym { char } else { char.to_ascii_lowercase() })
        .chain(chars)
        .collect()
}

/// A scalar as plain TOML, if it is allowed. Every condition says what is allowed, so that NaN is not.
fn scalar(value: &Value, allowed: &Allowed) -> Option<toml::Value> {
    let right = match (allowed, value) {
        (Allowed::Boolean, Value::Boolean(boolean)) => toml::Value::Boolean(*boolean),
        (Allowed::Integer(range), Value::Integer(Some(integer))) if contains(range, *integer as f64) => {
            toml::Value::Integer(*integer)
        }
        (Allowed::Number(range), Value::Number(number)) if contains(range, *number) => {
            toml::Value::Float(*number)
        }
        (Allowed::Number(range), Value::Integer(Some(integer))) if contains(range, *integer as f64) => {
            toml::Value::Float(*integer as f64)
        }
        (Allowed::Column, Value::Integer(Some(index))) if (-1..=i64::from(i32::MAX)).contains(index) => {
            toml::Value::Integer(*index)
        }
        (Allowed::Column, Value::Text(text)) if !text.is_empty() => toml::Value::String(text.clone()),
        (Allowed::Text(format), Value::Text(text)) if (format.accepts)(text) => {
            toml::Value::String(text.clone())
        }
        (Allowed::Choice(words), Value::Text(text)) if words.contains(&text.as_str()) => {
            toml::Value::String(text.clone())
        }
        _ => return None,
    };
    Some(right)
}

/// Bounds are small, so the rounding of a large integer decides nothing.
fn contains(range: &Range, number: f64) -> bool {
    number.is_finite() && std::ops::RangeBounds::contains(&(range.low, range.high), &number)
}

/// `[training.schedule]` or `[[layers]]`.
fn header(path: &str) -> String {
    match path.split_once('[') {
        Some((list, _)) => format!("[[{list}]]"),
        None => format!("[{path}]"),
    }
}

fn mistyped(node: &Node, wanted: &str) -> String {
    match &node.value {
        Value::List(_) | Value::Table(_) | Value::TooDeep => {
            format!("it is {}; it must be {wanted}", node.value.type_name())
        }
        value => format!("{} is {}; it must be {wanted}", node.written, value.type_name()),
    }
}

/// The alternative that `value` is meant to be: of several tables, the first one that has one of its keys.
fn alternative(kinds: &'static [Allowed], value: &Value) -> Option<&'static Allowed> {
    let has_key = |kind: &&&Allowed| match (kind, value) {
        (Allowed::Table(section), Value::Table(entries)) => {
            entries.iter().any(|(key, _)| section.types.iter().any(|table| table.key(key).is_some()))
        }
        _ => false,
    };
    let taking = || kinds.iter().filter(|kind| kind.takes(value));
    taking().find(|kind| has_key(&kind)).or_else(|| taking().next())
}
