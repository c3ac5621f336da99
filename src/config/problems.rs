//! Collects the problems of a config, with their places.

use std::path::Path;

use crate::config::document::key_path::{join, name, steps};
use crate::config::document::tree::{Node, Value, ValueOrigin};
use crate::config::error::{ConfigError, Problem};
use crate::text::{shortened, shortened_to};

/// The problems found so far.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Found>,
    /// How many more there were than are kept.
    dropped: usize,
}

/// Far more than anyone reads; bounds the work for a hostile file.
const MAX_KEPT: usize = 500;

/// One of them.
#[derive(Debug)]
pub(crate) struct Found {
    /// The path to show.
    pub(crate) place: String,
    /// The path whose line to show: the same, or a key of the table there.
    pub(crate) line_of: String,
    pub(crate) message: String,
    pub(crate) is_limit: bool,
    /// The path that later checks must not rely on.
    taints: Option<String>,
}

impl Problems {
    /// Reports a problem with the value at `path`.
    pub(crate) fn push(&mut self, path: &str, message: impl Into<String>) {
        self.add(Found {
            place: path.to_owned(),
            line_of: path.to_owned(),
            taints: Some(path.to_owned()),
            message: message.into(),
            is_limit: false,
        });
    }

    /// Reports a size limit that the value at `path` exceeds.
    pub(crate) fn push_limit(&mut self, path: &str, message: String) {
        self.add(Found {
            place: path.to_owned(),
            line_of: path.to_owned(),
            taints: Some(path.to_owned()),
            message,
            is_limit: true,
        });
    }

    /// Reports a problem with `key` of the table at `path`; `meant` is the key that was probably meant.
    pub(crate) fn push_key(&mut self, path: &str, key: &str, meant: Option<&str>, message: String) {
        self.add(Found {
            place: path.to_owned(),
            line_of: join(path, key),
            taints: meant.map(|meant| join(path, meant)),
            message,
            is_limit: false,
        });
    }

    fn add(&mut self, found: Found) {
        if self.found.len() < MAX_KEPT {
            self.found.push(found);
        } else {
            self.dropped += 1;
        }
    }

    /// Whether there are no problems yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether there is no problem at `path`, in a table around it, or in its parts. A rule over several keys
    /// asks first, so that one mistake is not reported twice.
    pub(crate) fn is_valid(&self, path: &str) -> bool {
        let wanted: Vec<&str> = steps(path).collect();
        self.found.iter().filter_map(|found| found.taints.as_deref()).all(|taint| {
            // Of two paths, one is part of the other exactly if they agree as far as both go.
            steps(taint).zip(&wanted).any(|(taint, wanted)| taint != *wanted)
        })
    }

    /// Whether there is no problem at `path` itself or in a table around it; its parts may have some.
    pub(crate) fn is_valid_itself(&self, path: &str) -> bool {
        let is_around = |taint: &str| {
            let mut wanted = steps(path);
            steps(taint).all(|taint| wanted.next() == Some(taint))
        };
        !self.found.iter().filter_map(|found| found.taints.as_deref()).any(is_around)
    }

    /// All problems, in the order in which they were found.
    pub(crate) fn into_found(self) -> Vec<Found> {
        self.found
    }

    /// All problems of the config at `path`, with their lines from `tree` and in that order: missing tables
    /// first, those of `--set` last.
    pub(crate) fn into_error(mut self, tree: &Node, path: &Path) -> ConfigError {
        self.found.sort_by_cached_key(|found| match origin(tree, &found.line_of) {
            ValueOrigin::Nowhere => 0,
            ValueOrigin::Line(line) => *line,
            ValueOrigin::Set { .. } => usize::MAX,
        });
        let locate = |found: Found| Problem {
            place: place(tree, &found),
            message: found.message,
            is_limit: found.is_limit,
        };
        let problems = self.found.into_iter().map(locate).collect();
        ConfigError::Problems { path: path.to_owned(), problems, dropped: self.dropped }
    }
}

/// Where the value at `path`, or the innermost table around it, was written.
fn origin<'t>(tree: &'t Node, path: &str) -> &'t ValueOrigin {
    let path: Vec<&str> = steps(path).collect();
    let (mut node, mut rest) = (tree, path.as_slice());
    while let Some((first, after)) = rest.split_first() {
        let next = match &node.value {
            Value::List(nodes) => first.parse().ok().and_then(|index: usize| nodes.get(index)),
            _ => node.get(&name(first)),
        };
        let Some(next) = next.map(|node| (node, after)).or_else(|| quoted(node, rest)) else { break };
        (node, rest) = next;
    }
    &node.origin
}

/// The entry of a grid whose quoted key, such as `"optimizer.learning_rate"`, is the first of the
/// steps in `rest`, and the steps after it.
fn quoted<'t, 'p, 's>(node: &'t Node, rest: &'p [&'s str]) -> Option<(&'t Node, &'p [&'s str])> {
    node.entries().iter().filter(|(key, _)| key.contains(['.', '['])).find_map(|(key, node)| {
        let key: Vec<&str> = steps(key).collect();
        rest.starts_with(&key).then(|| (node, &rest[key.len()..]))
    })
}

/// `optimizer.learning_rate (line 31)`, `layers[2].eps (batch_norm, line 18)`, or the `--set`.
fn place(tree: &Node, found: &Found) -> String {
    let path = if found.place.is_empty() { "top level".to_owned() } else { shortened_to(&found.place, 120) };
    let mut details = Vec::new();
    if let Some(kind) = layer_type(tree, &found.place) {
        details.push(kind);
    }
    match origin(tree, &found.line_of) {
        ValueOrigin::Line(line) => details.push(format!("line {line}")),
        ValueOrigin::Set { key, text } => {
            let set = format!("--set {key}={}", shortened(text));
            if steps(key).eq(steps(&found.line_of)) {
                return set;
            }
            details.push(set);
        }
        ValueOrigin::Nowhere => {}
    }
    if details.is_empty() { path } else { format!("{path} ({})", details.join(", ")) }
}

/// The type of the layer that `path` is in.
fn layer_type(tree: &Node, path: &str) -> Option<String> {
    let (layer, _) = path.strip_prefix("layers[")?.split_once(']')?;
    match &tree.find(&format!("layers[{layer}].type"))?.value {
        Value::Text(name) => Some(shortened(name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_invalidates_its_path_the_tables_around_it_and_its_parts() {
        let mut problems = Problems::default();
        problems.push("layers[1].eps", "");
        problems.push("data", "");
        problems.push_key("optimizer", "momentun", Some("momentum"), String::new());
        for (path, trusted) in [
            ("layers[1].eps", false),
            ("layers[1]", false),
            ("layers", false),
            ("layers[1].scale", true),
            ("layers[10].eps", true),
            ("data.valid", false),
            ("optimizer.momentum", false),
            ("optimizer.nesterov", true),
        ] {
            assert_eq!(problems.is_valid(path), trusted, "{path}");
        }
    }
}
