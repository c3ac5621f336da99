//! A network on rows whose truth is known.

use bntrain::data::Scaling;
use bntrain::eval::{
    EvalInput, EvalRows, Evaluation, EvaluationError, OutputKind, Statistics, evaluate, predict_rows,
};
use bntrain::kernel::ThreadPool;
use bntrain::metrics::{Metrics, Predictions, difference};
use bntrain::nn::{Network, batch_norm, relu};
use bntrain::targets::Targets;
use ndarray::{Array2, Axis, s};

use crate::support::stacks::stack;
use crate::support::{assert_close, bits, labels, pass, uniform};

const ALL: [Statistics; 3] = [Statistics::Running, Statistics::Recomputed, Statistics::Batch];

/// A network over 5 inputs with three scores, whose running statistics have seen a batch.
fn network() -> Network<f32> {
    let mut network = Network::build(&stack(&[9, 8], &[batch_norm(), relu()]), 5, 3, 1);
    let mut workspace = network.allocate(20);
    let x = uniform((20, 5), 9).mapv(|x| x as f32);
    let labels = labels(20, 3);
    let pass = pass(1, &labels);
    network.forward(&pass, x.view(), &mut workspace);
    network.update_running_stats(1);
    network
}

fn rows(n: usize) -> Array2<f32> {
    (2.0 * uniform((n, 5), 3) + 0.5).mapv(|x| x as f32)
}

fn names() -> Vec<String> {
    ["a", "b", "c"].map(str::to_owned).to_vec()
}

fn ask(
    network: &mut Network<f32>,
    x: &Array2<f32>,
    choices: &[Statistics],
    batch_size: usize,
) -> Result<Evaluation, EvaluationError> {
    let truth = Targets::Classes(labels(x.nrows(), 3));
    let names = names();
    let question = EvalInput {
        rows: x,
        truth: &truth,
        weights: None,
        output_kind: OutputKind::Classes(3),
        names: &names,
        baseline: &[3.0, 2.0, 1.0],
        with_curves: false,
    };
    evaluate(&mut [network], &ThreadPool::single(), &question, choices, batch_size)
}

fn class_answers(network: &Network<f32>, x: &Array2<f32>, batch_size: Option<usize>) -> Array2<f64> {
    match predict_rows(network, &ThreadPool::single(), x, batch_size, OutputKind::Classes(3)) {
        Predictions::Classes(answers) => answers,
        _ => panic!("unweighted classes were asked for"),
    }
}

/// By running statistics, whatever rows it is among; by those of its batch, not.
#[test]
fn an_answer_does_not_depend_on_the_other_rows() {
    let (network, x) = (network(), rows(700));
    let together = class_answers(&network, &x, None);
    for row in [0, 1, 255, 256, 699] {
        let alone = class_answers(&network, &x.slice(s![row..=row, ..]).to_owned(), None);
        assert_eq!(bits(&alone), bits(together.row(row)), "row {row}");
    }
    let backwards: Vec<usize> = (0..700).rev().collect();
    let reversed = class_answers(&network, &x.select(Axis(0), &backwards), None);
    assert_eq!(bits(&reversed.select(Axis(0), &backwards)), bits(&together));
    let by_batch = class_answers(&network, &x, Some(50));
    let reversed = class_answers(&network, &x.select(Axis(0), &backwards), Some(60));
    assert_ne!(bits(&reversed.select(Axis(0), &backwards)), bits(&by_batch));
}

#[test]
fn each_choice_is_what_it_says_and_the_network_stays_as_it_was() {
    let (mut network, x) = (network(), rows(70));
    let tensors =
        |network: &Network<f32>| network.params().map(|param| bits(&param.value)).collect::<Vec<_>>();
    let before = tensors(&network);
    let found = ask(&mut network, &x, &ALL, 16).expect("an evaluation");
    assert_eq!(tensors(&network), before);
    assert_eq!((found.n_rows, found.batch_rows, found.has_statistics), (70, Some((16, 22)), true));

    let truth = Targets::Classes(labels(70, 3));
    let metrics = |answers: Array2<f64>| Metrics::of(&truth, &Predictions::Classes(answers), None);
    let of = |index: usize| found.choices[index].metrics.clone();
    assert_eq!(of(0), metrics(class_answers(&network, &x, None)));
    assert_eq!(of(2), metrics(class_answers(&network, &x, Some(16))));
    // The last batch takes the six rows that are left.
    let mut by_hand = Array2::zeros((70, 3));
    for range in [0..16, 16..32, 32..48, 48..70] {
        let batch = x.slice(s![range.clone(), ..]).to_owned();
        by_hand.slice_mut(s![range, ..]).assign(&class_answers(&network, &batch, Some(70)));
    }
    assert_eq!(of(2), metrics(by_hand));
    let pool = ThreadPool::single();
    network.recompute_running_stats(&pool, 70, |see| see(x.view()));
    // Chunks and the whole round their sums differently.
    let (Metrics::Classes(chunked), Metrics::Classes(whole)) =
        (of(1), metrics(class_answers(&network, &x, None)))
    else {
        panic!("classes were asked for")
    };
    let loss = |metrics: &bntrain::metrics::Classification| metrics.log_loss.value.expect("a loss");
    assert!((loss(&chunked) - loss(&whole)).abs() < 1e-5, "{} {}", loss(&chunked), loss(&whole));
    assert_ne!(of(0), of(1));
}

