//! Norms that are tuned before they are compared, and seeds that are added until it is clear.

use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::json::remove_times;
use crate::support::work::Work;

const STUDY: &str = r#"
[compare]
seeds = { until = "clear", min = 2, max = 4 }
primary = "best_loss"
[compare.tune]
points = 4
seeds = 2
"#;

fn study() -> Work {
    let work = Work::new();
    let config = Work::SINGLE.replace("[training]", "[training]\ncheckpoint = \"epoch\"");
    work.write("study.toml", &format!("{config}{STUDY}"));
    work
}

/// `summary.json` without times.
fn summary(work: &Work, directory: &str) -> serde_json::Value {
    let mut summary = work.json(format!("{directory}/summary.json"));
    remove_times(&mut summary);
    summary
}

/// Five layers of 100 on digits, as in the table of rates in `docs/comparing.md`: with batch norm rates three times as
/// large are usable, and more.
#[test]
fn batch_norm_makes_larger_rates_usable_on_digits() {
    let work = Work::new();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits.csv");
    let config = format!(
        "[data]\npath = '{data}'\nlabel = 'digit'\nvalid = 0.2\n\
         [model]\nhidden = [100, 100, 100, 100, 100]\ninit = 'he_normal'\n\
         [optimizer]\ntype = 'sgd'\nlearning_rate = 0.1\n\
         [training]\nepochs = 4\nseed = 1\n\
         [compare]\nprimary = 'final_accuracy'\nseeds = 1\n\
         [compare.tune]\npoints = 8\nseeds = 2\nwithin = 0.06\n\
         keys = {{ 'optimizer.learning_rate' = {{ log = [0.1, 10] }} }}\n"
    );
    work.write("digits.toml", &config);
    work.ok(&["digits.toml", "-q", "-o", "run"]);
    let summary = work.json("run/summary.json");
    let norms = summary["tuning"]["norms"].as_array().expect("norms");
    let top = |norm: &serde_json::Value| norm["usable"][0]["high"].as_f64().expect("a rate");
    let (batch_norm, none) = (top(&norms[0]), top(&norms[1]));
    assert!(3.0 * none <= batch_norm, "{batch_norm} against {none}");
    // The largest rates are lost without a norm.
    assert!(norms[1]["points"].as_array().expect("points").iter().any(|point| point["n_lost"] == 2));
    let ratio = summary["tuning"]["ratios"][0]["ratio"].as_f64().expect("a ratio");
    assert!(1.0 < ratio, "{ratio}");
}

#[test]
fn a_study_is_the_same_for_any_number_of_threads_and_after_interruptions() {
    let work = study();
    let args = ["study.toml", "-q", "--epochs", "6", "-o"];
    work.ok(&[&args[..], &["whole", "--threads", "1"]].concat());
    work.ok(&[&args[..], &["many", "--threads", "5"]].concat());
    assert_eq!(summary(&work, "many"), summary(&work, "whole"));

    // Killed while points are tried, and again while the chosen ones are compared.
    for file in
        ["cut/none/point-2/seed-1/checkpoint.safetensors", "cut/batch_norm/seed-2/checkpoint.safetensors"]
    {
        let resume = ["--resume"];
        let args = [&args[..], &["cut"], if file.contains("/point-") { &[][..] } else { &resume }].concat();
        let mut child =
            work.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let begin = Instant::now();
        while !work.path(file).exists() {
            assert!(begin.elapsed() < Duration::from_secs(60), "{file} does not appear");
            sleep(Duration::from_millis(2));
        }
        child.kill().expect("it runs");
        child.wait().expect("it ends");
    }
    work.ok(&["resume", "cut"]);
    assert_eq!(summary(&work, "cut"), summary(&work, "whole"));
    assert_eq!(work.read("cut/tuning.svg"), work.read("whole/tuning.svg"));
    let run = work.json("cut/run.json");
    assert_eq!((&run["outcome"], &run["runs"]), (&"finished".into(), &run["runs_planned"]));
}

