//! Backward passes against central differences, and in `check` the check itself against wrong layers.

mod check;

use bntrain::gradcheck::{GradcheckReport, GradcheckSettings, Mistake, check_layer, check_network, table};
use bntrain::nn::{
    AffineSpec, Backward, BatchNormSpec, Bias, GhostBatchNormSpec, GroupNormSpec, HuberLossSpec, Layer,
    LayerNormSpec, LayerSpec, Loss, MeanOnlySpec, Network, NoiseOnlySpec, PassContext, RmsNormSpec,
    VarianceOnlySpec, WeightForm, affine, alpha_dropout, batch_norm, build_layers, dropout, layer_norm,
    leaky_relu, logistic_loss, mean_only, noise_only, output_affine, relu, rms_norm, sigmoid, softmax_loss,
    squared_loss, tanh,
};
use ndarray::Array2;

use crate::support::stacks::stack;
use crate::support::{bits, forward_and_backward, labels, pass, uniform, values_pass};

/// Every kind of layer with its defaults, and with other settings those whose gradient they change.
fn rows() -> Vec<LayerSpec> {
    let norm = |scale, shift| LayerNormSpec { scale, shift, ..LayerNormSpec::default() }.into();
    let mut rows = LayerSpec::every_kind();
    rows.extend([
        AffineSpec { units: Some(3), bias: Bias::Off, ..AffineSpec::default() }.into(),
        MeanOnlySpec { shift: false, ..MeanOnlySpec::default() }.into(),
        norm(true, false),
        norm(false, true),
        norm(false, false),
        RmsNormSpec { scale: false, ..RmsNormSpec::default() }.into(),
        groups(1),
        GhostBatchNormSpec { rows: 3, ..GhostBatchNormSpec::default() }.into(),
        VarianceOnlySpec { scale: false, ..VarianceOnlySpec::default() }.into(),
        normalized(WeightForm::WeightNorm),
        normalized(WeightForm::CenteredWeightNorm),
        NoiseOnlySpec { rows: Some(2) }.into(),
        leaky_relu(0.1),
        dropout(0.4),
        alpha_dropout(0.4),
        HuberLossSpec { delta: 0.8 }.into(),
    ]);
    for backward in [Backward::Fused, Backward::ClosedForm, Backward::Graph] {
        for (scale, shift, eps) in
            [(true, true, 1e-5), (true, false, 1e-3), (false, true, 1e-3), (false, false, 1e-5)]
        {
            let spec = BatchNormSpec { backward, scale, shift, eps, ..BatchNormSpec::default() };
            rows.push(LayerSpec::BatchNorm(spec));
        }
    }
    rows
}

fn normalized(weights: WeightForm) -> LayerSpec {
    AffineSpec { units: Some(3), weights, ..AffineSpec::default() }.into()
}

fn groups(groups: usize) -> LayerSpec {
    GroupNormSpec { groups: Some(groups), ..GroupNormSpec::default() }.into()
}

/// The targets and weights of a pass.
struct PassTargets {
    labels: Vec<u32>,
    values: Array2<f64>,
    weights: Option<Vec<f64>>,
}

impl PassTargets {
    /// For `n` rows of `answers` classes or values.
    fn new(n: usize, answers: usize) -> Self {
        Self { labels: labels(n, answers as u32), values: uniform((n, answers), 77), weights: None }
    }

    fn pass(&self, step: u64, loss: Option<Loss>) -> PassContext<'_, f64> {
        let pass = match loss {
            Some(Loss::Squared | Loss::Huber) => values_pass(step, &self.values),
            _ => pass(step, &self.labels),
        };
        PassContext { weights: self.weights.as_deref(), ..pass }
    }
}

/// The width of the input of the layer of `spec` in these tests.
fn width(spec: &LayerSpec) -> usize {
    spec.loss().map_or(4, |loss| loss.outputs(4))
}

/// The layer of `spec` over its [`width`], with every trained tensor in general position.
fn layer(spec: &LayerSpec) -> Box<dyn Layer<f64>> {
    let layers = build_layers(std::slice::from_ref(spec), width(spec), 3, 1);
    let mut layer = layers.into_iter().next().expect("one layer");
    for (key, param) in (0..).zip(layer.params_mut()) {
        param.value += &(0.5 * uniform(param.value.dim(), key));
    }
    layer
}

#[track_caller]
fn assert_passes(report: &GradcheckReport, what: &str) {
    assert!(report.passed(), "{what}\n{}", table(report));
}

