use crate::experiment::synthetic::{at_point, diverged, grid, run, twins};
use crate::experiment::{RunRecord, Summary};
use crate::report::chart::sweep::*;

fn sweep(runs: &[RunRecord]) -> Option<String> {
    sweep_svg("learning rates", &Summary::of(runs))
}

fn has_text(svg: &str, text: &str) -> bool {
    svg.contains(&format!(">\n{text}\n</text>"))
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
    let svg = sweep(&grid()).unwrap();
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
        assert!(has_text(&svg, text), "{text}");
    }
    assert_eq!(svg, sweep(&grid()).unwrap());
}

#[test]
fn the_scale_follows_the_values() {
    assert_eq!(even_scale(&[0.001, 0.003, 0.01]), AxisScale::Log);
    assert_eq!(even_scale(&[10.0, 20.0, 30.0, 40.0]), AxisScale::Linear);
    assert_eq!(even_scale(&[0.0, 0.001, 0.01]), AxisScale::Linear);
    assert_eq!(even_scale(&[5.0, 10.0, 50.0]), AxisScale::Log);
    assert_eq!(even_scale(&[0.1, 1.0]), AxisScale::Log);
    assert_eq!(even_scale(&[1.0, 2.0]), AxisScale::Linear);
}

#[test]
fn whole_numbers_and_tables_of_one_number_are_values() {
    assert_eq!(setting("training.batch_size=64"), Some(("training.batch_size".to_owned(), 64.0)));
    assert_eq!(setting("model.init={ normal = 1e-2 }"), Some(("model.init.normal".to_owned(), 0.01)));
    assert!(sweep(&at_values("training.batch_size", &["10", "20"])).is_some());
}

#[test]
fn other_grids_have_no_sweep() {
    assert_eq!(sweep(&twins(2)), None);
    assert_eq!(sweep(&[]), None);
    assert_eq!(sweep(&at_values("optimizer.type", &["\"adam\"", "\"sgd\""])), None);
    assert_eq!(sweep(&at_values("a.b", &["1;c.d=2", "2;c.d=2"])), None);
    assert_eq!(sweep(&at_values("a.b", &["1"])), None);
    assert_eq!(sweep(&at_values("a.b", &["1", "1.0"])), None);
    assert_eq!(sweep(&at_values("a.b", &["nan", "1.0"])), None);
    assert_eq!(sweep(&at_values("a.b", &["{ c = 1, d = 2 }", "{ c = 2, d = 2 }"])), None);
    let mut two_keys = at_values("a.b", &["1", "2"]);
    two_keys[1].id.point = Some((2, "c.d=2".to_owned()));
    assert_eq!(sweep(&two_keys), None);
}

#[test]
fn a_line_has_a_gap_without_complete_runs() {
    let solid = |svg: &str| {
        svg.matches("<polyline fill=\"none\" opacity=\"1\" stroke=\"#D55E00\" stroke-width=\"22\"").count()
    };
    let mut runs = at_values("a.b", &["1", "2", "3", "4", "5"]);
    // Two panels and the sample in the legend.
    assert_eq!(solid(&sweep(&runs).unwrap()), 2 + 1);
    runs[7] = diverged(runs[7].clone());
    let svg = sweep(&runs).unwrap();
    assert_eq!(solid(&svg), 4 + 1);
    assert!(has_text(&svg, "some runs were lost or interrupted"));
}

#[test]
fn markup_in_the_key_is_escaped() {
    let svg = sweep(&at_values("<script>\u{1b}", &["1", "2"])).unwrap();
    assert!(has_text(&svg, "&lt;script&gt;\\u{1b}"));
    assert!(!svg.contains("<script"));
}
