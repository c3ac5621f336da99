//! Measures of networks before training.

use ndarray::{Array2, ArrayView2, Axis};

use crate::config::Plan;
use crate::data::Prepared;
use crate::gradcheck::{GradcheckSettings, check_network};
use crate::kernel::ThreadPool;
use crate::lab::{ClaimTrial, LabError};
use crate::nn::{LayerSpec, Network, Norm, PassContext};
use crate::probe::{
    Probe, ProbeBatch, Unit, gradient_alignment, growth_per_layer, middle_layers, participation_rank,
    weight_gradient_norms, yang_growth,
};
use crate::targets::{Targets, TargetsView};

/// The first rows of the training rows, as many as a batch has.
fn batch(plan: &Plan, data: &Prepared<f64>) -> ProbeBatch<f64> {
    let rows = data.data.train.head(plan.training.batch_size);
    ProbeBatch::new(rows.to_array(), owned(rows.targets()))
}

pub(crate) fn owned(targets: TargetsView<'_, f64>) -> Targets<f64> {
    match targets {
        TargetsView::Classes(classes) => Targets::Classes(classes.to_vec()),
        TargetsView::Values(values) => Targets::Values(values.to_owned()),
    }
}

/// `measure` of a probe of the network with `norm`, after a pass.
fn probed(
    trial: &ClaimTrial<'_>,
    norm: Norm,
    seed: u64,
    measure: impl Fn(&Probe<f64>) -> f64,
) -> Result<f64, LabError> {
    let plan = trial.plan_of(norm, seed);
    let data = trial.prepared(&plan)?;
    let network = trial.network(&plan, &data);
    let mut probe = Probe::new(&plan.layers, &network, batch(&plan, &data));
    probe.pass();
    Ok(measure(&probe))
}

pub(crate) fn growth_over_theory(trial: &ClaimTrial<'_>, norm: Norm) -> Result<Vec<f64>, LabError> {
    let is_linear = !trial.plan.layers.iter().any(|layer| matches!(layer, LayerSpec::Relu(_)));
    let unit = if is_linear { Unit::Linear } else { Unit::Relu };
    let theory = yang_growth(unit, trial.plan.training.batch_size).unwrap_or(f64::NAN);
    trial.by_seed(|seed| {
        probed(trial, norm, seed, |probe| {
            let norms = weight_gradient_norms(probe);
            let middle = middle_layers(norms.len() - 1);
            growth_per_layer(&norms[middle]).unwrap_or(f64::NAN) / theory
        })
    })
}

pub(crate) fn rank_ratio(trial: &ClaimTrial<'_>, of: Norm, to: Norm) -> Result<Vec<f64>, LabError> {
    let rank = |probe: &Probe<f64>| {
        let blocks = probe.blocks();
        // The input of the output layer.
        let last = blocks.last().map_or(0, |block| block.affine);
        participation_rank(probe.input(last))
    };
    trial.by_seed(|seed| Ok(probed(trial, of, seed, rank)? / probed(trial, to, seed, rank)?))
}

pub(crate) fn alignment_ratio(trial: &ClaimTrial<'_>, of: Norm, to: Norm) -> Result<Vec<f64>, LabError> {
    let last_hidden = |probe: &Probe<f64>| {
        let by_layer = gradient_alignment(probe);
        by_layer.len().checked_sub(2).map_or(f64::NAN, |last| by_layer[last])
    };
    trial.by_seed(|seed| Ok(probed(trial, of, seed, last_hidden)? / probed(trial, to, seed, last_hidden)?))
}

/// Rows for a gradient check: a dozen, so that few are near a kink.
const CHECKED_ROWS: usize = 12;

pub(crate) fn gradient_error(trial: &ClaimTrial<'_>) -> Result<Vec<f64>, LabError> {
    trial.by_seed(|seed| {
        let plan = trial.plan_of(Norm::BatchNorm, seed);
        let data = trial.prepared(&plan)?;
        let mut network = trial.network(&plan, &data);
        let rows = data.data.train.head(CHECKED_ROWS);
        let (x, targets) = (rows.to_array(), owned(rows.targets()));
        let pool = ThreadPool::single();
        let pass = PassContext::new(&pool, targets.view());
        let settings = GradcheckSettings { max_entries: 6, ..GradcheckSettings::for_network() };
        let report = check_network(&mut network, &pass, &x, 0.0, &settings);
        Ok(report.tensors.iter().map(|tensor| tensor.largest_error).fold(0.0, f64::max))
    })
}

pub(crate) fn normalized_moments(trial: &ClaimTrial<'_>) -> Result<Vec<f64>, LabError> {
    trial.by_seed(|seed| {
        let plan = trial.plan_of(Norm::BatchNorm, seed);
        let data = trial.prepared(&plan)?;
        let mut network = trial.network(&plan, &data);
        let ProbeBatch { x, targets, .. } = batch(&plan, &data);
        let norms = plan.layers.iter().enumerate().filter(|(_, layer)| layer.is_norm());
        let outputs = outputs(&mut network, &x, &targets);
        Ok(norms.map(|(index, _)| distance_from_standard(outputs[index].view())).fold(0.0, f64::max))
    })
}

/// The output of each layer in a training pass.
fn outputs(network: &mut Network<f64>, x: &Array2<f64>, targets: &Targets<f64>) -> Vec<Array2<f64>> {
    let pool = ThreadPool::single();
    let mut workspace = network.allocate(x.nrows());
    network.forward(&PassContext::new(&pool, targets.view()), x.view(), &mut workspace);
    (0..network.layers().len()).filter_map(|layer| Some(workspace.activation(layer)?.to_owned())).collect()
}

/// Over the columns, the largest distance of the mean from 0 or the standard deviation from 1.
fn distance_from_standard(values: ArrayView2<'_, f64>) -> f64 {
    let columns = values.axis_iter(Axis(1)).map(|column| {
        let mean = column.mean().unwrap_or(f64::NAN);
        let variance = column.mapv(|value| (value - mean).powi(2)).mean().unwrap_or(f64::NAN);
        // A column of one value has nothing to divide by.
        if variance == 0.0 { mean.abs() } else { mean.abs().max((variance.sqrt() - 1.0).abs()) }
    });
    columns.fold(0.0, f64::max)
}
