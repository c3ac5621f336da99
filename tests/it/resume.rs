//! Runs that are interrupted, and go on.

use std::fs;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::results::results;
use crate::support::work::Work;

#[track_caller]
fn assert_same(work: &Work, directory: &str, expected: &str) {
    for (found, expected) in results(work, directory).iter().zip(results(work, expected)) {
        assert!(*found == expected, "{} differs: {directory}", found.0);
    }
}

fn start(work: &Work, args: &[&str]) -> Child {
    work.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

/// Waits until a file is there that differs from `before`; returns its bytes.
fn wait_for(work: &Work, name: &str, before: &[u8]) -> Vec<u8> {
    let begin = Instant::now();
    loop {
        match fs::read(work.path(name)) {
            Ok(bytes) if bytes != before => return bytes,
            _ => assert!(begin.elapsed() < Duration::from_secs(60), "{name} does not change"),
        }
        sleep(Duration::from_millis(2));
    }
}

/// `config.toml` with a checkpoint after each epoch, dropout, and diagnostics.
fn write_config(work: &Work) {
    let config = work.read("config.toml").replace("[training]", "[training]\ncheckpoint = \"epoch\"");
    work.write(
        "config.toml",
        &format!(
            "{}[diagnose]\nlevel = \"cheap\"\nevery = 1\n",
            config.replace("activation = \"relu\"", "activation = \"relu\"\ndropout = 0.2")
        ),
    );
}

#[test]
#[cfg(unix)]
fn a_comparison_that_is_killed_and_stopped_ends_with_the_same_bits() {
    let work = Work::new();
    write_config(&work);
    let args = ["-c", "config.toml", "-q", "--epochs", "120", "-o"];
    work.ok(&[&args[..], &["whole"]].concat());

    let mut child = start(&work, &[&args[..], &["cut"]].concat());
    let checkpoint = "cut/batch_norm/seed-0/checkpoint.safetensors";
    let bytes = wait_for(&work, checkpoint, &[]);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    // Rows are there while the run is trained.
    assert!(work.read("cut/batch_norm/seed-0/metrics.csv").lines().count() > 1);

    let mut child = start(&work, &[&args[..], &["cut", "--resume"]].concat());
    wait_for(&work, checkpoint, &bytes);
    let stopped = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(stopped.expect("kill is there").success());
    // It may have ended before, on a machine that is busy.
    if child.wait().expect("it ends").code() == Some(143) {
        assert_eq!(work.json("cut/run.json")["outcome"], "interrupted");
    }

    work.ok(&["resume", "cut", "--threads", "1"]);
    assert_same(&work, "cut", "whole");
    assert_eq!(work.json("cut/run.json")["outcome"], "finished");
    // Nothing is left to do.
    let ended = work.ok(&["resume", "cut"]);
    assert!(ended.stderr.contains("cut: 4 of 4 runs have ended, 0 go on, 0 begin"), "{}", ended.stderr);
    assert_same(&work, "cut", "whole");
}

#[test]
fn a_finished_comparison_goes_on_for_more_epochs() {
    let work = Work::new();
    write_config(&work);
    let args = ["-c", "config.toml", "-q", "--epochs"];
    work.ok(&[&args[..], &["6", "-o", "whole"]].concat());
    work.ok(&[&args[..], &["2", "-o", "cut"]].concat());
    let ended = work.ok(&["resume", "cut", "--epochs", "6"]);
    assert!(ended.stderr.contains("cut: 0 of 4 runs have ended, 4 go on, 0 begin"), "{}", ended.stderr);
    assert_same(&work, "cut", "whole");
    let (code, error) = work.fails(&["resume", "cut", "--epochs", "5"]);
    assert_eq!(code, Some(7));
    assert!(
        error.starts_with("error: batch_norm seed 0: it was trained for 6 epochs, more than 5; "),
        "{error}"
    );

    let cosine = "training.schedule={ type = \"cosine\" }";
    work.ok(&["-c", "single.toml", "-q", "--set", cosine, "-o", "cosine"]);
    let (code, error) = work.fails(&["resume", "cosine", "--epochs", "5"]);
    let reason =
        "training.epochs cannot change, because the learning rate of this schedule depends on all steps";
    assert!(code == Some(7) && error.contains(reason), "{error}");
}

#[test]
fn damaged_checkpoints_are_not_used() {
    let work = Work::new();
    write_config(&work);
    work.ok(&["-c", "config.toml", "-q", "-o", "whole"]);
    let damage = |name: &str| {
        let path = work.path("whole/batch_norm/seed-1").join(name);
        let mut bytes = fs::read(&path).expect("a checkpoint");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(path, bytes).expect("the folder can be written");
    };
    let expected = results(&work, "whole");
    damage("checkpoint.safetensors");
    let ended = work.ok(&["resume", "whole"]);
    let note = "checkpoint.safetensors: damaged: checksum mismatch; it is not used";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
    assert!(ended.stderr.contains("whole: 3 of 4 runs have ended, 1 go on, 0 begin"), "{}", ended.stderr);
    assert!(results(&work, "whole") == expected);

    damage("checkpoint.safetensors");
    damage("checkpoint.previous.safetensors");
    let ended = work.ok(&["resume", "whole"]);
    assert!(ended.stderr.contains("whole: 3 of 4 runs have ended, 0 go on, 1 begin"), "{}", ended.stderr);
    assert!(results(&work, "whole") == expected);

    // Rows that were lost are trained again.
    fs::write(work.path("whole/batch_norm/seed-1/steps.csv"), "norm,point,seed,step,loss,learning_rate\n")
        .expect("the folder can be written");
    let ended = work.ok(&["resume", "whole"]);
    assert!(ended.stderr.contains("rows of steps.csv before it are missing"), "{}", ended.stderr);
    assert!(results(&work, "whole") == expected);
}

#[test]
fn runs_without_a_checkpoint_begin_under_the_name_of_their_config() {
    let work = Work::new();
    for out in ["whole", "cut"] {
        work.ok(&["-c", "single.toml", "-q", "-o", out]);
    }
    // As if it had been killed before its first checkpoint.
    for file in ["run.json", "summary.json", "curves.svg", "batch_norm/seed-0/checkpoint.safetensors"] {
        fs::remove_file(work.path("cut").join(file)).expect("it is there");
    }
    work.write("cut/lock", "");
    let ended = work.ok(&["resume", "cut"]);
    assert!(ended.stderr.contains("cut: 0 of 1 runs have ended, 0 go on, 1 begin"), "{}", ended.stderr);
    assert_same(&work, "cut", "whole");
    assert_eq!(work.json("cut/run.json")["config"], work.json("whole/run.json")["config"]);
}

#[test]
fn another_config_or_other_data_are_refused() {
    let work = Work::new();
    work.ok(&["-c", "config.toml", "-q", "-o", "run"]);
    let before = results(&work, "run");
    let advice = "the result would not be that of a run without interruption; undo the change, or train anew with \
                  another --out or with --force";
    let change = ["--set", "optimizer.learning_rate=0.5", "--set", "training.checkpoint=off"];
    let args = [&["-c", "config.toml", "-o", "run", "--resume"], &change[..]].concat();
    let message =
        format!("error: run: the config has changed: optimizer.learning_rate was 0.01, is 0.5; {advice}");
    assert_eq!(work.fails(&args), (Some(7), message));

    let data = work.read("data.csv");
    work.write("data.csv", &data.replacen(",up", ",down", 1));
    let message =
        format!("error: batch_norm seed 0: the data files are not those that it was trained on; {advice}");
    assert_eq!(work.fails(&["resume", "run"]), (Some(7), message));
    assert!(results(&work, "run") == before, "nothing was done");

    // The same data elsewhere.
    work.write("moved.csv", &data);
    work.ok(&["-c", "config.toml", "-o", "run", "--resume", "--set", "data.path=moved.csv"]);
    assert_eq!(work.hashes("run").len(), 4);

    let (code, error) = work.fails(&["resume", "nowhere"]);
    assert!(code != Some(0) && error.contains("nowhere"), "{error}");
}

#[test]
fn without_a_directory_the_last_one_goes_on_or_a_new_one_begins() {
    let work = Work::new();
    let args = ["-c", "single.toml", "--resume"];
    work.ok(&args);
    let expected = results(&work, "runs/single-001");
    fs::remove_file(work.path("runs/single-001/run.json")).expect("it is there");
    work.write("runs/single-001/lock", "");
    work.ok(&args);
    assert!(results(&work, "runs/single-001") == expected);
    assert!(!work.path("runs/single-002").exists());
    // A finished one of another config is left alone.
    work.ok(&[&args[..], &["--seed", "5"]].concat());
    assert!(results(&work, "runs/single-001") == expected);
    assert!(work.path("runs/single-002/batch_norm/seed-5/model.safetensors").exists());
}
