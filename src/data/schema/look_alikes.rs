//! Texts that look like each other and are different.

use std::collections::BTreeMap;

#[cfg(feature = "unicode")]
use unicode_security::skeleton;

use crate::text::{Quoted, is_visible};

/// Groups of texts that a note names.
const MAX_GROUPS: usize = 4;
/// Texts of a group that a note names.
const MAX_TEXTS: usize = 6;

/// The groups of `texts` that differ only in case, in white space, in characters that are not seen, or in
/// characters of the same shape; in each, the plainest spelling first.
pub(crate) fn look_alikes(texts: &[String]) -> Vec<Vec<&String>> {
    let mut groups: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for text in texts {
        groups.entry(look(text)).or_default().push(text);
    }
    let mut groups: Vec<Vec<&String>> = groups.into_values().filter(|group| group.len() > 1).collect();
    let oddity = |text: &String| {
        let count = |is_odd: fn(char) -> bool| text.chars().filter(|char| is_odd(*char)).count();
        (count(|char| !char.is_ascii()), count(char::is_uppercase))
    };
    groups.iter_mut().for_each(|group| group.sort_by_key(|text| oddity(text)));
    groups
}

/// A note on the texts that look like each other; `of` says what they are, `advice` what to do.
pub(crate) fn look_alikes_note(of: &str, texts: &[String], advice: &str) -> Option<String> {
    let groups = look_alikes(texts);
    let listed: Vec<String> = groups
        .iter()
        .take(MAX_GROUPS)
        .map(|group| {
            let texts: Vec<String> = group.iter().take(MAX_TEXTS).map(|text| spelled_out(text)).collect();
            let dots = if group.len() > MAX_TEXTS { ", ..." } else { "" };
            format!("{}{dots}", texts.join(", "))
        })
        .collect();
    let dots = if groups.len() > MAX_GROUPS { "; ..." } else { "" };
    (!groups.is_empty())
        .then(|| format!("{of} that differ but look the same: {}{dots}; {advice}", listed.join("; ")))
}

/// A note that `text` looks like one of `known`, to end a message, and how to take it for that one; empty if it does not.
pub(crate) fn looks_like(text: &str, known: &[String], renaming: impl Fn(&str, &str) -> String) -> String {
    let wanted = look(text);
    match known.iter().find(|other| look(other) == wanted) {
        Some(other) => format!(
            "; {} looks like {}, and differs: if they mean the same, {}",
            spelled_out(text),
            spelled_out(other),
            renaming(text, other)
        ),
        None => String::new(),
    }
}

/// A text in quotes, and the code points of the characters outside of ASCII.
fn spelled_out(text: &str) -> String {
    let points: Vec<String> = text
        .chars()
        .filter(|char| !char.is_ascii())
        .take(4)
        .map(|char| format!("U+{:04X}", u32::from(char)))
        .collect();
    match points.is_empty() {
        true => Quoted(text).to_string(),
        false => format!("{} ({})", Quoted(text), points.join(", ")),
    }
}

/// Without the feature, no characters are known to have the same shape.
#[cfg(not(feature = "unicode"))]
fn skeleton(text: &str) -> impl Iterator<Item = char> {
    text.chars()
}

/// The same for texts that look the same.
fn look(text: &str) -> String {
    let space = |char: char| if char.is_whitespace() { ' ' } else { char };
    let visible: String = text.chars().map(space).filter(|&char| is_visible(char)).collect();
    let spaced = visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut plain = String::with_capacity(spaced.len());
    for char in spaced.chars() {
        match char {
            // The full-width forms of ASCII.
            '\u{ff01}'..='\u{ff5e}' => plain.extend(char::from_u32(u32::from(char) - 0xfee0)),
            _ if char.is_ascii() => plain.push(char),
            _ => plain.extend(skeleton(char.encode_utf8(&mut [0; 4]))),
        }
    }
    plain.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_white_space_hidden_and_confusable_characters_look_the_same() {
        let look_same = [
            ["yes", "YES"],
            ["yes", "yes\u{a0}"],
            ["yes", "y\u{200b}es"],
            ["New York", "New  York"],
            ["paris", "p\u{430}ris"],
            ["Z\u{fc}rich", "Zu\u{308}rich"],
            ["a b", "a\u{2003}b"],
            ["A-1", "\u{410}-1"],
            ["A1", "\u{ff21}\u{ff11}"],
            ["Bergen", "\u{392}ergen"],
            ["IDAHO", "Idaho"],
        ];
        for pair in look_same {
            let texts = pair.map(str::to_owned);
            assert_eq!(look_alikes(&texts).first().map(Vec::len), Some(2), "{pair:?}");
        }
        for pair in [["yes", "no"], ["a", "\u{e4}"], ["1", "2"], ["ab", "a b"], ["10", "01"]] {
            assert!(look_alikes(&pair.map(str::to_owned)).is_empty(), "{pair:?}");
        }
    }

    #[test]
    fn the_note_has_code_points() {
        let texts = ["NO", "no", "no\u{a0}", "yes"].map(str::to_owned);
        assert_eq!(
            look_alikes_note("classes", &texts, "check them").as_deref(),
            Some("classes that differ but look the same: \"no\", \"NO\", \"no\\u{a0}\" (U+00A0); check them")
        );
        assert_eq!(look_alikes_note("classes", &texts[2..], "check them"), None);
        assert_eq!(
            looks_like("y\u{435}s", &texts, |text, other| format!("rename {text} to {other}")),
            "; \"y\u{435}s\" (U+0435) looks like \"yes\", and differs: if they mean the same, rename y\u{435}s to yes"
        );
        assert_eq!(looks_like("maybe", &texts, |_, _| String::new()), "");
    }
}
