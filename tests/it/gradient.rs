//! Backward passes against central differences; and the check itself against layers that are wrong.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bntrain::gradcheck::{GradcheckReport, GradcheckSettings, check_layer, check_network, table};
use bntrain::nn::{
    AffineSpec, Backward, BatchNormSpec, Bias, Layer, LayerSpec, Loss, MeanOnlySpec, Network, PassContext,
};
use ndarray::Array2;

use crate::support::broken::{BrokenBatchNorm, Mistake};
use crate::support::stacks::{
    affine, batch_norm, dropout, huber_loss, leaky_relu, logistic_loss, mean_only, relu, scores, sigmoid,
    softmax_loss, squared_loss, stack, tanh,
};
use crate::support::{bits, labels, pass, there_and_back, uniform, values_pass};

/// At least one row for each kind of layer.
fn rows() -> Vec<LayerSpec> {
    let mut rows = vec![
        LayerSpec::Affine(AffineSpec { units: Some(3), bias: Bias::On, ..AffineSpec::default() }),
        LayerSpec::Affine(AffineSpec { units: Some(3), bias: Bias::Off, ..AffineSpec::default() }),
        mean_only(),
        LayerSpec::MeanOnly(MeanOnlySpec { shift: false, ..MeanOnlySpec::default() }),
        relu(),
        sigmoid(),
        tanh(),
        leaky_relu(),
        dropout(0.4),
        softmax_loss(),
        logistic_loss(),
        squared_loss(),
        huber_loss(0.8),
    ];
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

/// What a pass of `n` rows through the layer of `spec` is compared with.
struct Truth {
    labels: Vec<u32>,
    values: Array2<f64>,
    weights: Option<Vec<f64>>,
}

impl Truth {
    /// For as many `answers`.
    fn new(n: usize, answers: usize) -> Self {
        Self { labels: labels(n, answers as u32), values: uniform((n, answers), 77), weights: None }
    }

    fn pass(&self, step: u64, loss: Option<Loss>) -> PassContext<'_, f64> {
        let pass = match loss {
            Some(Loss::Squared | Loss::Huber) => values_pass(step, &self.values),
            Some(Loss::Softmax | Loss::Logistic) | None => pass(step, &self.labels),
        };
        PassContext { weights: self.weights.as_deref(), ..pass }
    }
}

/// The width of the input of the layer of `spec` in these tests.
fn width(spec: &LayerSpec) -> usize {
    spec.loss().map_or(4, |loss| loss.scores(4))
}

