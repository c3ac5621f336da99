//! A config as it is written: values that know where they come from.

use crate::text::shortened;

/// Deeper than any key.
pub(crate) const DEEPEST: usize = 12;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    /// A scalar or list as it stands in the text, cut for messages.
    pub(crate) written: String,
    pub(crate) origin: Origin,
}

/// What TOML knows, numbers kept apart from their limits: an integer of more than 64 bits is none,
/// a float beyond the largest is infinite.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(Option<i64>),
    Number(f64),
    Boolean(bool),
    Time,
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
    /// Nested deeper than anything that has a meaning here.
    TooDeep,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This line of the file.
    Line(usize),
    /// `--set` with this key and text.
    Set { key: String, text: String },
    /// Nobody wrote it.
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
    pub(crate) fn table(origin: Origin) -> Self {
        Self { value: Value::Table(Vec::new()), written: String::new(), origin }
    }

    /// `value` without the places that it once had.
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
            written: shortened(&crate::config::document::write::inline(value)),
            origin: Origin::Nowhere,
        }
    }

    /// The entries of a table; none of anything else.
    pub(crate) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// Without the entry `key`, if there is one.
    pub(crate) fn remove(&mut self, key: &str) {
        if let Value::Table(entries) = &mut self.value {
            entries.retain(|(name, _)| name != key);
        }
    }

    /// The entry `key` of a table.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// What stands at `path`, such as `layers[2].eps`; this node itself at the empty path.
    pub(crate) fn find(&self, path: &str) -> Option<&Self> {
        steps(path).try_fold(self, |node, step| match &node.value {
            Value::List(nodes) => nodes.get(step.parse::<usize>().ok()?),
            _ => node.get(step),
        })
    }

    /// Puts `node` at `path`, making the tables on the way.
    ///
    /// # Errors
    ///
    /// Where a list on the way has no such entry.
    pub(crate) fn set(&mut self, path: &str, node: Self) -> Result<(), String> {
        let mut place = self;
        let mut done = String::new();
        for step in steps(path) {
            place = place.child(step, &node.origin).map_err(|entries| {
                format!("`{done}` has no entry `{step}`; it has {entries}, counted from 0")
            })?;
            done.push_str(if done.is_empty() { "" } else { "." });
            done.push_str(step);
        }
        *place = node;
        Ok(())
    }

    /// The entry `step`, made where it is missing in a table. A scalar gives way to a table: if one
    /// is wrong there, the check will say so.
    ///
    /// # Errors
    ///
    /// The length of a list that has no such entry.
    fn child(&mut self, step: &str, origin: &Origin) -> Result<&mut Self, usize> {
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

/// The steps of a path: `layers[2].eps` and `layers.2.eps` are both `layers`, `2`, `eps`.
pub(crate) fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty())
}

/// `path` with dots only; none where it is not made of bare keys and indices.
pub(crate) fn dotted(path: &str) -> Option<String> {
    let dotted =
        path.strip_suffix(']').unwrap_or(path).replace("].", ".").replace("][", ".").replace('[', ".");
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_key = |step: &str| !step.is_empty() && step.chars().all(is_bare);
    (dotted.split('.').count() <= DEEPEST && dotted.split('.').all(is_key)).then_some(dotted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_have_brackets_or_dots_and_nothing_else() {
        assert_eq!(dotted("layers[2].eps").as_deref(), Some("layers.2.eps"));
        assert_eq!(dotted("layers.2.eps").as_deref(), Some("layers.2.eps"));
        assert_eq!(dotted("optimizer").as_deref(), Some("optimizer"));
        for bad in
            ["", ".", "a..b", ".a", "a.", "a b", "a=b", "\u{202e}", "a[]", "a]b", "a[0]b", &"a.".repeat(99)]
        {
            assert_eq!(dotted(bad), None, "{bad:?}");
        }
    }
}
