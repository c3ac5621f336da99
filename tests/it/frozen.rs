//! Norms whose running statistics are frozen: they normalize by them in training, too.

use bntrain::gradcheck::{GradcheckSettings, check_layer};
use bntrain::nn::{
    BatchNormSpec, BatchRenormSpec, GhostBatchNormSpec, Layer, LayerSpec, MeanOnlySpec, Network, ParamKind,
    PassContext, RunningStart, StatsSource, VarianceOnlySpec, affine, batch_norm, build_layers, mean_only,
    output_affine, relu, softmax_loss,
};
use bntrain::targets::{Targets, TargetsView};
use ndarray::Array2;

use crate::support::{forward, labels, pass, uniform};

/// Each norm with running statistics over four features, of other values than those of any batch, frozen.
fn frozen() -> Vec<Box<dyn Layer<f64>>> {
    let specs: [LayerSpec; 5] = [
        BatchNormSpec { eps: 1e-3, ..BatchNormSpec::default() }.into(),
        GhostBatchNormSpec { rows: 3, ..GhostBatchNormSpec::default() }.into(),
        BatchRenormSpec::default().into(),
        VarianceOnlySpec::default().into(),
        MeanOnlySpec::default().into(),
    ];
    let mut layers = build_layers::<f64>(&specs, 4, 2, 0);
    for (key, param) in (0..).zip(layers.iter_mut().flat_map(|layer| layer.params_mut())) {
        let values = uniform(param.value.dim(), key);
        param
            .value
            .assign(&(if param.name.ends_with("running_var") { values.mapv(|v| v + 1.5) } else { values }));
        if param.kind == ParamKind::Buffer {
            param.rate_factor = 0.0;
        }
    }
    layers
}

#[test]
fn training_is_evaluation_and_its_gradient_is_right() {
    let (x, labels) = (uniform((7, 4), 9), labels(7, 2));
    for mut layer in frozen() {
        let pass = pass(1, &labels);
        let trained = forward(&mut *layer, &pass, &x);
        let mut evaluated = Array2::zeros(x.dim());
        layer.infer(&pass, x.view(), evaluated.view_mut());
        assert_eq!(trained, evaluated);
        let report = check_layer(&mut *layer, &pass, &x, &GradcheckSettings::for_layer());
        assert!(report.passed(), "{report:?}");
        let before: Vec<_> = layer.params().iter().map(|param| param.value.clone()).collect();
        layer.update_running_stats(StatsSource::LastBatch { step: 1 });
        assert!(layer.params().iter().zip(before).all(|(param, before)| param.value == before));
    }
}

/// The ReLU after the norm may be part of its forward pass.
#[test]
fn a_fused_relu_changes_nothing() {
    let specs =
        [affine(5), batch_norm(), relu(), affine(5), mean_only(), relu(), output_affine(), softmax_loss()];
    let mut networks =
        [Network::<f64>::build(&specs, 4, 2, 3), Network::new(4, build_layers::<f64>(&specs, 4, 2, 3))];
    let gradients = networks.each_mut().map(|network| {
        for param in network.params_mut().filter(|param| param.kind == ParamKind::Buffer) {
            param.rate_factor = 0.0;
        }
        network.gradients(&uniform((6, 4), 1), &Targets::classes(labels(6, 2)))
    });
    assert_eq!(gradients[0], gradients[1]);
}

#[test]
fn running_statistics_may_start_from_zero_as_in_the_course() {
    let spec = BatchNormSpec { running_start: RunningStart::Zero, ..BatchNormSpec::default() };
    let mut layer = build_layers::<f64>(&[spec.into()], 1, 1, 0).remove(0);
    let x = ndarray::array![[1.0], [3.0]];
    let pool = bntrain::ThreadPool::single();
    forward(&mut *layer, &PassContext::new(&pool, TargetsView::none()), &x);
    layer.update_running_stats(StatsSource::LastBatch { step: 1 });
    // 0.1 of mean 2 and unbiased variance 2.
    let running: Vec<f64> = layer.params()[2..].iter().map(|param| param.value[[0, 0]]).collect();
    assert!((running[0] - 0.2).abs() < 1e-15 && (running[1] - 0.2).abs() < 1e-15, "{running:?}");
}
