//! Runs that go on from an earlier place with something changed.

use std::fs;

use crate::support::work::Work;

/// The rows of a table of a run directory without its last two columns, which in `metrics.csv` are times.
fn rows(work: &Work, table: &str) -> Vec<String> {
    let text = work.read(table);
    let columns = if table.ends_with("metrics.csv") { 3 } else { 1 };
    text.lines().map(|line| line.rsplitn(columns, ',').last().expect("a column").to_owned()).collect()
}

fn trained() -> Work {
    let work = Work::new();
    work.ok(&["config.toml", "--set", "training.epochs=5", "--out", "run"]);
    work
}

#[test]
fn without_a_change_it_is_the_run_bit_for_bit() {
    let work = trained();
    // After an epoch from the start, in the middle of one, at the end, where there is a checkpoint.
    for (number, place) in [["--at-epoch", "2"], ["--at-step", "8"], ["--at-epoch", "5"]].iter().enumerate() {
        let out = format!("fork-{number}");
        let ended = work.ok(&["fork", "run", place[0], place[1], "--out", &out]);
        assert_eq!(work.hashes(&out), work.hashes("run"), "{place:?}");
        for table in ["metrics.csv", "steps.csv"] {
            assert_eq!(
                rows(&work, &format!("{out}/{table}")),
                rows(&work, &format!("run/{table}")),
                "{place:?}"
            );
        }
        let answer = format!("fork of run after {} {}: nothing changed\n", &place[0][5..], place[1]);
        let at = |text: &str| ended.stdout.find(text).unwrap_or_else(|| panic!("{text} in {}", ended.stdout));
        assert!(at(&answer) < at("the forks by themselves") && at("the forks by") < at("validation rows"));
        assert!(!ended.stdout.contains("linear model"), "{}", ended.stdout);
        let way = if number == 2 { "4 with a checkpoint of it" } else { "4 repeated from the start" };
        assert!(ended.stderr.contains(&format!(" of 4 runs: {way}\n")), "{}", ended.stderr);
    }
}

#[test]
fn a_change_shows_from_the_fork_on_and_the_fork_can_be_resumed() {
    let work = trained();
    let rate = ["--set", "optimizer.learning_rate=0.001", "--set", "training.batch_size=15"];
    let args = [&["fork", "run", "--at-epoch", "2", "--out", "fork", "--json"][..], &rate].concat();
    let ended = work.ok(&args);
    let (before, after) = (rows(&work, "run/metrics.csv"), rows(&work, "fork/metrics.csv"));
    // The header, and epochs 0 to 2 of the first run.
    assert_eq!(before[..4], after[..4]);
    assert_ne!(before[4], after[4]);
    let line = ended.stdout.lines().last().expect("a line");
    let forked: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(forked["place"]["epoch"], 2);
    assert_eq!(forked["changes"][0], "optimizer.learning_rate was 0.01, is 0.001");
    let curve = forked["curves"][0]["epochs"].as_array().expect("a curve");
    assert_eq!((curve.len(), &curve[0]["unchanged"]), (4, &curve[0]["fork"]));
    assert_eq!((&curve[0]["ratio"], &curve[0]["interval"]), (&1.0.into(), &serde_json::Value::Null));
    assert!(curve[3]["ratio"].as_f64().is_some_and(|ratio| ratio > 1.0) && curve[3]["interval"].is_object());
    // Three steps in each epoch from there on, after 12 of 6 rows or so.
    let steps: Vec<u64> = rows(&work, "fork/metrics.csv")[1..7]
        .iter()
        .map(|row| row.split(',').nth(4).and_then(|step| step.parse().ok()).expect("a step"))
        .collect();
    assert_eq!(steps, [0, 6, 12, 15, 18, 21]);

    let same_again =
        "bntrain fork run --at-epoch 2 --set optimizer.learning_rate=0.001 --set training.batch_size=15";
    let page = work.read("fork/report.html");
    assert!(page.contains(&format!("<pre>{same_again}</pre>")), "{page}");
    assert!(page.contains("This is a fork of ") && !page.contains("bntrain fork/config.toml"));
    assert!(
        page.contains("<h1>config on data.csv</h1>") && page.contains(": 4 runs, a fork of run, bntrain")
    );
    assert!(page.contains("Forked after epoch 2: optimizer.learning_rate was 0.01, is 0.001; "), "{page}");
    assert!(
        page.contains("none: after epoch 5 the validation loss is ")
            && page.contains(" times that of the unchanged")
    );

    assert!(page.contains("validation loss of the fork relative to the unchanged runs"), "{page}");
    work.ok(&["report", "fork", "--figures", "figures"]);
    assert!(work.path("figures/fork.svg").exists() && !work.read("figures/time_to_bound.svg").contains('\\'));

    // Two ways to seven epochs.
    work.ok(&["resume", "fork", "--epochs", "7"]);
    let longer = format!("<pre>{same_again} --epochs 7</pre>");
    assert!(work.read("fork/report.html").contains(&longer));
    let args = [&["fork", "run", "--at-epoch", "2", "--out", "long", "--epochs", "7"][..], &rate].concat();
    work.ok(&args);
    assert_eq!(work.hashes("fork"), work.hashes("long"));

    // Without its checkpoints it would begin with the changed config.
    for file in ["checkpoint.safetensors", "checkpoint.previous.safetensors"] {
        fs::remove_file(work.path("fork/none/seed-1").join(file)).expect("a checkpoint");
    }
    let (code, message) = work.fails(&["resume", "fork", "--epochs", "8"]);
    assert_eq!(code, Some(4));
    assert!(
        message.starts_with("error: none seed 1: none of its checkpoints can be used; fork it again"),
        "{message}"
    );
    let (code, message) = work.fails(&["fork", "fork", "--at-epoch", "3", "--out", "second"]);
    assert_eq!(code, Some(7));
    assert!(message.contains("fork is a fork, whose start cannot be repeated"), "{message}");
    assert!(message.ends_with("; fork the run that it is from, see fork.json in it"), "{message}");
}

