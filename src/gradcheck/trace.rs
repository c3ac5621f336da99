//! One training pass through a network, layer by layer, with every array that occurs.

use ndarray::Array2;

use crate::gradcheck::graph::{GraphNode, batch_norm_graph};
use crate::gradcheck::network::jitter;
use crate::nn::{Layer, LayerSpec, PassContext, build_layers};

/// One training pass and its gradients.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trace {
    /// The mean loss over the rows, each times its weight if the pass has weights.
    pub loss: f64,
    /// In order; the last one is the loss.
    pub layers: Vec<LayerTrace>,
}

/// What went into a layer and came out of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LayerTrace {
    /// Its kind and number, such as `affine_1`: the prefix of the names of its tensors.
    pub name: String,
    /// The input, `(n, inputs)`.
    pub x: Array2<f64>,
    /// The output, `(n, outputs)`.
    pub y: Array2<f64>,
    /// The gradient of the mean loss with respect to the output, `(n, outputs)`.
    pub dy: Array2<f64>,
    /// The gradient of the mean loss with respect to the input, `(n, inputs)`.
    pub dx: Array2<f64>,
    /// Each trained tensor: its name, its value and its gradient.
    pub params: Vec<(String, Array2<f64>, Array2<f64>)>,
    /// The nodes of the layer if it is batch norm; none otherwise.
    pub nodes: Vec<GraphNode>,
}

/// The training pass that [`check_network`](super::check_network) checks: `specs` on the rows of `x`, with each bias,
/// gamma and beta moved by up to `settings.jitter`. No layer is fused with another one.
///
/// # Shapes
///
/// `x`: `(n, inputs)`; `pass.targets`, `pass.weights`: `n` rows.
///
/// # Panics
///
/// If there are fewer targets than rows, or they do not fit the loss.
pub fn trace(
    specs: &[LayerSpec],
    answers: usize,
    seed: u64,
    pass: &PassContext<'_, f64>,
    x: &Array2<f64>,
    settings: &super::GradcheckSettings,
) -> Trace {
    let n = x.nrows();
    let mut layers = build_layers::<f64>(specs, x.ncols(), answers, seed);
    jitter(layers.iter_mut().flat_map(|layer| layer.params_mut()), settings);

    let mut acts = vec![x.clone()];
    for layer in &mut layers {
        let x = &acts[acts.len() - 1];
        let mut y = Array2::zeros((n, layer.output_width(x.ncols())));
        layer.allocate(n);
        layer.forward(pass, x.view(), y.view_mut());
        acts.push(y);
    }
    let losses = &acts[layers.len()];
    let weight = |row: usize| pass.weights.map_or(1.0, |weights| weights[row]);
    let mut dy = Array2::from_shape_fn(losses.dim(), |(row, _)| weight(row) / n as f64);
    let loss = (losses * &dy).sum();

    let mut traces = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter_mut().enumerate().rev() {
        let (x, y) = (&acts[index], &acts[index + 1]);
        let mut dx = Array2::zeros(x.dim());
        layer.backward(pass, x.view(), y.view(), dy.view(), Some(dx.view_mut()));
        let nodes = nodes(&specs[index], &**layer, x, &dy);
        let trained = layer.params().iter().filter(|param| param.is_trained());
        traces.push(LayerTrace {
            name: name(specs, index),
            params: trained
                .map(|param| (param.name.clone(), param.value.clone(), param.grad.clone()))
                .collect(),
            nodes,
            x: x.clone(),
            y: y.clone(),
            dx: dx.clone(),
            dy,
        });
        dy = dx;
    }
    traces.reverse();
    Trace { loss, layers: traces }
}

/// Counted within the kind, as the names of tensors are.
fn name(specs: &[LayerSpec], index: usize) -> String {
    let kind = specs[index].kind();
    let ordinal = specs[..=index].iter().filter(|spec| spec.kind() == kind).count();
    format!("{kind}_{ordinal}")
}

