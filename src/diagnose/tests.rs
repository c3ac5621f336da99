//! Diagnosers in runs, and what they find.

use std::ops::ControlFlow;

use ndarray::Array2;

use crate::data::Dataset;
use crate::diagnose::{
    DiagnoseEvery, DiagnoseLevel, DiagnoseSpec, Diagnoser, DiagnosticRow, Quantity, RunDiagnostics, findings,
};
use crate::kernel::ThreadPool;
use crate::nn::{LayerSpec, affine, batch_norm, output_affine, relu, softmax_loss};
use crate::optim::{OptimizerSpec, Sgd};
use crate::targets::Targets;
use crate::train::{Event, Observer, TrainingSpec, train_prepared};

/// Collects what a diagnoser measures.
struct Collected {
    diagnoser: Diagnoser<f64>,
    rows: Vec<DiagnosticRow>,
}

impl Observer for Collected {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self.rows.extend_from_slice(self.diagnoser.on(event));
        ControlFlow::Continue(())
    }
}

fn layers() -> Vec<LayerSpec> {
    vec![affine(6), batch_norm(), relu(), affine(5), batch_norm(), relu(), output_affine(), softmax_loss()]
}

/// The rows of a run of `epochs` epochs of 3 batches of 8 rows.
fn rows(level: DiagnoseLevel, every: DiagnoseEvery, optimizer: &Sgd, epochs: u64) -> Vec<DiagnosticRow> {
    let x = Array2::from_shape_fn((24, 3), |(row, column)| ((row * (5 + 2 * column)) % 13) as f64 - 6.0);
    let classes: Vec<u32> = (0..24).map(|row| row % 3).collect();
    let data = Dataset::from_arrays(x, Targets::classes(classes)).expect("a dataset");
    let data = data.prepare::<f64>(1, None).expect("the values fit").data;
    let training = TrainingSpec { epochs, batch_size: 8, seed: 1, ..TrainingSpec::default() };
    let optimizer = OptimizerSpec::from(optimizer.clone());
    let spec = DiagnoseSpec { level, every };
    let diagnoser = Diagnoser::new(&spec, &layers(), &optimizer, &training, &data).expect("it is on");
    let mut collected = Collected { diagnoser, rows: Vec::new() };
    train_prepared(&layers(), &optimizer, &training, &data, &ThreadPool::single(), &mut collected);
    collected.rows
}

fn of<'a>(rows: &'a [DiagnosticRow], layer: &'a str, quantity: Quantity) -> Vec<(u64, f64)> {
    let is_it = |row: &&DiagnosticRow| row.layer.as_deref() == Some(layer) && row.quantity == quantity;
    rows.iter().filter(is_it).map(|row| (row.step, row.value)).collect()
}

#[test]
fn measurements_are_before_training_and_when_they_are_due() {
    let sgd = Sgd { learning_rate: 0.1, ..Sgd::default() };
    let steps = |every| -> Vec<u64> {
        let rows = rows(DiagnoseLevel::Cheap, every, &sgd, 2);
        of(&rows, "affine_2", Quantity::PreActivationP50).iter().map(|(step, _)| *step).collect()
    };
    assert_eq!(steps(DiagnoseEvery::Epoch), [0, 3, 6]);
    assert_eq!(steps(DiagnoseEvery::Steps(2)), [0, 2, 4, 6]);
    let rows = rows(DiagnoseLevel::Cheap, DiagnoseEvery::Steps(4), &sgd, 2);
    // There is no step before the first, and dead units are counted where training rows are evaluated.
    assert_eq!(of(&rows, "affine_1", Quantity::UpdateRatio).len(), 1);
    assert_eq!(of(&rows, "affine_1", Quantity::DeadShare).len(), 3);
    assert_eq!(of(&rows, "affine_3", Quantity::DeadShare), []);
    assert_eq!(rows.iter().find(|row| row.step == 4).map(|row| row.epoch), Some(2));
}