#[test]
fn a_frozen_norm_keeps_its_statistics_and_recomputed_ones_are_others() {
    let work = trained();
    let fork = |out: &str, more: &[&str]| {
        work.ok(&[&["fork", "run", "--at-epoch", "3", "--out", out][..], more].concat());
        work.hashes(out)
    };
    let frozen = fork("frozen", &["--set", "training.freeze=[\"batch_norm_*\"]"]);
    let recomputed = fork("recomputed", &["--recompute-statistics"]);
    let run = work.hashes("run");
    // Runs are batch_norm, none, batch_norm, none; there is nothing to freeze or recompute in the latter.
    for index in 0..4 {
        assert_eq!(frozen[index] == run[index], index % 2 == 1);
        assert_eq!(recomputed[index] == run[index], index % 2 == 1);
    }
}

#[test]
fn what_cannot_change_is_refused_with_its_reason() {
    let work = trained();
    let refused = |args: &[&str]| {
        let (code, message) = work.fails(&[&["fork", "run", "--out", "fork"][..], args].concat());
        assert!(!work.path("fork").exists(), "{message}");
        (code, message)
    };
    let (code, message) =
        refused(&["--at-step", "8", "--set", "data.valid=0.3", "--set", "training.batch_size=4"]);
    assert_eq!(code, Some(2));
    assert_eq!(
        message,
        "error: a fork cannot change everything\n  data.valid was 0.25, is 0.3: the rows are those that the run was trained \
         on\n  training.batch_size was 8, is 4: the batches of an epoch are drawn together; fork after an epoch, with \
         --at-epoch"
    );
    let (_, message) = refused(&["--at-epoch", "1", "--set", "optimizer={ type = \"sgd\" }", "--seed", "1"]);
    assert!(message.contains("unexpected argument '--seed'"), "{message}");
    let (_, message) = refused(&["--at-epoch", "1", "--set", "optimizer={ type = \"sgd\" }"]);
    assert!(message.contains("is \"sgd\": the state of the optimizer is that of the run"), "{message}");
    let (code, message) = refused(&["--at-epoch", "1", "--set", "layers.0.units=5"]);
    assert_eq!(code, Some(2));
    assert!(
        message.contains(
            "the network of a fork has the tensors of the run: it has no tensor \"affine_1.weight\""
        )
    );
    let (code, message) = refused(&["--at-epoch", "6"]);
    assert_eq!(code, Some(2));
    assert!(
        message.starts_with("error: --at-epoch 6: the runs of run have 5 epochs; fork them after one of"),
        "{message}"
    );
    let (_, message) = refused(&["--at-epoch", "0"]);
    assert_eq!(message, "error: a fork from the start is another training; use `bntrain train` with --set");
}

/// The value of the config itself is that of no run.
#[test]
fn a_key_of_the_grid_cannot_change() {
    let work = Work::new();
    let grid = "compare.grid={\"optimizer.learning_rate\"=[0.01, 0.1]}";
    work.ok(&["config.toml", "-q", "--set", grid, "-o", "run"]);
    let args = ["fork", "run", "--at-epoch", "2", "--set", "optimizer.learning_rate=0.5", "--out", "fork"];
    let (code, message) = work.fails(&args);
    assert_eq!(code, Some(2));
    assert!(
        message.contains("is 0.5: the runs have the values of compare.grid, so that it would"),
        "{message}"
    );
    assert!(!work.path("fork").exists());
}

#[test]
fn a_fork_needs_the_data_of_the_run() {
    let work = trained();
    work.write("data.csv", &work.read("data.csv").replacen("1.000", "1.001", 1));
    for epoch in ["2", "5"] {
        let (code, error) = work.fails(&["fork", "run", "--at-epoch", epoch, "--out", "fork"]);
        let message = "batch_norm seed 0: the data files are not those that it was trained on";
        assert_eq!((code, error.contains(message)), (Some(7), true), "{error}");
    }
    assert!(!work.path("fork").exists());
}

