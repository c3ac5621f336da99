use crate::experiment::synthetic::{at_point, diverged, grid, run, twins};
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
fn a_grid_of_one_point_is_not_counted() {
    let at = |run: RunRecord| at_point(run, 1, "l2=0.1");
    let text = shown(&twins(10).into_iter().map(at).collect::<Vec<_>>());
    assert!(text.contains("At the only grid point, the "), "{text}");
    let expected =
        "At the only point where both can be compared, batch_norm is better than none, and the difference is";
    let other = expected.replace("batch_norm is better than none", "none is better than batch_norm");
    assert!(text.contains(expected) || text.contains(&other), "{text}");
    assert!(!text.contains("of 1 "), "{text}");
}

#[test]
fn losses_of_a_lost_run_differ() {
    let mut lost = run(Norm::None, 1, &[2.3, 2.0 * 1.098_312]);
    lost.constant_loss = Some(1.098_302);
    let text = shown(&[lost]);
    assert!(
        text.contains("training loss, 1.09831, is larger than that of a constant prediction, 1.09830."),
        "{text}"
    );
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

#[test]
fn a_clear_difference_comes_with_the_smallest_that_could_be_seen() {
    let loss = |norm: Norm, seed: u64| match norm {
        Norm::BatchNorm => 0.2,
        Norm::LayerNorm => 0.21 + 0.01 * (seed % 3) as f64,
        _ => 0.4 + 0.02 * (seed % 5) as f64,
    };
    let norms = [Norm::BatchNorm, Norm::LayerNorm, Norm::None];
    let of_norm = |norm: Norm| (1..=12).map(move |seed| run(norm, seed, &[2.3, loss(norm, seed)]));
    let text = shown(&norms.into_iter().flat_map(of_norm).collect::<Vec<_>>());
    assert!(text.starts_with("Clear"), "{text}");
    let expected = "With the median spread of the comparisons, 12 seeds find a true ratio of 0.9";
    assert!(text.contains(expected) && !text.contains("Nearest"), "{text}");
}

#[test]
fn points_that_say_otherwise_and_best_points_at_an_end_are_named() {
    let at = |norm, index: usize, loss: f64| {
        let settings = format!("optimizer.learning_rate={}", [0.01, 0.1, 1.0][index]);
        let run_of = move |seed| run(norm, seed, &[2.3, loss + 0.02 * (seed % 3) as f64 * loss]);
        (1..=4).map(move |seed| at_point(run_of(seed), index + 1, &settings)).collect::<Vec<_>>()
    };
    let losses = [(Norm::BatchNorm, [0.5, 0.4, 0.3]), (Norm::None, [0.4, 0.5, 0.6])];
    let of_norm = |(norm, losses): (Norm, [f64; 3])| {
        losses.into_iter().enumerate().flat_map(move |(index, loss)| at(norm, index, loss))
    };
    let text = shown(&losses.into_iter().flat_map(of_norm).collect::<Vec<_>>());
    for expected in [
        "batch_norm is better than none at 2 of 3 points (not at optimizer.learning_rate=0.01), and",
        "The best optimizer.learning_rate of batch_norm is the largest of the grid; a larger one may be better. \
         The best optimizer.learning_rate of none is the smallest of the grid; a smaller one may be better.",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

#[test]
fn a_norm_in_the_weights_is_called_by_no_position() {
    let mut runs = Vec::new();
    for (index, position) in [(1, "before"), (2, "after")] {
        for (norm, loss) in [(Norm::WeightNorm, 0.5), (Norm::None, 0.6)] {
            let of_seed = |seed| {
                let made = run(norm, seed, &[2.3, loss + 0.01 * (seed % 2) as f64]);
                at_point(made, index, &format!("model.position={position}"))
            };
            runs.extend((1..=3).map(of_seed));
        }
    }
    let text = shown(&runs);
    assert!(text.contains("with weight_norm and 0.6066 with none."), "{text}");
    assert!(text.contains("Nearest to being clear is weight_norm against none:"), "{text}");
    assert!(!text.contains("model.position="), "{text}");
}

#[test]
fn a_network_without_a_norm_is_called_by_no_position() {
    let mut runs = Vec::new();
    for (index, position) in [(1, "before"), (2, "after")] {
        for (norm, loss) in [(Norm::BatchNorm, 0.5 / index as f64), (Norm::None, 1.0)] {
            let of_seed = |seed| {
                let made = run(norm, seed, &[2.3, loss + 0.01 * (seed % 2) as f64]);
                at_point(made, index, &format!("model.position={position}"))
            };
            runs.extend((1..=3).map(of_seed));
        }
    }
    let text = shown(&runs);
    assert!(text.contains("with batch_norm (model.position=after) and 1.007 with none."), "{text}");
    assert!(
        text.contains("Nearest to being clear is batch_norm at model.position=before against none"),
        "{text}"
    );
}

#[test]
fn no_number_of_seeds_finds_anything_below_the_fewest_that_can_be_clear() {
    let of_seed = |seed: u64| {
        let loss = 0.01 + 0.001 * (seed % 3) as f64;
        [run(Norm::BatchNorm, seed, &[2.3, loss]), run(Norm::None, seed, &[2.3, 1.0])]
    };
    for n in 2..=8 {
        let runs: Vec<RunRecord> = (1..=n).flat_map(of_seed).collect();
        let summary = Summary::of(&runs);
        let resolution = summary.comparisons[0].resolution.unwrap();
        assert!(resolution.seeds_needed >= Some(6), "{resolution:?}");
        assert_eq!(resolution.detectable.is_some(), 6 <= n, "{resolution:?}");
        let text = shown(&runs);
        assert_eq!(text.contains(&format!("{n} seeds find it in 80 % of studies")), 6 <= n, "{text}");
        assert_eq!(
            text.contains("6 or more are needed to be clear; to find a true ratio of"),
            n < 6,
            "{text}"
        );
    }
}

#[test]
fn the_comparison_nearest_to_being_clear_may_be_one_with_lost_runs() {
    let at = |norm, index: usize, loss: f64| {
        let settings = format!("optimizer.learning_rate={}", [0.01, 0.1][index - 1]);
        let run_of = move |seed| run(norm, seed, &[2.3, loss + 0.1 * (seed % 2) as f64]);
        (1..=6).map(move |seed| at_point(run_of(seed), index, &settings)).collect::<Vec<_>>()
    };
    let mut runs = [at(Norm::BatchNorm, 1, 0.5), at(Norm::BatchNorm, 2, 0.5)].concat();
    // Better with two of six seeds.
    runs.extend(at(Norm::None, 1, 0.55).into_iter().map(|mut run| {
        let loss = if run.id.seed < 3 { 0.4 } else { 0.7 };
        run.epochs.last_mut().unwrap().valid.as_mut().unwrap().loss = loss;
        run
    }));
    runs.extend(at(Norm::None, 2, 0.5).into_iter().map(diverged));
    let text = shown(&runs);
    let expected = "Nearest to being clear is batch_norm against none at optimizer.learning_rate=0.1: a run is lost in 6 of \
                    6 pairs. How many seeds make a difference in lost runs clear is not known.";
    assert!(text.contains(expected) && !text.contains("find it in"), "{text}");
}

#[test]
fn equal_differences_are_said_to_be_equal() {
    let of_seed = |seed: u64| {
        let loss = 0.1 + 0.05 * seed as f64;
        [run(Norm::BatchNorm, seed, &[2.3, 0.5 * loss]), run(Norm::None, seed, &[2.3, loss])]
    };
    let text = shown(&(1..=6).flat_map(of_seed).collect::<Vec<_>>());
    let expected = "batch_norm is better than none in the final validation loss: 0.5000 times that of none (all equal: \
                    no interval); batch_norm is better in 6 of 6 seeds, p = 0.0312.";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("This rests on 6 seeds, whose differences have no spread."), "{text}");
}
