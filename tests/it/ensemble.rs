//! Several networks as one model: `training.ensemble`, and predictions of several models.

use crate::support::work::Work;

/// The numbers of predictions, row by row.
fn numbers(csv: &str) -> Vec<Vec<f64>> {
    let cells = |line: &str| line.split(',').filter_map(|cell| cell.parse().ok()).collect();
    csv.lines().skip(1).map(cells).collect()
}

/// The same where they were written in single precision.
fn singles(csv: &str) -> Vec<Vec<f64>> {
    let cells =
        |line: &str| line.split(',').filter_map(|cell| Some(f64::from(cell.parse::<f32>().ok()?))).collect();
    csv.lines().skip(1).map(cells).collect()
}

/// The mean of several predictions, in the order of the models, as the shortest decimal of single precision.
fn mean_of(all: &[Vec<Vec<f64>>]) -> Vec<Vec<String>> {
    let mean = |row: usize, column: usize| {
        let sum = all.iter().fold(0.0, |sum, of_model| sum + of_model[row][column]);
        (sum / all.len() as f64) as f32
    };
    let row = |row: usize| (0..all[0][row].len()).map(|column| mean(row, column).to_string()).collect();
    (0..all[0].len()).map(row).collect()
}

fn written(csv: &str) -> Vec<Vec<String>> {
    let as_f32 = |number: &f64| (*number as f32).to_string();
    singles(csv).iter().map(|row| row.iter().map(as_f32).collect()).collect()
}

#[test]
fn an_ensemble_predicts_the_mean_of_its_members_to_the_bit() {
    let work = Work::new();
    work.write("e.toml", &format!("{}ensemble = 3\nseed = 5\n", Work::SINGLE));
    let ended = work.ok(&["-c", "e.toml", "-o", "run"]);
    assert!(
        ended.stdout.starts_with("The ensemble of 3 networks (batch_norm) has on the"),
        "{}",
        ended.stdout
    );
    assert!(
        ended
            .stdout
            .contains("ensemble: run/ensemble.safetensors; to use it: bntrain predict run --data NEW.csv\n")
    );
    let of_member = |seed: u64| {
        let model = format!("run/batch_norm/seed-{seed}/model.safetensors");
        singles(&work.ok(&["predict", &model, "--data", "data.csv"]).stdout)
    };
    let members = [5, 6, 7].map(of_member);
    assert!(members[0] != members[1] && members[1] != members[2], "members differ");
    let together = work.ok(&["predict", "run", "--data", "data.csv"]).stdout;
    assert_eq!(written(&together), mean_of(&members));
    let same =
        work.ok(&["predict", "run/ensemble.safetensors", "--data", "data.csv", "--threads", "3"]).stdout;
    assert_eq!(same, together);
    // Its members one by one are the same models.
    let paths = [5, 6, 7].map(|seed| format!("run/batch_norm/seed-{seed}/model.safetensors"));
    let apart = [&["predict", "--data", "data.csv"], &paths.each_ref().map(String::as_str)[..]].concat();
    assert_eq!(work.ok(&apart).stdout, together);
}

#[test]
fn all_members_have_the_same_split_and_other_weights() {
    let work = Work::new();
    work.write("e.toml", &format!("{}ensemble = 2\nseed = 5\n", Work::SINGLE));
    work.ok(&["-c", "e.toml", "-o", "run"]);
    let hashes = work.hashes("run");
    assert_ne!(hashes[0], hashes[1]);
    let split = ["--set", "training.seed=6", "--set", "training.split_seed=5"];
    work.ok(&[&["-c", "single.toml", "-o", "second"][..], &split].concat());
    assert_eq!(work.hashes("second")[0], hashes[1]);
    work.ok(&["-c", "single.toml", "-o", "other", "--seed", "6"]);
    assert_ne!(work.hashes("other")[0], hashes[1]);
    // The written config trains the same again.
    work.ok(&["-c", "run/config.toml", "-o", "again"]);
    assert_eq!(work.hashes("again"), hashes);
    let bytes = |run: &str| std::fs::read(work.path(run).join("ensemble.safetensors")).expect("a file");
    assert_eq!(bytes("again"), bytes("run"));
}

#[test]
fn eval_and_inspect_know_ensembles() {
    let work = Work::new();
    let config = Work::SINGLE.replace("valid = 0.25", "valid_path = \"data.csv\"");
    work.write("e.toml", &format!("{config}ensemble = 3\n"));
    work.ok(&["-c", "e.toml", "-o", "run"]);
    let evaluated = work.ok(&["eval", "run", "--data", "data.csv", "--json"]).stdout;
    let evaluated: serde_json::Value = serde_json::from_str(&evaluated).expect("JSON");
    let loss = &evaluated["statistics"]["running"]["log_loss"]["value"];
    let predicted = numbers(&work.ok(&["predict", "run", "--data", "data.csv"]).stdout);
    let truth: Vec<usize> =
        work.read("data.csv").lines().skip(1).map(|line| usize::from(line.ends_with("up"))).collect();
    let expected: f64 =
        predicted.iter().zip(&truth).map(|(row, &class)| -row[class].ln()).sum::<f64>() / 60.0;
    // Probabilities were written in single precision.
    assert!((loss.as_f64().expect("a loss") / expected - 1.0).abs() < 1e-5, "{loss} {expected}");
    let inspected = work.ok(&["inspect", "run/ensemble.safetensors"]).stdout;
    assert!(inspected.contains("3 networks"), "{inspected}");
    let inspected = work.ok(&["inspect", "run"]).stdout;
    let lines = |name| inspected.lines().filter(move |line| line.starts_with(name)).collect::<Vec<_>>();
    let (ensemble, first) = (lines("ensemble.safetensors"), lines("batch_norm/seed-0"));
    let cells = |line: &str| line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let number = |cell: &str| cell.parse::<usize>().expect("a number");
    let (of_ensemble, of_first) = (cells(ensemble[0]), cells(first[0]));
    assert_eq!(number(&of_ensemble[0]), 3 * number(&of_first[0]), "{inspected}");
    // The epoch and the metrics would be those of the first network.
    assert!(of_ensemble[1..].iter().all(|cell| cell == "-"), "{inspected}");
    // What is said at the end of the training is what `eval` finds in the file.
    let summary = work.json("run/summary.json");
    let metrics = summary["ensemble"]["assessments"][0]["metrics"].as_array().expect("metrics");
    let said = metrics.iter().find(|named| named["metric"] == "log_loss").expect("a loss")["value"].clone();
    assert_eq!(loss, &said);
}