#[test]
fn the_chosen_settings_are_in_the_models_and_in_every_output() {
    let work = study();
    let ended = work.ok(&["study.toml", "-o", "run"]);
    let summary = work.json("run/summary.json");
    let tuned = &summary["tuning"]["norms"][1];
    let best = tuned["best"].as_u64().expect("a point") as usize;
    let rate = tuned["points"][best - 1]["values"][0].as_f64().expect("a rate");
    let seed = summary["runs"][0]["seed"].as_u64().expect("a seed");
    assert_eq!(seed, 2, "seeds 0 and 1 are those of the points");
    let model = work.ok(&["inspect", &format!("run/none/seed-{seed}/model.safetensors"), "--json"]).stdout;
    let model: serde_json::Value = serde_json::from_str(&model).expect("JSON");
    let config = model["config"].as_str().expect("a config");
    assert!(config.contains(&format!("learning_rate = {rate:?}\n")), "{rate} {config}");
    assert!(ended.stderr.contains(&format!("none at optimizer.learning_rate={rate:?}")), "{}", ended.stderr);
    assert!(ended.stdout.contains("the best of 4 points of optimizer.learning_rate"), "{}", ended.stdout);
    assert!(ended.stdout.contains("seeds were added "), "{}", ended.stdout);
    // The points are in the tables as those of a grid, with the seeds that they were tried with.
    assert!(work.read("run/metrics.csv").contains(&format!("optimizer.learning_rate={rate:?},1,")));

    let check = work.ok(&["check", "study.toml"]).stdout;
    assert!(check.contains("runs: 16 to tune, then 4 to 8 to compare\n"), "{check}");
    assert_eq!(check.matches("trainable parameters\n").count(), 2, "{check}");
    let dry = work.ok(&["study.toml", "--dry-run"]).stdout;
    assert_eq!(dry.matches("one step").count(), 2, "{dry}");
    let json = work.ok(&["study.toml", "--json", "-q", "-o", "json"]).stdout;
    let last: serde_json::Value = serde_json::from_str(json.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["summary"]["tuning"]["norms"].as_array().map(Vec::len), Some(2));
}

#[test]
fn seeds_may_vary_the_split_the_weights_or_the_order_alone() {
    let work = Work::new();
    let losses = |vary: &str| {
        let set = format!("compare.vary={vary}");
        let sets = ["--set", "compare.norms=[\"none\"]", "--set", "compare.seeds=3", "--set", &set];
        work.ok(&[&["config.toml", "-q", "-o", "run", "--force"][..], &sets].concat());
        // At epoch 0 the network is as it was drawn.
        let first = work.read("run/metrics.csv");
        let losses = first
            .lines()
            .filter(|line| line.contains(",0,0,"))
            .map(|line| line.split(',').nth(7).map(str::to_owned));
        losses.collect::<std::collections::HashSet<_>>().len()
    };
    let hashes = |work: &Work| work.hashes("run").into_iter().collect::<std::collections::HashSet<_>>().len();
    assert_eq!((losses("[\"order\"]"), hashes(&work)), (1, 3), "the same network and rows, in another order");
    assert_eq!((losses("[\"weights\"]"), hashes(&work)), (3, 3));
    assert_eq!((losses("[\"split\"]"), hashes(&work)), (3, 3));
    assert_eq!((losses("\"all\""), hashes(&work)), (3, 3));
}

