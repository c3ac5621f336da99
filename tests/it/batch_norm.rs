//! Identities that hold for every batch: those of the gradient of batch normalization, and the agreement
//! of its three backward passes.

use bntrain::nn::{Backward, BatchNorm, BatchNormSpec, Layer};
use ndarray::{Array2, Axis};
use proptest::prelude::*;

use crate::support::json::find;
use crate::support::{assert_close, bits, forward_and_backward, pass, uniform};

const ALL: [Backward; 3] = [Backward::Fused, Backward::ClosedForm, Backward::Graph];

/// A layer with gamma and beta in general position where they are trained.
fn batch_norm(spec: BatchNormSpec, width: usize) -> BatchNorm<f64> {
    let mut layer = BatchNorm::new("bn", spec, width);
    for param in layer.params_mut().iter_mut().filter(|param| param.is_trained()) {
        param.value += &(0.5 * uniform((1, width), param.name.len() as u64));
    }
    layer
}

fn tensor<'a>(layer: &'a mut dyn Layer<f64>, name: &str) -> &'a Array2<f64> {
    &find(layer.params_mut(), name).value
}

fn gradient<'a>(layer: &'a mut dyn Layer<f64>, name: &str) -> &'a Array2<f64> {
    &find(layer.params_mut(), name).grad
}

/// Each column's sum, `1 x width`.
fn column_sums(x: &Array2<f64>) -> Array2<f64> {
    x.sum_axis(Axis(0)).insert_axis(Axis(0))
}

/// `x - mean` and the biased variance of each column.
fn centred(x: &Array2<f64>) -> (Array2<f64>, Array2<f64>) {
    let n = x.nrows() as f64;
    let centred = x - &(column_sums(x) / n);
    let var = column_sums(&(&centred * &centred)) / n;
    (centred, var)
}

#[test]
fn the_three_backward_passes_agree() {
    for n in [2, 3, 5, 16, 64] {
        for eps in [1e-5, 1e-3] {
            for (scale, shift) in [(true, true), (true, false), (false, true), (false, false)] {
                let (x, dy) = (3.0 * uniform((n, 7), n as u64), uniform((n, 7), 1));
                let results = ALL.map(|backward| {
                    let spec = BatchNormSpec { backward, eps, scale, shift, ..BatchNormSpec::default() };
                    let mut layer = batch_norm(spec, 7);
                    let (_, dx) = forward_and_backward(&mut layer, &pass(1, &[]), &x, &dy);
                    let trained = layer.params().iter().filter(|param| param.is_trained());
                    (dx, trained.map(|param| param.grad.clone()).collect::<Vec<_>>())
                });
                for (dx, grads) in &results[1..] {
                    assert_close("dx", dx, &results[0].0, 1e-12);
                    assert_eq!(grads.len(), usize::from(scale) + usize::from(shift));
                    for (grad, fused) in grads.iter().zip(&results[0].1) {
                        assert_close("dgamma or dbeta", grad, fused, 1e-12);
                    }
                }
            }
        }
    }
}

