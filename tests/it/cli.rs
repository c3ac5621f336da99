//! The program as its users see it: files, words and exit codes.

use std::fs::File;
use std::process::Stdio;

use serde_json::Value;

use crate::support::work::{Ended, Work};

#[test]
fn a_comparison_writes_every_file_and_shows_table_and_curves() {
    let work = Work::new();
    let ended = work.ok(&["--config", "config.toml"]);
    let files = ["metrics.csv", "steps.csv", "confusion.csv", "summary.json", "report.html", "curves.svg"];
    for file in ["config.toml", "run.json"].into_iter().chain(files) {
        assert!(work.path("runs/config-001").join(file).metadata().expect(file).len() > 0, "{file}");
    }
    for norm in ["batch_norm", "none"] {
        for seed in [0, 1] {
            assert!(work.path(format!("runs/config-001/{norm}/seed-{seed}/model.safetensors")).is_file());
        }
    }
    let metrics = work.read("runs/config-001/metrics.csv");
    assert_eq!(
        metrics.lines().next(),
        Some(
            "norm,point,seed,epoch,step,learning_rate,train_loss,train_eval_loss,train_accuracy,\
             valid_loss,valid_accuracy,train_seconds,eval_seconds"
        )
    );
    // Four runs of epochs 0 to 3.
    assert_eq!(metrics.lines().count(), 1 + 4 * 4);
    // Four runs of 3 epochs of 6 steps: 45 rows in batches of 8, the tail of 5 on its own.
    assert_eq!(work.read("runs/config-001/steps.csv").lines().count(), 1 + 4 * 3 * 6);
    assert!(ended.stdout.starts_with("Too few seeds to tell batch_norm from none"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("results: runs/config-001\n"), "{}", ended.stdout);
    assert!(ended.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ended.stdout);
    assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'), "no colour in a pipe");

    work.ok(&["--config", "config.toml"]);
    assert!(work.path("runs/config-002").is_dir(), "the next run gets the next number");
}

#[test]
fn results_do_not_depend_on_threads_and_config_toml_reproduces_them() {
    let work = Work::new();
    for threads in ["1", "2", "3", "4"] {
        let out = format!("threads-{threads}");
        work.ok(&["-c", "config.toml", "--threads", threads, "-o", &out]);
        assert_eq!(work.hashes("threads-1"), work.hashes(&out), "{threads} threads");
    }
    work.ok(&["-c", "threads-1/config.toml", "-o", "again"]);
    assert_eq!(work.hashes("threads-1"), work.hashes("again"));
    // The first line says from which file it is.
    let settings =
        |run: &str| work.read(format!("{run}/config.toml")).split_once('\n').expect("lines").1.to_owned();
    assert_eq!(settings("threads-1"), settings("again"));
    // The check can fail: another seed gives other bits.
    work.ok(&["-c", "config.toml", "--seed", "5", "-o", "other"]);
    assert_ne!(work.hashes("threads-1"), work.hashes("other"));
}

#[test]
fn a_run_gives_the_same_bits_alone_and_in_a_comparison() {
    let work = Work::new();
    work.ok(&["-c", "config.toml", "-o", "both"]);
    work.ok(&["-c", "single.toml", "--seed", "1", "-o", "alone"]);
    // Order of the runs: seed 0 with both norms, then seed 1.
    assert_eq!(work.hashes("both")[2], work.hashes("alone")[0]);
}

#[test]
fn each_kind_of_error_has_its_exit_code() {
    let work = Work::new();
    assert_eq!(work.fails(&["-c", "nowhere.toml"]).0, Some(6));
    assert_eq!(work.fails(&["--nonsense"]).0, Some(2));
    assert_eq!(work.fails(&["-c", "single.toml", "--threads", "100000"]).0, Some(2));
    let error = work.fails(&["-c", "single.toml", "--set", "training.epohcs=3"]);
    assert_eq!(error.0, Some(2));
    assert!(error.1.contains("did you mean `epochs`?"), "{}", error.1);
    work.write("ragged.csv", "a,b,kind\n1,2,up\n3,down\n");
    let error = work.fails(&["-c", "single.toml", "--set", "data.path=\"ragged.csv\""]);
    assert_eq!(error.0, Some(3));
    assert!(error.1.contains("ragged.csv:3:3: expected 3 fields"), "{}", error.1);
    let error = work.fails(&["-c", "single.toml", "--set", "training.batch_size=1"]);
    assert_eq!(error.0, Some(2));
    assert!(error.1.contains("at least 2 rows"), "{}", error.1);
    // 45 training rows: 22 batches of 2 and one row.
    let keep = ["--set", "training.batch_size=2", "--set", "training.last_batch=\"keep\""];
    let error = work.fails(&[&["-c", "single.toml"], &keep[..]].concat());
    assert_eq!(error.0, Some(2));
    assert!(
        error.1.contains("a batch of 1 row") && error.1.contains("last_batch = \"merge\""),
        "{}",
        error.1
    );
    assert!(!work.path("runs").exists(), "nothing was begun");
}

#[test]
fn data_may_vary_over_the_grid() {
    let work = Work::new();
    let grid =
        "compare={ norms = [\"none\"], seeds = 1, grid = { \"data.scale\" = [\"none\", \"min_max\"] } }";
    work.ok(&["check", "-c", "single.toml", "--set", grid]);
    work.ok(&["-c", "single.toml", "--set", grid, "-o", "out"]);
    assert_eq!(work.json("out/run.json")["data"].as_array().map(Vec::len), Some(2));
}

#[test]
#[cfg(target_os = "linux")]
fn names_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let work = Work::new();
    let out = OsStr::from_bytes(b"odd\xff");
    let ended =
        work.command(&["-c", "single.toml", "-q", "-o"]).arg(out).output().expect("the program starts");
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(work.path(out).join("run.json").is_file());
}

