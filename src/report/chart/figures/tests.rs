use crate::experiment::synthetic::{at_point, diverged, grid, run, twins, without_validation};
use crate::experiment::{RunRecord, Summary};
use crate::nn::Norm;
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::figures::curves::curves;
use crate::report::chart::figures::differences::differences;
use crate::report::chart::figures::paired_curves::ratio;
use crate::report::chart::figures::survival::survival;
use crate::report::chart::figures::sweep::sweep;
use crate::report::labels::Labels;
use crate::train::{Outcome, Quality, Score};

/// What `draw` draws of a summary.
fn of_summary(runs: &[RunRecord], draw: impl Fn(Arms<'_>) -> Option<String>) -> Option<String> {
    let (summary, labels) = (Summary::of(runs), Labels::default());
    let svg = draw(Arms { summary: &summary, labels: &labels });
    svg.iter().for_each(|svg| assert_well_formed(svg));
    svg
}

fn curves_svg(title: &str, runs: &[RunRecord]) -> String {
    of_summary(runs, |arms| Some(curves(title, arms, runs, 600).svg())).unwrap()
}

fn sweep_svg(runs: &[RunRecord]) -> Option<String> {
    of_summary(runs, |arms| Some(sweep("learning rates", arms)?.svg()))
}

/// Every text of a picture, as a reader sees it.
fn texts(svg: &str) -> Vec<&str> {
    svg.split("<text").skip(1).filter_map(|text| text.split_once('>')?.1.split("</text>").next()).collect()
}

/// How many shapes of a class are in a picture, those of the legend included.
fn count(svg: &str, class: &str) -> usize {
    let drawn = svg.split("class=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    drawn
        .filter(|(classes, rest)| {
            classes.split(' ').any(|found| found == class) && !rest.starts_with(" d=\"\"")
        })
        .count()
}

/// Tags are closed, and nothing but the entities has an ampersand.
fn assert_well_formed(svg: &str) {
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{svg:.200}");
    assert!(svg.ends_with("</svg>\n"));
    for tag in ["text", "path", "g", "rect", "style"] {
        let opened = svg.matches(&format!("<{tag} ")).count() + svg.matches(&format!("<{tag}>")).count();
        assert_eq!(opened, svg.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    for after in svg.split('&').skip(1) {
        let entities = ["lt;", "gt;", "amp;", "quot;"];
        assert!(entities.iter().any(|entity| after.starts_with(entity)), "&{after:.20}");
    }
    for number in ["NaN", "inf\"", "inf ", "infinity"] {
        assert!(!svg.contains(number), "{number}");
    }
}

#[test]
fn two_norms_over_five_seeds() {
    let svg = curves_svg("digits", &twins(5));
    assert_eq!(svg, curves_svg("digits", &twins(5)), "the same runs give the same bytes");
    let found = texts(&svg);
    let expected = [
        "digits",
        "epoch",
        "loss (nats per row)",
        "accuracy",
        "20",
        "0.05",
        "2",
        "batch_norm",
        "none",
        "validation rows",
        "training rows in evaluation mode",
        "range over seeds",
        "weights saved",
    ];
    for text in expected {
        assert!(found.contains(&text), "{text}: {found:?}");
    }
    // A band for each norm in two panels, and the legend.
    assert_eq!(count(&svg, "band"), 5);
    assert!(count(&svg, "blue") > 0 && count(&svg, "vermilion") > 0);
    let svg = curves_svg("digits", &twins(5)[..5]);
    assert!(count(&svg, "blue") > 0 && count(&svg, "vermilion") == 0);
    let ratio_svg =
        |runs: &[RunRecord]| of_summary(runs, |arms| Some(ratio("digits", arms, runs, 600)?.svg()));
    assert!(texts(&ratio_svg(&twins(5)).unwrap()).contains(&"validation loss relative to none"));
    assert_eq!(ratio_svg(&twins(5)[..5]), None);
    assert_eq!(ratio_svg(&twins(1)), None);
}

/// The reference is the line at 1, a norm whose runs are lost has no curve, and of many curves the intervals are left out.
#[test]
fn the_legend_of_ratios_names_what_is_drawn() {
    let legend = |runs: &[RunRecord]| {
        let (summary, labels) = (Summary::of(runs), Labels::default());
        let arms = Arms { summary: &summary, labels: &labels };
        let entries = ratio("digits", arms, runs, 600).expect("a chart").legend;
        entries.into_iter().map(|entry| entry.label).collect::<Vec<_>>()
    };
    let of = |norm: Norm| {
        let slope = if norm == Norm::None { 0.1 } else { 0.2 };
        (1..=5).map(move |seed| run(norm, seed, &[2.0, 1.0 + slope * seed as f64]))
    };
    let mut runs: Vec<RunRecord> = of(Norm::BatchNorm).chain(of(Norm::None)).collect();
    assert_eq!(legend(&runs), ["batch_norm", "95 % interval"]);
    runs.extend(of(Norm::LayerNorm));
    runs.extend(of(Norm::RmsNorm).map(diverged));
    assert_eq!(legend(&runs), ["batch_norm", "layer_norm", "95 % interval"]);
    for norm in [Norm::MeanOnly, Norm::VarianceOnly, Norm::GroupNorm] {
        runs.extend(of(norm));
    }
    assert_eq!(legend(&runs), ["batch_norm", "layer_norm", "mean_only", "variance_only", "group_norm"]);
}

#[test]
fn own_labels_are_in_the_legend() {
    let summary = Summary::of(&twins(2));
    let labels = Labels::default().with([("batch_norm".to_owned(), "BN <i>".to_owned())]);
    let svg = curves("digits", Arms { summary: &summary, labels: &labels }, &twins(2), 600).svg();
    assert!(texts(&svg).contains(&"BN &lt;i&gt;") && !texts(&svg).contains(&"batch_norm"));
}

#[test]
fn one_seed_has_no_band() {
    let svg = curves_svg("digits", &twins(1));
    assert_eq!(count(&svg, "band"), 0);
    assert!(!texts(&svg).iter().any(|text| text.contains("band") || text.contains("seeds")));
}

#[test]
fn without_validation_rows_there_is_one_line_style() {
    let runs: Vec<RunRecord> = twins(2).into_iter().map(without_validation).collect();
    let svg = curves_svg("digits", &runs);
    assert!(!texts(&svg).contains(&"validation rows"));
    assert_eq!(count(&svg, "dashed"), 0);
}

#[test]
fn a_diverged_run_ends_in_a_cross_and_is_not_in_the_band() {
    let mut runs = twins(3);
    assert_eq!(count(&curves_svg("digits", &runs), "cross"), 0);
    runs[4].epochs.truncate(4);
    runs[4].epochs[3].valid = Some(Score { loss: 1e30, quality: Quality::Accuracy(f64::NAN) });
    runs[4] = diverged(runs[4].clone());
    let svg = curves_svg("digits", &runs);
    // In each of the two panels and in the legend.
    assert_eq!(count(&svg, "cross"), 3);
    assert!(texts(&svg).contains(&"none (2 of 3 seeds; 1 diverged)"));
    // The axis ends at ten times what the others reach, not at 1e30.
    assert!(
        texts(&svg).contains(&"10")
            && !texts(&svg).iter().any(|text| text.contains('e') && text.starts_with('1'))
    );
}

#[test]
fn a_norm_without_complete_runs_has_no_mean() {
    let mut runs = twins(2);
    for run in &mut runs[2..] {
        run.epochs.truncate(2);
        *run = diverged(run.clone());
    }
    let svg = curves_svg("digits", &runs);
    assert_eq!(count(&svg, "cross"), 3);
    // That of batch norm in two panels, and the legend; without a partner there is no ratio.
    assert_eq!(count(&svg, "band"), 3);
}

#[test]
fn markup_in_names_is_escaped() {
    let runs: Vec<RunRecord> =
        twins(1).into_iter().map(|run| at_point(run, 1, "data.path=\"'</text><script>\u{1b}&")).collect();
    let svg = curves_svg("</text><script>alert('x')</script>\u{0}\u{202e}\" onload=\"", &runs);
    assert!(!svg.contains("<script"));
    assert!(svg.chars().all(|character| character == '\n' || !character.is_control()));
    assert!(!svg.contains('\u{202e}'));
    assert!(svg.contains("&lt;/text&gt;&lt;script&gt;alert('x')&lt;/script&gt;\\0\\u{202e}"));
}

#[test]
fn notes_say_what_is_shown() {
    let svg = curves_svg("digits", &grid());
    assert!(texts(&svg).contains(&"none at optimizer.learning_rate=0.03"));
    assert!(svg.contains("Each norm at its best grid point."));
    let mut runs = twins(2);
    runs[0].epochs.truncate(9);
    runs[0].outcome = Outcome::StoppedEarly { epoch: 8 };
    assert!(curves_svg("digits", &runs).contains("A run that stopped early keeps its last value."));
}

#[test]
fn thousands_of_epochs_are_thinned() {
    let losses: Vec<f64> = (0..5000).map(|epoch| 2.3 / f64::from(1 + epoch) + 0.1).collect();
    let runs = [run(Norm::BatchNorm, 1, &losses), run(Norm::BatchNorm, 2, &losses)];
    let svg = curves_svg("digits", &runs);
    assert!(svg.len() < 50_000, "{}", svg.len());
}

#[test]
fn infinite_and_single_values_are_drawn() {
    let cases: [&[f64]; 6] = [&[2.3], &[2.3, 1.0], &[0.0, 0.0], &[f64::NAN], &[0.5; 3], &[1e300, 1e-300]];
    for losses in cases {
        curves_svg("digits", &[run(Norm::None, 1, losses)]);
        let pairs =
            [Norm::BatchNorm, Norm::None].map(|norm| [1, 2].map(|seed| run(norm, seed, losses))).concat();
        curves_svg("digits", &pairs);
        of_summary(&pairs, |arms| Some(differences("digits", arms)?.svg()));
        of_summary(&pairs, |arms| Some(survival("digits", arms)?.svg()));
    }
    curves_svg("", &[]);
    curves_svg("no epoch", &[RunRecord { epochs: Vec::new(), ..run(Norm::None, 1, &[1.0]) }]);
}

/// One run of each norm at each of `values`, whatever they mean.
fn at_values(key: &str, values: &[&str]) -> Vec<RunRecord> {
    let mut runs = Vec::new();
    for norm in [Norm::BatchNorm, Norm::None] {
        for (index, value) in values.iter().enumerate() {
            let losses = [2.3, 1.0 + index as f64];
            runs.push(at_point(run(norm, 1, &losses), index + 1, &format!("{key}={value}")));
        }
    }
    runs
}

#[test]
fn the_axis_of_learning_rates_is_logarithmic() {
    let svg = sweep_svg(&grid()).unwrap();
    let expected = [
        "learning rates",
        "optimizer.learning_rate",
        "loss (nats per row)",
        "accuracy",
        "0.001",
        "0.01",
        "0.1",
        "after the last epoch",
        "at the best epoch",
        "range over seeds",
        "some runs were lost or interrupted",
        "Measured on validation rows. Lines: mean over completed runs. Bands: minimum to maximum.",
    ];
    for text in expected {
        assert!(texts(&svg).contains(&text), "{text}");
    }
    assert_eq!(svg, sweep_svg(&grid()).unwrap());
}

#[test]
fn several_keys_have_a_panel_each() {
    let mut runs = Vec::new();
    for (index, settings) in ["a.b=1;c.d=2", "a.b=1;c.d=4", "a.b=2;c.d=2", "a.b=2;c.d=4"].iter().enumerate() {
        runs.push(at_point(run(Norm::None, 1, &[2.3, 1.0 + index as f64]), index + 1, settings));
    }
    let svg = sweep_svg(&runs).unwrap();
    assert!(texts(&svg).contains(&"a.b") && texts(&svg).contains(&"c.d"));
    // Both panels and the legend.
    assert_eq!(count(&svg, "dot"), 3);
}

#[test]
fn other_grids_have_no_sweep() {
    assert_eq!(sweep_svg(&twins(2)), None);
    assert_eq!(sweep_svg(&[]), None);
    assert_eq!(sweep_svg(&at_values("optimizer.type", &["\"adam\"", "\"sgd\""])), None);
    assert_eq!(sweep_svg(&at_values("a.b", &["1"])), None);
    assert_eq!(sweep_svg(&at_values("a.b", &["1", "1.0"])), None);
    assert_eq!(sweep_svg(&at_values("a.b", &["nan", "1.0"])), None);
    let mut two_keys = at_values("a.b", &["1", "2"]);
    two_keys[1].id.point = Some((2, "c.d=2".to_owned()));
    assert_eq!(sweep_svg(&two_keys), None);
    assert!(sweep_svg(&at_values("training.batch_size", &["10", "20"])).is_some());
}

#[test]
fn a_line_has_a_gap_without_complete_runs() {
    let solid = |svg: &str| svg.matches("class=\"line arm-1 vermilion\"").count();
    let mut runs = at_values("a.b", &["1", "2", "3", "4", "5"]);
    assert_eq!(solid(&sweep_svg(&runs).unwrap()), 2);
    runs[7] = diverged(runs[7].clone());
    let svg = sweep_svg(&runs).unwrap();
    assert_eq!(solid(&svg), 4);
    assert!(texts(&svg).contains(&"some runs were lost or interrupted"));
}

#[test]
fn differences_have_a_dot_for_each_seed_and_a_cross_for_a_lost_run() {
    let dots = |runs: &[RunRecord]| {
        let svg = of_summary(runs, |arms| Some(differences("digits", arms)?.svg())).unwrap();
        let path = svg.split("class=\"dot\" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        (path.matches('M').count(), count(&svg, "cross"))
    };
    let mut runs = twins(5);
    assert_eq!(dots(&runs), (5, 0));
    runs[7] = diverged(runs[7].clone());
    // In each of five measures, and in the legend.
    assert_eq!(dots(&runs), (4, 6));
    assert_eq!(of_summary(&twins(5)[..5], |arms| Some(differences("digits", arms)?.svg())), None);
}

/// Long names are whole, on two lines, and chart and table begin with the largest difference.
#[test]
fn pairs_have_their_whole_names_and_the_largest_difference_first() {
    let norms = [
        (Norm::WeightNormMeanOnly, 0.30),
        (Norm::CenteredWeightNorm, 0.31),
        (Norm::GhostBatchNorm, 0.5),
        (Norm::VarianceOnly, 0.8),
        (Norm::None, 0.81),
    ];
    let of = |(norm, loss): (Norm, f64)| {
        (1..=3).map(move |seed| run(norm, seed, &[2.3, loss * (1.0 + 0.01 * seed as f64)]))
    };
    let mut runs: Vec<RunRecord> = norms.into_iter().flat_map(of).collect();
    let (summary, labels) = (Summary::of(&runs), Labels::default());
    let figure = differences("digits", Arms { summary: &summary, labels: &labels }).expect("a chart");
    let names: Vec<&str> = figure.table.rows.iter().map(|row| &*row[0]).collect();
    let first = ["weight_norm_mean_only / none", "weight_norm_mean_only / variance_only"];
    assert_eq!((&names[..2], names[9]), (&first[..], "variance_only / none"), "{names:?}");
    assert!(figure.notes.iter().any(|note| note == "The largest difference is at the top."));
    let svg = figure.svg();
    let found = texts(&svg);
    assert_eq!(found.iter().position(|text| *text == "weight_norm_mean_only / none"), Some(7), "{found:?}");
    let lines = ["weight_norm_mean_only /", "variance_only", "centered_weight_norm /", "ghost_batch_norm"];
    assert!(lines.iter().all(|line| found.contains(line)), "{found:?}");
    assert!(found.iter().all(|text| !text.contains("...")), "{found:?}");
    // A norm that is lost with most seeds is farther from the others than any number.
    for run in runs.iter_mut().filter(|run| run.id.norm == Norm::VarianceOnly && run.id.seed < 3) {
        *run = diverged(run.clone());
    }
    let summary = Summary::of(&runs);
    let figure = differences("digits", Arms { summary: &summary, labels: &labels }).expect("a chart");
    let with = figure.table.rows.iter().take(4).filter(|row| row[0].contains("variance_only"));
    assert_eq!(with.count(), 4, "{:?}", figure.table.rows);
}

#[test]
fn the_share_of_runs_at_the_bound_is_a_staircase() {
    let svg = of_summary(&twins(5), |arms| Some(survival("digits", arms)?.svg())).unwrap();
    assert!(svg.contains("runs that got to a validation loss of"));
    assert!(svg.contains("batch_norm: 5 of 5 runs get there"), "{svg}");
}