/// Every difference is from the first choice, whatever is between.
#[test]
fn weights_count_in_metrics_differences_and_baseline() {
    let (mut network, x) = (network(), rows(70));
    let (truth, names) = (Targets::Classes(labels(70, 3)), names());
    let weights: Vec<f64> = (0..70).map(|row| f64::from(row % 4)).collect();
    let question = EvalInput {
        rows: &x,
        truth: &truth,
        weights: Some(&weights),
        output_kind: OutputKind::Classes(3),
        names: &names,
        baseline: &[3.0, 2.0, 1.0],
        with_curves: false,
    };
    let choices = [Statistics::Running, Statistics::Batch, Statistics::Recomputed];
    let found =
        evaluate(&mut [&mut network], &ThreadPool::single(), &question, &choices, 16).expect("an evaluation");

    let (running, batch) = (class_answers(&network, &x, None), class_answers(&network, &x, Some(16)));
    network.recompute_running_stats(&ThreadPool::single(), 70, |see| see(x.view()));
    let recomputed = class_answers(&network, &x, None);
    let answers = [running, batch, recomputed].map(Predictions::Classes);
    for (place, (choice, answers_of_choice)) in found.choices.iter().zip(&answers).enumerate() {
        assert_eq!(choice.metrics, Metrics::of(&truth, answers_of_choice, Some(&weights)));
        let expected = difference(&truth, &answers[0], answers_of_choice, Some(&weights));
        assert_eq!(choice.difference, (place > 0).then_some(expected));
    }
    assert_eq!(found.baseline, Metrics::of_baseline(&truth, &[3.0, 2.0, 1.0], Some(&weights)));
}

#[test]
fn rows_that_cannot_be_evaluated_are_reported() {
    let mut network = network();
    assert_eq!(ask(&mut network, &rows(1), &ALL, 16), Err(EvaluationError::BatchOfOneRow));
    assert!(ask(&mut network, &rows(1), &ALL[..2], 16).is_ok());
    let mut x = rows(5);
    x[[3, 2]] = f32::INFINITY;
    let error = ask(&mut network, &x, &ALL, 16).expect_err("an infinite input");
    assert_eq!(error, EvaluationError::NotFinite { statistics: Statistics::Running, row: 4 });
    assert_eq!(
        error.to_string(),
        "the prediction for row 4 is not finite under running statistics; are its values far from those \
         of the training rows?"
    );
}

#[test]
fn a_network_without_norms_has_one_answer() {
    let mut network = Network::build(&stack(&[9], &[relu()]), 5, 3, 1);
    let found = ask(&mut network, &rows(1), &ALL, 16).expect("an evaluation");
    assert!(!found.has_statistics && found.batch_rows.is_none());
    assert_eq!(found.choices[0].metrics, found.choices[1].metrics);
    assert_eq!(found.choices[0].metrics, found.choices[2].metrics);
}

#[test]
fn metrics_are_found_by_name() {
    let found = ask(&mut network(), &rows(70), &ALL, 16).expect("an evaluation");
    let Metrics::Classes(metrics) = &found.choices[0].metrics else { panic!("classes were asked for") };
    assert_eq!(found.measure("accuracy"), Some(metrics.accuracy));
    assert_eq!(found.measure("b.recall"), Some(metrics.classes[1].recall));
    assert_eq!(
        (found.measure("d.recall"), found.measure("rmse"), found.measure("b.auc")),
        (None, None, None)
    );
}

/// Scores of values are in the unit of the file again.
#[test]
fn values_are_unscaled() {
    let network = Network::<f64>::build(&stack(&[4], &[relu()]), 5, 3, 1);
    let x = uniform((6, 5), 3);
    let mut workspace = network.inference_workspace(6);
    let scores = network.outputs(&ThreadPool::single(), x.view(), &mut workspace).to_owned();
    let scaling = [(0.0, 1.0), (10.0, 2.0), (-1e6, 1e3)].map(|(offset, divisor)| Scaling { offset, divisor });
    let Predictions::Values(found) =
        predict_rows(&network, &ThreadPool::single(), &x, None, OutputKind::Values(&scaling))
    else {
        panic!("values were asked for")
    };
    let expected = Array2::from_shape_fn((6, 3), |(row, target)| {
        scores[[row, target]] * scaling[target].divisor + scaling[target].offset
    });
    assert_close("values", &found, &expected, 1e-15);
}

/// A single score is the log odds of the second class.
#[test]
fn one_score_tells_two_classes() {
    let network = Network::<f64>::build(&stack(&[4], &[relu()]), 5, 1, 1);
    let x = uniform((6, 5), 3);
    let mut workspace = network.inference_workspace(6);
    let scores = network.outputs(&ThreadPool::single(), x.view(), &mut workspace).to_owned();
    let Predictions::Classes(found) =
        predict_rows(&network, &ThreadPool::single(), &x, None, OutputKind::Classes(2))
    else {
        panic!("classes were asked for")
    };
    for (answer, score) in found.rows().into_iter().zip(&scores) {
        assert!(
            (answer[1] - answer[0] - score).abs() < 1e-14
                && (answer[0].exp() + answer[1].exp() - 1.0).abs() < 1e-14
        );
    }
}

/// Rows of a table and the same rows in memory are the same.
#[test]
fn rows_of_a_table_are_shown_as_they_are_trained_on() {
    let (network, x) = (network(), rows(300));
    let table = bntrain::data::Rows::new(&x, bntrain::targets::Targets::Classes(labels(300, 3)));
    let answers_of = |rows: &dyn EvalRows<f32>| {
        predict_rows(&network, &ThreadPool::single(), rows, Some(64), OutputKind::Classes(3))
    };
    assert_eq!(answers_of(&table), answers_of(&x));
}
