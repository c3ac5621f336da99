//! Applies `--set key=value`.

use crate::config::document;
use crate::config::document::key_path::{dotted, steps};
use crate::config::document::tree::{Node, ValueOrigin};
use crate::config::problems::Problems;
use crate::text::shortened;

/// An error if `key` is in `[model]` but the config uses `[[layers]]`, or the reverse.
pub(crate) fn in_other_form(key: &str, tree: &Node) -> Option<&'static str> {
    match steps(key).next() {
        Some("layers") if tree.get("layers").is_none() && tree.get("model").is_some() => {
            Some("the network is written as [model]; change its keys")
        }
        Some("model") if tree.get("model").is_none() && tree.get("layers").is_some() => {
            Some("the network is written as [[layers]]; change their keys, such as layers.0.units")
        }
        _ => None,
    }
}

/// Applies the overrides in order. The later check treats them like values of the file.
pub(crate) fn apply(tree: &mut Node, overrides: &[(String, String)], problems: &mut Problems) {
    for (key, text) in overrides {
        let origin = ValueOrigin::Set { key: key.clone(), text: text.clone() };
        if key.is_empty() {
            let message = "the key is missing; write it as in `optimizer.learning_rate=0.1`";
            problems.push(&format!("--set ={}", shortened(text)), message);
            continue;
        }
        let Some(path) = dotted(key) else {
            let message = "this is not a key; write it as in `optimizer.learning_rate` or `layers.0.units`, with other \
                           characters in quotes: `data.columns.\"petal.width\"`";
            problems.push(&format!("--set {}", shortened(key)), message);
            continue;
        };
        let set = match in_other_form(&path, tree) {
            Some(message) => Err(message.to_owned()),
            None => document::read_value(text, &origin).and_then(|node| tree.set(&path, node)),
        };
        if let Err(message) = set {
            problems.push(&format!("--set {}={}", shortened(key), shortened(text)), message);
        }
    }
}
