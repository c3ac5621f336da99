//! `[compare.tune]`, `compare.seeds` and `compare.vary`.

use crate::config::tests::{SHORT, plan};
use crate::config::{ComparePlan, Plan};

const VALID: &str = "data.valid=0.2";

fn tuned(sets: &[&str]) -> (Plan, ComparePlan) {
    let plan = plan(SHORT, &[&[VALID], sets].concat());
    let compare = plan.compare.clone().expect("a comparison");
    (plan, compare)
}

fn labels(plan: &Plan) -> Vec<String> {
    plan.points.iter().map(|point| point.label.clone()).collect()
}

#[test]
fn the_learning_rate_is_tuned_two_decades_to_either_side() {
    let (plan, compare) = tuned(&["compare.tune={}", "optimizer.learning_rate=0.1"]);
    let written = plan.to_toml();
    assert!(
        written.contains("[compare.tune.keys]\n\"optimizer.learning_rate\" = { log = [0.001, 10.0] }\n"),
        "{written}"
    );
    assert_eq!(plan.points.len(), 16);
    let rates: Vec<f64> = plan.points.iter().map(|point| point.plan.optimizer.learning_rate()).collect();
    assert!(rates.iter().all(|rate| (0.001..=10.0).contains(rate)));
    assert_eq!(rates.iter().filter(|rate| **rate < 0.1).count(), 8);
    // Fresh seeds come after those of the points.
    let tune = compare.tune.expect("it is tuned");
    assert_eq!((tune.seeds, compare.seeds.all), (vec![0, 1, 2], vec![3, 4, 5, 6, 7]));
}

#[test]
fn more_points_and_more_fresh_seeds_move_no_earlier_one() {
    let (few, _) = tuned(&["compare.tune.points=5"]);
    let (many, _) = tuned(&["compare.tune.points=37", "compare.seeds=9", "compare.norms=\"all\""]);
    assert_eq!(labels(&few), labels(&many)[..5]);
    let (others, _) = tuned(&["compare.tune.points=5", "training.seed=1"]);
    assert_ne!(labels(&few), labels(&others));
}

#[test]
fn a_combination_of_listed_values_is_one_point() {
    let keys = [
        "compare.tune.keys.training.batch_size=[8, 16, 32]",
        "compare.tune.keys.optimizer.learning_rate=[1, 10]",
    ];
    let (all, compare) = tuned(&[&keys[..], &["compare.tune.points=16"]].concat());
    let mut sorted = labels(&all);
    sorted.sort();
    sorted.dedup();
    assert_eq!((sorted.len(), all.points.len()), (6, 6));
    assert_eq!(compare.tune.expect("it is tuned").points, 16);
    assert_eq!(super::plan(&all.to_toml(), &[]).points, all.points);
    let (few, _) = tuned(&[&keys[..], &["compare.tune.points=4"]].concat());
    assert_eq!(labels(&few), labels(&all)[..4]);
}

#[test]
fn whole_numbers_are_tried_where_the_key_takes_no_others() {
    let (plan, _) = tuned(&[
        "compare.tune.keys.training.batch_size={log=[8, 256]}",
        "compare.tune.keys.optimizer.learning_rate={log=[1, 10]}",
        "compare.tune.keys.model.hidden=[[8], [16, 16]]",
    ]);
    assert!(plan.points.iter().any(|point| point.plan.optimizer.learning_rate().fract() != 0.0));
    let layers: Vec<usize> = plan.points.iter().map(|point| point.plan.layers.len()).collect();
    assert!(layers.contains(&5) && layers.contains(&8), "{layers:?}");
    assert_eq!(super::plan(&plan.to_toml(), &[]).points, plan.points);
}

#[test]
fn a_written_study_is_read_as_the_same_study() {
    for sets in [
        &["compare.tune.within=0.5", "compare.seeds={until=\"clear\", min=4, max=9}"][..],
        &["compare.vary=[\"weights\"]", "training.split_seed=3", "training.fold={index=2, of=4}"],
        &[
            "compare.tune={points=4, keys={optimizer={l2={linear=[0, 1]}, momentum=[0, 0.9]}}}",
            "compare.seeds=[7]",
        ],
    ] {
        let (first, _) = tuned(&[sets, &["compare.norms=[\"none\"]"]].concat());
        let again = super::plan(&first.to_toml(), &[]);
        assert_eq!(again.compare, first.compare);
        assert_eq!(again.points, first.points);
    }
}

#[test]
fn seeds_until_it_is_clear_have_a_limit() {
    let (_, compare) = tuned(&["compare.seeds={max=7}", "training.seed=5", "compare.tune.seeds=2"]);
    assert_eq!(compare.seeds.all, [7, 8, 9, 10, 11, 12, 13]);
    assert_eq!(compare.seeds.until.expect("a rule").min, 5);
}
