//! Measurements of networks against numbers from PyTorch and from theory.

use bntrain::nn::{
    AffineSpec, BatchNormSpec, Init, LayerSpec, Network, TanhSpec, affine, batch_norm, output_affine, relu,
    softmax_loss,
};
use bntrain::probe::{
    LanczosSettings, Probe, ProbeBatch, Unit, along_gradient, column_percentiles, covariate_shift,
    curvature_along_gradient, gradient_alignment, growth_per_layer, hessian_extremes, hessian_product,
    hessian_trace, mean_cosine, middle_layers, participation_rank, weight_gradient_norms, yang_growth,
};
use bntrain::random::stream;
use bntrain::targets::Targets;
use ndarray::Array2;
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::StandardNormal;
use serde_json::Value;

use crate::support::json::{golden as file, matrix, numbers};

/// The network of `tests/golden/probes.json`, with or without batch norm.
fn golden(inputs: &Value, norm: bool) -> Probe<f64> {
    let mut layers: Vec<LayerSpec> = Vec::new();
    for units in [5, 4] {
        layers.push(affine(units));
        layers.extend(norm.then(batch_norm));
        layers.push(TanhSpec {}.into());
    }
    layers.extend([output_affine(), softmax_loss()]);
    let mut network = Network::<f64>::build(&layers, 6, 3, 0);
    for param in network.params_mut() {
        let (layer, tensor) = param.name.split_once('.').expect("layer and tensor");
        let index =
            layer.rsplit('_').next().and_then(|text| text.parse::<usize>().ok()).expect("a number") - 1;
        param.value = match tensor {
            "weight" => matrix(&inputs["W"][index]),
            "bias" if index == 2 => matrix(&inputs["b_last"]),
            "bias" | "beta" => matrix(&inputs["beta"][index]),
            "gamma" => matrix(&inputs["gamma"][index]),
            _ => continue,
        };
    }
    let classes: Vec<u32> = numbers(&inputs["classes"]).into_iter().map(|class| class as u32).collect();
    Probe::new(&layers, &network, ProbeBatch::new(matrix(&inputs["x"]), Targets::Classes(classes)))
}

/// Compares at 1e-9, as the file says.
fn same(found: &[f64], expected: &Value, what: &str) {
    let expected = match expected {
        Value::Array(_) => numbers(expected),
        _ => vec![expected.as_f64().expect(what)],
    };
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found} for {expected}");
    }
}

#[test]
fn measurements_have_the_numbers_of_pytorch() {
    let file = file("probes.json");
    for (name, norm) in [("batch_norm", true), ("none", false)] {
        let (inputs, expected) = (&file["inputs"], &file["outputs"][name]);
        let mut probe = golden(inputs, norm);
        let before = probe.position();
        same(&[probe.pass()], &expected["loss"], "loss");

        let activations: Vec<usize> = probe.blocks().iter().filter_map(|block| block.activation).collect();
        let ranks: Vec<f64> =
            activations.iter().map(|&activation| participation_rank(probe.output(activation))).collect();
        same(&ranks, &expected["soft_rank_of_activations"], "rank");
        same(&gradient_alignment(&probe), &expected["gradient_alignment_by_layer"], "alignment");
        let of_weights: Vec<f64> = weight_gradient_norms(&probe).iter().map(|square| square.sqrt()).collect();
        for (index, found) in of_weights.into_iter().enumerate() {
            let expected = &expected["gradient_norm_by_tensor"][format!("W{}", index + 1)];
            same(&[found], expected, "gradient norm");
        }
        for (index, block) in probe.blocks().iter().enumerate() {
            let mut outputs = probe.output(block.affine).to_owned();
            let params = probe.network().layers()[block.affine].params();
            if let Some(bias) = params.iter().find(|param| param.name.ends_with("bias")) {
                outputs -= &bias.value;
            }
            for (share, found) in column_percentiles(outputs.view(), &[0.15, 0.5, 0.85]).iter().enumerate() {
                let expected = &expected["affine_output_percentiles_15_50_85"][index][share];
                same(found, expected, "percentiles");
            }
        }

        let multiples = numbers(&inputs["multiples"]);
        let along = along_gradient(&mut probe, 0.1, &multiples);
        same(&[along.loss], &expected["loss"], "loss");
        same(&[along.gradient_norm], &expected["gradient_norm"], "gradient norm");
        let of_points =
            |of: fn(&bntrain::probe::PointAlong) -> f64| along.points.iter().map(of).collect::<Vec<_>>();
        same(&of_points(|point| point.loss), &expected["loss_along"], "loss along");
        same(&[along.loss_range()], &expected["loss_range"], "range");
        same(&of_points(|point| point.gradient_distance), &expected["gradient_distance"], "distance");
        same(&of_points(|point| point.smoothness), &expected["effective_smoothness"], "smoothness");

        for (index, shift) in covariate_shift(&mut probe, 0.1).iter().enumerate() {
            let expected = &expected["covariate_shift"][format!("W{}", index + 2)];
            same(&[shift.distance], &expected["distance"], "shift");
            same(&[shift.cosine], &expected["cosine"], "cosine");
        }

        let settings = LanczosSettings { max_products: 200, tolerance: 1e-7, both_ends: true, seed: 0 };
        let extremes = hessian_extremes(&mut probe, &settings);
        same(&[extremes.largest.value], &expected["hessian_largest"], "largest eigenvalue");
        same(&[extremes.smallest.value], &expected["hessian_smallest"], "smallest eigenvalue");
        assert!(extremes.largest.residual < 1e-5 && extremes.smallest.residual < 1e-5, "{extremes:?}");
        same(&[hessian_trace(&mut probe)], &expected["hessian_trace"], "trace");
        let curvature = curvature_along_gradient(&mut probe);
        same(&[curvature], &expected["curvature_along_gradient"], "curvature");
        assert_eq!(probe.position(), before, "the copy is moved back");
    }
}