#[test]
fn every_part_of_a_cross_validation_has_other_validation_rows() {
    let work = Work::new();
    let rows = |index: &str| {
        let set = format!("training.fold={{index={index}, of=4}}");
        let check = work.ok(&["check", "single.toml", "--set", &set]).stdout;
        check.lines().find(|line| line.starts_with("split")).expect("a split").to_owned()
    };
    for index in ["1", "2", "3", "4"] {
        assert_eq!(rows(index), "split: 45 training rows, 15 validation rows, 0 test rows");
    }
    let (code, error) = work.fails(&["check", "single.toml", "--set", "training.fold={index=61, of=61}"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("part 61 of 61"), "{error}");
}

/// A `summary.json` that was changed or damaged gives a message, or a page without what it lacks.
#[test]
fn a_page_does_without_the_points_that_a_summary_lacks() {
    let work = study();
    let cheap = ["--set", "diagnose.level=\"cheap\"", "--set", "diagnose.every=1"];
    work.ok(&[&["study.toml", "-q", "--epochs", "1", "-o", "run"][..], &cheap].concat());
    let whole = work.json("run/summary.json");
    let report = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut summary = whole.clone();
        change(&mut summary["tuning"]["norms"][0]);
        work.write("run/summary.json", &summary.to_string());
        work.ok(&["report", "run"]);
        work.read("run/report.html")
    };
    let page = report(&|_| {});
    assert!(page.contains("best point"));
    // The runs that were done to tune are neither planned runs that are missing nor hidden.
    assert!(page.contains(" to tune, bntrain "), "{page}");
    assert!(page.contains("tuned for each norm, the best of "), "{page}");
    assert!(!page.contains("nothing was tuned"));
    for part in ["decades", "usable: no run is lost", "What to expect of the best of N of these points"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // Of the networks that are compared, not of those that were tried.
    let (_, inside) = page.split_once("Tables of the last values").expect("a table");
    let (_, head) = inside.split_once("<thead>").expect("a head");
    let names: Vec<&str> = head.split("<th scope=\"col\">").skip(1).take(3).collect();
    assert!(names[1].starts_with("batch_norm</th>") && names[2].starts_with("none</th>"), "{names:?}");
    report(&|norm| norm["expected_best"] = serde_json::json!([]));
    report(&|norm| {
        for point in norm["points"].as_array_mut().unwrap() {
            point["n_runs"] = serde_json::json!(u64::MAX);
        }
    });
    report(&|norm| norm["points"][1]["values"] = serde_json::json!([]));
    report(&|norm| norm["points"] = serde_json::json!([]));
    report(&|norm| norm["best"] = serde_json::json!(0));
    report(&|norm| norm["best"] = serde_json::json!(99));
}

/// With more epochs another point may be the best, and the compared runs cannot go on with its settings.
#[test]
fn a_comparison_at_tuned_settings_is_not_trained_for_more_epochs() {
    let work = study();
    work.ok(&["study.toml", "-q", "-o", "run"]);
    let before: Vec<String> =
        ["run.json", "summary.json", "metrics.csv", "none/point-1/seed-0/metrics.csv", "config.toml"]
            .iter()
            .map(|file| work.read(format!("run/{file}")))
            .collect();
    for args in [&["resume", "run"][..], &["study.toml", "--resume", "--out", "run"]] {
        let (code, message) = work.fails(&[args, &["--epochs", "5"]].concat());
        assert_eq!(code, Some(7), "{message}");
        assert!(
            message.starts_with("error: run: training.epochs was 3, is 5: its norms are compared"),
            "{message}"
        );
        assert!(message.ends_with("study.toml --epochs 5 --out DIR`"), "{message}");
        let after =
            ["run.json", "summary.json", "metrics.csv", "none/point-1/seed-0/metrics.csv", "config.toml"];
        assert!(after.iter().map(|file| work.read(format!("run/{file}"))).eq(before.iter().cloned()));
    }
    work.ok(&["resume", "run"]);
    work.ok(&["compare", "run"]);

    // Before any norm is compared, the points go on, and the best of them is chosen after all epochs.
    for norm in ["batch_norm", "none"] {
        for seed in 2..6 {
            let _ = std::fs::remove_dir_all(work.path(format!("run/{norm}/seed-{seed}")));
        }
    }
    work.ok(&["resume", "run", "--epochs", "5"]);
    work.ok(&["study.toml", "-q", "--epochs", "5", "-o", "long"]);
    assert_eq!(summary(&work, "run"), summary(&work, "long"));
}

/// A fork has one config, but each norm its own settings: the message says how the same runs can be forked.
#[test]
fn tuned_norms_are_forked_from_a_training_with_the_chosen_settings() {
    let work = study();
    work.ok(&["study.toml", "-q", "--set", "compare.seeds=2", "-o", "run"]);
    let (code, message) = work.fails(&["fork", "run", "--at-epoch", "2", "--out", "fork"]);
    assert_eq!(code, Some(7), "{message}");
    assert!(
        message.starts_with("error: run cannot be forked: each norm has settings that were tuned"),
        "{message}"
    );
    assert!(!work.path("fork").exists());
    let (_, grid) =
        message.split_once(": in a copy of run/config.toml, put this in the place of").expect("advice");
    let (_, grid) = grid.split_once('\n').expect("lines");

    let config = work.read("run/config.toml");
    let (start, tune) = config.split_once("[compare.tune]").expect("it was tuned");
    let (_, layers) = tune.split_once("[[layers]]").expect("layers");
    work.write("chosen.toml", &format!("{start}{grid}\n[[layers]]{layers}"));
    work.ok(&["chosen.toml", "-q", "-o", "chosen"]);
    work.ok(&["fork", "chosen", "-q", "--at-epoch", "2", "--out", "fork"]);
    let forked = work.hashes("fork");
    assert!(work.hashes("run").iter().all(|hash| forked.contains(hash)), "{grid}");

    // Without results nothing was chosen.
    std::fs::remove_file(work.path("run/summary.json")).expect("it is there");
    let (_, message) = work.fails(&["fork", "run", "--at-epoch", "2", "--out", "fork-2"]);
    assert!(message.contains("; once it has finished, summary.json has the chosen settings"), "{message}");
}