/// The layer of `spec` over its [`width`], with every trained tensor in general position.
fn layer(spec: &LayerSpec) -> Box<dyn Layer<f64>> {
    let network = Network::build(std::slice::from_ref(spec), width(spec), 3, 1);
    let mut layer = network.into_layers().pop().expect("one layer");
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
fn gradients_of_parameters_do_not_depend_on_whether_that_of_the_input_is_wanted() {
    for spec in rows() {
        let (mut layer, width) = (layer(&spec), width(&spec));
        let (truth, x) = (Truth::new(5, width.max(2)), 2.0 * uniform((5, width), 9));
        let (pass, dy) = (truth.pass(3, spec.loss()), uniform((5, layer.outputs(width)), 7));
        let (y, _) = there_and_back(&mut *layer, &pass, &x, &dy);
        let wanted: Vec<_> = layer.params().iter().map(|param| bits(&param.grad)).collect();
        layer.params_mut().iter_mut().for_each(|param| param.grad.fill(f64::NAN));
        layer.backward(&pass, x.view(), y.view(), dy.view(), None);
        assert!(wanted.into_iter().eq(layer.params().iter().map(|param| bits(&param.grad))), "{spec:?}");
    }
}

#[test]
fn every_layer_passes() {
    for n in [3, 5, 8] {
        for spec in rows() {
            let (mut layer, width) = (layer(&spec), width(&spec));
            let (truth, x) = (Truth::new(n, width.max(2)), 2.0 * uniform((n, width), 9));
            let before: Vec<_> = layer.params().iter().map(|param| param.value.clone()).collect();
            let pass = truth.pass(3, spec.loss());
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

/// A layer that is added without a row in the table above would never be checked.
#[test]
fn every_kind_of_layer_has_a_row() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/nn/spec.rs");
    let source = fs::read_to_string(source).expect("the source is there");
    let (_, variants) = source.split_once("pub enum LayerSpec {").expect("the enum is there");
    let (variants, _) = variants.split_once('}').expect("it ends");
    let variants: BTreeSet<&str> =
        variants.lines().filter_map(|line| Some(line.trim().split_once('(')?.0)).collect();
    let rows: Vec<String> = rows().iter().map(|spec| format!("{spec:?}")).collect();
    let rows = rows.iter().map(|spec| spec.split('(').next().expect("a variant")).collect();
    assert_eq!(variants, rows);
}

#[test]
fn batch_norm_is_right_and_each_mistake_is_seen() {
    for n in [3, 5, 8] {
        let fails = |mistake| {
            let mut layer = BrokenBatchNorm::new(mistake, 1e-5, 3);
            for (key, param) in (0..).zip(layer.params_mut()) {
                param.value += &(0.5 * uniform((1, 3), key));
            }
            let report =
                check_layer(&mut layer, &pass(1, &[]), &uniform((n, 3), 5), &GradcheckSettings::for_layer());
            !report.passed()
        };
        assert!(!fails(Mistake::None), "n = {n}");
        for mistake in Mistake::ALL {
            assert!(fails(mistake), "{mistake:?} is not seen at n = {n}");
        }
    }
}

#[test]
fn each_mistake_is_seen_within_a_network() {
    let n = 16;
    let report = |mistake| {
        let specs = stack(&[8, 6], &[batch_norm(), relu()]);
        let mut layers = Network::build(&specs, 5, 3, 2).into_layers();
        layers[1] = Box::new(BrokenBatchNorm::new(mistake, 1e-3, 8));
        let mut network = Network::new(5, layers);
        let labels = labels(n, 3);
        let pass = crate::support::pass(1, &labels);
        check_network(&mut network, &pass, &uniform((n, 5), 3), 0.0, &GradcheckSettings::for_network())
    };
    assert_passes(&report(Mistake::None), "no mistake");
    for mistake in Mistake::ALL {
        let report = report(mistake);
        assert!(!report.passed(), "{mistake:?} is not seen\n{}", table(&report));
    }
}

/// Two rows are normalised to about 1 and -1 wherever they are, and one row to 0: nothing to check
/// there, but nothing to break either.
#[test]
fn one_or_two_rows_stay_finite() {
    for n in [1, 2] {
        for spec in rows() {
            let (mut layer, width) = (layer(&spec), width(&spec));
            let truth = Truth::new(n, width.max(2));
            let dy = uniform((n, layer.outputs(width)), 7);
            let (y, dx) =
                there_and_back(&mut *layer, &truth.pass(3, spec.loss()), &uniform((n, width), 6), &dy);
            let grads = layer.params().iter().flat_map(|param| &param.grad);
            assert!(y.iter().chain(&dx).chain(grads).all(|number| number.is_finite()), "{spec:?}, n = {n}");
        }
    }
}

#[test]
fn whole_networks_pass() {
    let blocks: [&[LayerSpec]; 12] = [
        &[batch_norm(), relu()],
        &[batch_norm(), sigmoid()],
        &[batch_norm(), tanh()],
        &[batch_norm(), leaky_relu()],
        &[batch_norm(), relu(), dropout(0.3)],
        &[mean_only(), relu()],
        &[mean_only(), tanh(), dropout(0.5)],
        &[relu()],
        &[sigmoid()],
        &[leaky_relu(), dropout(0.2)],
        &[relu(), batch_norm()],
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
        (huber_loss(0.5), 2),
    ]
    .into_iter()
    .enumerate()
    {
        let specs = [affine(7), batch_norm(), tanh(), scores(), loss.clone()];
        let mut truth = Truth::new(9, answers);
        let mut check = |weights: Option<Vec<f64>>| {
            truth.weights = weights;
            let mut network = Network::build(&specs, 5, answers, index as u64);
            let x = 2.0 * uniform((9, 5), index as u64);
            let pass = truth.pass(1, loss.loss());
            check_network(&mut network, &pass, &x, 0.01, &GradcheckSettings::for_network())
        };
        let alike = check(None);
        let weighted = check(Some((0..9).map(|row| f64::from(row) / 4.0).collect()));
        assert_passes(&alike, &format!("{loss:?}"));
        assert_passes(&weighted, &format!("{loss:?}, weighted"));
        assert_ne!(alike, weighted);
    }
}

/// A true zero: both sides give rounding alone, and that is no error.
#[test]
fn a_bias_before_batch_norm_has_no_gradient_and_passes() {
    let affine = LayerSpec::Affine(AffineSpec { units: Some(7), bias: Bias::On, ..AffineSpec::default() });
    let mut network = Network::build(&[affine, batch_norm(), relu(), scores(), softmax_loss()], 5, 3, 1);
    let labels = labels(8, 3);
    let pass = crate::support::pass(1, &labels);
    let x = uniform((8, 5), 2);
    let report = check_network(&mut network, &pass, &x, 0.0, &GradcheckSettings::for_network());
    assert_passes(&report, "a bias before batch norm");
    let flat = report.tensors.iter().filter(|tensor| tensor.largest_derivative <= report.resolution());
    assert!(flat.map(|tensor| tensor.name.as_str()).eq(["affine_1.bias"]), "{}", table(&report));
}

/// The reason for moving the offsets: at gamma 1, a gamma that was forgotten does not show.
#[test]
fn a_forgotten_gamma_hides_behind_its_initial_1() {
    let fails = |jitter| {
        let mut layers = Network::build(&stack(&[8], &[batch_norm(), tanh()]), 5, 3, 2).into_layers();
        layers[1] = Box::new(BrokenBatchNorm::new(Mistake::NoGamma, 1e-3, 8));
        let labels = labels(8, 3);
        let pass = crate::support::pass(1, &labels);
        let settings = GradcheckSettings { jitter, ..GradcheckSettings::for_network() };
        !check_network(&mut Network::new(5, layers), &pass, &uniform((8, 5), 3), 0.0, &settings).passed()
    };
    assert!(!fails(0.0));
    assert!(fails(GradcheckSettings::for_network().jitter));
}

/// That the two sides agree on it is shown by the whole networks; this shows that it is there.
#[test]
fn decay_is_part_of_what_is_checked() {
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

#[test]
fn a_rectifier_at_its_kink_is_left_out_and_counted() {
    let mut x = uniform((4, 3), 2).mapv(|x| x + x.signum() * 0.1);
    x[[1, 2]] = 0.0;
    x[[3, 0]] = 1e-8;
    for spec in [relu(), leaky_relu()] {
        let mut layer = layer(&spec);
        let report = check_layer(&mut *layer, &pass(1, &[]), &x, &GradcheckSettings::for_layer());
        assert_passes(&report, &format!("{spec:?}"));
        let input = &report.tensors[0];
        assert_eq!((input.checked, input.kinks), (10, 2));
    }
}

#[test]
fn a_large_tensor_is_sampled() {
    let mut network = Network::build(&[affine(20), tanh(), scores(), softmax_loss()], 30, 3, 1);
    let labels = labels(6, 3);
    let pass = crate::support::pass(1, &labels);
    let settings = GradcheckSettings { max_entries: 25, ..GradcheckSettings::for_network() };
    let x = uniform((6, 30), 4);
    let report = check_network(&mut network, &pass, &x, 0.0, &settings);
    assert_passes(&report, "sampled");
    let checked: Vec<usize> = report.tensors.iter().map(|tensor| tensor.checked).collect();
    assert_eq!(checked, [25, 20, 25, 3, 25]);
    assert_eq!(report, check_network(&mut network, &pass, &x, 0.0, &settings), "the same entries again");
}

#[test]
fn a_gradient_that_is_not_finite_fails() {
    let mut network = Network::build(&[scores(), softmax_loss()], 2, 3, 1);
    let labels = labels(4, 3);
    let pass = crate::support::pass(1, &labels);
    let x = Array2::from_elem((4, 2), f64::NAN);
    let report = check_network(&mut network, &pass, &x, 0.0, &GradcheckSettings::for_network());
    assert!(!report.passed());
    assert!(report.tensors.iter().all(|tensor| tensor.largest_error == f64::INFINITY));
}
