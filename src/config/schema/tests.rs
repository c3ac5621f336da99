//! The settings and the types that they fill agree.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::config::schema::{ROOT, sections};
use crate::data::MissingPolicy;
use crate::nn::Init;
use crate::settings::{Allowed, Configurable, DefaultValue};

#[test]
fn an_empty_table_has_exactly_the_defaults_that_the_reference_shows() {
    for place in sections() {
        for section_type in place.section.types {
            let (header, name) = (place.header(), section_type.name);
            let mut defaults = place.defaults(name);
            defaults.remove("type");
            for key in section_type.keys {
                let default = defaults.remove(key.name);
                match key.default {
                    // A required key is checked before its type is filled.
                    DefaultValue::Required => {}
                    DefaultValue::Value => assert!(default.is_some(), "{header} {name} {}", key.name),
                    DefaultValue::Absent(_) => assert_eq!(default, None, "{header} {name} {}", key.name),
                }
            }
            assert!(defaults.is_empty(), "{header} {name}: not in the reference: {defaults:?}");
        }
    }
}

#[test]
fn every_table_of_the_root_is_a_section() {
    let headers: BTreeSet<String> = sections().iter().map(|place| place.header()).collect();
    for key in ROOT.types[0].keys {
        let header = if key.name == "layers" { "[[layers]]".to_owned() } else { format!("[{}]", key.name) };
        assert!(headers.contains(&header), "{header}");
    }
}

/// The variants of `T`, as serde lists them in the error about an unknown one.
fn variants<T: serde::de::DeserializeOwned + std::fmt::Debug>() -> BTreeSet<String> {
    let error = Value::from("?").try_into::<T>().expect_err("no such variant").message().to_owned();
    let (_, names) = error.split_once("expected").expect("the message lists the variants");
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The words, and the keys of inline tables, that `allowed` contains.
fn words(allowed: &Allowed) -> BTreeSet<String> {
    match allowed {
        Allowed::Choice(words) => words.iter().map(|word| (*word).to_owned()).collect(),
        Allowed::Either(kinds) => kinds.iter().flat_map(words).collect(),
        Allowed::Table(section) => section.types[0].keys.iter().map(|key| key.name.to_owned()).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn the_words_that_are_allowed_are_those_that_serde_reads() {
    assert_eq!(words(&MissingPolicy::ALLOWED), variants::<MissingPolicy>());
    assert_eq!(words(&Init::ALLOWED), variants::<Init>());
    assert_eq!(words(&crate::data::SplitBy::ALLOWED), variants::<crate::data::SplitBy>());
    let balanced: Table = [("class_weights".to_owned(), Value::from("balanced"))].into_iter().collect();
    assert!(balanced.try_into::<crate::train::TrainingSpec>().is_ok());
}
