//! Batch norm where rounding and range would show: a single row, constant columns, huge offsets,
//! the ends of `f32`; and the other layers at 0, at NaN and at the largest scores.

use bntrain::kernel::real::Real;
use bntrain::kernel::{BatchMoments, ThreadPool, batch_moments};
use bntrain::nn::{
    ActivationKind, Backward, BatchNorm, BatchNormSpec, HuberLossSpec, Layer, LogisticLoss, Loss, MeanOnly,
    MeanOnlySpec, Network, NonFinite, SoftmaxLoss, StatsSource, Task, affine, build_layers, dropout,
    layer_norm, leaky_relu, logistic_loss, mean_only, output_affine, relu, softmax_loss, squared_loss,
};
use bntrain::targets::TargetsView;
use ndarray::{Array2, array};

use crate::support::{assert_close, bits, forward_and_backward, pass, uniform, values_pass};

const ALL: [Backward; 3] = [Backward::Fused, Backward::ClosedForm, Backward::Graph];

/// A layer with gamma and beta in general position.
fn batch_norm<F: Real>(backward: Backward, width: usize) -> BatchNorm<F> {
    let mut layer = BatchNorm::new("bn", BatchNormSpec { backward, ..BatchNormSpec::default() }, width);
    for (key, param) in (0..2).zip(layer.params_mut()) {
        param.value += &uniform((1, width), key).mapv(|u| F::from_f64(0.5 * u));
    }
    layer
}

fn all_finite<'a, F: Real>(numbers: impl IntoIterator<Item = &'a F>) -> bool {
    numbers.into_iter().all(|number| number.is_finite())
}

#[test]
fn a_single_row_is_beta_and_moves_nothing() {
    for backward in ALL {
        let mut layer = batch_norm::<f64>(backward, 4);
        let (y, dx) =
            forward_and_backward(&mut layer, &pass(1, &[]), &(1e3 * uniform((1, 4), 5)), &uniform((1, 4), 6));
        assert_eq!(bits(&y), bits(&layer.params()[1].value), "{backward:?}");
        assert!(dx.iter().all(|dx| dx.abs() <= 1e-13), "{backward:?}: {dx}");
        layer.update_running_stats(StatsSource::LastBatch { step: 1 });
        assert!(all_finite(layer.params().iter().flat_map(|param| &param.value)), "running statistics");
    }
}

fn constant_columns_are_beta<F: Real>() {
    let constants = [0.0, 0.1, 100.0, 1e8, -3.7e5, 1e-30].map(F::from_f64);
    for n in [2, 3, 7, 64] {
        let x = Array2::from_shape_fn((n, constants.len()), |(_, column)| constants[column]);
        let dy = uniform(x.dim(), 4).mapv(F::from_f64);
        for backward in ALL {
            let mut layer = batch_norm::<F>(backward, constants.len());
            let (y, dx) = forward_and_backward(&mut layer, &pass(1, &[]), &x, &dy);
            for row in y.rows() {
                assert_eq!(bits(row), bits(&layer.params()[1].value), "{backward:?}, n = {n}");
            }
            assert!(all_finite(&dx), "{backward:?}, n = {n}");
            assert!(layer.params()[0].grad.iter().all(|&dgamma| dgamma == F::zero()), "x_hat is 0");
            layer.update_running_stats(StatsSource::LastBatch { step: 1 });
            assert!(layer.non_finite(&ThreadPool::single()).is_none());
        }
    }
}

#[test]
fn constant_columns_are_exactly_beta() {
    constant_columns_are_beta::<f32>();
    constant_columns_are_beta::<f64>();
}

/// The biased variance of numbers that differ by whole multiples of 2^-20, without any rounding
/// before the last division.
fn exact_variance(x: &[f32]) -> f64 {
    let first = x[0];
    let whole = |&x: &f32| {
        let difference = (f64::from(x) - f64::from(first)) * 2_f64.powi(20);
        assert_eq!(difference.fract(), 0.0, "a whole multiple");
        difference as i128
    };
    let n = x.len() as i128;
    let sum: i128 = x.iter().map(whole).sum();
    let squares: i128 = x.iter().map(whole).map(|difference| difference * difference).sum();
    (n * squares - sum * sum) as f64 / (n * n) as f64 / 2_f64.powi(40)
}

/// A spread of about 1 around `offset`, as far as `f32` can hold it: at 1e12, all are the same.
fn around(offset: f64, n: usize) -> Array2<f32> {
    let whole = |u: f64| (u * 1.7 * 2_f64.powi(20)).round() / 2_f64.powi(20);
    uniform((n, 1), n as u64).mapv(|u| (offset + whole(u)) as f32)
}

#[test]
fn the_variance_at_any_offset_is_that_of_the_stored_numbers() {
    let mut moments = BatchMoments::new(1);
    for n in [2, 3, 64, 1000] {
        for offset in (0..=12).map(|power| 10_f64.powi(power)) {
            let x = around(offset, n);
            let exact = exact_variance(x.as_slice().expect("one column"));
            batch_moments(&ThreadPool::single(), &x.view(), &mut moments);
            let error = (moments.var[0] - exact).abs();
            assert!(error <= 1e-6 * exact, "offset {offset:e}, n = {n}: {} for {exact}", moments.var[0]);
        }
    }
}

