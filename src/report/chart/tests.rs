use crate::experiment::RunRecord;
use crate::experiment::synthetic::{at_point, diverged, grid, run, twins, without_validation};
use crate::nn::Norm;
use crate::report::chart::curves_svg::curves_svg;
use crate::train::{Outcome, Quality, Score};

/// Every text of a picture, as a reader sees it.
fn texts(svg: &str) -> Vec<&str> {
    svg.split("<text")
        .skip(1)
        .filter_map(|text| text.split_once(">\n")?.1.split("\n</text>").next())
        .collect()
}

/// How often a line of these attributes is in a picture.
fn count(svg: &str, attributes: &str) -> usize {
    svg.matches(attributes).count()
}

/// Tags are closed, and nothing but the five entities has an ampersand.
fn assert_well_formed(svg: &str) {
    assert!(svg.starts_with("<svg width=\"900\" height=\""), "{svg:.200}");
    assert!(svg.ends_with("</svg>\n"));
    assert_eq!(count(svg, "<text"), count(svg, "</text>"));
    for after in svg.split('&').skip(1) {
        let entities = ["lt;", "gt;", "amp;", "quot;", "apos;"];
        assert!(entities.iter().any(|entity| after.starts_with(entity)), "&{after:.20}");
    }
    for number in ["NaN", "inf"] {
        assert!(!svg.contains(number), "{number}");
    }
}

const TWO_LINES_OF_A_CROSS: usize = 2;
const CROSS: &str = "stroke-width=\"22\" x1=";
const BAND: &str = "<polygon opacity=\"0.18\"";

#[test]
fn the_same_runs_give_the_same_bytes() {
    assert_eq!(curves_svg("digits", &twins(5)), curves_svg("digits", &twins(5)));
}

#[test]
fn two_norms_over_five_seeds() {
    let svg = curves_svg("digits", &twins(5));
    assert_well_formed(&svg);
    let expected = [
        "digits",
        "epoch",
        "loss (nats per row)",
        "0",
        "5",
        "10",
        "15",
        "20",
        "0.05",
        "0.1",
        "0.2",
        "0.5",
        "1",
        "2",
        "epoch",
        "accuracy",
        "0",
        "5",
        "10",
        "15",
        "20",
        "0.4",
        "0.6",
        "0.8",
        "batch_norm",
        "none",
        "validation rows",
        "training rows in evaluation mode",
        "range over seeds",
        "Lines: mean over completed runs. Bands: minimum to maximum.",
    ];
    let (mut expected, mut found) = (expected.to_vec(), texts(&svg));
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
    // A band for each norm in each panel.
    assert_eq!(count(&svg, BAND), 4);
    // The colours of batch norm and of none, whatever their order.
    assert!(svg.contains("#0072B2") && svg.contains("#D55E00"));
    let svg = curves_svg("digits", &twins(5)[..5]);
    assert!(svg.contains("#0072B2") && !svg.contains("#D55E00"));
}

#[test]
fn one_seed_has_no_band() {
    let svg = curves_svg("digits", &twins(1));
    assert_well_formed(&svg);
    assert_eq!(count(&svg, BAND), 0);
    assert!(!texts(&svg).iter().any(|text| text.contains("band") || text.contains("seeds")));
}

#[test]
fn without_validation_rows_there_is_one_line_style() {
    let runs: Vec<RunRecord> = twins(2).into_iter().map(without_validation).collect();
    let svg = curves_svg("digits", &runs);
    assert_well_formed(&svg);
    assert!(!texts(&svg).contains(&"validation rows"));
    assert_eq!(count(&svg, "stroke-width=\"14\""), 0);
}

#[test]
fn a_diverged_run_ends_in_a_cross_and_is_not_in_the_band() {
    let mut runs = twins(3);
    assert_eq!(count(&curves_svg("digits", &runs), CROSS), 0);
    runs[4].epochs.truncate(4);
    runs[4].epochs[3].valid = Some(Score { loss: 1e30, quality: Quality::Accuracy(f64::NAN) });
    runs[4] = diverged(runs[4].clone());
    let svg = curves_svg("digits", &runs);
    assert_well_formed(&svg);
    // In each panel and in the legend.
    assert_eq!(count(&svg, CROSS), 3 * TWO_LINES_OF_A_CROSS);
    assert!(texts(&svg).contains(&"none (1 of 3 diverged)"));
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
    assert_well_formed(&svg);
    // Both panels, two runs, and the legend.
    assert_eq!(count(&svg, CROSS), 5 * TWO_LINES_OF_A_CROSS);
    assert_eq!(count(&svg, BAND), 2);
}

#[test]
fn markup_in_names_is_escaped() {
    let runs: Vec<RunRecord> =
        twins(1).into_iter().map(|run| at_point(run, 1, "data.path=\"'</text><script>\u{1b}&")).collect();
    let svg = curves_svg("</text><script>alert('x')</script>\u{0}\u{202e}\" onload=\"", &runs);
    assert_well_formed(&svg);
    assert!(!svg.contains("<script"));
    assert!(svg.chars().all(|character| character == '\n' || !character.is_control()));
    assert!(!svg.contains('\u{202e}'));
    assert!(svg.contains("&lt;/text&gt;&lt;script&gt;alert(&apos;x&apos;)&lt;/script&gt;\\0\\u{202e}"));
}

#[test]
fn a_grid_names_the_best_points() {
    let svg = curves_svg("digits", &grid());
    assert_well_formed(&svg);
    assert!(texts(&svg).contains(&"none at optimizer.learning_rate=0.03"));
    assert!(texts(&svg).contains(&"Each norm at its best grid point (lowest mean best loss)."));
}

#[test]
fn early_stopping_has_a_note() {
    let mut runs = twins(2);
    runs[0].epochs.truncate(9);
    runs[0].outcome = Outcome::StoppedEarly { epoch: 8 };
    let svg = curves_svg("digits", &runs);
    assert!(texts(&svg).contains(&"A run that stopped early keeps its last value."));
}

#[test]
fn thousands_of_epochs_are_thinned() {
    let losses: Vec<f64> = (0..5000).map(|epoch| 2.3 / f64::from(1 + epoch) + 0.1).collect();
    let runs = [run(Norm::BatchNorm, 1, &losses), run(Norm::BatchNorm, 2, &losses)];
    let svg = curves_svg("digits", &runs);
    assert_well_formed(&svg);
    assert!(svg.len() < 100_000, "{}", svg.len());
}

#[test]
fn infinite_and_single_values_are_drawn() {
    let cases: [&[f64]; 6] = [&[2.3], &[2.3, 1.0], &[0.0, 0.0], &[f64::NAN], &[0.5; 3], &[1e300, 1e-300]];
    for losses in cases {
        assert_well_formed(&curves_svg("digits", &[run(Norm::None, 1, losses)]));
    }
    assert_well_formed(&curves_svg("", &[]));
    assert_well_formed(&curves_svg(
        "no epoch",
        &[RunRecord { epochs: Vec::new(), ..run(Norm::None, 1, &[1.0]) }],
    ));
}