#[test]
fn a_diverged_run_reports_the_step_and_saves_the_last_finite_weights() {
    let work = Work::new();
    let wild = ["--set", "optimizer={ type = \"sgd\", learning_rate = 1e30 }", "-o", "wild"];
    let (code, error) = work.fails(&[&["-c", "single.toml"], &wild[..]].concat());
    assert_eq!(code, Some(5));
    assert!(error.starts_with("error: training diverged in epoch 1 at step "), "{error}");
    assert!(
        error.contains("the model file has the weights of epoch 0; try a smaller optimizer.learning_rate"),
        "{error}"
    );
    assert!(work.path("wild/batch_norm/seed-0/model.safetensors").is_file());

    // In a comparison it is a result.
    let wild = ["--set", "optimizer={ type = \"sgd\", learning_rate = 1e30 }", "-o", "wilder"];
    let ended = work.ok(&[&["-c", "config.toml"], &wild[..]].concat());
    assert!(ended.stdout.contains("diverged"), "{}", ended.stdout);
}

#[test]
fn requirements_decide_the_exit_code() {
    let work = Work::new();
    work.ok(&["-c", "config.toml", "--epochs", "30", "--require", "valid_accuracy >= 0.9"]);
    let (code, error) = work.fails(&["-c", "config.toml", "--require", "none.train_eval_loss <= 0"]);
    assert_eq!(code, Some(1));
    assert!(error.starts_with("error: required none.train_eval_loss <= 0: none with seed 0 has "), "{error}");
    assert_eq!(work.fails(&["-c", "config.toml", "--require", "loss < 1"]).0, Some(2));
}

#[test]
fn what_no_run_can_meet_is_refused_before_training() {
    let work = Work::new();
    for (condition, reason) in [
        ("test_loss < 1", "there are no test rows, so there is no test_loss"),
        ("valid_r2 > 0", "this is not a regression, so there is no valid_r2"),
        ("valid_accuracy > 1", "no run can meet it, since valid_accuracy is from 0 to 1"),
        ("train_loss < 0", "no run can meet it, since train_loss is at least 0"),
        ("mean_only.train_loss < 1", "no run has the norm mean_only"),
    ] {
        let message = format!("error: --require {condition}: {reason}");
        for more in [&["--dry-run"][..], &[]] {
            let args = [&["-c", "config.toml", "--require", condition], more].concat();
            assert_eq!(work.fails(&args), (Some(2), message.clone()));
        }
    }
    let no_valid = ["-c", "config.toml", "--set", "data.valid=0", "--require", "valid_loss < 1"];
    let message = "error: --require valid_loss < 1: there are no validation rows, so there is no valid_loss";
    assert_eq!(work.fails(&no_valid), (Some(2), message.to_owned()));
    assert!(!work.path("runs").exists());
}

#[test]
fn a_flag_does_not_contradict_a_setting() {
    let work = Work::new();
    let args = |set, flag| ["check", "-c", "config.toml", "--set", set, flag, "2"];
    for (set, flag) in [("training.seed=1", "--seed"), ("training={ epochs = 3 }", "--epochs")] {
        let message = format!("error: {flag} 2 contradicts --set {set}; leave out one of them");
        assert_eq!(work.fails(&args(set, flag)), (Some(2), message));
    }
    work.ok(&args("training.seed=2", "--seed"));
    work.ok(&args("training.seed=1", "--epochs"));
}

#[test]
fn a_dry_run_trains_one_step_and_writes_nothing() {
    let work = Work::new();
    let ended = work.ok(&["-c", "config.toml", "--dry-run"]);
    assert_eq!(
        ended.stdout,
        "batch_norm: one step finished\nnone: one step finished\nno results were written\n"
    );
    assert!(!work.path("runs").exists());
}

