//! A config as written: values that know where they come from.

use crate::config::document::key_path::{name, steps};
use crate::text::shortened;

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    /// A scalar or list as written, shortened for messages.
    pub(crate) written: String,
    pub(crate) origin: ValueOrigin,
}

/// A TOML value. An integer of more than 64 bits is `None`, a float beyond the largest is infinite.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(Option<i64>),
    Number(f64),
    Boolean(bool),
    Time,
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
    /// Nested deeper than any key.
    TooDeep,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ValueOrigin {
    /// This line of the file.
    Line(usize),
    /// `--set` with this key and text.
    Set { key: String, text: String },
    /// Not written by the user.
    Nowhere,
}

impl Value {
    /// The type with its article.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Time => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::TooDeep => "nested too deeply",
        }
    }
}

impl Node {
    /// An empty table.
    pub(crate) fn table(origin: ValueOrigin) -> Self {
        Self { value: Value::Table(Vec::new()), written: String::new(), origin }
    }

    /// `value`, not written by the user.
    pub(crate) fn from_toml(value: &toml::Value) -> Self {
        let inner = match value {
            toml::Value::String(text) => Value::Text(text.clone()),
            toml::Value::Integer(integer) => Value::Integer(Some(*integer)),
            toml::Value::Float(number) => Value::Number(*number),
            toml::Value::Boolean(boolean) => Value::Boolean(*boolean),
            toml::Value::Datetime(_) => Value::Time,
            toml::Value::Array(values) => Value::List(values.iter().map(Self::from_toml).collect()),
            toml::Value::Table(table) => {
                Value::Table(table.iter().map(|(key, value)| (key.clone(), Self::from_toml(value))).collect())
            }
        };
        Self {
            value: inner,
            written: shortened(&crate::config::document::inline::inline(value)),
            origin: ValueOrigin::Nowhere,
        }
    }

    /// The entries of a table; none of anything else.
    pub(crate) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// Removes the entry at `path`, through tables only, if there is one.
    pub(crate) fn remove(&mut self, path: &str) {
        let Value::Table(entries) = &mut self.value else { return };
        match path.split_once('.') {
            None => entries.retain(|(name, _)| name != path),
            Some((first, rest)) => {
                entries.iter_mut().filter(|(name, _)| name == first).for_each(|(_, node)| node.remove(rest));
            }
        }
    }

    /// The entry `key` of a table.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The node at `path`, such as `layers[2].eps`; this node itself at the empty path.
    pub(crate) fn find(&self, path: &str) -> Option<&Self> {
        steps(path).try_fold(self, |node, step| match &node.value {
            Value::List(nodes) => nodes.get(step.parse::<usize>().ok()?),
            _ => node.get(&name(step)),
        })
    }

    /// Puts `node` at `path`, creating the tables on the way.
    ///
    /// # Errors
    ///
    /// If a list on the way has no such entry.
    pub(crate) fn set(&mut self, path: &str, node: Self) -> Result<(), String> {
        let mut place = self;
        let mut done = String::new();
        for step in steps(path) {
            place = place.child(&name(step), &node.origin).map_err(|entries| {
                format!("`{done}` has no entry `{step}`; it has {entries}, counted from 0")
            })?;
            done.push_str(if done.is_empty() { "" } else { "." });
            done.push_str(step);
        }
        *place = node;
        Ok(())
    }

    /// The entry `step`, created if it is missing in a table. A scalar is replaced by a table; if a table is not
    /// allowed there, the check reports it.
    ///
    /// # Errors
    ///
    /// The length of a list that has no such entry.
    fn child(&mut self, step: &str, origin: &ValueOrigin) -> Result<&mut Self, usize> {
        if !matches!(self.value, Value::List(_) | Value::Table(_)) {
            *self = Self::table(origin.clone());
        }
        match &mut self.value {
            Value::List(nodes) => {
                let count = nodes.len();
                step.parse::<usize>().ok().and_then(|index| nodes.get_mut(index)).ok_or(count)
            }
            Value::Table(entries) => {
                let place = entries.iter().position(|(name, _)| name == step).unwrap_or(entries.len());
                if place == entries.len() {
                    entries.push((step.to_owned(), Self::table(origin.clone())));
                }
                Ok(&mut entries[place].1)
            }
            _ => Err(0),
        }
    }
}
