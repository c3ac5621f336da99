//! Evaluation changes nothing, sees each row alone, and is what training tends to.

use std::ops::RangeInclusive;

use bntrain::kernel::real::Real;
use bntrain::kernel::{BatchMoments, ThreadPool, batch_moments};
use bntrain::nn::{
    Affine, AffineSpec, BatchNorm, BatchNormSpec, Dropout, DropoutSpec, Layer, LayerSpec, MeanOnlySpec,
    Network, RunningStart, RunningUpdate, RunningVariance, StatsSource, WeightForm, batch_norm, batch_renorm,
    dropout, ghost_batch_norm, layer_norm, leaky_relu, mean_only, noise_only, output_affine, relu, rms_norm,
    sigmoid, softmax_loss, tanh, variance_only,
};
use bntrain::targets::TargetsView;
use ndarray::{Array2, s};

use crate::support::stacks::stack;
use crate::support::{assert_close, bits, forward, infer, labels, pass, uniform};

/// Networks with every kind of layer.
fn stacks(units: &[usize]) -> Vec<Vec<LayerSpec>> {
    let weights = WeightForm::WeightNorm;
    let normalized: LayerSpec = AffineSpec { units: Some(9), weights, ..AffineSpec::default() }.into();
    let blocks: [&[LayerSpec]; 9] = [
        &[batch_norm(), relu(), dropout(0.5)],
        &[mean_only(), tanh()],
        &[batch_norm(), sigmoid()],
        &[layer_norm(), relu(), rms_norm(), tanh()],
        &[ghost_batch_norm(), relu(), variance_only(), batch_renorm()],
        &[noise_only(), relu()],
        &[normalized.clone(), tanh()],
        &[leaky_relu(0.1)],
        &[],
    ];
    blocks.iter().map(|block| stack(units, block)).collect()
}

/// A network whose running statistics have seen a batch.
fn network<F: Real>(specs: &[LayerSpec], inputs: usize) -> Network<F> {
    let mut network = Network::build(specs, inputs, 3, 4);
    let labels = labels(9, 3);
    let x = uniform((9, inputs), 5).mapv(F::from_f64);
    let mut workspace = network.allocate(9);
    network.forward(&pass(1, &labels), x.view(), &mut workspace);
    network.update_running_stats(1);
    network
}

/// The scores and losses of each row of `x`, evaluated `n` rows at a time, as bits.
fn evaluate<F: Real>(network: &Network<F>, x: &Array2<F>, labels: &[u32], n: usize) -> Vec<Vec<u64>> {
    let mut workspace = network.inference_workspace(n);
    let batches = x.axis_chunks_iter(ndarray::Axis(0), n).zip(labels.chunks(n));
    let rows = batches.flat_map(|(x, labels)| {
        let (scores, losses) =
            network.infer(&ThreadPool::single(), x, TargetsView::Classes(labels), &mut workspace);
        let rows = scores.rows().into_iter().zip(losses.rows());
        rows.map(|(scores, losses)| bits(scores.iter().chain(losses))).collect::<Vec<_>>()
    });
    rows.collect()
}

fn a_row_is_evaluated_alone<F: Real>() {
    let x = uniform((70, 6), 2).mapv(F::from_f64);
    let labels = labels(70, 3);
    for specs in stacks(&[17, 33]) {
        let network = network::<F>(&specs, 6);
        let alone = evaluate(&network, &x, &labels, 1);
        for n in 2..=70 {
            assert_eq!(evaluate(&network, &x, &labels, n), alone, "{} in batches of {n}, {specs:?}", F::NAME);
        }
    }
}

#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    a_row_is_evaluated_alone::<f32>();
    a_row_is_evaluated_alone::<f64>();
}

