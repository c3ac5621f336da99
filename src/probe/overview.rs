//! Everything about a network that is worth knowing before it is trained.

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use serde::Serialize;

use crate::nn::LayerSpec;
use crate::probe::{
    BatchNoise, LanczosSettings, LayerBlock, Probe, ProbeBatch, RitzValue, Unit, ValueMoments, batch_noise,
    dead_units, deepest_trainable, growth_per_layer, hessian_extremes, mean_cosine, middle_layers, moments,
    participation_rank, weight_gradient_norms, yang_growth,
};

/// A network before training, on batches of its training rows.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct NetworkOverview {
    /// Rows of the batch.
    pub rows: usize,
    /// Batches for the noise of statistics and dead units, the first one included.
    pub batches: usize,
    /// The mean loss of the first batch in training mode.
    pub loss: f64,
    /// The affine layers with what follows them.
    pub layers: Vec<LayerOverview>,
    /// The factor by which squared gradients of weights grow from each hidden layer to the one before it; none with
    /// fewer than two hidden layers after the first one.
    pub growth: Option<f64>,
    /// The same in theory, for wide networks of batch norm and ReLU, or of batch norm alone.
    pub growth_in_theory: Option<f64>,
    /// Layers of the deepest network that such a growth lets train; none if gradients do not grow.
    pub deepest_trainable: Option<f64>,
    /// The largest eigenvalue of the Hessian of the first batch; none if it was not asked for.
    pub sharpness: Option<RitzValue>,
    /// 2 over it: the largest rate of plain gradient descent that is stable here; none if it is not positive.
    pub largest_stable_rate: Option<f64>,
}

/// An affine layer, and its norm and activation.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LayerOverview {
    /// Its name, as in `affine_1`.
    pub layer: String,
    /// Its units.
    pub width: usize,
    /// Mean and standard deviation of what the activation sees, over rows and units.
    pub pre_activation: ValueMoments,
    /// The mean cosine between the outputs of two rows. Rows whose outputs are all 0 have no direction and are left out;
    /// NaN if fewer than two are left.
    pub cosine: f64,
    /// The participation rank of the outputs.
    pub rank: f64,
    /// Units whose output is the same for all rows of all batches; none in the output layer.
    pub dead: Option<usize>,
    /// The squared length of the gradient of the weights.
    pub squared_gradient: f64,
    /// The noise of the batch statistics of what the norm sees; without a norm, of what one would see. None with a
    /// single batch.
    pub noise: Option<BatchNoise>,
}

/// Measures the network of `layers` in `probe`, which has the first of `batches`.
///
/// # Panics
///
/// If there is no batch, or one has more rows than the first.
pub fn overview(
    layers: &[LayerSpec],
    probe: &mut Probe<f64>,
    batches: &[ProbeBatch<f64>],
) -> NetworkOverview {
    let settings = LanczosSettings { tolerance: 0.02, ..LanczosSettings::default() };
    let sharpness = hessian_extremes(probe, &settings).largest;
    NetworkOverview {
        sharpness: Some(sharpness),
        largest_stable_rate: (sharpness.value > 0.0).then(|| 2.0 / sharpness.value),
        ..overview_without_curvature(layers, probe, batches)
    }
}

/// The same without the curvature, which takes most of the time.
///
/// # Panics
///
/// As [`overview`].
pub fn overview_without_curvature(
    layers: &[LayerSpec],
    probe: &mut Probe<f64>,
    batches: &[ProbeBatch<f64>],
) -> NetworkOverview {
    let seen = Seen::in_batches(probe, batches);
    let loss = probe.pass();
    let rows = batches[0].rows();
    let squares = weight_gradient_norms(probe);
    let blocks = probe.blocks();
    let hidden = blocks.len().saturating_sub(1);
    let layer = |index: usize| {
        let block = &blocks[index];
        let outputs = probe.output(block.output());
        let tensor = &probe.network().layers()[block.affine].params()[0];
        LayerOverview {
            layer: tensor.name.split('.').next().unwrap_or_default().to_owned(),
            width: tensor.value.ncols(),
            pre_activation: moments(probe.output(block.pre_activation())),
            cosine: mean_cosine(outputs),
            rank: participation_rank(outputs),
            dead: (index < hidden).then(|| dead_units(seen.outputs[index].view())),
            squared_gradient: squares[index],
            noise: seen.noise[index],
        }
    };
    let growth = growth_per_layer(&squares[middle_layers(hidden)]);
    NetworkOverview {
        rows,
        batches: batches.len(),
        loss,
        layers: (0..blocks.len()).map(layer).collect(),
        growth,
        growth_in_theory: growth.and_then(|_| theory(layers, &blocks[..hidden], rows)),
        deepest_trainable: growth.and_then(deepest_trainable),
        sharpness: None,
        largest_stable_rate: None,
    }
}

/// What passes through the layers in several batches.
struct Seen {
    /// The outputs of each block for the rows of all batches.
    outputs: Vec<Array2<f64>>,
    noise: Vec<Option<BatchNoise>>,
}

impl Seen {
    fn in_batches(probe: &mut Probe<f64>, batches: &[ProbeBatch<f64>]) -> Self {
        let blocks = probe.blocks().to_vec();
        let (mut outputs, mut inputs) = (vec![Vec::new(); blocks.len()], vec![Vec::new(); blocks.len()]);
        for batch in batches {
            let before = probe.set_batch(batch.clone());
            probe.forward();
            for (index, block) in blocks.iter().enumerate() {
                outputs[index].push(probe.output(block.output()).to_owned());
                inputs[index].push(probe.input(block.norm.unwrap_or(block.affine + 1)).to_owned());
            }
            probe.set_batch(before);
        }
        let all = |parts: &Vec<Array2<f64>>| {
            let views: Vec<ArrayView2<'_, f64>> = parts.iter().map(|part| part.view()).collect();
            concatenate(Axis(0), &views).expect("outputs of a layer have one width")
        };
        let noise = |parts: &Vec<Array2<f64>>| {
            let views: Vec<ArrayView2<'_, f64>> = parts.iter().map(|part| part.view()).collect();
            batch_noise(&views)
        };
        Self { outputs: outputs.iter().map(all).collect(), noise: inputs.iter().map(noise).collect() }
    }
}

/// The growth in theory, if all hidden blocks have the same batch norm before the same activation.
fn theory(layers: &[LayerSpec], hidden: &[LayerBlock], rows: usize) -> Option<f64> {
    let of_block = |block: &LayerBlock| {
        let unit = match block.activation.map(|activation| &layers[activation]) {
            None => Unit::Linear,
            Some(LayerSpec::Relu(_)) => Unit::Relu,
            Some(_) => return None,
        };
        let norm = block.norm.filter(|norm| block.activation.is_none_or(|activation| *norm < activation))?;
        match &layers[norm] {
            LayerSpec::BatchNorm(_) => yang_growth(unit, rows),
            // A ghost batch that the rows do not divide into is a little larger.
            LayerSpec::GhostBatchNorm(ghost) => yang_growth(unit, rows / (rows / ghost.rows).max(1)),
            _ => None,
        }
    };
    let mut all = hidden.iter().map(of_block);
    let first = all.next()??;
    all.all(|other| other == Some(first)).then_some(first)
}
