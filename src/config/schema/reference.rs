//! The config reference, as Markdown and as plain text.

use crate::config::document::inline::inline;
use crate::config::schema::{Place, sections};
use crate::settings::{DefaultValue, SectionType, Setting};

/// Markdown of every key: a heading for each table of a config, and for each `type` a table of keys with
/// what is allowed, their default and their meaning.
pub fn reference() -> String {
    sections().iter().map(section).collect::<Vec<_>>().join("\n")
}

fn section(place: &Place) -> String {
    let mut text = format!("### `{}`\n", place.header());
    for section_type in place.section.types {
        let (name, doc) = (section_type.name, section_type.doc.summary());
        text.push_str(&match place.section.default_type {
            _ if name.is_empty() => format!("\n{doc}\n"),
            Some(default) if name == default => format!("\n**`type = \"{name}\"`** (the default): {doc}\n"),
            _ => format!("\n**`type = \"{name}\"`**: {doc}\n"),
        });
        text.push_str(&keys(place, section_type));
    }
    text
}

fn keys(place: &Place, section_type: &SectionType) -> String {
    if section_type.keys.is_empty() {
        return String::new();
    }
    let defaults = place.defaults(section_type.name);
    let rows = section_type.keys.iter().map(|key| row(key, &defaults));
    format!("\n| key | allowed | default | meaning |\n|---|---|---|---|\n{}", rows.collect::<String>())
}

fn row(key: &Setting, defaults: &toml::Table) -> String {
    let (allowed, default) = (key.allowed.description(), default(key, defaults));
    format!("| `{}` | {allowed} | {default} | {} |\n", key.name, key.doc.summary())
}

fn default(key: &Setting, defaults: &toml::Table) -> String {
    match key.default {
        DefaultValue::Required => "required".to_owned(),
        DefaultValue::Value => {
            defaults.get(key.name).map(|value| format!("`{}`", inline(value))).unwrap_or_default()
        }
        DefaultValue::Absent(words) => words.to_owned(),
    }
}

/// The same as plain text, for a terminal or a manual page.
pub fn reference_text() -> String {
    let mut text = String::new();
    for place in sections() {
        text.push_str(&format!("{}\n", place.header()));
        for section_type in place.section.types {
            if !section_type.name.is_empty() {
                text.push_str(&format!("\n  type = \"{}\"\n", section_type.name));
            }
            wrap(&mut text, "    ", &section_type.doc.summary());
            let defaults = place.defaults(section_type.name);
            for key in section_type.keys {
                text.push_str(&format!("\n    {}\n", key.name));
                wrap(&mut text, "        ", &key.doc.summary());
                let allowed = key.allowed.description();
                wrap(&mut text, "        ", &format!("[{allowed}; default: {}]", default(key, &defaults)));
            }
        }
        text.push('\n');
    }
    text
}

/// Appends `words` in lines of at most 80 characters, without the marks of Markdown.
fn wrap(text: &mut String, indent: &str, words: &str) {
    let mut width = usize::MAX;
    for word in words.replace('`', "").split(' ') {
        let length = word.chars().count();
        if width.saturating_add(1 + length) > 80 {
            text.push_str(if width == usize::MAX { indent } else { "\n" });
            text.push_str(if width == usize::MAX { "" } else { indent });
            width = indent.len() + length;
        } else {
            text.push(' ');
            width += 1 + length;
        }
        text.push_str(word);
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "docs/config.md";

    const HEAD: &str = "# Config reference\n\nEvery key of a config. This page is generated: \
                        `BNTRAIN_UPDATE=1 cargo test --lib config_page` writes it.\n\n";

    #[test]
    fn the_config_page_is_current() {
        let expected = format!("{HEAD}{}", reference());
        if std::env::var_os("BNTRAIN_UPDATE").is_some() {
            std::fs::write(PAGE, &expected).expect("the page can be written");
        }
        let written = std::fs::read_to_string(PAGE).expect("the page exists");
        assert_eq!(written, expected, "run `BNTRAIN_UPDATE=1 cargo test --lib config_page`");
    }

    #[test]
    fn the_reference_has_a_row_for_every_key_of_every_table() {
        let reference = reference();
        let places = sections();
        assert_eq!(places.len(), reference.matches("### ").count());
        for place in places {
            let heading = format!("### `{}`\n", place.header());
            let (_, text) = reference.split_once(&heading).unwrap_or_else(|| panic!("no {heading}"));
            let text = text.split("### ").next().unwrap_or_default();
            for section_type in place.section.types {
                let name = section_type.name;
                assert!(name.is_empty() || text.contains(&format!("**`type = \"{name}\"`**")));
                let defaults = place.defaults(name);
                for key in section_type.keys {
                    let row = row(key, &defaults);
                    assert!(text.contains(&row), "{heading} {}", key.name);
                    assert_eq!(row.matches('|').count(), 5, "a bar in a cell would end it: {row}");
                }
            }
        }
    }

    #[test]
    fn a_row_shows_what_is_allowed_the_default_and_the_meaning() {
        let reference = reference();
        for row in [
            "| `valid` | a number, at least 0 and less than 1 | `0.0` | Fraction of the rows to hold out for validation, stratified \
             by class; whole groups if there is a group column. |\n",
            "| `clip_norm` | a number, finite and greater than 0 | no clipping | Largest Euclidean norm of all \
             gradients together. |\n",
            "| `bias` | true or false or \"auto\" | `\"auto\"` | Whether to add a bias; `\"auto\"` leaves it \
             out directly before a norm that cancels it, because it \
             subtracts the mean over the batch. |\n",
        ] {
            assert!(reference.contains(row), "{row}");
        }
    }
}
