use crate::experiment::synthetic::{diverged, grid, run, twins};
use crate::experiment::{RunRecord, Summary};
use crate::nn::Norm;
use crate::report::answer::{Verdict, answer};
use crate::report::labels::Labels;
use crate::train::Outcome;

/// The verdict and the sentences, a line each.
fn shown(runs: &[RunRecord]) -> String {
    let answer = answer(&Summary::of(runs), &Labels::default());
    format!("{:?}\n{}", answer.verdict, answer.sentences.join("\n")).replace('\u{a0}', " ")
}

#[test]
fn two_norms() {
    insta::assert_snapshot!(shown(&twins(5)));
    insta::assert_snapshot!(shown(&twins(10)));
    insta::assert_snapshot!(shown(&twins(1)));
}

#[test]
fn lost_runs_are_counted() {
    let mut runs = twins(7);
    runs[9].epochs.truncate(3);
    runs[9] = diverged(runs[9].clone());
    insta::assert_snapshot!(shown(&runs));
    for run in &mut runs[7..] {
        *run = diverged(run.clone());
    }
    insta::assert_snapshot!(shown(&runs));
}

#[test]
fn three_norms() {
    let mut runs = twins(12);
    runs.extend((1..=12).map(|seed| run(Norm::MeanOnly, seed, &[2.3, 0.5, 0.2 + 0.01 * (seed % 5) as f64])));
    insta::assert_snapshot!(shown(&runs));
    runs.retain(|run| run.id.seed <= 3);
    insta::assert_snapshot!(shown(&runs));
}

#[test]
fn a_grid() {
    insta::assert_snapshot!(shown(&grid()));
    insta::assert_snapshot!(shown(&grid()[..15]));
}

#[test]
fn one_network() {
    insta::assert_snapshot!(shown(&twins(1)[..1]));
    insta::assert_snapshot!(shown(&twins(3)[..3]));
    insta::assert_snapshot!(shown(&[diverged(run(Norm::None, 1, &[2.3, 2.0]))]));
    assert_eq!(answer(&Summary::of(&[]), &Labels::default()).verdict, Verdict::Failed);
}

#[test]
fn interrupted_runs_are_named() {
    let mut runs = twins(3);
    runs[1].outcome = Outcome::Interrupted { step: 7 };
    assert!(shown(&runs).ends_with("1 run was interrupted and left out of everything."), "{}", shown(&runs));
}

#[test]
fn norms_are_called_by_their_labels() {
    let labels = Labels::default().with([("none".to_owned(), "plain".to_owned())]);
    for runs in [twins(5), twins(1), grid(), twins(5)[5..].to_vec()] {
        let text = answer(&Summary::of(&runs), &labels).sentences.join(" ");
        assert!(text.contains("plain") && !text.contains("none"), "{text}");
    }
}