/// A batch, its upstream gradient and eps: rows and columns of any number, offset and spread.
fn batches() -> impl Strategy<Value = (Array2<f64>, Array2<f64>, f64)> {
    (2_usize..40, 1_usize..40, any::<u64>(), -4..3_i32, -2..3_i32, -5..-1_i32).prop_map(
        |(n, width, seed, offset, spread, eps)| {
            let x = uniform((n, width), seed) * 10_f64.powi(spread) + 10_f64.powi(offset);
            (x, uniform((n, width), !seed), 10_f64.powi(eps))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// `sum dx = 0` and `sum (x - mean) dx = gamma dgamma eps / (var + eps)`, per column; up to the
    /// rounding of the terms that cancel.
    #[test]
    fn dx_is_orthogonal_to_1_and_nearly_to_x((x, dy, eps) in batches()) {
        for backward in ALL {
            let mut layer = batch_norm(BatchNormSpec { backward, eps, ..BatchNormSpec::default() }, x.ncols());
            let (_, dx) = forward_and_backward(&mut layer, &pass(1, &[]), &x, &dy);
            let (centred, var) = centred(&x);
            let gamma = tensor(&mut layer, "gamma").clone();
            // What dx would be without the mean term and the variance term.
            let terms = column_sums(&dy.mapv(f64::abs)) * &gamma / (&var + eps).sqrt();
            let largest = x.fold(0.0_f64, |largest, x| largest.max(x.abs()));
            let spread = centred.fold(0.0_f64, |largest, c| largest.max(c.abs()));

            let sum = column_sums(&dx);
            let scale = column_sums(&(&centred * &dx));
            let expected = gamma * gradient(&mut layer, "gamma") * eps / (&var + eps);
            for (((sum, scale), expected), term) in sum.iter().zip(&scale).zip(&expected).zip(&terms) {
                // The mean of x is only known to its rounding.
                let rounding = 1e-13 * term * (1.0 + largest / spread);
                prop_assert!(sum.abs() <= rounding, "{backward:?}: sum of dx {sum:e}, rounding {rounding:e}");
                let difference = (scale - expected).abs();
                prop_assert!(
                    difference <= rounding * spread,
                    "{backward:?}: {scale:e}, expected {expected:e}, rounding {:e}", rounding * spread
                );
            }
        }
    }

    /// `|dx|^2 = gamma^2 s^2 (|dy|^2 - dbeta^2 / n - (2 - rho) dgamma^2 / n)`, with
    /// `s^2 = 1 / (var + eps)` and `rho = var s^2`.
    #[test]
    fn the_norm_of_dx_follows_from_dgamma_and_dbeta((x, dy, eps) in batches()) {
        let mut layer = batch_norm(BatchNormSpec { eps, ..BatchNormSpec::default() }, x.ncols());
        let (_, dx) = forward_and_backward(&mut layer, &pass(1, &[]), &x, &dy);
        let (_, var) = centred(&x);
        let n = x.nrows() as f64;
        let [gamma, dgamma, dbeta] = [
            tensor(&mut layer, "gamma").clone(),
            gradient(&mut layer, "gamma").clone(),
            gradient(&mut layer, "beta").clone(),
        ];
        let squares = column_sums(&(&dy * &dy));
        let factor = &gamma * &gamma / (&var + eps);
        let rho = &var / (&var + eps);
        let expected =
            &factor * (&squares - &dbeta * &dbeta / n - (2.0 - rho) * &dgamma * &dgamma / n);
        let length = column_sums(&(&dx * &dx));
        for (((length, expected), factor), squares) in
            length.iter().zip(&expected).zip(&factor).zip(&squares)
        {
            prop_assert!((length - expected).abs() <= 1e-10 * factor * squares, "{length:e}, {expected:e}");
        }
    }

    /// The standard deviation is `gamma sqrt(var / (var + eps))`, which is not quite gamma.
    #[test]
    fn the_output_has_mean_beta_and_standard_deviation_nearly_gamma((x, _, eps) in batches()) {
        let mut layer = batch_norm(BatchNormSpec { eps, ..BatchNormSpec::default() }, x.ncols());
        let (y, _) = forward_and_backward(&mut layer, &pass(1, &[]), &x, &x);
        let (_, var_x) = centred(&x);
        let (_, var_y) = centred(&y);
        let mean = column_sums(&y) / x.nrows() as f64;
        assert_close("mean", &mean, tensor(&mut layer, "beta"), 1e-10);
        let gamma = tensor(&mut layer, "gamma");
        let expected = gamma * (&var_x / (&var_x + eps)).sqrt();
        assert_close("spread", &var_y.sqrt(), &expected, 1e-10);
    }

    /// `BN(a x) = BN(x)` once eps is scaled with the variance, and `dx` is scaled by `1 / a`: bit
    /// for bit, for a power of two.
    #[test]
    fn the_output_is_invariant_to_the_scale_of_the_input((x, dy, eps) in batches(), power in -20..20_i32) {
        let a = 2_f64.powi(power);
        for backward in ALL {
            let run = |x: &Array2<f64>, eps| {
                let spec = BatchNormSpec { backward, eps, ..BatchNormSpec::default() };
                let mut layer = batch_norm(spec, x.ncols());
                let (y, dx) = forward_and_backward(&mut layer, &pass(1, &[]), x, &dy);
                (y, dx, gradient(&mut layer, "gamma").clone())
            };
            let (y, dx, dgamma) = run(&x, eps);
            let (y_scaled, dx_scaled, dgamma_scaled) = run(&(&x * a), eps * a * a);
            prop_assert_eq!(bits(&y), bits(&y_scaled));
            prop_assert_eq!(bits(&(dx / a)), bits(&dx_scaled));
            prop_assert_eq!(bits(&dgamma), bits(&dgamma_scaled));
        }
    }

    /// Adding a constant to a feature changes nothing, up to the digits that `x` loses to it.
    #[test]
    fn the_output_is_invariant_to_the_offset_of_the_input((x, dy, eps) in batches(), offset in -1e3..1e3) {
        for backward in ALL {
            let run = |x: &Array2<f64>| {
                let spec = BatchNormSpec { backward, eps, ..BatchNormSpec::default() };
                forward_and_backward(&mut batch_norm(spec, x.ncols()), &pass(1, &[]), x, &dy)
            };
            let ((y, dx), (y_moved, dx_moved)) = (run(&x), run(&(&x + offset)));
            assert_close("y", &y_moved, &y, 1e-7);
            let largest = dx.fold(1.0_f64, |largest, dx| largest.max(dx.abs()));
            assert_close("dx", &(dx_moved / largest), &(dx / largest), 1e-6);
        }
    }
}