fn nodes(spec: &LayerSpec, layer: &dyn Layer<f64>, x: &Array2<f64>, dy: &Array2<f64>) -> Vec<GraphNode> {
    let LayerSpec::BatchNorm(spec) = spec else { return Vec::new() };
    let tensor = |end: &str, otherwise: f64| {
        let found = layer.params().iter().find(|param| param.name.ends_with(end));
        found.map_or_else(|| Array2::from_elem((1, x.ncols()), otherwise), |param| param.value.clone())
    };
    let (gamma, beta) = (tensor(".gamma", 1.0), tensor(".beta", 0.0));
    batch_norm_graph(x.view(), dy.view(), gamma.view(), beta.view(), spec.eps)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::gradcheck::GradcheckSettings;
    use crate::kernel::ThreadPool;
    use crate::nn::{Network, affine, batch_norm, output_affine, relu, softmax_loss};
    use crate::targets::Targets;

    const LAYERS: usize = 5;

    fn network() -> [LayerSpec; LAYERS] {
        [affine(4), batch_norm(), relu(), output_affine(), softmax_loss()]
    }

    fn batch() -> (Array2<f64>, Targets) {
        let x = Array2::from_shape_fn((6, 3), |(row, column)| ((row * 7 + column * 5) % 11) as f64 / 4.0);
        (x, Targets::classes([0, 1, 2, 0, 1, 2]))
    }

    fn traced(jitter: f64) -> Trace {
        let ((x, targets), pool) = (batch(), ThreadPool::single());
        let pass = PassContext::new(&pool, targets.view());
        trace(&network(), 3, 1, &pass, &x, &GradcheckSettings { jitter, ..GradcheckSettings::for_network() })
    }

    fn assert_close(left: &Array2<f64>, right: &Array2<f64>, what: &str) {
        assert_eq!(left.dim(), right.dim(), "{what}");
        let largest =
            (left - right).iter().fold(0.0_f64, |largest, difference| largest.max(difference.abs()));
        // Rounding of numbers of about 1.
        assert!(largest < 1e-13, "{what}: {largest:e}");
    }

    #[test]
    fn a_trace_has_the_gradients_of_the_network() {
        let (x, targets) = batch();
        let trace = traced(0.0);
        let expected = Network::<f64>::build(&network(), 3, 3, 1).gradients(&x, &targets);
        assert!((trace.loss - expected.loss).abs() < 1e-14);
        let params: Vec<_> = trace.layers.iter().flat_map(|layer| &layer.params).collect();
        assert_eq!(params.len(), expected.params.len());
        for ((name, _, gradient), (expected_name, expected)) in params.into_iter().zip(&expected.params) {
            assert_eq!(name, expected_name);
            assert_close(gradient, expected, name);
        }
        assert_close(&trace.layers[0].dx, &expected.input, "input");
    }

    #[test]
    fn each_layer_continues_the_one_before() {
        let trace = traced(0.1);
        let names: Vec<&str> = trace.layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["affine_1", "batch_norm_1", "relu_1", "affine_2", "softmax_loss_1"]);
        for pair in trace.layers.windows(2) {
            assert_eq!(pair[0].y, pair[1].x);
            assert_eq!(pair[0].dy, pair[1].dx);
        }
    }

    #[test]
    fn the_nodes_of_batch_norm_agree_with_the_layer() {
        let trace = traced(0.1);
        let layer = &trace.layers[1];
        let node = |name: &str| layer.nodes.iter().find(|node| node.name == name).expect("a node");
        assert_close(&node("y").value, &layer.y, "y");
        assert_close(&node("x").gradient, &layer.dx, "dx");
        for (name, (_, value, gradient)) in ["gamma", "beta"].into_iter().zip(&layer.params) {
            assert_eq!(node(name).value, value);
            assert_close(&node(name).gradient, gradient, name);
            assert!(value.iter().any(|value| (value - value.round()).abs() > 1e-3), "moved: {value}");
        }
        assert!(trace.layers.iter().enumerate().all(|(index, layer)| layer.nodes.is_empty() == (index != 1)));
    }
}
