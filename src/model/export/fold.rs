//! Batch norm folded into the affine layers: in evaluation mode a norm is a factor and an offset
//! per column, which a matrix product beside it can take over.
//!
//! Behind an affine layer, with `s = gamma / sqrt(var + eps)`:
//!
//! ```text
//! ((x W + b) - mean) * s + beta = x (W * s) + ((b - mean) * s + beta)
//! ```
//!
//! Before one, with `s` along the rows of `W`:
//!
//! ```text
//! ((x - mean) * s + beta) W + b = x (s * W) + ((beta - mean * s) W + b)
//! ```
//!
//! Dropout vanishes. Everything is computed in double precision and rounded once, when it is
//! written.
//!
//! Source: Jacob et al., "Quantization and training of neural networks for efficient
//! integer-arithmetic-only inference", 2018, section 3.2 (the form behind an affine layer).

use ndarray::{Array1, Axis};

use crate::model::export::ir::{Stage, Step};

/// The most deviations that a mean may be away from 0 for a norm before an affine layer to be
/// folded into it. The product would otherwise be a small difference of large numbers, which
/// single precision cannot hold; the norm stays a step of its own then.
const FARTHEST_MEAN: f64 = 16.0;

/// The same function in fewer steps.
pub(crate) fn fold(stages: Vec<Stage>) -> Vec<Stage> {
    let mut folded: Vec<Stage> = Vec::with_capacity(stages.len());
    for stage in stages {
        let Stage { name, step } = simplify(stage);
        match (folded.last_mut().map(|last| &mut last.step), step) {
            (_, Step::Identity) => {}
            (Some(Step::Affine { weight, bias }), Step::ScaleShift { centre, scale, shift }) => {
                *weight *= &scale;
                let before = bias.take().unwrap_or_else(|| Array1::zeros(centre.len()));
                *bias = Some((before - centre) * scale + shift);
            }
            (Some(Step::ScaleShift { centre, scale, shift }), Step::Affine { mut weight, bias })
                if is_near(centre, scale) =>
            {
                let constant = &*shift - &(&*centre * &*scale);
                let offset = constant.dot(&weight);
                weight *= &scale.view().insert_axis(Axis(1));
                let bias = Some(bias.map_or_else(|| offset.clone(), |bias| bias + &offset));
                folded.pop();
                folded.push(Stage { name, step: Step::Affine { weight, bias } });
            }
            (_, step) => folded.push(Stage { name, step }),
        }
    }
    folded
}

/// Every norm as a factor and an offset.
fn simplify(Stage { name, step }: Stage) -> Stage {
    let step = match step {
        Step::BatchNorm { gamma, beta, mean, var, eps } => {
            Step::ScaleShift { centre: mean, scale: gamma / var.mapv(|var| (var + eps).sqrt()), shift: beta }
        }
        Step::MeanOnly { mean, beta } => {
            Step::ScaleShift { scale: Array1::ones(mean.len()), centre: mean, shift: beta }
        }
        step => step,
    };
    Stage { name, step }
}

fn is_near(centre: &Array1<f64>, scale: &Array1<f64>) -> bool {
    centre.iter().zip(scale).all(|(centre, scale)| (centre * scale).abs() <= FARTHEST_MEAN)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    fn run(stages: &[Stage], x: &Array2<f64>) -> Array2<f64> {
        stages.iter().fold(x.clone(), |x, stage| stage.step.apply(x))
    }

    fn kinds(stages: &[Stage]) -> Vec<&str> {
        stages.iter().map(|stage| stage.name.as_str()).collect()
    }

    fn stage(name: &str, step: Step) -> Stage {
        Stage { name: name.to_owned(), step }
    }

    fn affine(name: &str, bias: Option<Array1<f64>>) -> Stage {
        stage(name, Step::Affine { weight: array![[0.5, -1.0], [2.0, 0.25]], bias })
    }

    fn batch_norm(name: &str, mean: Array1<f64>) -> Stage {
        let (gamma, beta, var) = (array![1.5, -0.5], array![0.25, 3.0], array![4.0, 0.01]);
        stage(name, Step::BatchNorm { gamma, beta, mean, var, eps: 1e-3 })
    }

    fn mean_only(name: &str) -> Stage {
        stage(name, Step::MeanOnly { mean: array![0.5, -2.0], beta: array![1.0, 0.75] })
    }

    #[track_caller]
    fn check(stages: &[Stage], expected: &[&str]) {
        let folded = fold(stages.to_vec());
        assert_eq!(kinds(&folded), expected);
        let x = array![[0.3, -0.7], [1.5, 0.2], [-2.0, 4.0]];
        for (before, after) in run(stages, &x).iter().zip(&run(&folded, &x)) {
            assert!((before - after).abs() <= 1e-12 * before.abs().max(1.0), "{before} {after}");
        }
    }

    #[test]
    fn a_norm_goes_into_the_affine_layer_before_it_or_else_behind_it() {
        let mean = array![0.1, -0.2];
        check(&[affine("a", None), batch_norm("n", mean.clone()), stage("r", Step::Relu)], &["a", "r"]);
        check(&[affine("a", Some(array![1.0, 2.0])), mean_only("n")], &["a"]);
        check(&[batch_norm("n", mean.clone()), affine("a", None)], &["a"]);
        check(&[mean_only("n"), affine("a", Some(array![1.0, 2.0]))], &["a"]);
        check(&[affine("a", None), batch_norm("n", mean.clone()), affine("b", None)], &["a", "b"]);
        // Dropout is in nobody's way.
        check(
            &[
                stage("t", Step::Tanh),
                batch_norm("n", mean.clone()),
                stage("d", Step::Identity),
                affine("a", None),
            ],
            &["t", "a"],
        );
    }

    #[test]
    fn a_norm_with_no_affine_layer_beside_it_stays() {
        let mean = array![0.1, -0.2];
        let leaky = stage("l", Step::LeakyRelu { slope: 0.1 });
        check(&[leaky.clone(), batch_norm("n", mean), stage("s", Step::Sigmoid)], &["l", "n", "s"]);
    }

    #[test]
    fn a_norm_that_takes_off_a_large_mean_stays_before_an_affine_layer() {
        let far = array![0.1, 17.0];
        check(&[batch_norm("n", far.clone()), affine("a", None)], &["n", "a"]);
        // Behind one the product has the mean in it anyway.
        check(&[affine("a", None), batch_norm("n", far)], &["a"]);
    }
}