/// The product is where it would go wrong: blocks of rows, and sums split differently for each.
fn a_row_of_a_product_is_computed_alone<F: Real>() {
    for units in 1..=100 {
        // All residues of the usual block sizes, and sums long enough to be split.
        for inputs in [1 + units * 37 % 100, [255, 256, 257, 1030][units % 4]] {
            let x = uniform((70, inputs), 3).mapv(F::from_f64);
            let layer = Affine::new("product", uniform((inputs, units), 6).mapv(F::from_f64), true);
            let alone = |row: usize| infer(&layer, &pass(1, &[]), &x.slice(s![row..=row, ..]));
            let alone: Vec<_> = (0..70).flat_map(|row| bits(&alone(row))).collect();
            for n in [2 + units % 17, 1 + units * 13 % 70] {
                let together = bits(&infer(&layer, &pass(1, &[]), &x.slice(s![..n, ..])));
                assert_eq!(together, alone[..n * units], "{} {n} x {inputs} x {units}", F::NAME);
            }
        }
    }
}

#[test]
fn a_product_takes_each_row_alone() {
    a_row_of_a_product_is_computed_alone::<f32>();
    a_row_of_a_product_is_computed_alone::<f64>();
}

/// The training pass of an affine layer is the same product.
#[test]
fn an_affine_layer_gives_the_same_in_training_and_evaluation() {
    let mut layer = Affine::new("affine", uniform((40, 30), 1), true);
    let x = uniform((50, 40), 2);
    assert_eq!(forward(&mut layer, &pass(1, &[]), &x), infer(&layer, &pass(1, &[]), &x.view()));
}

#[test]
fn evaluation_leaves_every_tensor_as_it_was() {
    for specs in stacks(&[8, 5]) {
        let network = network::<f32>(&specs, 4);
        let tensors = || -> Vec<Vec<u64>> {
            network.params().map(|param| bits(param.value.iter().chain(&param.grad))).collect()
        };
        let before = tensors();
        evaluate(&network, &uniform((20, 4), 1).mapv(|u| 1e3 * u as f32), &labels(20, 3), 20);
        assert_eq!(before, tensors(), "{specs:?}");
    }
}

/// Running statistics that have followed one batch for long enough are those of the batch.
#[test]
fn evaluation_approaches_training_on_fixed_data() {
    let norm = LayerSpec::BatchNorm(BatchNormSpec {
        running_start: RunningStart::Standard,
        running_variance: RunningVariance::Biased,
        ..BatchNormSpec::default()
    });
    let centring = LayerSpec::MeanOnly(MeanOnlySpec {
        running_start: RunningStart::Standard,
        ..MeanOnlySpec::default()
    });
    for block in [[norm, tanh()], [centring, relu()]] {
        let specs = stack(&[10, 8], &block);
        let mut network = Network::<f64>::build(&specs, 6, 3, 1);
        let (x, labels) = (uniform((30, 6), 3), labels(30, 3));
        let mut workspace = network.allocate(30);
        let pass = crate::support::pass(1, &labels);
        let mut distance = |steps: RangeInclusive<u64>| {
            let mut losses = Array2::zeros((30, 1));
            for step in steps {
                losses.assign(&network.forward(&pass, x.view(), &mut workspace));
                network.update_running_stats(step);
            }
            let (_, evaluated) =
                network.infer(&ThreadPool::single(), x.view(), TargetsView::Classes(&labels), &mut workspace);
            (losses - evaluated).fold(0.0_f64, |largest, difference| largest.max(difference.abs()))
        };
        let (early, late) = (distance(1..=1), distance(2..=301));
        assert!(early > 1e-2, "{block:?}: nothing to approach, {early:e}");
        assert!(late < 1e-12, "{block:?}: still {late:e} apart");
    }
}

/// Before any training step, the running mean is 0 and the running variance 1.
#[test]
fn evaluation_before_training_only_scales_by_eps() {
    let layer = BatchNorm::<f64>::new("bn", BatchNormSpec { eps: 0.21, ..BatchNormSpec::default() }, 3);
    let x = uniform((4, 3), 1);
    assert_close("y", &infer(&layer, &pass(1, &[]), &x.view()), &(x / 1.1), 1e-15);
}

