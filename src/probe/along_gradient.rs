//! The loss and its gradient on the way that a gradient step takes.

use crate::probe::Probe;
use crate::probe::parameters::{distance, norm};

/// What is found along the gradient.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AlongGradient {
    /// The mean loss before any step. A smoothness says little without it: a network on a plateau is smooth.
    pub loss: f64,
    /// The length of the gradient there.
    pub gradient_norm: f64,
    /// One for each multiple of the rate.
    pub points: Vec<PointAlong>,
}

/// The network after a step of a multiple of the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointAlong {
    /// The multiple.
    pub multiple: f64,
    /// The mean loss there.
    pub loss: f64,
    /// The distance of the gradient there from that before the step.
    pub gradient_distance: f64,
    /// The effective smoothness: that distance over the length of the step. Infinite or NaN without a gradient.
    pub smoothness: f64,
}

impl AlongGradient {
    /// The largest loss of the points minus the smallest one.
    pub fn loss_range(&self) -> f64 {
        let losses = || self.points.iter().map(|point| point.loss);
        losses().fold(f64::NEG_INFINITY, f64::max) - losses().fold(f64::INFINITY, f64::min)
    }

    /// The largest effective smoothness of the points: the `beta` of the paper.
    pub fn smoothness(&self) -> f64 {
        self.points.iter().map(|point| point.smoothness).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The largest distance of the points.
    pub fn gradient_distance(&self) -> f64 {
        self.points.iter().map(|point| point.gradient_distance).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Loss and gradient at `position - multiple * rate * gradient` for each of `multiples`, on the same batch. The
/// paper's are 0.5 to 4 times the rate.
///
/// Source: Santurkar et al., "How does batch normalization help optimization?", 2018, section 3.2 and figure 4.
pub fn along_gradient(probe: &mut Probe<f64>, rate: f64, multiples: &[f64]) -> AlongGradient {
    let start = probe.position();
    let loss = probe.pass();
    let gradient = probe.gradient();
    let gradient_norm = norm(&gradient);
    let point = |&multiple: &f64| {
        let (loss, there) = probe.gradient_at(&start, -multiple * rate, &gradient);
        let gradient_distance = distance(&there, &gradient);
        let smoothness = gradient_distance / (multiple * rate * gradient_norm);
        PointAlong { multiple, loss, gradient_distance, smoothness }
    };
    let points = multiples.iter().map(point).collect();
    probe.move_to(&start);
    AlongGradient { loss, gradient_norm, points }
}
