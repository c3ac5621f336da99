//! `bntrain tune`.

use std::fs;

use crate::support::work::Work;

/// The points of `bntrain tune`, by their indices, and the settings and means.
fn points(work: &Work, args: &[&str]) -> Vec<(u64, String, Option<f64>)> {
    let printed = work.ok(&[&["tune", "tested.toml", "-q", "--json", "--force"][..], args].concat()).stdout;
    let printed: serde_json::Value =
        serde_json::from_str(printed.lines().last().expect("a line")).expect("JSON");
    let mut points: Vec<_> = printed["points"]
        .as_array()
        .expect("points")
        .iter()
        .map(|point| {
            let settings = point["settings"].as_str().expect("settings").to_owned();
            (point["index"].as_u64().expect("an index"), settings, point["mean"].as_f64())
        })
        .collect();
    assert!(printed["best"]["index"] == points[0].0, "the best comes first");
    points.sort_by_key(|point| point.0);
    points
}

fn work() -> Work {
    let work = Work::new();
    // Two numbers that overlap, so that settings matter.
    let rows: String = (0..120)
        .map(|row| {
            let wave = f64::from(row * 37 % 101) / 50.0;
            let class = if row % 2 == 0 { "up" } else { "down" };
            format!("{:.3},{:.3},{class}\n", wave + f64::from(row % 2), f64::from(row * 11 % 17) / 17.0)
        })
        .collect();
    work.write("data.csv", &format!("a,b,kind\n{rows}"));
    work.write("tested.toml", &Work::SINGLE.replace("valid = 0.25", "valid = 0.2\ntest = 0.2"));
    work
}

#[test]
fn no_input_is_replaced() {
    let work = work();
    work.write("initial.safetensors", "");
    for name in ["tested.toml", "data.csv", "initial.safetensors"] {
        let set = ["--set", "training.init_from=initial.safetensors"];
        let (code, message) =
            work.fails(&[&["tune", "tested.toml", "--force", "-o", name], &set[..]].concat());
        let expected = format!("error: {name} is an input of this command; choose another --out");
        assert_eq!((code, message), (Some(7), expected));
    }
}

#[test]
fn initial_weights_are_those_of_every_point() {
    let work = work();
    work.ok(&["tested.toml", "-q", "-o", "run"]);
    let initial = ["--set", "training.init_from=run/batch_norm/seed-0/model.safetensors"];
    let tuned = points(&work, &[&["--points", "3"], &initial[..]].concat());
    assert!(tuned.iter().all(|(_, settings, _)| !settings.contains("model.hidden")), "{tuned:?}");
    let drawn = points(&work, &["--points", "3"]);
    assert_ne!(tuned[0].2, drawn[0].2);

    let widths = ["--set", "tune.keys.model.hidden=[[4], [20, 17]]"];
    let (code, message) = work.fails(&[&["tune", "tested.toml", "--force"], &initial[..], &widths].concat());
    assert!(code == Some(4) && message.starts_with("error: training.init_from: "), "{code:?} {message}");
}

