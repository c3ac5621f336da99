//! The table of keys as documentation.

use crate::config::schema::{
    COLUMN, COMPARE, DATA, EARLY_STOPPING, Key, LAYERS, MODEL, OPTIMIZER, SCHEDULE, Section, Standard,
    TRAINING, Variant,
};

/// Markdown of every key: a heading for each table of a config, and for each `type` a table of
/// keys with what they may be, their default and their meaning.
pub fn reference() -> String {
    let sections =
        [&DATA, &COLUMN, &LAYERS, &MODEL, &OPTIMIZER, &TRAINING, &SCHEDULE, &EARLY_STOPPING, &COMPARE];
    sections.map(section).join("\n")
}

fn section(section: &Section) -> String {
    let mut text = format!("### `{}`\n", section.title);
    for variant in section.variants {
        text.push_str(&describe(section, variant));
    }
    text
}

fn describe(section: &Section, variant: &Variant) -> String {
    let mut text = match section.default_type {
        _ if variant.name.is_empty() => format!("\n{}\n", variant.doc),
        Some(name) if name == variant.name => {
            format!("\n**`type = \"{name}\"`** (the default): {}\n", variant.doc)
        }
        _ => format!("\n**`type = \"{}\"`**: {}\n", variant.name, variant.doc),
    };
    if !variant.keys.is_empty() {
        text.push_str("\n| key | allowed | default | meaning |\n|---|---|---|---|\n");
        text.extend(variant.keys.iter().map(row));
    }
    text
}

fn row(key: &Key) -> String {
    let default = match key.default {
        Standard::Required => "required".to_owned(),
        Standard::Value(value) => format!("`{value}`"),
        Standard::Absent(words) => words.to_owned(),
    };
    format!("| `{}` | {} | {default} | {} |\n", key.name, key.kind.description(), key.doc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schema::{Kind, ROOT};

    /// Every table that a config can have under a header of its own.
    fn sections(section: &'static Section, found: &mut Vec<&'static Section>) {
        for key in section.variants.iter().flat_map(|variant| variant.keys) {
            if let Some(inner) = table(&key.kind).filter(|inner| inner.title.starts_with('[')) {
                found.push(inner);
                sections(inner, found);
            }
        }
    }

    fn table(kind: &'static Kind) -> Option<&'static Section> {
        match kind {
            Kind::Table(inner) => Some(inner),
            Kind::List { of, .. } | Kind::Map(of) => table(of),
            Kind::Either(kinds) => kinds.iter().find_map(table),
            _ => None,
        }
    }

    #[test]
    fn the_reference_has_a_row_for_every_key_of_every_table() {
        let reference = reference();
        let mut found = Vec::new();
        sections(&ROOT, &mut found);
        assert_eq!(found.len(), reference.matches("### ").count());
        for section in found {
            let heading = format!("### `{}`\n", section.title);
            let (_, text) = reference.split_once(&heading).unwrap_or_else(|| panic!("no {heading}"));
            let text = text.split("### ").next().unwrap_or_default();
            for variant in section.variants {
                assert!(
                    variant.name.is_empty() || text.contains(&format!("**`type = \"{}\"`**", variant.name))
                );
                for key in variant.keys {
                    assert!(text.contains(&row(key)), "{} {}", section.title, key.name);
                    assert_eq!(
                        row(key).matches('|').count(),
                        5,
                        "a bar in a cell would end it: {}",
                        row(key)
                    );
                }
            }
        }
    }

    #[test]
    fn a_row_says_what_is_allowed_what_is_assumed_and_what_it_means() {
        let row = |section: &Section, name: &str| section.variants[0].key(name).map(row).unwrap_or_default();
        assert_eq!(
            row(&DATA, "path"),
            "| `path` | a path | required | CSV file, `.gz` and `.zst` are decompressed; or `-`, standard input |\n"
        );
        assert_eq!(
            row(&TRAINING, "clip_norm"),
            "| `clip_norm` | a number, finite and greater than 0 | no clipping | bound on the Euclidean norm of \
             all gradients together |\n"
        );
        assert_eq!(
            row(&LAYERS, "bias"),
            "| `bias` | true or false or \"auto\" | `\"auto\"` | whether there is a bias; `\"auto\"`: not \
             directly before a norm, which would cancel it |\n"
        );
    }
}
