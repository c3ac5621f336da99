//! Batch norm folded into affine layers. In evaluation mode a norm is a factor and an offset per
//! column, which the matrix product before or after it can absorb.
//!
//! After an affine layer, with `s = gamma / sqrt(var + eps)`:
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
//! Dropout is removed. Everything is computed in double precision and rounded once, at the end.
//!
//! Source: Jacob et al., "Quantization and training of neural networks for efficient
//! integer-arithmetic-only inference", 2018, section 3.2 (folding into the affine layer before).

use ndarray::{Array1, Axis};

use crate::model::export::ir::{ExportLayer, ExportOp};

/// How many standard deviations a mean may be away from 0 for its norm to be folded into the affine
/// layer after it. Beyond that the product is a small difference of large numbers, which loses digits
/// in single precision, so the norm stays a separate layer.
const MAX_FOLDED_MEAN: f64 = 16.0;

/// The same function in fewer layers.
pub(crate) fn fold(layers: Vec<ExportLayer>) -> Vec<ExportLayer> {
    let mut folded: Vec<ExportLayer> = Vec::with_capacity(layers.len());
    for ExportLayer { name, op } in layers {
        match (folded.last_mut().map(|last| &mut last.op), simplify(op)) {
            (_, ExportOp::Identity) => {}
            (Some(ExportOp::Affine { weight, bias }), ExportOp::ScaleShift { centre, scale, shift }) => {
                *weight *= &scale;
                let before = bias.take().unwrap_or_else(|| Array1::zeros(centre.len()));
                *bias = Some((before - centre) * scale + shift);
            }
            (Some(ExportOp::ScaleShift { centre, scale, shift }), ExportOp::Affine { mut weight, bias })
                if is_near(centre, scale) =>
            {
                let constant = &*shift - &(&*centre * &*scale);
                let offset = constant.dot(&weight);
                weight *= &scale.view().insert_axis(Axis(1));
                let bias = Some(bias.map_or_else(|| offset.clone(), |bias| bias + &offset));
                folded.pop();
                folded.push(ExportLayer { name, op: ExportOp::Affine { weight, bias } });
            }
            (_, op) => folded.push(ExportLayer { name, op }),
        }
    }
    folded
}

/// A norm as a factor and an offset per column; everything else as it is.
fn simplify(op: ExportOp) -> ExportOp {
    match op {
        ExportOp::BatchNorm { gamma, beta, mean, var, eps } => {
            let scale = gamma / var.mapv(|var| (var + eps).sqrt());
            ExportOp::ScaleShift { centre: mean, scale, shift: beta }
        }
        ExportOp::MeanOnly { mean, beta } => {
            ExportOp::ScaleShift { scale: Array1::ones(mean.len()), centre: mean, shift: beta }
        }
        op => op,
    }
}

fn is_near(centre: &Array1<f64>, scale: &Array1<f64>) -> bool {
    centre.iter().zip(scale).all(|(centre, scale)| (centre * scale).abs() <= MAX_FOLDED_MEAN)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::nn::{LayerSpec, leaky_relu, relu, sigmoid, tanh};

    fn run(layers: &[ExportLayer], x: &Array2<f64>) -> Array2<f64> {
        layers.iter().fold(x.clone(), |x, layer| layer.op.forward(x))
    }

    fn names(layers: &[ExportLayer]) -> Vec<&str> {
        layers.iter().map(|layer| layer.name.as_str()).collect()
    }

    fn layer(name: &str, op: ExportOp) -> ExportLayer {
        ExportLayer { name: name.to_owned(), op }
    }

    fn activation(name: &str, spec: &LayerSpec) -> ExportLayer {
        layer(name, ExportOp::activation::<f64>(spec).expect("an activation"))
    }

    fn affine(name: &str, bias: Option<Array1<f64>>) -> ExportLayer {
        layer(name, ExportOp::Affine { weight: array![[0.5, -1.0], [2.0, 0.25]], bias })
    }

    fn batch_norm(name: &str, mean: Array1<f64>) -> ExportLayer {
        let (gamma, beta, var) = (array![1.5, -0.5], array![0.25, 3.0], array![4.0, 0.01]);
        layer(name, ExportOp::BatchNorm { gamma, beta, mean, var, eps: 1e-3 })
    }

    fn mean_only(name: &str) -> ExportLayer {
        layer(name, ExportOp::MeanOnly { mean: array![0.5, -2.0], beta: array![1.0, 0.75] })
    }

    #[track_caller]
    fn check(layers: &[ExportLayer], expected: &[&str]) {
        let folded = fold(layers.to_vec());
        assert_eq!(names(&folded), expected);
        let x = array![[0.3, -0.7], [1.5, 0.2], [-2.0, 4.0]];
        for (before, after) in run(layers, &x).iter().zip(&run(&folded, &x)) {
            assert!((before - after).abs() <= 1e-12 * before.abs().max(1.0), "{before} {after}");
        }
    }

    #[test]
    fn a_norm_is_folded_into_the_affine_layer_before_it_or_else_after_it() {
        let mean = array![0.1, -0.2];
        check(&[affine("a", None), batch_norm("n", mean.clone()), activation("r", &relu())], &["a", "r"]);
        check(&[affine("a", Some(array![1.0, 2.0])), mean_only("n")], &["a"]);
        check(&[batch_norm("n", mean.clone()), affine("a", None)], &["a"]);
        check(&[mean_only("n"), affine("a", Some(array![1.0, 2.0]))], &["a"]);
        check(&[affine("a", None), batch_norm("n", mean.clone()), affine("b", None)], &["a", "b"]);
        // Dropout is removed first.
        check(
            &[
                activation("t", &tanh()),
                batch_norm("n", mean.clone()),
                layer("d", ExportOp::Identity),
                affine("a", None),
            ],
            &["t", "a"],
        );
    }

    #[test]
    fn a_norm_between_activations_is_kept() {
        let mean = array![0.1, -0.2];
        let leaky = activation("l", &leaky_relu(0.1));
        check(&[leaky.clone(), batch_norm("n", mean), activation("s", &sigmoid())], &["l", "n", "s"]);
    }

    #[test]
    fn a_norm_with_a_large_mean_is_not_folded_into_the_next_affine_layer() {
        let far = array![0.1, 17.0];
        check(&[batch_norm("n", far.clone()), affine("a", None)], &["n", "a"]);
        // After one, the product contains the mean anyway.
        check(&[affine("a", None), batch_norm("n", far)], &["a"]);
    }
}