#[test]
fn gradients_of_parameters_are_the_same_without_the_gradient_of_the_input() {
    for spec in rows() {
        let (mut layer, width) = (layer(&spec), width(&spec));
        let (targets, x) = (PassTargets::new(5, width.max(2)), 2.0 * uniform((5, width), 9));
        let (pass, dy) = (targets.pass(3, spec.loss()), uniform((5, layer.output_width(width)), 7));
        let (y, _) = forward_and_backward(&mut *layer, &pass, &x, &dy);
        let expected: Vec<_> = layer.params().iter().map(|param| bits(&param.grad)).collect();
        layer.params_mut().iter_mut().for_each(|param| param.grad.fill(f64::NAN));
        layer.backward(&pass, x.view(), y.view(), dy.view(), None);
        assert!(expected.into_iter().eq(layer.params().iter().map(|param| bits(&param.grad))), "{spec:?}");
    }
}

#[test]
fn every_kind_of_layer_passes() {
    for n in [3, 5, 8] {
        for spec in rows() {
            let (mut layer, width) = (layer(&spec), width(&spec));
            let (targets, x) = (PassTargets::new(n, width.max(2)), 2.0 * uniform((n, width), 9));
            let before: Vec<_> = layer.params().iter().map(|param| param.value.clone()).collect();
            let pass = targets.pass(3, spec.loss());
            let report = check_layer(&mut *layer, &pass, &x, &GradcheckSettings::for_layer());
            assert_passes(&report, &format!("{spec:?}, n = {n}"));

            let trained = layer.params().iter().filter(|param| param.is_trained()).count();
            assert_eq!(report.tensors.len(), trained + 1);
            for tensor in &report.tensors {
                assert_eq!((tensor.checked, tensor.kinks), (tensor.shape.0 * tensor.shape.1, 0));
            }
            let after = layer.params().iter().map(|param| &param.value);
            assert!(before.iter().eq(after), "{spec:?} is as it was");
        }
    }
}

/// Two rows are normalised to about 1 and -1 whatever they are, and one row to 0: nothing to check there,
/// but nothing may break either.
#[test]
fn one_or_two_rows_stay_finite() {
    for n in [1, 2] {
        for spec in rows() {
            let (mut layer, width) = (layer(&spec), width(&spec));
            let targets = PassTargets::new(n, width.max(2));
            let dy = uniform((n, layer.output_width(width)), 7);
            let (y, dx) = forward_and_backward(
                &mut *layer,
                &targets.pass(3, spec.loss()),
                &uniform((n, width), 6),
                &dy,
            );
            let grads = layer.params().iter().flat_map(|param| &param.grad);
            assert!(y.iter().chain(&dx).chain(grads).all(|number| number.is_finite()), "{spec:?}, n = {n}");
        }
    }
}

#[test]
fn whole_networks_pass() {
    let blocks: [&[LayerSpec]; 17] = [
        &[batch_norm(), relu()],
        &[batch_norm(), sigmoid()],
        &[batch_norm(), tanh()],
        &[batch_norm(), leaky_relu(0.1)],
        &[batch_norm(), relu(), dropout(0.3)],
        &[mean_only(), relu()],
        &[mean_only(), tanh(), dropout(0.5)],
        &[relu()],
        &[sigmoid()],
        &[leaky_relu(0.1), dropout(0.2)],
        &[relu(), batch_norm()],
        &[layer_norm(), relu()],
        &[rms_norm(), tanh()],
        &[groups(1), sigmoid()],
        &[relu(), layer_norm(), dropout(0.2)],
        &[noise_only(), tanh()],
        &[],
    ];
    for (index, block) in blocks.into_iter().enumerate() {
        for (n, l2) in [(5, 0.0), (12, 0.1)] {
            let mut network = Network::build(&stack(&[9, 7], block), 6, 4, index as u64);
            let before: Vec<Vec<u64>> = network.params().map(|param| bits(&param.value)).collect();
            let labels = labels(n, 4);
            let pass = crate::support::pass(2, &labels);
            let x = 2.0 * uniform((n, 6), index as u64);
            let report = check_network(&mut network, &pass, &x, l2, &GradcheckSettings::for_network());
            assert_passes(&report, &format!("{block:?}, n = {n}, l2 = {l2}"));

            let after: Vec<Vec<u64>> = network.params().map(|param| bits(&param.value)).collect();
            assert_eq!(before, after, "weights and running statistics are as they were");
            let trained = network.params().filter(|param| param.is_trained());
            let names: Vec<&str> = trained.map(|param| param.name.as_str()).chain(["input"]).collect();
            assert!(report.tensors.iter().map(|tensor| &tensor.name).eq(names));
        }
    }
}

