//! Trainings that are watched, and reports that are written while training.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::work::Work;

#[test]
fn without_a_terminal_the_runs_are_listed_once() {
    let work = Work::new();
    let (code, error) = work.fails(&["watch"]);
    let none = "error: there is no run directory in runs/; name one: bntrain watch RUN";
    assert_eq!((code, &*error), (Some(2), none));
    work.ok(&["-c", "config.toml", "-q"]);
    let before = work.read("runs/config-001/summary.json");
    let shown = work.ok(&["watch"]).stdout;
    assert!(shown.starts_with("runs/config-001: 4 of 4 runs ended, finished\n\n   epoch  "), "{shown}");
    assert!(shown.contains("\n3.0 of 3  ended ") && shown.contains("  batch_norm seed 0\n"), "{shown}");
    assert_eq!(work.read("runs/config-001/summary.json"), before);

    // As if it had been killed in the middle.
    for file in ["run.json", "batch_norm/seed-1/model.safetensors"] {
        fs::remove_file(work.path("runs/config-001").join(file)).expect("it is there");
    }
    let metrics = work.read("runs/config-001/batch_norm/seed-1/metrics.csv");
    let half: String = metrics.lines().take(3).map(|line| format!("{line}\n")).collect();
    work.write("runs/config-001/batch_norm/seed-1/metrics.csv", &half);
    work.write("runs/config-001/lock", "");
    let shown = work.ok(&["watch", "--json", "runs/config-001"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((&json["state"], &json["runs_ended"]), (&"open".into(), &3.into()), "{shown}");
    assert!(json["remaining_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{shown}");
    assert!(work.path("runs/config-001/lock").exists(), "it writes nothing");
    let (code, error) = work.fails(&["watch", "data.csv"]);
    let message = "error: data.csv is not a run directory: there is no config.toml in it";
    assert_eq!((code, &*error), (Some(3), message));
}

#[test]
fn a_finished_training_stays_finished_after_a_command_that_was_refused() {
    let work = Work::new();
    work.ok(&["-c", "config.toml", "-q", "-o", "run"]);
    work.fails(&["resume", "run", "--epochs", "2"]);
    let shown = work.ok(&["watch", "run"]).stdout;
    assert!(shown.starts_with("run: 4 of 4 runs ended, finished\n\n"), "{shown}");
}

#[test]
fn epochs_that_are_not_in_order_are_an_error_as_in_a_report() {
    let work = Work::new();
    work.ok(&["single.toml", "-q", "-o", "run"]);
    let folder = work.model("run/batch_norm").replace("/model.safetensors", "");
    for table in ["run/metrics.csv".to_owned(), format!("{folder}/metrics.csv")] {
        let text = work.read(&table);
        let twice = text.lines().nth(2).expect("the row of epoch 1");
        work.write(&table, &text.replace(twice, &format!("{twice}\n{twice}")));
    }
    let (code, error) = work.fails(&["watch", "run"]);
    assert_eq!((code, &error), (Some(3), &work.fails(&["report", "run"]).1));
    assert!(
        error.contains("run: metrics.csv: batch_norm seed 0: epoch 1 where epoch 2 is expected"),
        "{error}"
    );
}

#[test]
fn shares_are_watched_as_such() {
    let work = Work::new();
    work.ok(&["train", "-c", "config.toml", "-q", "--share", "1/4", "-o", "share"]);
    let shown = work.ok(&["watch", "share"]).stdout;
    assert!(shown.starts_with("share: 1 of 1 run ended, finished\n"), "{shown}");
}

#[test]
fn a_report_is_written_while_training_and_loads_itself_anew_until_the_end() {
    let work = Work::new();
    let args = ["-c", "config.toml", "-q", "--epochs", "100000", "--report-every", "1", "-o", "run"];
    let mut child =
        work.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let begin = Instant::now();
    let page = loop {
        match fs::read_to_string(work.path("run/report.html")) {
            Ok(page) => break page,
            Err(_) => assert!(begin.elapsed() < Duration::from_secs(60), "no report"),
        }
        assert!(child.try_wait().expect("a process").is_none(), "it ended before its report");
        sleep(Duration::from_millis(20));
    };
    assert!(page.ends_with("</html>\n"), "whole");
    assert!(page.contains("<meta http-equiv=\"refresh\" content=\"1\">"), "{}", &page[..600]);
    assert!(page.contains(", still training, bntrain "));
    let shown = work.ok(&["watch", "run"]).stdout;
    assert!(shown.contains(" %, up to ") && shown.contains(" begun\n"), "{shown}");
    let stopped = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(stopped.expect("kill is there").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(143));
    let page = work.read("run/report.html");
    assert!(!page.contains("http-equiv=\"refresh\"") && page.contains(", interrupted"));
    let shown = work.ok(&["watch", "run"]).stdout;
    assert!(shown.starts_with("run: 0 of 4 runs ended, interrupted\n"), "{shown}");
    assert!(shown.contains(" of 100000  interrupted  ") && !shown.contains("  running  "), "{shown}");
}

/// While others are trained there is no summary: how a run ended is in its model.
#[test]
fn findings_of_runs_that_diverged_say_so_before_the_training_ends() {
    let work = Work::new();
    let wild =
        ["--set", "optimizer={ type = \"sgd\", learning_rate = 1e9 }", "--set", "diagnose.level=\"cheap\""];
    work.ok(&[&["-c", "config.toml", "-q", "--set", "diagnose.every=1", "-o", "run"], &wild[..]].concat());
    let findings = || {
        let shown = work.ok(&["watch", "--json", "run"]).stdout;
        let json: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        json["findings"].clone()
    };
    let at_end = findings();
    assert!(
        at_end.to_string().contains("(diverged in 2 of 2 seeds, and was last measured before that)"),
        "{at_end}"
    );
    for file in ["run.json", "summary.json"] {
        fs::remove_file(work.path("run").join(file)).expect("it is there");
    }
    assert_eq!(findings(), at_end);
}