#[test]
fn seeds_of_a_comparison_are_averaged_with_their_own_encodings() {
    let work = Work::new();
    // Each seed has another split, and so other scalings and categories.
    let rows: String = (0..60)
        .map(|row| {
            let port = format!("p{}", row * 7 % 23);
            format!("{:.3},{port},{}\n", f64::from(row * 31 % 59) / 7.0, f64::from(row * 17 % 61) / 9.0)
        })
        .collect();
    work.write("t.csv", &format!("x,port,y\n{rows}"));
    let config = Work::SINGLE
        .replace("data.csv", "t.csv")
        .replace("label = \"kind\"", "target = \"y\"\nmax_categories = 9");
    work.write("t.toml", &format!("{config}dtype = \"f64\"\n[compare]\nseeds = 3\n"));
    work.ok(&["-c", "t.toml", "-o", "run"]);
    let of_seed = |seed: u64| {
        let model = format!("run/none/seed-{seed}/model.safetensors");
        numbers(&work.ok(&["predict", &model, "--data", "t.csv"]).stdout)
    };
    let members = [0, 1, 2].map(of_seed);
    let (code, message) = work.fails(&["predict", "run", "--data", "t.csv"]);
    let expected = "error: run has models of 2 networks; choose one of them:\n  run/batch_norm\n  run/none";
    assert_eq!((code, message.as_str()), (Some(2), expected));
    let ended = work.ok(&["predict", "run/none", "--data", "t.csv"]);
    assert!(ended.stderr.contains("note: predictions are the mean of 3 models"), "{}", ended.stderr);
    for (row, found) in numbers(&ended.stdout).iter().enumerate() {
        let sum = members.iter().fold(0.0, |sum, of_seed| sum + of_seed[row][0]);
        assert_eq!(found[0], sum / 3.0, "row {row}");
    }
    let other = ["predict", "run/none/seed-0/model.safetensors", "iris", "--data", "t.csv"];
    work.ok(&["-c", "single.toml", "-o", "iris"]);
    let (code, message) = work.fails(&other);
    assert_eq!(code, Some(2));
    assert!(message.contains("does not have the same columns"), "{message}");
}

#[test]
fn without_all_members_there_is_no_ensemble() {
    let work = Work::new();
    let sgd = Work::SINGLE.replace("adam", "sgd").replace("0.01", "1e30").replace("batch_norm", "none");
    work.write("e.toml", &format!("{sgd}ensemble = 2\n"));
    let (code, message) = work.fails(&["-c", "e.toml", "-o", "run"]);
    assert_eq!(code, Some(5), "{message}");
    assert!(message.contains("none seed 0") && message.contains("so there is no ensemble"), "{message}");
    assert!(!work.path("run/ensemble.safetensors").exists());
}

#[test]
fn an_ensemble_is_not_compared() {
    let work = Work::new();
    let (code, message) = work.fails(&["-c", "config.toml", "--set", "training.ensemble=3"]);
    assert_eq!(code, Some(2));
    let expected = "an ensemble cannot be compared; remove [compare], or set training.ensemble to 1";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn the_linear_model_is_kept_and_offered_where_it_is_as_good() {
    let work = Work::new();
    // An untrained network is worse than a linear one.
    let ended =
        work.ok(&["-c", "single.toml", "-o", "run", "--epochs", "1", "--set", "optimizer.learning_rate=0.2"]);
    let linear = "run/batch_norm/seed-0/linear.safetensors";
    let evaluated = work.ok(&["eval", linear, "--data", "data.csv", "--json"]).stdout;
    assert!(evaluated.contains("\"accuracy\""));
    let inspected = work.ok(&["inspect", linear]).stdout;
    assert!(inspected.contains("softmax_loss"), "{inspected}");
    let summary = work.json("run/summary.json");
    let loss = |of: &str| {
        let found = summary["final_metrics"].as_array().into_iter().flatten();
        let mut found = found.filter(|found| found["of"] == of && found["metric"] == "log_loss");
        found.next().and_then(|found| found["values"]["mean"].as_f64()).expect("a loss")
    };
    let is_as_good = loss("linear_model") <= loss("network");
    let first = ended.stdout.lines().next().unwrap_or_default();
    assert_eq!(first.starts_with("a linear model is no worse here"), is_as_good, "{first}");
    let shown = format!("bntrain predict {linear} --data NEW.csv");
    assert_eq!(ended.stdout.contains(&shown), is_as_good, "{}", ended.stdout);
    // A run that has ended keeps its files when it is continued.
    let before = std::fs::read(work.path(linear)).expect("a file");
    work.ok(&[
        "-c",
        "single.toml",
        "-o",
        "run",
        "--force",
        "--epochs",
        "1",
        "--set",
        "optimizer.learning_rate=0.2",
    ]);
    assert_eq!(std::fs::read(work.path(linear)).expect("a file"), before);
}