#[test]
fn networks_with_each_loss_and_with_weights_pass() {
    for (index, (loss, answers)) in [
        (softmax_loss(), 3),
        (logistic_loss(), 2),
        (squared_loss(), 1),
        (squared_loss(), 3),
        (HuberLossSpec { delta: 0.5 }.into(), 2),
    ]
    .into_iter()
    .enumerate()
    {
        let specs = [affine(7), batch_norm(), tanh(), output_affine(), loss.clone()];
        let mut targets = PassTargets::new(9, answers);
        let mut check = |weights: Option<Vec<f64>>| {
            targets.weights = weights;
            let mut network = Network::build(&specs, 5, answers, index as u64);
            let x = 2.0 * uniform((9, 5), index as u64);
            let pass = targets.pass(1, loss.loss());
            check_network(&mut network, &pass, &x, 0.01, &GradcheckSettings::for_network())
        };
        let unweighted = check(None);
        let weighted = check(Some((0..9).map(|row| f64::from(row) / 4.0).collect()));
        assert_passes(&unweighted, &format!("{loss:?}"));
        assert_passes(&weighted, &format!("{loss:?}, weighted"));
        assert_ne!(unweighted, weighted);
    }
}

/// Both derivatives consist of rounding errors, which is not an error.
#[test]
fn the_zero_gradient_of_a_bias_before_batch_norm_passes() {
    let affine = LayerSpec::Affine(AffineSpec { units: Some(7), bias: Bias::On, ..AffineSpec::default() });
    let mut network =
        Network::build(&[affine, batch_norm(), relu(), output_affine(), softmax_loss()], 5, 3, 1);
    let labels = labels(8, 3);
    let pass = crate::support::pass(1, &labels);
    let x = uniform((8, 5), 2);
    let report = check_network(&mut network, &pass, &x, 0.0, &GradcheckSettings::for_network());
    assert_passes(&report, "a bias before batch norm");
    let flat = report.tensors.iter().filter(|tensor| tensor.largest_derivative <= report.resolution());
    assert!(flat.map(|tensor| tensor.name.as_str()).eq(["affine_1.bias"]), "{}", table(&report));
}

/// The test of whole networks shows that both derivatives agree on it; this one shows that it is there.
#[test]
fn the_l2_penalty_is_part_of_the_objective() {
    let specs = stack(&[6], &[relu()]);
    let labels = labels(8, 3);
    let pass = crate::support::pass(1, &labels);
    let check = |specs: &[LayerSpec], l2| {
        let mut network = Network::build(specs, 4, 3, 5);
        check_network(&mut network, &pass, &uniform((8, 4), 8), l2, &GradcheckSettings::for_network())
    };
    let [without, with] = [0.0, 0.5].map(|l2| check(&specs, l2));
    for (without, with) in without.tensors.iter().zip(&with.tensors) {
        let is_weight = with.name.ends_with(".weight");
        assert_eq!(without.analytic == with.analytic, !is_weight, "{}", with.name);
    }
    assert_passes(&with, "with decay");
}

/// Batch norm of equal rows has a variance of 0, and turns a step of `h` into one of `h / sqrt(eps)`.
#[test]
fn the_gradient_of_equal_rows_is_right_and_mistakes_in_it_are_found() {
    let specs = |layers: usize| -> Vec<LayerSpec> {
        let hidden = (0..layers).flat_map(|_| [affine(5), batch_norm(), tanh()]);
        hidden.chain([affine(2), softmax_loss()]).collect()
    };
    let targets = PassTargets::new(8, 2);
    for layers in 1..=3 {
        for value in [0.0, 1.5] {
            let x = Array2::from_elem((8, 3), value);
            let settings = GradcheckSettings::for_network();
            let mut right = Network::build(&specs(layers), 3, 2, 5);
            let pass = targets.pass(0, Some(Loss::Softmax));
            let report = check_network(&mut right, &pass, &x, 0.0, &settings);
            assert!(report.passed(), "{layers} layers at {value}\n{}", table(&report));
            for mistake in [Mistake::ConstantStatistics, Mistake::ZeroDx] {
                let mut wrong = mistake.network(&specs(layers), 3, 2, 5).expect("it has batch norm");
                let report = check_network(&mut wrong, &pass, &x, 0.0, &settings);
                assert!(!report.passed(), "{mistake}, {layers} layers at {value}\n{}", table(&report));
            }
        }
    }
}
