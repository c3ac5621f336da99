//! Helpers of several test modules.

pub(crate) mod json;
pub(crate) mod peers;
pub(crate) mod results;
pub(crate) mod stacks;

pub(crate) mod work;

use bntrain::kernel::ThreadPool;
use bntrain::kernel::real::Real;
use bntrain::nn::{Layer, LayerSpec, Network, PassContext, build_layers};
use bntrain::random::stream;
use bntrain::targets::TargetsView;
use ndarray::{Array2, ArrayView2};
use rand::Rng;

/// Numbers in -1 to 1 that depend on `key` alone.
pub(crate) fn uniform(shape: (usize, usize), key: u64) -> Array2<f64> {
    let mut random = stream(key, "test", &[]);
    Array2::from_shape_simple_fn(shape, || random.random_range(-1.0..1.0))
}

/// `n` labels below `classes`, each class in turn.
pub(crate) fn labels(n: usize, classes: u32) -> Vec<u32> {
    (0..classes).cycle().take(n).collect()
}

/// A pass on one thread.
pub(crate) fn pass<F>(step: u64, labels: &[u32]) -> PassContext<'_, F> {
    let pool = Box::leak(Box::new(ThreadPool::single()));
    PassContext { step, ..PassContext::new(pool, TargetsView::Classes(labels)) }
}

/// Like [`pass`], for values.
pub(crate) fn values_pass<'a, F: Real>(step: u64, values: &'a Array2<F>) -> PassContext<'a, F> {
    PassContext { targets: TargetsView::Values(values.view()), ..pass(step, &[]) }
}

/// The output of a training pass of `layer`.
pub(crate) fn forward<F: Real>(
    layer: &mut dyn Layer<F>,
    pass: &PassContext<'_, F>,
    x: &Array2<F>,
) -> Array2<F> {
    let mut y = Array2::zeros((x.nrows(), layer.output_width(x.ncols())));
    layer.allocate(x.nrows());
    layer.forward(pass, x.view(), y.view_mut());
    y
}

/// The output and `dx` of a forward and a backward pass; the gradients of the parameters are in `layer`.
pub(crate) fn forward_and_backward<F: Real>(
    layer: &mut dyn Layer<F>,
    pass: &PassContext<'_, F>,
    x: &Array2<F>,
    dy: &Array2<F>,
) -> (Array2<F>, Array2<F>) {
    let y = forward(layer, pass, x);
    let mut dx = Array2::zeros(x.dim());
    layer.backward(pass, x.view(), y.view(), dy.view(), Some(dx.view_mut()));
    (y, dx)
}

/// Forward and backward through each of `layers` by itself, for the mean loss of the last: `x` and the output
/// of each, and the gradients of all these.
pub(crate) fn one_by_one<F: Real>(
    layers: &mut [Box<dyn Layer<F>>],
    pass: &PassContext<'_, F>,
    x: &Array2<F>,
) -> (Vec<Array2<F>>, Vec<Array2<F>>) {
    let mut acts = vec![x.clone()];
    for layer in &mut *layers {
        let y = forward(&mut **layer, pass, &acts[acts.len() - 1]);
        acts.push(y);
    }
    let mean = F::one() / F::from_f64(x.nrows() as f64);
    let mut d_acts = vec![Array2::from_elem((x.nrows(), 1), mean)];
    for (index, layer) in layers.iter_mut().enumerate().rev() {
        let (x, y, dy) = (&acts[index], &acts[index + 1], &d_acts[0]);
        let mut dx = Array2::zeros(x.dim());
        layer.backward(pass, x.view(), y.view(), dy.view(), Some(dx.view_mut()));
        d_acts.insert(0, dx);
    }
    (acts, d_acts)
}

/// The layers of `specs` with the parameters of `network`, each by itself; masks are those of seed 3.
pub(crate) fn unfused<F: Real>(
    specs: &[LayerSpec],
    network: &Network<F>,
    answers: usize,
) -> Vec<Box<dyn Layer<F>>> {
    let mut layers = build_layers(specs, network.num_inputs(), answers, 3);
    let params = layers.iter_mut().flat_map(|layer| layer.params_mut());
    params.zip(network.params()).for_each(|(param, source)| param.value.assign(&source.value));
    layers
}

/// The output of an evaluation pass of `layer`.
pub(crate) fn infer<F: Real>(
    layer: &dyn Layer<F>,
    pass: &PassContext<'_, F>,
    x: &ArrayView2<'_, F>,
) -> Array2<F> {
    let mut y = Array2::zeros((x.nrows(), layer.output_width(x.ncols())));
    layer.infer(pass, x.view(), y.view_mut());
    y
}

/// Fails unless `|a - b| <= tolerance * max(1, |a|, |b|)` for each pair of entries.
#[track_caller]
pub(crate) fn assert_close<'a>(
    what: &str,
    actual: impl Into<ArrayView2<'a, f64>>,
    expected: impl Into<ArrayView2<'a, f64>>,
    tolerance: f64,
) {
    let (actual, expected) = (actual.into(), expected.into());
    assert_eq!(actual.dim(), expected.dim(), "shape of {what}");
    for ((place, a), b) in actual.indexed_iter().zip(expected) {
        let scale = a.abs().max(b.abs()).max(1.0);
        // Written so that NaN fails.
        assert!((a - b).abs() <= tolerance * scale, "{what}{place:?}: {a:e}, expected {b:e}");
    }
}

/// The bits of every entry, for exact comparisons.
pub(crate) fn bits<'a, F: Real>(values: impl IntoIterator<Item = &'a F>) -> Vec<u64> {
    values.into_iter().map(|&value| value.to_f64().to_bits()).collect()
}