/// The layer in `f32` on `x` against the layer in `f64` on the same numbers.
fn assert_f32_follows_f64(x: &Array2<f32>, what: &str) {
    let dy = uniform(x.dim(), 8).mapv(|u| u as f32);
    let wide = |a: &Array2<f32>| a.mapv(f64::from);
    for backward in ALL {
        let what = format!("{backward:?}, {what}");
        let (mut narrow_layer, mut wide_layer) =
            (batch_norm::<f32>(backward, x.ncols()), batch_norm::<f64>(Backward::Fused, x.ncols()));
        let (y, dx) = forward_and_backward(&mut narrow_layer, &pass(1, &[]), x, &dy);
        let (y_wide, dx_wide) = forward_and_backward(&mut wide_layer, &pass(1, &[]), &wide(x), &wide(&dy));
        assert_close(&format!("y, {what}"), &wide(&y), &y_wide, 1e-6);
        for (index, (param, param_wide)) in narrow_layer.params().iter().zip(wide_layer.params()).enumerate()
        {
            let name = ["dgamma", "dbeta", "", ""][index];
            assert_close(&format!("{name}, {what}"), &wide(&param.grad), &param_wide.grad, 1e-5);
        }
        // Relative to the column; a gradient below the range of f32 may become 0.
        for (dx, dx_wide) in wide(&dx).columns().into_iter().zip(dx_wide.columns()) {
            let largest = dx_wide.fold(0.0_f64, |largest, dx| largest.max(dx.abs()));
            for (dx, dx_wide) in dx.iter().zip(dx_wide) {
                let rounding = 1e-5 * largest + f64::from(f32::MIN_POSITIVE);
                assert!((dx - dx_wide).abs() <= rounding, "dx, {what}: {dx:e}, expected {dx_wide:e}");
            }
        }
    }
}

#[test]
fn an_offset_costs_no_digits() {
    for offset in (0..=12).map(|power| 10_f64.powi(power)) {
        assert_f32_follows_f64(&around(offset, 40), &format!("offset {offset:e}"));
    }
}

#[test]
fn the_ends_of_the_range_are_normalised_like_the_middle() {
    for scale in [1e-45, 1e-38, 1e-20, 1e20, 1e30, 3e38] {
        let x = uniform((24, 3), 3).mapv(|u| (scale * u) as f32);
        assert_f32_follows_f64(&x, &format!("scale {scale:e}"));
    }
}

/// The running variance of an `f32` network cannot hold the square of 3e38: that is reported, and
/// not written before it is.
#[test]
fn a_variance_beyond_the_range_is_reported() {
    let mut layer = batch_norm::<f32>(Backward::Fused, 2);
    let x = array![[3e38_f32, 1.0], [-3e38, 2.0]];
    forward_and_backward(&mut layer, &pass(1, &[]), &x, &x.mapv(|_| 1.0));
    let variance = NonFinite::Tensor("bn.running_var".to_owned());
    assert_eq!(layer.non_finite(&ThreadPool::single()), Some(variance));
    assert!(all_finite(layer.params().iter().flat_map(|param| &param.value)));
}

/// The tensor that would be the first to hold it.
#[test]
fn what_is_not_finite_is_named() {
    let (tensor, gradient) =
        (|name: &str| NonFinite::Tensor(name.to_owned()), |name: &str| NonFinite::Gradient(name.to_owned()));
    let ones = || Array2::<f32>::ones((3, 2));
    let infinite = || array![[1.0_f32, 2.0], [1.5, f32::INFINITY], [0.5, 1.0]];
    let x = || uniform((3, 2), 1).mapv(|u| u as f32);
    for (spec, x, dy, expected) in [
        (BatchNormSpec::default().into(), infinite(), ones(), tensor("batch_norm_1.running_mean")),
        (mean_only(), infinite(), ones(), tensor("mean_only_1.running_mean")),
        (BatchNormSpec::default().into(), x(), infinite(), gradient("batch_norm_1.gamma")),
        (mean_only(), x(), infinite(), gradient("mean_only_1.beta")),
        (layer_norm(), x(), infinite(), gradient("layer_norm_1.gamma")),
        (affine(2), x(), infinite(), gradient("affine_1.weight")),
    ] {
        let mut layer = build_layers::<f32>(std::slice::from_ref(&spec), 2, 2, 0).pop().expect("one layer");
        forward_and_backward(&mut *layer, &pass(1, &[]), &x, &dy);
        assert_eq!(layer.non_finite(&ThreadPool::single()), Some(expected), "{spec:?}");
    }
}

#[test]
fn centring_a_constant_column_gives_exactly_beta() {
    let mut layer = MeanOnly::<f32>::new("centre", MeanOnlySpec::default(), 2);
    layer.params_mut()[0].value = array![[0.25, -3.0]];
    let x = Array2::from_shape_fn((7, 2), |(_, column)| [0.1_f32, 1e8][column]);
    let (y, _) = forward_and_backward(&mut layer, &pass(1, &[]), &x, &x.mapv(|_| 1.0));
    assert!(y.rows().into_iter().all(|row| bits(row) == bits(&layer.params()[0].value)), "{y}");
}

