//! What differs between two configs.

use std::fmt;

use crate::config::document::inline::{inline, key};
use crate::config::document::key_path::join;

/// A key with two values, on one line each; none where it has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangedKey {
    pub(crate) key: String,
    before: Option<String>,
    now: Option<String>,
}

impl fmt::Display for ChangedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".to_owned());
        write!(f, "{} was {}, is {}", self.key, shown(&self.before), shown(&self.now))
    }
}

/// Keys that change no result: where files are, which are compared by their bytes, and how a run is kept.
const KEYS_WITHOUT_EFFECT: [&str; 5] =
    ["training.checkpoint", "data.memory", "data.path", "data.valid_path", "data.test_path"];

/// Whether the key at this path may change a result.
pub(crate) fn has_effect(key: &str) -> bool {
    !KEYS_WITHOUT_EFFECT.contains(&key) && !key.starts_with("report.")
}

/// Every key of a complete config that [has an effect](has_effect), with its value on one line.
pub(crate) fn decisive_settings(config: &toml::Table) -> Vec<(String, String)> {
    let mut values = Vec::new();
    flatten("", config, &mut values);
    values.retain(|(key, _)| has_effect(key));
    values
}

/// The keys whose values differ between two complete configs.
pub(crate) fn changed_keys(before: &toml::Table, now: &toml::Table) -> Vec<ChangedKey> {
    let [before, now] = [before, now].map(|table| {
        let mut values = Vec::new();
        flatten("", table, &mut values);
        values
    });
    let value_in = |values: &[(String, String)], key: &str| {
        values.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    };
    let added = now.iter().filter(|(key, _)| value_in(&before, key).is_none());
    let keys = before.iter().chain(added).map(|(key, _)| key);
    let changes = keys.map(|key| ChangedKey {
        key: key.clone(),
        before: value_in(&before, key),
        now: value_in(&now, key),
    });
    changes.filter(|change| change.before != change.now).collect()
}

/// Adds the path and the value of every key in `table`.
fn flatten(path: &str, table: &toml::Table, values: &mut Vec<(String, String)>) {
    for (name, value) in table {
        let path = join(path, &key(name));
        match value {
            toml::Value::Table(table) => flatten(&path, table, values),
            toml::Value::Array(array) if array.iter().any(toml::Value::is_table) => {
                for (index, value) in array.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    match value.as_table() {
                        Some(table) => flatten(&path, table, values),
                        None => values.push((path, inline(value))),
                    }
                }
            }
            _ => values.push((path, inline(value))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_differ_are_named_with_both_values() {
        let table = |text: &str| text.parse::<toml::Table>().expect("TOML");
        let before = table("a = 1\nt.b = [1, 2]\nt.c = 0.5\nl = [{ k = 'x' }, { k = 'y', m = 3 }]");
        let now = table("a = 1\nt.b = [1, 3]\nd = true\nt.c = 0.5\nl = [{ k = 'x' }, { k = 'z' }]");
        let shown: Vec<String> = changed_keys(&before, &now).iter().map(ChangedKey::to_string).collect();
        assert_eq!(
            shown,
            [
                "t.b was [1, 2], is [1, 3]",
                "l[1].k was \"y\", is \"z\"",
                "l[1].m was 3, is absent",
                "d was absent, is true",
            ]
        );
        assert_eq!(changed_keys(&now, &now), []);
    }
}
