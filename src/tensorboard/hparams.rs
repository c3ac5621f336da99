//! What TensorBoard's page of hyperparameters shows: the settings of each run, and how it ended.

use std::collections::BTreeMap;

use prost::Message;
use toml::Value as Setting;

use crate::experiment::RunId;
use crate::tensorboard::proto::{
    HparamKind, HparamValue, HparamsData, HparamsEnd, HparamsPart, HparamsStart, HparamsStatus, PluginData,
    SummaryContent, SummaryDimension, SummaryMetadata, SummaryProto, SummaryShape, SummaryTensor,
    SummaryValue, What,
};
use crate::tensorboard::{EventTime, put_event};
use crate::train::Outcome;

/// The tables of a config whose keys are hyperparameters.
const TABLES: [&str; 3] = ["model", "optimizer", "training"];
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

/// Appends the settings of a run. Runs with the same name of a `group`, those of one network with several seeds, are
/// shown together.
pub(crate) fn put_settings(file: &mut Vec<u8>, at: EventTime, id: &RunId, config: &toml::Table, group: &str) {
    let hparams = settings(id, config);
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

/// The norm, the other layers, the keys of the optimizer and of training, and those that a grid varies.
fn settings(id: &RunId, config: &toml::Table) -> BTreeMap<String, HparamValue> {
    let mut hparams = BTreeMap::new();
    for table in TABLES {
        if let Some(value) = config.get(table) {
            add(&mut hparams, table, value);
        }
    }
    let point = id.point.iter().flat_map(|(_, settings)| settings.split(';'));
    for (key, value) in point.filter_map(|setting| setting.split_once('=')) {
        let parsed = format!("value = {value}").parse::<toml::Table>().ok();
        let parsed = parsed.and_then(|mut table| table.remove("value"));
        add(&mut hparams, key, &parsed.unwrap_or_else(|| Setting::String(value.to_owned())));
    }
    // Without them there is `[model]`.
    if let Some(layers) = config.get("layers").and_then(Setting::as_array) {
        add(&mut hparams, "layers", &Setting::String(layer_names(layers)));
    }
    add(&mut hparams, "norm", &Setting::String(id.norm.name().to_owned()));
    hparams
}

/// Such as `affine 100, relu, affine, softmax_loss`, the same with every norm.
fn layer_names(layers: &[Setting]) -> String {
    let name = |layer: &Setting| {
        let kind = layer.get("type")?.as_str()?;
        let size = ["units", "rate"].iter().find_map(|key| layer.get(*key));
        (!kind.contains("norm") && !["mean_only", "variance_only"].contains(&kind))
            .then(|| size.map_or_else(|| kind.to_owned(), |size| format!("{kind} {size}")))
    };
    layers.iter().filter_map(name).collect::<Vec<_>>().join(", ")
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
        Setting::Boolean(value) => HparamKind::Bool(*value),
        Setting::Integer(value) => HparamKind::Number(*value as f64),
        Setting::Float(value) => HparamKind::Number(*value),
        Setting::String(value) => HparamKind::Text(value.clone()),
        Setting::Array(_) | Setting::Datetime(_) => HparamKind::Text(value.to_string()),
    };
    hparams.insert(key.to_owned(), HparamValue { kind: Some(kind) });
}

fn put(file: &mut Vec<u8>, at: EventTime, tag: &str, part: HparamsPart) {
    let content = HparamsData { version: 0, part: Some(part) }.encode_to_vec();
    let plugin_data = Some(PluginData { plugin_name: "hparams".to_owned(), content });
    // What counts is the content; there has to be a value, too.
    let shape = Some(SummaryShape { dim: vec![SummaryDimension { size: 1 }] });
    let value = SummaryContent::Tensor(SummaryTensor { dtype: 1, shape, float_val: vec![0.0] });
    let value = SummaryValue {
        tag: tag.to_owned(),
        metadata: Some(SummaryMetadata { plugin_data }),
        value: Some(value),
    };
    put_event(file, at, What::Summary(SummaryProto { value: vec![value] }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Norm;

    #[test]
    fn settings_are_the_keys_that_decide_a_result() {
        let config = "[data]\npath = 'a.csv'\n[optimizer]\nrate = 0.1\n[training]\nseed = 1\nepochs = 5\n\
                      schedule = { type = 'constant' }\nfreeze = ['a', 'b']\n\
                      [[layers]]\ntype = 'affine'\nunits = 9\nbias = true\n[[layers]]\ntype = 'batch_norm'\n\
                      [[layers]]\ntype = 'dropout'\nrate = 0.5\n[[layers]]\ntype = 'softmax_loss'\n";
        let point = Some((2, "optimizer.rate=0.1;model.hidden=[3, 4];data.scale=none".to_owned()));
        let id = RunId { norm: Norm::BatchNorm, point, seed: 1 };
        let found = settings(&id, &config.parse().expect("TOML"));
        let found: Vec<(&str, HparamKind)> =
            found.iter().map(|(key, value)| (&**key, value.kind.clone().expect("a value"))).collect();
        let text = |text: &str| HparamKind::Text(text.to_owned());
        let expected = [
            ("data.scale", text("none")),
            ("layers", text("affine 9, dropout 0.5, softmax_loss")),
            ("model.hidden", text("[3, 4]")),
            ("norm", text("batch_norm")),
            ("optimizer.rate", HparamKind::Number(0.1)),
            ("training.epochs", HparamKind::Number(5.0)),
            ("training.freeze", text("[\"a\", \"b\"]")),
            ("training.schedule.type", text("constant")),
        ];
        assert_eq!(found, expected);
    }
}