/// The derivative of ReLU at 0 is that of its left side, for either zero.
#[test]
fn relu_has_its_left_derivative_at_zero() {
    let x = array![[0.0_f32, -0.0, f32::MIN_POSITIVE, -f32::MIN_POSITIVE]];
    for (spec, left) in [(relu(), 0.0), (leaky_relu(0.1), 0.1)] {
        let mut layers = build_layers::<f32>(&[spec], 4, 4, 0);
        let (y, dx) = forward_and_backward(&mut *layers[0], &pass(1, &[]), &x, &array![[2.0, 2.0, 2.0, 2.0]]);
        assert_eq!(dx, array![[2.0 * left, 2.0 * left, 2.0, 2.0 * left]]);
        assert_eq!(y[[0, 0]], 0.0);
        assert_eq!(y[[0, 1]], 0.0);
    }
}

/// A bad number is seen, not turned into a 0 on the way.
#[test]
fn nan_reaches_the_loss() {
    let mut x = uniform((3, 4), 1);
    x[[1, 2]] = f64::NAN;
    let values = uniform((3, 3), 2);
    let activations = ActivationKind::ALL.map(ActivationKind::layer);
    for activation in activations.into_iter().chain([dropout(0.5)]) {
        for loss in [softmax_loss(), logistic_loss(), squared_loss(), HuberLossSpec { delta: 1.0 }.into()] {
            let network = Network::build(&[activation.clone(), output_affine(), loss.clone()], 4, 3, 1);
            let mut workspace = network.inference_workspace(3);
            let targets = match loss.loss().map(Loss::task) {
                Some(Task::Classification) => TargetsView::Classes(&[0, 1, 0]),
                _ => TargetsView::Values(values.view()),
            };
            let (_, losses) = network.infer(&ThreadPool::single(), x.view(), targets, &mut workspace);
            let seen: Vec<bool> = losses.iter().map(|loss| loss.is_nan()).collect();
            assert_eq!(seen, [false, true, false], "{activation:?} {loss:?}");
        }
    }
}

/// Scores at the end of the range: the gradient is that of a sure answer, and the loss of the right
/// one is 0. The loss of the wrong one is twice the largest `f32` and cannot be held.
#[test]
fn the_loss_survives_the_largest_scores() {
    let x = array![[3e38_f32, -3e38, 0.0], [3e38, 3e38, -3e38], [-3e38, -3e38, -3e38]];
    let right = pass(1, &[0, 1, 2]);
    let (losses, dx) =
        forward_and_backward(&mut SoftmaxLoss::new(3), &right, &x, &array![[1.0], [1.0], [1.0]]);
    assert_eq!(losses, array![[0.0], [2_f32.ln()], [3_f32.ln()]]);
    let third = 1.0 / 3.0;
    assert_eq!(dx, array![[0.0, 0.0, 0.0], [0.5, -0.5, 0.0], [third, third, third - 1.0]]);
    let wrong = pass(1, &[1, 2, 0]);
    let (_, dx) = forward_and_backward(&mut SoftmaxLoss::new(3), &wrong, &x, &array![[1.0], [1.0], [1.0]]);
    assert_eq!(dx, array![[1.0, -1.0, 0.0], [0.5, 0.5, -1.0], [third - 1.0, third, third]]);
}

/// The loss of one score, where a careless exponential or logarithm is infinite or rounds to 0.
#[test]
fn the_logistic_loss_survives_the_largest_scores() {
    let x = array![[3e38_f32], [-3e38], [3e38], [-3e38], [0.0], [-90.0], [90.0]];
    let ones = Array2::ones((7, 1));
    let pass = pass(1, &[1, 0, 0, 1, 0, 0, 1]);
    let (losses, dx) = forward_and_backward(&mut LogisticLoss, &pass, &x, &ones);
    let small = (-90.0_f32).exp();
    assert_eq!(losses, array![[0.0], [0.0], [3e38], [3e38], [2_f32.ln()], [small], [small]]);
    assert_eq!(dx, array![[0.0], [0.0], [1.0], [-1.0], [0.5], [small], [-small]]);
}

/// Far off, `huber_loss` is linear: neither it nor its gradient overflows.
#[test]
fn the_huber_loss_survives_the_largest_scores() {
    let x = array![[3e38_f32, -3e38], [1.0, -0.25]];
    let targets = array![[0.0, 0.0], [0.0, 0.0]];
    let mut layers = build_layers::<f32>(&[HuberLossSpec { delta: 0.5 }.into()], 2, 2, 0);
    let (losses, dx) =
        forward_and_backward(&mut *layers[0], &values_pass(1, &targets), &x, &array![[2.0], [2.0]]);
    assert_eq!(losses, array![[1.5e38], [(0.375 + 0.03125) / 2.0]]);
    assert_eq!(dx, array![[0.5, -0.5], [0.5, -0.25]]);
}
