//! Model files: what is read and what is refused.

pub(crate) mod checkpoints;
pub(crate) mod damaged;
pub(crate) mod forged;
pub(crate) mod resumed;
pub(crate) mod whole;

use std::collections::BTreeMap;
use std::path::Path;

use crate::config;
use crate::config::Plan;
use crate::data::{Encoding, FeatureEncoding, NumberInputs, Scaling, ValueEncoding};
use crate::kernel::real::Real;
use crate::model::{Description, FORMAT, History, Model, to_bytes};
use crate::nn::AnyNetwork;
use crate::nn::Network;
use crate::train::Outcome;

/// A network with every kind of tensor, for two features and three classes.
const CONFIG: &str = r#"
data = { path = "d.csv", label = "kind" }
optimizer = { type = "sgd" }
training = { seed = 3 }
layers = [
    { type = "affine", units = 4, bias = true },
    { type = "batch_norm", running_update = "cumulative", running_variance = "biased" },
    { type = "relu" },
    { type = "affine", units = 3 },
    { type = "mean_only" },
    { type = "tanh" },
    { type = "dropout" },
    { type = "affine" },
    { type = "softmax_loss" },
]
"#;

pub(crate) fn plan(changes: &[(&str, &str)]) -> Plan {
    let changes: Vec<_> = changes.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
    config::parse(CONFIG, Path::new("/somewhere/config.toml"), &changes).expect("a plan")
}

/// With a group norm over 16 units, which has four groups by default, and had eight.
pub(crate) fn with_group_norm() -> Plan {
    let config = CONFIG.replace("units = 3 }", "units = 16 }").replace("mean_only", "group_norm");
    config::parse(&config, Path::new("/somewhere/config.toml"), &[]).expect("a plan")
}

/// A scaled number and a category.
pub(crate) fn encoding() -> Encoding {
    let classes = ["one", "two", "\u{1b}three"].map(str::to_owned).to_vec();
    let mut encoding = Encoding::plain(["größe", "=b\""].map(str::to_owned).to_vec(), classes);
    let scaling = Scaling { offset: -1e-300, divisor: 3.0 };
    let values = [
        ValueEncoding::Numeric {
            scaling,
            fill: Some(0.1),
            range: None,
            clip: None,
            inputs: NumberInputs::default(),
        },
        ValueEncoding::Categorical { categories: vec!["ü\n".to_owned()], rare: Vec::new(), fill: None },
    ];
    for (column, values) in encoding.columns.iter_mut().zip(values) {
        column.feature = Some(FeatureEncoding { values, indicator: false });
    }
    encoding.inputs = ["größe", "=b\"=ü\n"].map(str::to_owned).to_vec();
    encoding
}

pub(crate) fn description(plan: &Plan) -> Description {
    Description {
        format: FORMAT,
        version: "0.1.0".to_owned(),
        config: plan.to_toml(),
        data_sha256: "ab".repeat(32),
        encoding: encoding(),
        history: History {
            outcome: Outcome::Finished,
            kept_epoch: 0,
            epochs: Vec::new(),
            test: BTreeMap::from([("loss".to_owned(), 0.1)]),
        },
        members: Vec::new(),
        calibration: None,
    }
}

/// A network whose tensors all differ from their initial values.
pub(crate) fn network<F: Real>(plan: &Plan) -> Network<F> {
    let mut network = Network::build(&plan.layers, 2, 3, plan.training.seed);
    for (salt, param) in network.params_mut().enumerate() {
        let mut number = salt as f64;
        param.value.mapv_inplace(|value| {
            number += 1.0;
            value + F::from_f64(number / 7.0)
        });
    }
    network
}

/// The file of a small model.
fn file() -> Vec<u8> {
    let plan = plan(&[]);
    to_bytes(&network::<f32>(&plan), &description(&plan)).expect("a file")
}

/// The message about a file that is refused.
#[track_caller]
fn refusal(bytes: &[u8]) -> String {
    match Model::from_bytes(bytes) {
        Ok(_) => panic!("{} bytes were accepted as a model", bytes.len()),
        Err(fault) => fault.to_string(),
    }
}

fn single(model: Model) -> Network<f32> {
    match model.network {
        AnyNetwork::F32(network) => network,
        AnyNetwork::F64(_) => panic!("double precision"),
    }
}
