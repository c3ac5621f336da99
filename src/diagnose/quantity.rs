//! What is measured, by name.

use std::sync::Arc;

use crate::settings::settings;

settings! {
    /// A quantity in `diagnostics.csv`. Unless it says otherwise it is measured on a fixed batch of training rows, in
    /// training mode.
    pub enum Quantity {
        /// 15th percentile of what the activation of a layer sees, over rows and units.
        PreActivationP15 = "pre_activation_p15";
        /// Its median.
        PreActivationP50 = "pre_activation_p50";
        /// Its 85th percentile.
        PreActivationP85 = "pre_activation_p85";
        /// Share of a layer's units whose output is the same on all training rows, in evaluation mode.
        DeadShare = "dead_share";
        /// Length of the gradient of a layer's weights.
        WeightGradient = "weight_gradient";
        /// Length of the gradient of a layer's output.
        ActivationGradient = "activation_gradient";
        /// Length of the last step of a layer's weights, over their length.
        UpdateRatio = "update_ratio";
        /// What that tends to if a norm makes the weights scale invariant and they decay.
        UpdateEquilibrium = "update_equilibrium";
        /// Learning rate over the squared length of a unit's weights, median over units, where a norm makes them
        /// scale invariant.
        EffectiveRate = "effective_rate";
        /// Running mean against that of the training rows in evaluation mode, over their deviation; median
        /// over the units of a norm.
        RunningMeanGap = "running_mean_gap";
        /// Logarithm of the running deviation over that of the training rows; median absolute value of a norm.
        RunningStdGap = "running_std_gap";
        /// 10th percentile of gamma.
        GammaP10 = "gamma_p10";
        /// Median of gamma.
        GammaP50 = "gamma_p50";
        /// 90th percentile of gamma.
        GammaP90 = "gamma_p90";
        /// Mean loss of the fixed batch.
        Loss = "loss";
        /// Largest minus smallest loss on the way of a gradient step of 0.5 to 4 times the learning rate.
        LossRange = "loss_range";
        /// Largest distance of the gradients on that way from the first.
        GradientDistance = "gradient_distance";
        /// Largest ratio of that distance to the length of the step.
        EffectiveSmoothness = "effective_smoothness";
        /// Distance of a layer's gradients before and after the layers before it took a step.
        CovariateShift = "covariate_shift";
        /// Cosine between these gradients.
        CovariateShiftCosine = "covariate_shift_cosine";
        /// How far the rows agree about the gradient of a layer's weights, from 0 to 1.
        GradientAlignment = "gradient_alignment";
        /// Mean cosine between the outputs of two rows; those that are all 0 are left out.
        MeanCosine = "mean_cosine";
        /// Participation rank of the outputs of a layer.
        ParticipationRank = "participation_rank";
        /// Rows of the batch at which noise and gradient are as large as each other.
        NoiseScale = "noise_scale";
        /// Largest eigenvalue of the Hessian.
        Sharpness = "sharpness";
        /// How far the eigenvalue may be from that.
        SharpnessResidual = "sharpness_residual";
    }
}

/// A number that was measured: a row of `diagnostics.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagnosticRow {
    /// The epoch of the last step; 0 before training.
    pub epoch: u64,
    /// Steps done.
    pub step: u64,
    /// The affine layer whose weights, norm or activation it is about, such as `affine_1`; none for the network.
    pub layer: Option<Arc<str>>,
    /// What was measured.
    pub quantity: Quantity,
    /// The number; may be NaN or infinite.
    pub value: f64,
}

impl Quantity {
    /// The quantity of this name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quantity| quantity.name() == name)
    }
}