#[test]
fn check_prints_a_config_that_can_be_trained() {
    let work = Work::new();
    let ended = work.ok(&["check", "-c", "config.toml"]);
    assert!(
        ended.stdout.starts_with("data: 60 rows, 2 features, 2 classes of \"kind\"\n"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("split: 45 training rows, 15 validation rows, 0 test rows\n"));
    assert!(!work.path("runs").exists());
    let (_, config) = ended.stdout.split_once("the complete config:\n").expect("the config");
    work.write("full.toml", config);
    work.ok(&["-c", "config.toml", "-o", "short"]);
    work.ok(&["-c", "full.toml", "-o", "full"]);
    assert_eq!(work.hashes("short"), work.hashes("full"));
}

#[test]
fn gradcheck_passes_and_can_fail() {
    let work = Work::new();
    let ended = work.ok(&["gradcheck", "-c", "config.toml"]);
    for tensor in ["affine_1.weight", "batch_norm_2.gamma", "affine_3.bias", "input"] {
        assert!(ended.stdout.contains(tensor), "{}", ended.stdout);
    }
    assert_eq!(work.fails(&["gradcheck", "-c", "config.toml", "--tolerance", "1e-30"]).0, Some(1));
    assert_eq!(work.fails(&["gradcheck", "-c", "config.toml", "--tolerance", "nan"]).0, Some(2));
    let lines = work.ok(&["gradcheck", "-c", "config.toml", "--json", "-q"]).stdout;
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines}");
}

#[test]
fn compare_shows_finished_runs_side_by_side() {
    let work = Work::new();
    work.ok(&["-c", "config.toml", "-o", "slow"]);
    work.ok(&["-c", "config.toml", "-o", "fast", "--set", "optimizer.learning_rate=0.03"]);
    let ended = work.ok(&["compare", "slow", "fast"]);
    assert!(ended.stdout.contains("optimizer.learning_rate"), "{}", ended.stdout);
    let (code, error) = work.fails(&["compare", "slow", "nowhere"]);
    assert_eq!(code, Some(6));
    assert!(error.contains("nowhere"), "{error}");
}

#[test]
fn json_is_one_object_per_line() {
    let work = Work::new();
    let ended = work.ok(&["-c", "single.toml", "--json", "-q"]);
    let lines: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().expect("an event")).collect();
    let epochs = ["epoch_ended"; 4];
    assert_eq!(events, [&["run_started"], &epochs[..], &["run_ended", "finished"]].concat());
    assert_eq!(ended.stderr, "");
    for args in [&["check", "-c", "config.toml"][..], &["-c", "config.toml", "--dry-run"]] {
        let lines = work.ok(&[args, &["--json"]].concat()).stdout;
        assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines}");
    }
}

#[test]
fn data_can_come_from_standard_input() {
    let work = Work::new();
    work.write("stdin.toml", &Work::SINGLE.replace("data.csv", "-"));
    work.ok(&["-c", "single.toml", "-o", "file"]);
    let piped = |args: &[&str], from: &str| {
        let input = Stdio::from(File::open(work.path(from)).expect("the file is there"));
        Ended::from(work.command(args).stdin(input).output().expect("the program starts"))
    };
    let ended = piped(&["-c", "stdin.toml", "-o", "piped"], "data.csv");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(work.hashes("file"), work.hashes("piped"));
    let source = |run: &str| work.json(format!("{run}/run.json"))["data"][0]["sha256"].clone();
    assert!(source("file").is_string());
    assert_eq!(source("file"), source("piped"));
    assert!(work.read("piped/config.toml").contains("path = \"-\"\n"));

    work.write("bad.csv", "a,b,kind\n1,2,up\n1,x,down\n");
    let ended = piped(&["-c", "stdin.toml"], "bad.csv");
    assert_eq!(ended.code, Some(3));
    assert!(
        ended.stderr.contains("error: standard input:3, column \"b\" (index 1): \"x\""),
        "{}",
        ended.stderr
    );
}

#[test]
fn data_larger_than_memory_give_the_same_bits() {
    let work = Work::new();
    work.ok(&["-c", "config.toml", "-o", "memory"]);
    let files = || std::fs::read_dir(work.path("")).expect("a folder").count();
    let before = files();
    let ended = work.ok(&["-c", "config.toml", "--set", "data.memory=\"1 kB\"", "-o", "disk"]);
    assert_eq!(work.hashes("memory"), work.hashes("disk"));
    assert!(ended.stderr.contains("the rows exceed data.memory"), "{}", ended.stderr);
    assert_eq!(files(), before + 1, "only the run directory is new");
}
