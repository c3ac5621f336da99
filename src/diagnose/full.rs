//! The measurements of the level `full`, in double precision.

use crate::diagnose::quantity::Quantity;
use crate::kernel::real::Real;
use crate::nn::{LayerSpec, Network};
use crate::probe::{
    LanczosSettings, Probe, ProbeBatch, along_gradient, covariate_shift, gradient_alignment,
    hessian_extremes, mean_cosine, noise_scale, participation_rank,
};

/// The multiples of the rate of Santurkar et al.
const MULTIPLES: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

/// A copy of the network in double precision, and batches to measure it on.
pub(crate) struct FullProbe {
    probe: Probe<f64>,
    /// Of equal size; for the noise of the gradient.
    batches: Vec<ProbeBatch<f64>>,
}

impl FullProbe {
    /// For networks of `layers` with this many classes or values; measures on the first of `batches`.
    pub(crate) fn new(layers: &[LayerSpec], answers: usize, batches: Vec<ProbeBatch<f64>>) -> Self {
        Self { probe: Probe::blank(layers, answers, batches[0].clone()), batches }
    }

    /// Measures `network` as at `step` and `progress`, for gradient steps of `rate`; `add` gets the index of the block,
    /// none for the whole network.
    pub(crate) fn measure<F: Real>(
        &mut self,
        network: &Network<F>,
        (step, progress): (u64, f64),
        rate: f64,
        add: &mut dyn FnMut(Option<usize>, Quantity, f64),
    ) {
        let probe = &mut self.probe;
        probe.copy_tensors(network);
        probe.set_step(step, progress);
        let along = along_gradient(probe, rate, &MULTIPLES);
        add(None, Quantity::Loss, along.loss);
        add(None, Quantity::LossRange, along.loss_range());
        add(None, Quantity::GradientDistance, along.gradient_distance());
        add(None, Quantity::EffectiveSmoothness, along.smoothness());
        for (index, shift) in covariate_shift(probe, rate).into_iter().enumerate() {
            add(Some(index + 1), Quantity::CovariateShift, shift.distance);
            add(Some(index + 1), Quantity::CovariateShiftCosine, shift.cosine);
        }
        let sharpness = hessian_extremes(probe, &LanczosSettings::default()).largest;
        add(None, Quantity::Sharpness, sharpness.value);
        add(None, Quantity::SharpnessResidual, sharpness.residual);
        if let Some(scale) = noise_scale(probe, &self.batches) {
            add(None, Quantity::NoiseScale, scale.rows_of_equal_noise().unwrap_or(f64::INFINITY));
        }
        probe.pass();
        for (index, alignment) in gradient_alignment(probe).into_iter().enumerate() {
            add(Some(index), Quantity::GradientAlignment, alignment);
        }
        for (index, block) in probe.blocks().iter().enumerate() {
            let outputs = probe.output(block.output());
            add(Some(index), Quantity::MeanCosine, mean_cosine(outputs));
            add(Some(index), Quantity::ParticipationRank, participation_rank(outputs));
        }
    }
}