/// The documented ends of `running_update`: 0 never moves, 1 is the last batch.
#[test]
fn running_statistics_follow_the_settings() {
    let batches = [uniform((5, 2), 1), 3.0 * uniform((7, 2), 2) + 1.0];
    let mut moments = BatchMoments::new(2);
    batch_moments(&ThreadPool::single(), &batches[1].view(), &mut moments);
    let unbiased = moments.var.iter().map(|var| var * 7.0 / 6.0);
    let last: Vec<f64> = [moments.mean(0), moments.mean(1)].into_iter().chain(unbiased).collect();
    for (update, expected) in [(0.0, vec![0.0, 0.0, 1.0, 1.0]), (1.0, last)] {
        let running_update = RunningUpdate::Constant(update);
        let mut layer =
            BatchNorm::<f64>::new("bn", BatchNormSpec { running_update, ..BatchNormSpec::default() }, 2);
        for (step, x) in (1..).zip(&batches) {
            forward(&mut layer, &pass(1, &[]), x);
            layer.update_running_stats(StatsSource::LastBatch { step });
        }
        let running = layer.params()[2..].iter().flat_map(|param| &param.value).copied();
        let running = Array2::from_shape_vec((1, 4), running.collect()).expect("four numbers");
        let expected = Array2::from_shape_vec((1, 4), expected).expect("four numbers");
        assert_close(&format!("running_update = {update}"), &running, &expected, 1e-15);
    }
}

/// A training pass that is not committed leaves no trace.
#[test]
fn a_pass_that_is_not_committed_is_forgotten() {
    for specs in stacks(&[6]) {
        let mut network = network::<f64>(&specs, 4);
        let before: Vec<_> = network.params().map(|param| bits(&param.value)).collect();
        let labels = labels(5, 3);
        let pass = crate::support::pass(2, &labels);
        let x = Array2::from_elem((5, 4), f64::NAN);
        let mut workspace = network.allocate(5);
        network.forward(&pass, x.view(), &mut workspace);
        network.backward(&pass, x.view(), &mut workspace, None);
        assert!(network.non_finite(pass.pool).is_some());
        assert!(network.params().map(|param| bits(&param.value)).eq(before), "{specs:?}");
    }
}

#[test]
fn dropout_drops_in_training_alone() {
    let x = Array2::from_elem((200, 50), 3.0);
    let mut layer = Dropout::<f64>::new(&DropoutSpec { rate: 0.25 }, 7, 1, 50);
    assert_eq!(infer(&layer, &pass(1, &[]), &x.view()), x);

    let mut train = |step| forward(&mut layer, &pass(step, &[]), &x);
    let y = train(1);
    assert_eq!(y, train(1), "the same step drops the same units");
    assert_ne!(y, train(2), "another step drops others");
    assert!(y.iter().all(|&y| y == 0.0 || y == 3.0 / 0.75));
    let dropped = y.iter().filter(|&&y| y == 0.0).count() as f64 / y.len() as f64;
    // Five standard deviations of the share of 10,000 units.
    assert!((dropped - 0.25).abs() < 0.022, "{dropped}");
}

/// Probabilities add up to 1, so a gradient with `dy = 1` adds up to 0; and only differences
/// between scores matter.
#[test]
fn the_loss_knows_no_absolute_scores() {
    let mut network = Network::<f64>::build(&[output_affine(), softmax_loss()], 4, 4, 0);
    network.params_mut().next().expect("the weights").value = Array2::eye(4);
    let x = 5.0 * uniform((6, 4), 1);
    let labels = labels(6, 4);
    let pass = crate::support::pass(1, &labels);
    let mut workspace = network.allocate(6);
    let mut run = |x: &Array2<f64>| {
        let losses = network.forward(&pass, x.view(), &mut workspace).to_owned();
        let mut dx = Array2::zeros(x.dim());
        network.backward(&pass, x.view(), &mut workspace, Some(dx.view_mut()));
        (losses, dx)
    };
    let (losses, dx) = run(&x);
    let (moved, dx_moved) = run(&(x + 64.0));
    assert_close("loss", &moved, &losses, 1e-13);
    assert_close("dx", &dx_moved, &dx, 1e-13);
    for row in dx.rows() {
        assert!(row.sum().abs() < 1e-15, "{row}");
    }
}
