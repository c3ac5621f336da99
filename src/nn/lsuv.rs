//! A start that is fitted to the data: layer-sequential unit variance.
//!
//! The honest rival of normalization by a better initialization: after it, the signal has the same size in every
//! layer of the first batch, whatever the activations, but nothing holds it there.
//!
//! Source: Mishkin and Matas, "All you need is a good init", 2016, algorithm 1. A layer without activation inside is
//! linear in its weights, so one division gives the variance that they iterate for.

use ndarray::ArrayView2;

use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::build::default_init;
use crate::nn::layers::affine::weight_norm::WeightForm;
use crate::nn::{Init, LayerSpec, Network, NormalizeBy};

impl<F: Real> Network<F> {
    /// Scales the weights of each affine layer of [`Init::Lsuv`], in order, so that its outputs have variance 1 over
    /// all rows and units for the input `x`. Norms use the statistics of `x`, dropout is off. Of normalized weights the
    /// gains are scaled. Other layers keep their weights.
    ///
    /// `specs` are those that the network was built from. Outputs that do not vary, or not by a finite amount, leave
    /// their layer as it is. Allocates.
    ///
    /// # Shapes
    ///
    /// `x`: `(n, inputs)`, `n >= 1`.
    pub fn fit_start(&mut self, specs: &[LayerSpec], pool: &ThreadPool, x: ArrayView2<'_, F>) {
        let fitted = fitted_layers(specs);
        if fitted.is_empty() {
            return;
        }
        let mut workspace = self.inference_workspace(x.nrows());
        for (index, form) in fitted {
            self.infer_layers(index + 1, pool, x, &mut workspace, NormalizeBy::Batch);
            let outputs = workspace.activation(index).expect("an affine layer writes its output");
            let deviation = standard_deviation(outputs);
            if deviation > 0.0 && deviation.is_finite() {
                // A gain is the length of the weights of a unit.
                let scaled = usize::from(form != WeightForm::Plain);
                let param = &mut self.layer_mut(index).params_mut()[scaled];
                param.value.mapv_inplace(|value| F::from_f64(Real::to_f64(value) / deviation));
            }
        }
    }
}

/// Whether [`Network::fit_start`] would change anything.
pub(crate) fn has_fitted_start(specs: &[LayerSpec]) -> bool {
    !fitted_layers(specs).is_empty()
}

/// The affine layers of [`Init::Lsuv`]: index, and how their weights are written.
fn fitted_layers(specs: &[LayerSpec]) -> Vec<(usize, WeightForm)> {
    let mut fitted = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        if let LayerSpec::Affine(affine) = spec
            && affine.init.unwrap_or_else(|| default_init(&specs[index + 1..])) == Init::Lsuv
        {
            fitted.push((index, affine.weights));
        }
    }
    fitted
}

/// Of all entries, from their mean.
fn standard_deviation<F: Real>(values: ArrayView2<'_, F>) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().map(|value| Real::to_f64(*value)).sum::<f64>() / n;
    (values.iter().map(|value| (Real::to_f64(*value) - mean).powi(2)).sum::<f64>() / n).sqrt()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::nn::{AffineSpec, Norm, batch_norm, dropout, relu, softmax_loss, tanh, twin};

    fn affine(units: Option<usize>, init: Init) -> LayerSpec {
        AffineSpec { units, init: Some(init), ..AffineSpec::default() }.into()
    }

    fn layers(norm: Norm) -> Vec<LayerSpec> {
        let lsuv = |units| affine(units, Init::Lsuv);
        let norm_layers = [
            lsuv(Some(16)),
            batch_norm(),
            relu(),
            lsuv(Some(12)),
            batch_norm(),
            tanh(),
            dropout(0.5),
            lsuv(None),
        ];
        let mut layers = twin(&norm_layers, norm);
        layers.push(softmax_loss());
        layers
    }

    fn rows() -> Array2<f64> {
        Array2::from_shape_fn((20, 5), |(row, column)| 3.0 + ((row * 7 + column * 5) % 11) as f64)
    }

    #[test]
    fn outputs_of_every_fitted_layer_have_variance_1() {
        let (x, pool) = (rows(), ThreadPool::single());
        for norm in Norm::ALL {
            let specs = layers(norm);
            let mut network = Network::<f64>::build(&specs, 5, 3, 1);
            network.fit_start(&specs, &pool, x.view());
            let mut workspace = network.inference_workspace(x.nrows());
            network.infer_layers(specs.len() - 1, &pool, x.view(), &mut workspace, NormalizeBy::Batch);
            for (index, spec) in specs.iter().enumerate().filter(|(_, spec)| spec.kind() == "affine") {
                let outputs = workspace.activation(index).expect("written");
                let n = outputs.len() as f64;
                let mean = outputs.sum() / n;
                let deviation = (outputs.mapv(|value| (value - mean).powi(2)).sum() / n).sqrt();
                assert!(
                    (deviation - 1.0).abs() < 1e-12,
                    "{} {index} {}: {deviation}",
                    norm.name(),
                    spec.kind()
                );
            }
        }
    }

    #[test]
    fn other_layers_and_outputs_without_variance_stay() {
        let pool = ThreadPool::single();
        let specs = [affine(Some(4), Init::HeNormal), relu(), affine(None, Init::Lsuv), softmax_loss()];
        let mut network = Network::<f64>::build(&specs, 5, 3, 1);
        let weights = |network: &Network<f64>| -> Vec<Array2<f64>> {
            network
                .params()
                .filter(|param| param.name.ends_with(".weight"))
                .map(|param| param.value.clone())
                .collect()
        };
        let before = weights(&network);
        network.fit_start(&specs, &pool, Array2::zeros((3, 5)).view());
        assert_eq!(weights(&network), before);
        network.fit_start(&specs, &pool, rows().view());
        let after = weights(&network);
        assert_eq!(after[0], before[0]);
        assert_ne!(after[1], before[1]);
    }
}
