//! Paths of keys, such as `layers[2].eps`.

/// Steps of the longest path that is read; more than any key has.
pub(crate) const MAX_DEPTH: usize = 12;

/// The path of `key` in the table at `path`; the root has the empty path.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The steps of a path: `layers[2].eps` and `layers.2.eps` are both `layers`, `2`, `eps`.
pub(crate) fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty())
}

/// `path` with dots only; none if it is not made of bare keys and indices.
pub(crate) fn dotted(path: &str) -> Option<String> {
    let dotted =
        path.strip_suffix(']').unwrap_or(path).replace("].", ".").replace("][", ".").replace('[', ".");
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_key = |step: &str| !step.is_empty() && step.chars().all(is_bare);
    (dotted.split('.').count() <= MAX_DEPTH && dotted.split('.').all(is_key)).then_some(dotted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_consists_of_bare_keys_and_indices() {
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
