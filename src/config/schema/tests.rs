//! The table of keys and the types that it fills agree.

use std::collections::BTreeSet;

use serde::Serialize;
use toml::{Table, Value};

use crate::config::model::ModelSpec;
use crate::config::schema::*;
use crate::data::{ColumnSpec, DataSpec};
use crate::nn::*;
use crate::optim::*;
use crate::train::{EarlyStopping, Metric, TrainingSpec};

fn as_table(spec: &impl Serialize) -> Table {
    Table::try_from(spec).expect("every specification is a table")
}

/// The specification that a table of each section and type starts from.
fn defaults() -> Vec<(&'static Section, &'static str, Table)> {
    let schedule = |decay| as_table(&Schedule { decay, ..Schedule::default() });
    let optimizer = |spec: OptimizerSpec| (&OPTIMIZER, spec.kind(), as_table(&spec));
    let layer = |spec: LayerSpec| (&LAYERS, spec.kind(), as_table(&spec));
    let mut defaults = vec![
        (&DATA, "", as_table(&DataSpec::default())),
        (&COLUMN, "", as_table(&ColumnSpec::default())),
        (&MODEL, "", as_table(&ModelSpec::default())),
        (&TRAINING, "", as_table(&TrainingSpec::default())),
        (&EARLY_STOPPING, "", as_table(&EarlyStopping::default())),
        (&SCHEDULE, "constant", schedule(Decay::Constant)),
        (&SCHEDULE, "step", schedule(Decay::Step)),
        (&SCHEDULE, "exponential", schedule(Decay::Exponential)),
        (&SCHEDULE, "cosine", schedule(Decay::Cosine)),
    ];
    defaults.extend(OptimizerSpec::every_kind().into_iter().map(optimizer));
    defaults.extend(LayerSpec::every_kind().into_iter().map(layer));
    for (section, name, table) in &mut defaults {
        // All schedules share one type, a config has the keys of its own only.
        let has = |key: &str| section.variant(name).is_some_and(|variant| variant.key(key).is_some());
        table.retain(|key, _| !std::ptr::eq(*section, &SCHEDULE) || has(key));
        let schedule = table.get_mut("schedule").and_then(Value::as_table_mut);
        if let Some(schedule) = schedule {
            schedule.retain(|key, _| SCHEDULE.variants[0].key(key).is_some() || key == "type");
        }
    }
    defaults
}

fn parsed(text: &str) -> Value {
    text.parse().expect("every default is TOML")
}

#[test]
fn every_default_in_the_table_is_that_of_the_type() {
    for (section, name, mut table) in defaults() {
        let title = section.title;
        let variant = section.variant(name).unwrap_or_else(|| panic!("{title} has no type {name}"));
        table.remove("type");
        for key in variant.keys {
            match key.default {
                Standard::Required => {
                    table.remove(key.name);
                }
                Standard::Value(text) => {
                    assert_eq!(table.remove(key.name), Some(parsed(text)), "{title} {name} {}", key.name);
                }
                Standard::Absent(_) => assert!(!table.contains_key(key.name), "{title} {}", key.name),
            }
        }
        assert!(table.is_empty(), "{title} {name}: keys that no config can set: {table:?}");
    }
}

#[test]
fn every_variant_of_the_table_is_tied_to_a_type() {
    let tied: BTreeSet<_> = defaults().iter().map(|(section, name, _)| (section.title, *name)).collect();
    for section in [&DATA, &COLUMN, &MODEL, &TRAINING, &EARLY_STOPPING, &SCHEDULE, &OPTIMIZER, &LAYERS] {
        for name in section.types() {
            assert!(tied.contains(&(section.title, name)), "{} {name}", section.title);
        }
    }
}

/// The names that serde knows for a variant, which it tells whoever asks for one that is not there.
fn names_of<T: serde::de::DeserializeOwned + std::fmt::Debug>(value: Value) -> BTreeSet<String> {
    let error = value.try_into::<T>().expect_err("no such variant").message().to_owned();
    let (_, names) = error.split_once("expected").expect("the message lists what there is");
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn choices(section: &Section, variant: &str, key: &str) -> BTreeSet<String> {
    fn of(kind: &Kind) -> Option<&'static [&'static str]> {
        match kind {
            Kind::Choice(choices) => Some(choices),
            Kind::Either(kinds) => kinds.iter().find_map(of),
            Kind::List { of: kind, .. } => of(kind),
            _ => None,
        }
    }
    let key = section.variant(variant).and_then(|variant| variant.key(key)).expect("the key is in the table");
    of(&key.kind).expect("the key has choices").iter().map(|&choice| choice.to_owned()).collect()
}

#[test]
fn every_choice_is_a_variant_and_every_variant_a_choice() {
    let bogus = || Value::from("?");
    let typed = || Value::Table(Table::from_iter([("type".to_owned(), bogus())]));
    let types = |section: &Section| section.types().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(types(&OPTIMIZER), names_of::<OptimizerSpec>(typed()));
    assert_eq!(types(&LAYERS), names_of::<LayerSpec>(typed()));
    assert_eq!(types(&SCHEDULE), names_of::<Decay>(bogus()));
    for (section, variant, key, names) in [
        (&DATA, "", "scale", names_of::<crate::data::ScalingMethod>(bogus())),
        (&COLUMN, "", "type", names_of::<crate::data::ColumnType>(bogus())),
        (&MODEL, "", "norm", names_of::<Norm>(bogus())),
        (&MODEL, "", "activation", names_of::<crate::config::model::Activation>(bogus())),
        (&MODEL, "", "loss", names_of::<Loss>(bogus())),
        (&COMPARE, "", "norms", names_of::<Norm>(bogus())),
        (&TRAINING, "", "last_batch", names_of::<crate::data::LastBatch>(bogus())),
        (&TRAINING, "", "sampling", names_of::<crate::data::Sampling>(bogus())),
        (&TRAINING, "", "dtype", names_of::<crate::train::Dtype>(bogus())),
        (&EARLY_STOPPING, "", "metric", names_of::<Metric>(bogus())),
        (&LAYERS, "batch_norm", "running_variance", names_of::<RunningVariance>(bogus())),
        (&LAYERS, "batch_norm", "backward", names_of::<Backward>(bogus())),
    ] {
        assert_eq!(choices(section, variant, key), names, "{} {key}", section.title);
    }
    for section in [&DATA, &COLUMN] {
        let mut missing = choices(section, "", "missing");
        missing.insert("constant".to_owned());
        assert_eq!(missing, names_of::<crate::data::MissingPolicy>(bogus()));
    }
    let mut init = choices(&LAYERS, "affine", "init");
    init.insert("normal".to_owned());
    assert_eq!(init, names_of::<Init>(bogus()));
}
