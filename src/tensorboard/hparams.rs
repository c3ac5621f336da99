//! What TensorBoard's page of hyperparameters shows: the settings of each run, and how it ended.

use std::collections::BTreeMap;

use prost::Message;
use toml::Value as Setting;

use crate::tensorboard::proto::{
    HparamKind, HparamValue, HparamsData, HparamsEnd, HparamsPart, HparamsStart, HparamsStatus, PluginData,
    Summary, SummaryDimension, SummaryMetadata, SummaryShape, SummaryTensor, SummaryValue, Value, What,
};
use crate::tensorboard::{EventTime, put_event};
use crate::train::Outcome;

/// The tables of a config whose keys are hyperparameters.
const TABLES: [&str; 4] = ["model", "layers", "optimizer", "training"];
/// Keys that do not decide a result, or that are different in each run of a network.
const LEFT_OUT: [&str; 9] = [
    "model.norm",
    "training.seed",
    "training.split_seed",
    "training.weights_seed",
    "training.order_seed",
    "training.checkpoint",
    "training.log_every_steps",
    "training.eval_rows",
    "training.baselines",
];

/// Appends the settings of a run: its norm and the keys of its `config`. Runs with the same name of a `group`, those
/// of one network with several seeds, are shown together.
pub(crate) fn put_settings(file: &mut Vec<u8>, at: EventTime, norm: &str, config: &toml::Table, group: &str) {
    let mut hparams = BTreeMap::new();
    for table in TABLES {
        if let Some(value) = config.get(table) {
            add(&mut hparams, table, value);
        }
    }
    hparams.insert("norm".to_owned(), text(norm));
    let start = HparamsStart { hparams, group_name: group.to_owned(), start_time_secs: at.unix_seconds };
    put(file, at, "_hparams_/session_start_info", HparamsPart::Start(start));
}

/// Appends how a run ended; nothing if it can go on.
pub(crate) fn put_outcome(file: &mut Vec<u8>, at: EventTime, outcome: &Outcome) {
    let status = match outcome {
        Outcome::Finished | Outcome::StoppedEarly { .. } => HparamsStatus::Success,
        Outcome::Diverged { .. } => HparamsStatus::Failure,
        Outcome::Interrupted { .. } => return,
    };
    let end = HparamsEnd { status: status.into(), end_time_secs: at.unix_seconds };
    put(file, at, "_hparams_/session_end_info", HparamsPart::End(end));
}

/// Adds the keys of `value` by their dotted names. A list of values is a text.
fn add(hparams: &mut BTreeMap<String, HparamValue>, key: &str, value: &Setting) {
    if LEFT_OUT.contains(&key) {
        return;
    }
    let kind = match value {
        Setting::Table(table) => {
            return table.iter().for_each(|(name, value)| add(hparams, &format!("{key}.{name}"), value));
        }
        Setting::Array(items) if items.iter().any(Setting::is_table) => {
            return items
                .iter()
                .enumerate()
                .for_each(|(index, item)| add(hparams, &format!("{key}.{index}"), item));
        }
        Setting::Boolean(value) => HparamKind::Bool(*value),
        Setting::Integer(value) => HparamKind::Number(*value as f64),
        Setting::Float(value) => HparamKind::Number(*value),
        Setting::String(value) => HparamKind::Text(value.clone()),
        Setting::Array(_) | Setting::Datetime(_) => HparamKind::Text(value.to_string()),
    };
    hparams.insert(key.to_owned(), HparamValue { kind: Some(kind) });
}

fn text(value: &str) -> HparamValue {
    HparamValue { kind: Some(HparamKind::Text(value.to_owned())) }
}

fn put(file: &mut Vec<u8>, at: EventTime, tag: &str, part: HparamsPart) {
    let content = HparamsData { version: 0, part: Some(part) }.encode_to_vec();
    let plugin_data = Some(PluginData { plugin_name: "hparams".to_owned(), content });
    // What counts is the content; there has to be a value, too.
    let shape = Some(SummaryShape { dim: vec![SummaryDimension { size: 1 }] });
    let value = Value::Tensor(SummaryTensor { dtype: 1, shape, float_val: vec![0.0] });
    let value = SummaryValue {
        tag: tag.to_owned(),
        metadata: Some(SummaryMetadata { plugin_data }),
        value: Some(value),
    };
    put_event(file, at, What::Summary(Summary { value: vec![value] }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_the_keys_that_decide_a_result() {
        let config = "[data]\npath = 'a.csv'\n[model]\nhidden = [3, 4]\nnorm = 'none'\n[optimizer]\nrate = 0.1\n\
                      [training]\nseed = 1\nepochs = 5\nschedule = { type = 'constant' }\n[[layers]]\nbias = true\n";
        let config: toml::Table = config.parse().expect("TOML");
        let mut found = BTreeMap::new();
        TABLES.iter().filter_map(|table| Some((table, config.get(*table)?))).for_each(|(table, value)| {
            add(&mut found, table, value);
        });
        let found: Vec<(&str, HparamKind)> =
            found.iter().map(|(key, value)| (&**key, value.kind.clone().expect("a value"))).collect();
        assert_eq!(
            found,
            [
                ("layers.0.bias", HparamKind::Bool(true)),
                ("model.hidden", HparamKind::Text("[3, 4]".to_owned())),
                ("optimizer.rate", HparamKind::Number(0.1)),
                ("training.epochs", HparamKind::Number(5.0)),
                ("training.schedule.type", HparamKind::Text("constant".to_owned())),
            ]
        );
    }
}