/// A network of `depth` hidden layers of `width` units with batch norm, on independent rows of Gaussian numbers.
fn deep(depth: usize, width: usize, rows: usize, seed: u64) -> Probe<f64> {
    let hidden: LayerSpec =
        AffineSpec { units: Some(width), init: Some(Init::HeNormal), ..AffineSpec::default() }.into();
    let norm: LayerSpec = BatchNormSpec { eps: 1e-12, ..BatchNormSpec::default() }.into();
    let mut layers: Vec<LayerSpec> =
        (0..depth).flat_map(|_| [hidden.clone(), norm.clone(), relu()]).collect();
    layers.extend([output_affine(), softmax_loss()]);
    let network = Network::<f64>::build(&layers, 32, 10, seed);
    let x = Array2::random_using((rows, 32), StandardNormal, &mut stream(seed, "test", &[]));
    let classes: Vec<u32> = (0..rows as u32).map(|row| row % 10).collect();
    Probe::new(&layers, &network, ProbeBatch::new(x, Targets::Classes(classes)))
}

/// Within 3 %, averaged over networks: width 256, depth 24, layers 5 to 22.
#[test]
fn gradients_grow_as_in_theory() {
    for (rows, seeds) in [(6, 10), (16, 6), (64, 3)] {
        let logs = (0..seeds).map(|seed| {
            let mut probe = deep(24, 256, rows, seed);
            probe.pass();
            growth_per_layer(&weight_gradient_norms(&probe)[middle_layers(24)]).expect("gradients").ln()
        });
        let found = (logs.sum::<f64>() / seeds as f64).exp();
        let theory = yang_growth(Unit::Relu, rows).expect("rows");
        assert!((found / theory - 1.0).abs() < 0.03, "{rows} rows: {found}, theory {theory}");
    }
}

/// A difference across a kink of a ReLU would be no product with a symmetric matrix.
#[test]
fn the_hessian_is_symmetric_at_kinks_too() {
    let mut probe = deep(3, 40, 32, 2);
    let draw = |key| {
        Array2::random_using((1, probe.position().len()), StandardNormal, &mut stream(key, "test", &[]))
    };
    let (u, v): (Array2<f64>, Array2<f64>) = (draw(1), draw(2));
    let hu = Array2::from_shape_vec(u.dim(), hessian_product(&mut probe, u.as_slice().expect("a row")));
    let hv = Array2::from_shape_vec(v.dim(), hessian_product(&mut probe, v.as_slice().expect("a row")));
    let (hu, hv) = (hu.expect("as long"), hv.expect("as long"));
    let (one, other) = ((&u * &hv).sum(), (&v * &hu).sum());
    let length = |x: &Array2<f64>| (x * x).sum().sqrt();
    assert!((one - other).abs() <= 1e-5 * length(&u) * length(&hv), "{one} {other}");
}

/// Independent Gaussian numbers through a ReLU have a cosine of 1 / pi; in a batch of 64 it is 0.314.
#[test]
fn batch_norm_keeps_rows_apart() {
    let mut probe = deep(30, 256, 64, 1);
    probe.pass();
    let last = probe.blocks()[29].output();
    assert!((mean_cosine(probe.output(last)) - 0.314).abs() < 0.01);
}