#[test]
fn the_config_that_is_written_trains_the_best_point() {
    let work = work();
    let ended = work.ok(&["tune", "tested.toml", "--points", "6"]);
    assert!(ended.stdout.contains("7 points tried, by validation rows\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("test rows, the best"), "{}", ended.stdout);
    assert!(ended.stdout.contains("the config as it is\n"), "{}", ended.stdout);
    assert!(ended.stderr.contains("7 of 7 points; final_loss"), "{}", ended.stderr);
    let written = work.read("tested-tuned.toml");
    assert!(written.starts_with("# Written by `bntrain tune`"), "{written}");
    assert!(written.contains("[model]\nhidden = ["), "{written}");

    let points = points(&work, &["--points", "6"]);
    assert_eq!(points.len(), 7);
    assert_eq!(points[0].1, "the config as it is");
    let best = points.iter().filter_map(|point| point.2).fold(f64::INFINITY, f64::min);
    work.ok(&["tested-tuned.toml", "-q", "-o", "run"]);
    let trained = work.json("run/summary.json")["runs"][0]["final_scores"]["valid_loss"].as_f64();
    assert_eq!(trained, Some(best), "the same split, weights and batches");
}

/// A folder with config and data can be moved, with a config in it or beside the data.
#[test]
fn the_config_that_is_written_is_relative_to_its_folder() {
    let work = work();
    let config = work.read("tested.toml").replace("data.csv", "../data/data.csv");
    for folder in ["study/data", "study/configs"] {
        fs::create_dir_all(work.path(folder)).expect("a folder");
    }
    fs::rename(work.path("data.csv"), work.path("study/data/data.csv")).expect("it can be moved");
    work.write("study/configs/tested.toml", &config);
    for (out, path) in
        [("study/tuned.toml", "data/data.csv"), ("study/configs/tuned.toml", "../data/data.csv")]
    {
        work.ok(&["tune", "study/configs/tested.toml", "--points", "2", "-q", "-o", out]);
        let written = work.read(out);
        assert!(written.contains(&format!("\npath = \"{path}\"\n")), "{written}");
    }
    work.ok(&["tune", "study/configs/tested.toml", "--points", "2", "-q", "-o", "study/data/tuned.toml"]);
    assert!(work.read("study/data/tuned.toml").contains("\npath = \"data.csv\"\n"));
    fs::rename(work.path("study"), work.path("moved")).expect("it can be moved");
    for config in ["moved/tuned.toml", "moved/configs/tuned.toml", "moved/data/tuned.toml"] {
        work.ok(&["check", config]);
    }
}

#[test]
fn points_are_the_same_for_any_number_of_threads_and_of_points() {
    let work = work();
    let few = points(&work, &["--points", "3", "--threads", "1"]);
    let many = points(&work, &["--points", "5", "--threads", "3"]);
    assert_eq!(few, many[..4]);
    assert!(many.iter().any(|point| point.2.is_some()));
}

#[test]
fn a_cross_validation_needs_no_validation_rows() {
    let work = work();
    let sets = ["--set", "data.valid=0", "--set", "tune.keys.optimizer.learning_rate={log=[0.001, 0.1]}"];
    let folds = points(&work, &[&sets[..], &["--points", "2"]].concat());
    let same = points(&work, &[&sets[..], &["--points", "2", "--folds", "5"]].concat());
    assert_eq!(folds, same, "5 parts without validation rows");
    let other = points(&work, &[&sets[..], &["--points", "2", "--folds", "3"]].concat());
    assert_ne!(folds[0].2, other[0].2);
    assert!(
        folds[1].1.starts_with("optimizer.learning_rate=") && !folds[1].1.contains(';'),
        "{}",
        folds[1].1
    );
}

#[test]
fn mistakes_are_found_before_anything_is_trained() {
    let work = work();
    work.write("tested-tuned.toml", "mine");
    let (code, error) = work.fails(&["tune", "tested.toml"]);
    assert_eq!((code, error.contains("exists")), (Some(7), true), "{error}");
    assert_eq!(work.read("tested-tuned.toml"), "mine");
    let keys = "tune.keys={ optimizer.learning_rate = { log = [0, 1] } }";
    let (code, error) = work.fails(&["tune", "tested.toml", "--force", "--set", keys]);
    assert_eq!(code, Some(2));
    assert!(error.contains("from = 0 must be greater than 0 on a log scale; use linear"), "{error}");
    let (code, error) = work.fails(&["tune", "tested.toml", "--force", "--set", "tune.measure=final_r2"]);
    assert_eq!((code, error.contains("the data have no final_r2")), (Some(2), true), "{error}");
    let (code, error) =
        work.fails(&["tune", "tested.toml", "--force", "--seconds", "0.000001", "--epochs", "100"]);
    assert_eq!((code, error.contains("no point was tried in that time")), (Some(1), true), "{error}");
    assert_eq!(work.read("tested-tuned.toml"), "mine");
}
