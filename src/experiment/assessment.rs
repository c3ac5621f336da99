//! The kept weights of a run on rows that it was not trained on, beside baselines.

use std::sync::atomic::AtomicBool;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::config::Plan;
use crate::data::{Encoding, PreparedData, Rows, TargetEncoding};
use crate::eval::{Meaning, answers};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::{Measure, Metrics};
use crate::nn::{LayerSpec, Network, output_affine};
use crate::targets::Targets;
use crate::targets::TargetsView;
use crate::train::{Outcome, train};

/// How good something is on some rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// What was asked.
    pub of: Contender,
    /// Which rows it was asked about.
    pub rows: HeldBack,
    /// How many of them count.
    pub n_rows: u64,
    /// Metrics by name, with intervals over these rows.
    pub metrics: Vec<NamedMeasure>,
}

/// A metric with its name, such as `accuracy`, or `price.rmse` where there are several targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedMeasure {
    /// As in tables.
    pub metric: String,
    /// What came out.
    #[serde(flatten)]
    pub measure: Measure,
}

/// What can be asked for answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contender {
    /// The network of the run, by its kept weights and running statistics.
    Network,
    /// One affine layer and the same loss, trained likewise: the same rows, batches, optimiser, epochs
    /// and stop rule.
    LinearModel,
    /// Every row gets the class shares of the training rows, or the means of the targets.
    SameForAll,
}

/// Rows that were not trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum HeldBack {
    ValidationRows,
    TestRows,
}

/// Assesses the trained `network` on validation and test rows.
pub(crate) fn assess<F: Real>(
    network: &Network<F>,
    data: &PreparedData<F>,
    pool: &ThreadPool,
) -> Vec<Assessment> {
    let of_network = |rows: &Rows<F>, truth: &Targets| {
        let scalings = data.encoding.value_scalings();
        let meaning = match &data.encoding.targets {
            TargetEncoding::Classes { names, .. } => Meaning::Classes(names.len()),
            TargetEncoding::Values(_) => Meaning::Values(&scalings),
        };
        let answers = answers(network, pool, rows, None, meaning);
        let is_finite = answers.not_finite().is_none();
        is_finite.then(|| Metrics::of(truth, &answers, rows.file_weights()))
    };
    on_held_back(data, Contender::Network, of_network)
}

/// Assesses the baselines of a run of `plan`; the linear model only where the network is not one and
/// it did not diverge.
///
/// # Errors
///
/// None of its own; the trainer reports to nobody.
pub(crate) fn assess_baselines<F: Real>(
    plan: &Plan,
    data: &PreparedData<F>,
    pool: &ThreadPool,
    stop: &AtomicBool,
) -> std::io::Result<Vec<Assessment>> {
    if data.valid.is_none() && data.test.is_none() {
        return Ok(Vec::new());
    }
    let mut assessments = Vec::new();
    if let Some(linear) = linear(plan) {
        let trained = train(&linear, data, pool, stop, &mut Vec::new())?;
        if matches!(trained.outcome, Outcome::Finished | Outcome::StoppedEarly { .. }) {
            let of_linear = assess(&trained.network, data, pool).into_iter();
            assessments.extend(of_linear.map(|found| Assessment { of: Contender::LinearModel, ..found }));
        }
    }
    let training = data.encoding.baseline();
    assessments.extend(on_held_back(data, Contender::SameForAll, |rows, truth| {
        Some(Metrics::of_baseline(truth, &training, rows.file_weights()))
    }));
    Ok(assessments)
}

/// The same training of one affine layer; none where that is what the plan has.
fn linear(plan: &Plan) -> Option<Plan> {
    let loss = plan.layers.last()?.clone();
    let is_affine = |layer: &LayerSpec| matches!(layer, LayerSpec::Affine(_));
    if let [only, _] = &plan.layers[..]
        && is_affine(only)
    {
        return None;
    }
    let mut linear = plan.clone();
    linear.layers = vec![output_affine(), loss];
    Some(linear)
}

fn on_held_back<F: Real>(
    data: &PreparedData<F>,
    of: Contender,
    metrics: impl Fn(&Rows<F>, &Targets) -> Option<Metrics>,
) -> Vec<Assessment> {
    let parts = [(HeldBack::ValidationRows, &data.valid), (HeldBack::TestRows, &data.test)];
    let parts = parts.into_iter().filter_map(|(held_back, rows)| Some((held_back, rows.as_ref()?)));
    let names: Vec<String> = data.encoding.values().iter().map(|value| value.column.clone()).collect();
    let assessment = |(held_back, rows): (HeldBack, &Rows<F>)| {
        let metrics = metrics(rows, &truth(rows, &data.encoding))?;
        let named = metrics.measures(&names).into_iter();
        Some(Assessment {
            of,
            rows: held_back,
            n_rows: metrics.n_rows(),
            metrics: named.map(|(metric, measure)| NamedMeasure { metric, measure }).collect(),
        })
    };
    parts.filter_map(assessment).collect()
}

/// What is true of `rows`.
fn truth<F: Real>(rows: &Rows<F>, encoding: &Encoding) -> Targets {
    match rows.targets() {
        TargetsView::Classes(classes) => Targets::Classes(classes.to_vec()),
        TargetsView::Values(scaled) => {
            let scalings = encoding.value_scalings();
            let in_file =
                |(row, column): (usize, usize)| scalings[column].undo(Real::to_f64(scaled[(row, column)]));
            Targets::Values(Array2::from_shape_fn(scaled.dim(), in_file))
        }
    }
}
