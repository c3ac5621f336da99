//! Evaluation of one network with running, recomputed and batch statistics.

use bntrain::kernel::ThreadPool;
use bntrain::nn::{
    BatchNormSpec, DatasetStats, GhostBatchNormSpec, Layer, LayerSpec, Network, NormalizeBy, ParamKind,
    PassContext, RunningVariance, batch_norm, dropout, mean_only, relu, tanh, variance_only,
};
use ndarray::{Array2, ArrayView2, Axis};

use crate::support::stacks::stack;
use crate::support::{assert_close, bits, infer, labels, pass, uniform};

fn biased() -> LayerSpec {
    LayerSpec::BatchNorm(BatchNormSpec {
        running_variance: RunningVariance::Biased,
        ..BatchNormSpec::default()
    })
}

fn ghosts() -> LayerSpec {
    GhostBatchNormSpec { rows: 3, ..GhostBatchNormSpec::default() }.into()
}

/// Takes some rows.
type See<'a> = dyn FnMut(ArrayView2<'_, f64>) + 'a;

/// Shows `x` in chunks of `n` rows.
fn chunks(x: &Array2<f64>, n: usize) -> impl Fn(&mut See<'_>) {
    move |see| x.axis_chunks_iter(Axis(0), n).for_each(&mut *see)
}

fn running(network: &Network<f64>) -> Vec<(String, Array2<f64>)> {
    let params = network.params().filter(|param| param.kind == ParamKind::Buffer);
    params.map(|param| (param.name.clone(), param.value.clone())).collect()
}

fn scores(network: &Network<f64>, x: &Array2<f64>) -> Array2<f64> {
    let mut workspace = network.inference_workspace(x.nrows());
    network.outputs(&ThreadPool::single(), x.view(), &mut workspace).to_owned()
}

/// But for dropout.
#[test]
fn evaluation_with_batch_statistics_equals_a_training_pass() {
    let (x, labels) = (uniform((9, 5), 1), labels(9, 3));
    let hidden = [batch_norm(), relu(), mean_only(), tanh(), variance_only(), ghosts(), biased()];
    let mut with_dropout = hidden.to_vec();
    with_dropout.insert(2, dropout(0.5));
    let mut plain = Network::<f64>::build(&stack(&[8, 6], &hidden), 5, 3, 1);
    let dropping = Network::<f64>::build(&stack(&[8, 6], &with_dropout), 5, 3, 1);
    let mut workspace = plain.allocate(9);
    plain.forward(&pass(1, &labels), x.view(), &mut workspace);
    let trained = workspace.activation(plain.layers().len() - 2).expect("it was written").to_owned();
    for network in [&plain, &dropping] {
        let mut workspace = network.inference_workspace(9);
        let found = network.outputs_with_batch_stats(&ThreadPool::single(), x.view(), &mut workspace);
        assert_eq!(bits(found), bits(&trained));
    }
    assert_ne!(bits(&scores(&plain, &x)), bits(&trained), "running statistics are others");
}

/// With biased variances, evaluation with the statistics of a data set equals the training pass of the whole
/// data set as one batch: the input of each layer was computed with the new statistics before it.
#[test]
fn recomputed_statistics_are_those_of_the_input_of_each_layer() {
    let x = 3.0 * uniform((50, 4), 2) + 10.0;
    let mut network = Network::build(&stack(&[7, 6], &[biased(), relu(), mean_only(), tanh()]), 4, 3, 1);
    let expected = {
        let mut workspace = network.inference_workspace(50);
        network.outputs_with_batch_stats(&ThreadPool::single(), x.view(), &mut workspace).to_owned()
    };
    assert!(network.has_running_stats());
    network.recompute_running_stats(&ThreadPool::single(), 16, chunks(&x, 16));
    assert_close("scores", &scores(&network, &x), &expected, 1e-12);

    let by_sixteen = running(&network);
    network.recompute_running_stats(&ThreadPool::single(), 50, chunks(&x, 50));
    for ((name, by_sixteen), (_, by_fifty)) in by_sixteen.iter().zip(running(&network)) {
        assert_close(name, by_sixteen, &by_fifty, 1e-13);
    }
}

#[test]
fn recomputed_variances_are_biased_or_unbiased_as_the_layer_says() {
    let x = uniform((20, 4), 3);
    let variance = |norm: LayerSpec| {
        let mut network = Network::build(&stack(&[5], &[norm]), 4, 3, 1);
        network.recompute_running_stats(&ThreadPool::single(), 8, chunks(&x, 8));
        running(&network).remove(1).1
    };
    assert_close("unbiased", &variance(batch_norm()), &(variance(biased()) * 20.0 / 19.0), 1e-14);
}

#[test]
fn without_rows_or_layers_to_recompute_nothing_changes() {
    let mut plain = Network::<f64>::build(&stack(&[5], &[relu()]), 4, 3, 1);
    assert!(!plain.has_running_stats());
    plain.recompute_running_stats(&ThreadPool::single(), 8, |_| panic!("no layer asks for rows"));
    let mut network = Network::<f64>::build(&stack(&[5], &[batch_norm()]), 4, 3, 1);
    let before = running(&network);
    network.recompute_running_stats(&ThreadPool::single(), 8, |_| ());
    assert_eq!(running(&network), before);
}

/// Nor on the chunks.
#[test]
fn moments_of_a_data_set_do_not_depend_on_its_offset() {
    let x = uniform((300, 3), 4);
    let moments = |offset: f64, n: usize| {
        let mut stats = DatasetStats::new(3);
        let x = x.mapv(|x| x + offset);
        chunks(&x, n)(&mut |x| stats.add(&ThreadPool::single(), &x));
        let mean: Vec<f64> = stats.mean().iter().map(|mean| mean - offset).collect();
        Array2::from_shape_vec((2, 3), mean.into_iter().chain(stats.variance(false)).collect())
            .expect("six numbers")
    };
    for n in [1, 7, 300] {
        assert_close("moments", &moments(0.0, n), &moments(0.0, 300), 1e-14);
        assert_close("moments far off", &moments(1e6, n), &moments(0.0, 300), 1e-9);
    }
}

#[test]
fn layers_without_statistics_evaluate_a_batch_like_single_rows() {
    let x = uniform((6, 4), 5);
    let layer = bntrain::nn::Affine::new("affine", uniform((4, 3), 6), true);
    let mut y = Array2::zeros((6, 3));
    let by_batch = PassContext { normalize_by: NormalizeBy::Batch, ..pass(1, &[]) };
    layer.infer(&by_batch, x.view(), y.view_mut());
    assert_eq!(y, infer(&layer, &pass(1, &[]), &x.view()));
}