/// Weights behind a norm move at right angles to themselves: `|w'|^2 = |w|^2 + |step|^2` without decay, so
/// the effective rate falls.
#[test]
fn updates_and_rates_belong_together() {
    let sgd = Sgd { learning_rate: 0.5, ..Sgd::default() };
    let rows = rows(DiagnoseLevel::Cheap, DiagnoseEvery::Steps(1), &sgd, 1);
    let ratios = of(&rows, "affine_2", Quantity::UpdateRatio);
    assert_eq!(ratios.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(ratios.iter().all(|(_, ratio)| 1e-4 < *ratio && *ratio < 1.0), "{ratios:?}");
    let rates = of(&rows, "affine_2", Quantity::EffectiveRate);
    assert!(rates.windows(2).all(|pair| pair[1].1 <= pair[0].1), "weights grow: {rates:?}");
    // The output layer has no norm after it.
    assert_eq!(of(&rows, "affine_3", Quantity::EffectiveRate), []);
}

#[test]
fn decay_has_an_equilibrium() {
    let sgd = Sgd { learning_rate: 0.1, momentum: 0.9, l2: 0.01, ..Sgd::default() };
    let rows = rows(DiagnoseLevel::Cheap, DiagnoseEvery::Epoch, &sgd, 1);
    let predicted = of(&rows, "affine_1", Quantity::UpdateEquilibrium);
    // sqrt(2 * 0.1 * 0.01 / 1.9)
    assert!(predicted.iter().all(|(_, ratio)| (ratio - 0.032_444_284).abs() < 1e-8), "{predicted:?}");
    assert_eq!(of(&rows, "affine_3", Quantity::UpdateEquilibrium), []);
}

#[test]
fn the_full_level_has_a_loss_next_to_every_smoothness() {
    let sgd = Sgd { learning_rate: 0.1, ..Sgd::default() };
    let rows = rows(DiagnoseLevel::Full, DiagnoseEvery::Epoch, &sgd, 1);
    for quantity in Quantity::ALL {
        let is_there = rows.iter().any(|row| row.quantity == quantity);
        assert_eq!(is_there, quantity != Quantity::UpdateEquilibrium, "{}", quantity.name());
    }
    let steps = |quantity| -> Vec<u64> {
        rows.iter().filter(|row| row.quantity == quantity).map(|row| row.step).collect()
    };
    assert_eq!(steps(Quantity::Loss), steps(Quantity::EffectiveSmoothness));
    assert!(rows.iter().filter(|row| row.quantity == Quantity::Sharpness).all(|row| row.value > 0.0));
}

fn run(network: &str, seed: u64, values: &[(u64, &str, Quantity, f64)]) -> RunDiagnostics {
    let row = |&(step, layer, quantity, value): &(u64, &str, Quantity, f64)| DiagnosticRow {
        epoch: step,
        step,
        layer: (!layer.is_empty()).then(|| layer.into()),
        quantity,
        value,
    };
    RunDiagnostics { network: network.to_owned(), seed, rows: values.iter().map(row).collect() }
}

#[test]
fn findings_have_a_number_a_threshold_and_the_other_network() {
    let dead =
        |share| [(0, "affine_4", Quantity::DeadShare, 0.0), (9, "affine_4", Quantity::DeadShare, share)];
    let runs = [
        run("batch_norm", 1, &dead(0.0)),
        run("none", 1, &dead(0.38)),
        run("none", 2, &dead(0.36)),
        run("none", 3, &dead(0.90)),
    ];
    let found = findings(&runs, |_| false);
    let texts: Vec<&str> = found.iter().map(|finding| &*finding.text).collect();
    assert_eq!(
        texts,
        [
            "none, affine_4: 38 % of the units have the same output on all training rows (over 10 %); there it is 0.00 \
             with batch_norm"
        ]
    );
    assert_eq!((found[0].value, found[0].threshold), (Some(0.38), 0.1));
    let moved =
        |ratio| [(0, "affine_4", Quantity::UpdateRatio, 0.01), (9, "affine_4", Quantity::UpdateRatio, ratio)];
    let still = findings(&[run("batch_norm", 1, &moved(7.8e-7)), run("none", 1, &moved(0.02))], |_| false);
    assert!(still[0].text.ends_with("there it is 0.02 with none"), "{}", still[0].text);
    let still = findings(&[run("batch_norm", 1, &moved(7.8e-7)), run("none", 1, &moved(3e-4))], |_| false);
    assert!(still[0].text.ends_with("there it is 3.0e-4 with none"), "{}", still[0].text);
    assert_eq!(findings(&runs[..1], |_| false), []);
}

/// The last measurement of a diverged run is of an earlier step.
#[test]
fn diverged_runs_are_left_out_where_others_are_not_and_named_where_all_are() {
    let dead = |step, share| {
        [(0, "affine_1", Quantity::DeadShare, 0.0), (step, "affine_1", Quantity::DeadShare, share)]
    };
    let runs = [
        run("batch_norm", 1, &dead(9, 0.5)),
        run("batch_norm", 2, &dead(1, 0.0)),
        run("batch_norm", 3, &dead(1, 0.0)),
        run("none", 1, &dead(1, 0.2)),
        run("none", 2, &dead(2, 0.2)),
    ];
    let found = findings(&runs, |run| run.network == "none" || run.seed != 1);
    let texts: Vec<&str> = found.iter().map(|finding| &*finding.text).collect();
    assert_eq!(
        texts,
        [
            "batch_norm, affine_1: 50 % of the units have the same output on all training rows (over 10 %); there it is \
             0.20 with none (diverged)",
            "none, affine_1 (diverged in 2 of 2 seeds, and was last measured before that): 20 % of the units have the \
             same output on all training rows (over 10 %); there it is 0.50 with batch_norm",
        ]
    );
}

#[test]
fn of_many_other_networks_the_first_are_named() {
    let of = |name: &str, share| run(name, 1, &[(9, "affine_1", Quantity::DeadShare, share)]);
    let text = |n_others: usize| {
        let others = (1..=n_others).map(|number| of(&format!("n{number}"), 0.0));
        let runs: Vec<_> = std::iter::once(of("none", 0.5)).chain(others).collect();
        findings(&runs, |_| false)[0].text.clone()
    };
    assert!(text(4).ends_with("; there it is 0.00 with n1, 0.00 with n2, 0.00 with n3, 0.00 with n4"));
    assert!(text(6).ends_with("0.00 with n4 and so on, see diagnostics.csv (2 more)"), "{}", text(6));
}

#[test]
fn the_other_layers_over_a_bound_are_counted() {
    let dead = |layers: &[&'static str]| {
        let rows: Vec<_> = layers.iter().map(|&layer| (9, layer, Quantity::DeadShare, 0.5)).collect();
        findings(&[run("none", 1, &rows)], |_| false)[0].text.clone()
    };
    let text = dead(&["affine_1", "affine_2"]);
    assert!(text.ends_with("; likewise in 1 other layer"), "{text}");
    let text = dead(&["affine_1", "affine_2", "affine_3"]);
    assert!(text.ends_with("; likewise in 2 other layers"), "{text}");
}

#[test]
fn spreads_are_compared_over_layers_and_with_the_start() {
    let gradients = [
        (0, "affine_1", Quantity::WeightGradient, 1.0),
        (0, "affine_2", Quantity::WeightGradient, 250.0),
        (0, "affine_2", Quantity::PreActivationP15, -1.0),
        (0, "affine_2", Quantity::PreActivationP85, 1.0),
        (5, "affine_2", Quantity::PreActivationP15, -20.0),
        (5, "affine_2", Quantity::PreActivationP85, 26.0),
        (5, "", Quantity::Loss, 0.125),
        (5, "", Quantity::EffectiveSmoothness, 1.5),
        (5, "", Quantity::Sharpness, 7.0),
    ];
    let found = findings(&[run("none", 1, &gradients)], |_| false);
    let texts: Vec<&str> = found.iter().map(|finding| &*finding.text).collect();
    assert_eq!(
        texts,
        [
            "none, affine_2: its weights have a gradient 250 times as long as those of affine_1 (over 100)",
            "none, affine_2: what the activation sees spreads 23 times as far as before training (over 10)",
            "none: at its last loss of 0.1250, the gradient changes by up to 1.5 times the length of \
             the step (effective smoothness), and the sharpness is 7.000",
        ]
    );
}

#[test]
fn the_smoothness_has_two_significant_digits() {
    let text = |smoothness: &[f64]| {
        let run = |(seed, &value): (u64, &f64)| {
            let smoothness = (5, "", Quantity::EffectiveSmoothness, value);
            run("none", seed, &[(5, "", Quantity::Loss, 0.5), smoothness, (5, "", Quantity::Sharpness, 1.0)])
        };
        let runs: Vec<_> = (0..).zip(smoothness).map(run).collect();
        findings(&runs, |_| false)[0].text.clone()
    };
    for (value, shown) in
        [(0.07512, "0.075"), (0.09999, "0.10"), (2.765, "2.8"), (9.96, "10"), (123.4, "123")]
    {
        let expected =
            format!("the gradient changes by up to {shown} times the length of the step (effective");
        assert!(text(&[value]).contains(&expected), "{}", text(&[value]));
    }
    for (value, expected) in [
        (
            f64::NEG_INFINITY,
            "at its last loss of 0.5000, there is no gradient, or no step along it, and so no effective",
        ),
        (
            f64::INFINITY,
            "at its last loss of 0.5000, the gradient is not finite along the step, so that there is no",
        ),
    ] {
        assert!(text(&[value; 3]).contains(expected), "{}", text(&[value; 3]));
    }
}
