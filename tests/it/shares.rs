//! A comparison whose runs are dealt out to several processes, and put together.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::results::{report, results};
use crate::support::work::Work;

/// A comparison of 12 runs with diagnostics, baselines and a checkpoint after each epoch.
fn comparison() -> Work {
    let work = Work::new();
    let config = work.read("config.toml").replace("[training]", "[training]\ncheckpoint = \"epoch\"");
    let grid =
        "[compare.grid]\n\"optimizer.learning_rate\" = [0.01, 0.1, 1e9]\n[diagnose]\nlevel = \"cheap\"\n";
    work.write("config.toml", &format!("{config}{grid}"));
    work
}

fn train<'a>(share: &'a str, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["train", "-c", "config.toml", "-q", "--share", share, "-o", out], more].concat()
}

/// Kills a share once one of its runs has a checkpoint, if it has not ended by then.
fn kill_early(work: &Work, share: &str, out: &str) {
    let mut command = work.command(&train(share, out, &["--threads", "1"]));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let begin = Instant::now();
    let has_checkpoint = || {
        let folders = ["batch_norm", "none"].iter().flat_map(|norm| {
            (1..=3).flat_map(move |point| (0..2).map(move |seed| format!("{norm}/point-{point}/seed-{seed}")))
        });
        folders.into_iter().any(|run| work.path(format!("{out}/{run}/checkpoint.safetensors")).exists())
    };
    while !has_checkpoint() && child.try_wait().expect("a process").is_none() {
        assert!(begin.elapsed() < Duration::from_secs(60), "no checkpoint in {out}");
        sleep(Duration::from_millis(1));
    }
    // It may have ended.
    let _ = child.kill();
    child.wait().expect("it ends");
}

#[test]
fn shares_in_any_order_some_killed_and_repeated_are_those_of_one_process_to_the_byte() {
    let work = comparison();
    work.ok(&["-c", "config.toml", "-q", "-o", "one/run"]);
    // The last one has no runs.
    for share in ["5/13", "13/13", "1/13", "8/13", "12/13", "3/13", "10/13"] {
        let out = format!("shares/{}", share.replace("/13", ""));
        if ["5/13", "8/13", "3/13"].contains(&share) {
            kill_early(&work, share, &out);
        }
        work.ok(&train(share, &out, &["--resume"]));
    }
    // Another number of shares; some runs are done twice.
    for share in ["1/2", "2/2"] {
        work.ok(&train(share, &format!("halves/{}", share.replace('/', "-")), &[]));
    }
    let error = work.fails(&["merge", "shares/1", "shares/8", "shares/13", "shares/5", "-o", "all/none"]);
    assert_eq!(error.0, Some(7));
    assert!(error.1.starts_with("error: 9 runs are missing:\n"), "{}", error.1);
    for share in [2, 3, 4, 6, 7, 9, 10, 11, 12] {
        let line = format!(" (share {share}/13, not given)");
        assert_eq!(error.1.lines().filter(|other| other.ends_with(&line)).count(), 1, "{}", error.1);
    }
    assert!(!work.path("all/none").exists());

    // One that is given twice counts once.
    let twice = work.fails(&[
        "merge",
        "shares/1",
        "./shares/1/",
        "shares/8",
        "shares/13",
        "shares/5",
        "-o",
        "all/none",
    ]);
    assert_eq!(twice, error);
    let inside = ["merge", "halves/1-2", "halves/2-2", "-o", "halves/1-2/all"];
    let refused = "error: --out halves/1-2/all is in halves/1-2; name a directory outside of all shares";
    assert_eq!(work.fails(&inside), (Some(7), refused.to_owned()));

    let all = ["shares/1", "shares/8", "halves/2-2", "shares/13", "halves/1-2", "shares/5", "shares/3"];
    work.ok(&[&["merge", "-o", "all/run"], &all[..]].concat());
    for ((name, found), (_, expected)) in results(&work, "all/run").into_iter().zip(results(&work, "one/run"))
    {
        assert!(found == expected, "{name} differs");
    }
    assert!(report(&work, "all/run") == report(&work, "one/run"), "report.html differs");
    let run = work.json("all/run/run.json");
    assert_eq!((&run["runs"], &run["merged"][2]["share"]), (&12.into(), &"2/2".into()));
    // It is a run directory like others.
    let ended = work.ok(&["resume", "all/run"]);
    assert!(ended.stderr.contains("all/run: 12 of 12 runs have ended, 0 go on, 0 begin"), "{}", ended.stderr);
}

