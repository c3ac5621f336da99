//! Exported models: what is in the files, and that other tools compute the same.

pub(crate) mod files;
pub(crate) mod golden;

use std::path::Path;

use ndarray::{Array2, s};
use rand::Rng;

use crate::config;
use crate::data::{
    EncodedColumn, Encoder, Encoding, FeatureEncoding, Role, Scaling, TargetEncoding, ValueEncoding,
    ValueTarget,
};
use crate::kernel::real::Real;
use crate::model::export::{Exported, Format, Sample, to_bytes};
use crate::model::{AnyNetwork, Description, FORMAT, History, Model};
use crate::nn::{LayerSpec, Network};
use crate::random::stream;
use crate::train::Dtype;
use crate::train::Outcome;

/// Every layer, norms before and behind affine layers and away from them.
const EVERY_LAYER: &str = r#"[
    { type = "batch_norm" },
    { type = "affine", units = 5, bias = true },
    { type = "batch_norm", eps = 1e-3 },
    { type = "leaky_relu", slope = 0.1 },
    { type = "mean_only" },
    { type = "sigmoid" },
    { type = "dropout" },
    { type = "affine", units = 4 },
    { type = "mean_only", shift = false },
    { type = "relu" },
    { type = "affine", units = 4 },
    { type = "tanh" },
    { type = "batch_norm", scale = false, shift = false },
    { type = "affine" },
    { type = "softmax_loss" },
]"#;

/// Numbers with and without gaps, a boolean, texts with and without rare ones.
fn encoding_of(classes: &[&str]) -> Encoding {
    let numeric =
        |offset, divisor, fill| ValueEncoding::Numeric { scaling: Scaling { offset, divisor }, fill };
    let categorical = |known: &[&str], rare: &[&str], fill: Option<&str>| ValueEncoding::Categorical {
        categories: known.iter().map(|&name| name.to_owned()).collect(),
        rare: rare.iter().map(|&name| name.to_owned()).collect(),
        fill: fill.map(str::to_owned),
    };
    let features = [
        ("length", numeric(1.7e9, 0.25, None), false),
        ("colour", categorical(&["green, or so", "red"], &["grey"], Some("grey")), true),
        ("age", numeric(40.0, 12.5, Some(37.5)), true),
        ("is new", ValueEncoding::Boolean { fill: Some(0.5) }, false),
        ("ort", categorical(&["Köln", "Ulm"], &[], None), false),
    ];
    let mut encoding = Encoding::plain(Vec::new(), classes.iter().map(|&name| name.to_owned()).collect());
    for (name, values, indicator) in features {
        encoding.columns.push(EncodedColumn {
            name: name.to_owned(),
            role: Role::Feature,
            feature: Some(FeatureEncoding { values, indicator }),
        });
    }
    encoding
}

fn encoding() -> Encoding {
    encoding_of(&["one", "two", "three"])
}

/// A model whose numbers are drawn, always the same ones.
fn model(layers: &str, dtype: Dtype, encoding: Encoding) -> Model {
    let dtype_name = if dtype == Dtype::F64 { "f64" } else { "f32" };
    let learnt = match encoding.targets {
        TargetEncoding::Classes { .. } => r#"label = "kind""#,
        TargetEncoding::Values(_) => r#"target = ["price", "rent"]"#,
    };
    let text = format!(
        "data = {{ path = \"d.csv\", {learnt} }}\noptimizer = {{ type = \"sgd\" }}\n\
         training = {{ dtype = \"{dtype_name}\" }}\nlayers = {layers}\n"
    );
    let plan = config::parse(&text, Path::new("/nowhere/config.toml"), &[]).expect("a plan");
    let widths = (Encoder::new(&encoding).inputs(), encoding.outputs());
    let network = match dtype {
        Dtype::F32 => AnyNetwork::F32(network(&plan.layers, widths)),
        Dtype::F64 => AnyNetwork::F64(network(&plan.layers, widths)),
    };
    let description = Description {
        format: FORMAT,
        version: "0.1.0".to_owned(),
        config: plan.to_toml(),
        data_sha256: "ab".repeat(32),
        encoding,
        history: History::new(&Outcome::Finished, 0, &[], None),
    };
    Model { description, plan, network, sha256: "cd".repeat(32) }
}

/// A model in single precision with a score for each class, and one in double precision with one
/// score.
fn cases() -> [(&'static str, Model); 2] {
    let logistic = EVERY_LAYER.replace("softmax_loss", "logistic_loss");
    [
        ("single", model(EVERY_LAYER, Dtype::F32, encoding())),
        ("double", model(&logistic, Dtype::F64, encoding_of(&["no", "yes"]))),
    ]
}

/// A model of two values.
fn values_model(loss: &str, dtype: Dtype) -> Model {
    let target = |column: &str, offset, divisor| ValueTarget {
        column: column.to_owned(),
        scaling: Scaling { offset, divisor },
    };
    let mut encoding = encoding();
    encoding.targets = TargetEncoding::Values(vec![target("price", 2e5, 5e4), target("rent", -3.0, 0.125)]);
    model(&EVERY_LAYER.replace("softmax_loss", loss), dtype, encoding)
}

fn network<F: Real>(layers: &[LayerSpec], (inputs, outputs): (usize, usize)) -> Network<F> {
    let mut network = Network::build(layers, inputs, outputs, 0);
    for (salt, param) in network.params_mut().enumerate() {
        let mut random = stream(salt as u64, "test", &[]);
        // Such that answers depend on every input.
        let (low, high) = match param.name.rsplit('.').next() {
            Some("weight") => (-3.0, 3.0),
            Some("gamma" | "running_var") => (0.25, 1.5),
            _ => (-0.5, 0.5),
        };
        param.value.mapv_inplace(|_| F::from_f64(random.random_range(low..high)));
    }
    network
}

/// What an exported model says of some rows.
fn answers(model: &Model, format: Format, file: &[u8], sample: &Sample) -> Array2<f64> {
    let exported = Exported::read(file, model, format).unwrap_or_else(|error| panic!("{error}"));
    exported.answers(sample).unwrap_or_else(|error| panic!("{error}"))
}

fn export(model: &Model, format: Format) -> Vec<u8> {
    to_bytes(model, format).unwrap_or_else(|error| panic!("{error}"))
}

const FOLDED: Format = Format::Onnx { fold: true, raw: Dtype::F64 };
const KEPT: Format = Format::Onnx { fold: false, raw: Dtype::F64 };
const SINGLE: Format = Format::Onnx { fold: true, raw: Dtype::F32 };

/// The largest distance of two entries.
fn distance(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    assert_eq!(a.dim(), b.dim());
    // Written so that NaN is not overlooked.
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, |most, next| if next <= most { most } else { next })
}

/// The first rows of a sample, as they may be written to a file.
fn head(sample: &Sample, rows: usize) -> Sample {
    let head = sample.slice(0..rows);
    assert_eq!(head.numbers.slice(s![.., 0]).len(), rows);
    head
}