/// A run that another processor or version trained may differ in its last bits.
#[test]
fn a_run_that_is_not_repeated_bit_for_bit_is_not_forked() {
    let work = trained();
    let metrics = "run/batch_norm/seed-0/metrics.csv";
    let text = work.read(metrics);
    let row = text.lines().nth(2).expect("epoch 1");
    let loss = row.split(',').nth(7).expect("a loss");
    work.write(metrics, &text.replacen(loss, &format!("{loss}1"), 1));
    let (code, message) = work.fails(&["fork", "run", "--at-epoch", "2", "--out", "fork"]);
    assert_eq!(code, Some(7));
    assert!(message.contains("it differs from its metrics.csv in epoch 1"), "{message}");
}

#[test]
fn runs_that_diverged_before_the_place_are_in_the_fork_as_they_ended() {
    let work = Work::new();
    let train = |rates: &str, out: &str, more: &[&str]| {
        let grid = format!("compare.grid={{\"optimizer.learning_rate\"={rates}}}");
        work.ok(
            &[&["config.toml", "-q", "--set", "training.epochs=4", "--set", &grid, "-o", out], more].concat()
        );
    };
    train("[0.01, 1e30]", "run", &[]);
    train("[0.01, 1e30]", "unsaved", &["--set", "training.checkpoint=\"off\""]);
    for run in ["run", "unsaved"] {
        let out = format!("{run}-fork");
        // Epochs have another number of batches, also those in which runs diverged.
        let ended =
            work.ok(&["fork", run, "--at-epoch", "2", "--set", "training.batch_size=45", "--out", &out]);
        let note = "note: 4 of 8 runs were never at epoch 2, and stay as they ended:\n  batch_norm \
                    optimizer.learning_rate=1e30 diverged: seeds 0, 1\n  none optimizer.learning_rate=1e30 diverged: \
                    seeds 0, 1\n";
        assert!(ended.stderr.contains(note), "{}", ended.stderr);
        let (before, after) = (work.hashes(run), work.hashes(&out));
        for index in 0..8 {
            assert_eq!(before[index] == after[index], 4 <= index, "{run} {index}");
        }
        let answer = ended.stdout.split("the forks by themselves").next().expect("a text");
        assert!(answer.contains("=0.01: after epoch 4 the") && !answer.contains("=1e30"), "{answer}");
        let diverged = |directory: &str| {
            let summary = work.json(format!("{directory}/summary.json"));
            let runs = summary["runs"].as_array().expect("runs");
            runs[4..].iter().map(|run| run["outcome"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(diverged(&out), diverged(run));
    }
    work.ok(&["resume", "run-fork", "-q", "--epochs", "6"]);
    work.ok(&["fork", "run-fork", "-q", "--at-epoch", "6", "--epochs", "7", "--out", "again"]);
    assert_eq!(work.hashes("again")[4..], work.hashes("run")[4..]);

    // With one step in each epoch they diverge when epoch 1 is evaluated: there is nothing to go on with.
    train("[0.01, 1e30]", "evaluated", &["--set", "training.batch_size=45"]);
    let fork = |of: &str, out: &str| {
        let ended = work.ok(&["fork", of, "--at-epoch", "1", "--set", "optimizer.l2=0.1", "-o", out]);
        assert!(ended.stderr.contains("note: 4 of 8 runs were never at epoch 1"), "{}", ended.stderr);
        assert_eq!(work.hashes(out)[4..], work.hashes("evaluated")[4..]);
    };
    fork("evaluated", "once");
    fork("once", "twice");

    train("[1e30]", "lost", &[]);
    let (code, message) = work.fails(&["fork", "lost", "--at-epoch", "2", "--out", "none"]);
    assert_eq!(code, Some(7));
    assert!(
        message.starts_with("error: lost cannot be forked: none of its 4 runs was at epoch 2; "),
        "{message}"
    );
    assert!(!work.path("none").exists());
}

/// In more epochs, it would go on from its end with the changes.
#[test]
fn a_run_that_finished_before_the_step_is_not_trained_on() {
    let work = Work::new();
    let grid = "compare.grid={\"training.batch_size\"=[8, 45]}";
    work.ok(&["config.toml", "-q", "--set", grid, "-o", "run"]);
    let args = ["fork", "run", "--at-step", "5", "--set", "optimizer.learning_rate=0.1", "--out"];
    let (code, message) = work.fails(&[&args[..], &["fork", "--epochs", "9"]].concat());
    assert_eq!(code, Some(7));
    assert!(
        message.contains("cannot be forked: it finished at step 3, before step 5; fork it there"),
        "{message}"
    );
    assert!(!work.path("fork").exists());
    let ended = work.ok(&[&args[..], &["fork"]].concat());
    assert!(ended.stderr.contains("training.batch_size=45 finished: seeds 0, 1\n"), "{}", ended.stderr);
    let answer = ended.stdout.split("the forks by themselves").next().expect("a text");
    assert!(answer.contains("batch_size=8: after epoch 3") && !answer.contains("batch_size=45"), "{answer}");
    assert_eq!(work.hashes("fork")[4..], work.hashes("run")[4..]);
    assert_ne!(work.hashes("fork")[..4], work.hashes("run")[..4]);
}