#[test]
fn what_does_not_belong_together_is_named() {
    let work = comparison();
    let epochs = ["--epochs", "1"];
    for (share, out) in [("1/2", "a"), ("2/2", "b"), ("1/3", "c")] {
        work.ok(&train(share, out, &epochs));
    }
    let merge = |other: &str| {
        let (code, error) = work.fails(&["merge", "a", other, "-o", "out"]);
        assert!(!work.path("out").exists());
        (code, error)
    };
    work.ok(&train("2/2", "longer", &["--epochs", "2"]));
    let expected = "error: longer does not belong to the same comparison as a: the config differs: training.epochs was \
                    1, is 2";
    assert_eq!(merge("longer"), (Some(7), expected.to_owned()));

    let data = work.read("data.csv");
    work.write("data.csv", &data.replacen(",up", ",down", 1));
    work.ok(&train("2/2", "changed", &epochs));
    let (code, error) = merge("changed");
    let start = "error: changed does not belong to the same comparison as a: the data files differ: sha256 ";
    assert!(code == Some(7) && error.starts_with(start), "{error}");
    work.write("data.csv", &data);

    let run = work.read("b/run.json");
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(run.contains(&version));
    work.write("b/run.json", &run.replace(&version, "\"version\": \"0.0.9\""));
    let (code, error) = merge("b");
    let start =
        "error: b does not belong to the same comparison as a: it is from bntrain 0.0.9, the other from ";
    assert!(code == Some(7) && error.starts_with(start), "{error}");
    work.write("b/run.json", &run);

    // The same run with another result.
    let summary = work.read("a/summary.json");
    let hash = work.hashes("a")[0].clone();
    work.write("a/summary.json", &summary.replace(&hash, &hash.chars().rev().collect::<String>()));
    let (code, error) = merge("a");
    assert!(code == Some(7) && error.contains("missing"), "{error}");
    fs::create_dir(work.path("whole")).expect("a folder");
    work.ok(&["-c", "config.toml", "-q", "--epochs", "1", "-o", "whole"]);
    let (code, error) = merge("whole");
    let end = " is in a and in whole with different results: the hashes of their weights differ; leave out the \
               directory that is wrong";
    assert!(code == Some(7) && error.ends_with(end), "{error}");
    work.write("a/summary.json", &summary);

    work.write("b/run.json", &run.replace("\"outcome\": \"finished\"", "\"outcome\": \"interrupted\""));
    let (code, error) = merge("b");
    assert!(code == Some(7) && error.contains(" (share 2/2, not finished)\n"), "{error}");
    assert!(error.ends_with("\n  b has not finished; go on with `bntrain resume b`"), "{error}");
    assert_eq!(merge("data.csv"), (Some(3), "error: data.csv is not a run directory".to_owned()));
}

#[test]
fn a_share_goes_on_as_itself_only() {
    let work = comparison();
    work.ok(&train("2/5", "run", &["--epochs", "1"]));
    let refused = |args: &[&str], asked: &str| {
        let message = format!(
            "error: run holds share 2/5, and {asked} was asked for; go on with `bntrain resume run`, or choose another \
             --out"
        );
        assert_eq!(work.fails(args), (Some(7), message));
    };
    refused(&train("3/5", "run", &["--epochs", "1", "--resume"]), "share 3/5");
    refused(&["-c", "config.toml", "-o", "run", "--epochs", "1", "--resume"], "all runs");
    let ended = work.ok(&["resume", "run", "--epochs", "2"]);
    assert!(ended.stderr.contains("share 2/5: 3 of 12 runs; "), "{}", ended.stderr);
    assert!(ended.stderr.contains(" of 3 runs have ended, "), "{}", ended.stderr);
    assert_eq!(work.json("run/run.json")["runs"], 3);

    let (code, error) = work.fails(&["fork", "run", "--at-epoch", "1"]);
    assert!(code == Some(7) && error.starts_with("error: run holds share 2/5 of the runs; "), "{error}");
}

#[test]
fn runs_that_depend_on_others_are_not_shared_out() {
    let work = comparison();
    for (set, reason) in [
        ("compare.seeds={ until = \"clear\" }", "compare.seeds = { until = ... } decides by all runs"),
        ("compare={ tune = {} }", "[compare.tune] chooses settings by the results of all tuned runs"),
    ] {
        let (code, error) = work.fails(&train("1/2", "out", &["--set", set]));
        assert_eq!(code, Some(2), "{error}");
        assert!(error.starts_with(&format!("error: --share: {reason}")), "{error}");
    }
    let (code, error) = work.fails(&["-c", "single.toml", "--share", "1/2", "-o", "out"]);
    assert_eq!((code, &*error), (Some(2), "error: --share: without [compare] there is one run"));
    let (code, error) = work.fails(&["-c", "config.toml", "--share", "auto", "-o", "out"]);
    assert!(code == Some(2) && error.contains("this is not a task of an array"), "{error}");
}

#[test]
fn groups_are_of_processes_that_are_started_together() {
    let work = comparison();
    let (code, error) = work.fails(&["config.toml", "--groups", "2", "-o", "out"]);
    assert_eq!(code, Some(2), "{error}");
    assert!(error.starts_with("error: --groups 2, but there is one process: start more together"), "{error}");
    for more in [&["--share", "1/2"][..], &["--dry-run"], &["--require", "valid_accuracy >= 0"]] {
        let (code, error) = work.fails(&[&["config.toml", "--groups", "2", "-o", "out"], more].concat());
        assert!(code == Some(2) && error.contains("cannot be used with"), "{error}");
    }
    assert!(!work.path("out").exists() && !work.path("out.groups").exists());
}

#[test]
fn a_share_without_runs_finishes_like_any_other() {
    let work = Work::new();
    let events = work.ok(&["-c", "config.toml", "-q", "--json", "--share", "9/9", "-o", "none"]).stdout;
    assert!(events.starts_with("{\"event\":\"finished\",\"directory\":\"none\","), "{events}");
    let shown = work.ok(&["-c", "config.toml", "-q", "--share", "8/9", "-o", "also_none"]).stdout;
    assert_eq!(shown, "results: also_none\n");
}
