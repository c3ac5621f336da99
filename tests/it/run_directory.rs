//! What training leaves behind, however it ends.

use std::fs::{self, File};
use std::io::Read;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::work::{Ended, Work};

#[test]
fn an_existing_directory_is_not_overwritten() {
    let work = Work::new();
    work.ok(&["-c", "single.toml", "-o", "out"]);
    let refused = work.fails(&["-c", "single.toml", "-o", "out"]);
    assert_eq!(
        refused,
        (Some(7), "error: out exists; choose another --out or replace it with --force".to_owned())
    );
    work.ok(&["-c", "single.toml", "-o", "out", "--force", "--epochs", "1"]);
    assert_eq!(work.read("out/metrics.csv").lines().count(), 1 + 2);

    fs::create_dir(work.path("mine")).expect("a folder");
    work.write("mine/precious.txt", "mine");
    let refused = work.fails(&["-c", "single.toml", "-o", "mine", "--force"]);
    let message = "error: mine exists; choose another --out; --force replaces run directories only";
    assert_eq!(refused, (Some(7), message.to_owned()));
    assert_eq!(work.read("mine/precious.txt"), "mine");

    // A run.json of another program, and files beside a run, are not ours to remove.
    work.write("mine/run.json", "{}");
    assert_eq!(work.fails(&["-c", "single.toml", "-o", "mine", "--force"]).0, Some(7));
    work.write("out/notes.txt", "mine");
    let refused = work.fails(&["-c", "single.toml", "-o", "out", "--force"]);
    let message = "error: out/notes.txt is not from a run; move it away, or choose another --out";
    assert_eq!(refused, (Some(7), message.to_owned()));
    assert_eq!(work.read("out/notes.txt"), "mine");

    work.ok(&["-c", "single.toml", "-o", "source"]);
    let (code, error) = work.fails(&["-c", "source/config.toml", "-o", "source", "--force"]);
    assert_eq!(code, Some(7));
    assert!(error.ends_with("would be removed with source; choose another --out"), "{error}");
    assert!(work.path("source/metrics.csv").is_file());
    assert_eq!(work.fails(&["-c", "single.toml", "-o", "data.csv"]).0, Some(7));
}

#[test]
fn a_file_in_place_of_the_runs_directory_is_an_error() {
    let work = Work::new();
    work.write("runs", "");
    let (code, error) = work.fails(&["-c", "single.toml"]);
    assert_eq!(code, Some(6));
    assert!(error.starts_with("error: could not write runs: "), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_size_limit_is_an_error() {
    let work = Work::new();
    let script = format!("ulimit -f 1; exec {} -c config.toml --epochs 40 -q", env!("CARGO_BIN_EXE_bntrain"));
    let mut command = std::process::Command::new("bash");
    let ended: Ended =
        command.current_dir(work.path("")).args(["-c", &script]).output().expect("bash").into();
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);

    // Enough for everything but the first checkpoint: nothing is trained that could be lost.
    let program = env!("CARGO_BIN_EXE_bntrain");
    let script = format!("ulimit -f 100; exec {program} -c single.toml -q -o small --epochs 1000000");
    let mut command = std::process::Command::new("bash");
    let ended: Ended =
        command.current_dir(work.path("")).args(["-c", &script]).output().expect("bash").into();
    let start = "error: could not reserve 1.";
    let end = " MB for small/batch_norm/seed-0/checkpoint.safetensors: File too large (os error 27)\n  no run has a \
               checkpoint; `bntrain resume small` begins anew\n";
    assert!(ended.stderr.starts_with(start) && ended.stderr.ends_with(end), "{}", ended.stderr);
    assert_eq!(ended.code, Some(6));
    assert_eq!(work.read("small/batch_norm/seed-0/steps.csv").lines().count(), 1);
}

/// What a shell script says where a small disk is at `disk`; none without root, who can mount one.
#[cfg(target_os = "linux")]
fn on_a_disk(work: &Work, megabytes: u32, script: &str) -> Option<String> {
    let mount = format!("mkdir disk && mount -t tmpfs -o size={megabytes}m tmpfs disk 2>/dev/null || exit 0");
    let script = format!("{mount}\nrun=disk/out; folder=$run/batch_norm/seed-0\n{script}");
    let mut command = std::process::Command::new("unshare");
    let ended = command.current_dir(work.path("")).args(["-m", "bash", "-c", &script]).output().ok()?;
    Some(Ended::from(ended).stdout).filter(|said| !said.is_empty())
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_has_space_for_the_next_checkpoint() {
    let work = Work::new();
    let config = Work::SINGLE.replace("[20, 17]", "[300, 300]");
    work.write("single.toml", &config.replace("[training]", "[training]\ncheckpoint = \"1 s\""));
    let script = format!(
        r#"{program} -c single.toml -q -o $run --epochs 1000000 --set training.log_every_steps=1000000 2>&1 &
        until [ -e $folder/checkpoint.previous.safetensors ]; do kill -0 $! || exit; sleep 0.01; done
        cat /dev/zero > disk/filler 2>/dev/null
        truncate -s -500K disk/filler
        for i in 1 2 3; do
            before=$(stat -c %i $folder/checkpoint.safetensors)
            until [ $(stat -c %i $folder/checkpoint.safetensors) != $before ]; do
                kill -0 $! || exit
                [ $SECONDS -lt 60 ] || break
                sleep 0.1
            done
        done
        kill -KILL $!
        echo "$SECONDS seconds""#,
        program = env!("CARGO_BIN_EXE_bntrain")
    );
    let Some(found) = on_a_disk(&work, 8, &script) else { return };
    assert!(found.ends_with(" seconds\n") && !found.contains("60 seconds"), "{found}");
    assert!(!found.contains("could not be written"), "{found}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_fills_up_before_the_first_checkpoint_leaves_one() {
    let work = Work::new();
    let script = format!(
        r#"metrics=$folder/metrics.csv
        {program} -c single.toml -q -o $run --epochs 100000000 --set training.log_every_steps=1000000 \
            --set training.checkpoint='"1 h"' 2>&1 &
        until [ -e $metrics ] && [ $(wc -l < $metrics) -gt 2 ]; do kill -0 $! || exit; sleep 0.01; done
        cat /dev/zero > disk/filler 2>/dev/null
        wait $!; echo "exit code $?"
        rm disk/filler
        {program} resume $run >/dev/null 2>resumed.txt &
        until grep -q "runs have ended" resumed.txt; do kill -0 $! || exit; sleep 0.01; done
        kill -KILL $!; cat resumed.txt"#,
        program = env!("CARGO_BIN_EXE_bntrain")
    );
    let Some(found) = on_a_disk(&work, 3, &script) else { return };
    assert!(found.contains("csv: No space left on device"), "{found}");
    let advice =
        "\n  1 of 1 runs are saved up to their last checkpoint; go on with `bntrain resume disk/out`\n";
    assert!(found.contains(advice), "{found}");
    assert!(found.contains("exit code 6"), "{found}");
    assert!(found.contains("0 of 1 runs have ended, 1 go on, 0 begin"), "{found}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error_and_a_broken_pipe_is_silent() {
    let work = Work::new();
    let full = File::create("/dev/full").expect("the device is there");
    let ended: Ended = work
        .command(&["check", "-c", "config.toml"])
        .stdout(full)
        .output()
        .expect("the program starts")
        .into();
    assert_eq!(ended.code, Some(6));
    assert!(ended.stderr.contains("could not write to standard output"), "{}", ended.stderr);

    // What is trained is kept, whether it can be reported or not.
    work.ok(&["-c", "config.toml", "-o", "kept"]);
    for (out, more) in [("lines", &["--json"][..]), ("table", &[])] {
        let args = [&["-c", "config.toml", "-q", "-o", out], more].concat();
        let mut gone = work.command(&args).stdout(Stdio::piped()).spawn().expect("it starts");
        drop(gone.stdout.take());
        assert_eq!(gone.wait().expect("it ends").code(), Some(141));
        assert_eq!(work.hashes(out), work.hashes("kept"));
        let full = File::create("/dev/full").expect("the device is there");
        let out = format!("{out}-full");
        let args = [&["-c", "config.toml", "-q", "-o", &out], more].concat();
        let ended: Ended = work.command(&args).stdout(full).output().expect("the program starts").into();
        let message = "error: could not write to standard output: No space left on device (os error 28)\n";
        assert_eq!((ended.code, &*ended.stderr), (Some(6), message));
        assert_eq!(work.hashes(&out), work.hashes("kept"));
    }
}

/// A training that does not end by itself, after its first epoch.
fn endless(work: &Work, out: &str) -> Child {
    let mut args = vec!["-c", "single.toml", "-o", out, "--epochs", "100000000"];
    args.extend(["--set", "training.log_every_steps=1000000"]);
    let child = work.command(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let begin = Instant::now();
    let metrics = work.path(out).join("batch_norm/seed-0/metrics.csv");
    while fs::read_to_string(&metrics).unwrap_or_default().lines().count() < 2 {
        assert!(begin.elapsed() < Duration::from_secs(60), "the run did not begin");
        sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn two_commands_never_write_the_same_directory() {
    let work = Work::new();
    let mut child = endless(&work, "out");
    let message = format!(
        "error: out is being written by process {}; wait until it has ended, or choose another --out",
        child.id()
    );
    for args in [&["-c", "single.toml", "-o", "out"][..], &["-c", "single.toml", "-o", "out", "--force"]] {
        assert_eq!(work.fails(args), (Some(7), message.clone()));
    }
    assert_eq!(work.fails(&["resume", "out"]), (Some(7), message));
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let (code, error) = work.fails(&["-c", "single.toml", "-o", "out"]);
    let message = "error: out holds a run that has not finished; continue it with `bntrain resume out`, choose \
                   another --out, or replace it with --force";
    assert_eq!((code, &*error), (Some(7), message));
    work.ok(&["-c", "single.toml", "-o", "out", "--force"]);
    assert_eq!(work.json("out/run.json")["outcome"], "finished");
    assert!(!work.path("out.new").exists() && !work.path("out/lock").exists());
}

#[test]
fn a_directory_that_is_removed_while_runs_are_trained_is_an_error() {
    let work = Work::new();
    let child = endless(&work, "out");
    // A file may appear while the others are removed.
    while work.path("out").exists() {
        let _ = fs::remove_dir_all(work.path("out"));
    }
    let ended: Ended = child.wait_with_output().expect("it ends").into();
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);
    let message = " it was removed while the program was running\n  nothing that was trained is left\n";
    assert!(ended.stderr.ends_with(message), "{}", ended.stderr);
    assert!(!work.path("out").exists());
}

#[test]
#[cfg(unix)]
fn a_directory_that_is_moved_while_runs_are_trained_goes_on_at_its_new_path() {
    let work = Work::new();
    let child = endless(&work, "out");
    fs::rename(work.path("out"), work.path("moved")).expect("a folder");
    let stopped = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(stopped.expect("kill is there").success());
    let ended: Ended = child.wait_with_output().expect("it ends").into();
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);
    let advice = "\n  1 of 1 runs are saved up to their last checkpoint; the directory was moved: go on with \
                  `bntrain resume` and its new path\n";
    assert!(ended.stderr.ends_with(advice), "{}", ended.stderr);
    assert!(work.path("moved/batch_norm/seed-0/checkpoint.safetensors").is_file());
}

#[test]
#[cfg(unix)]
fn a_signal_ends_the_run_after_a_step_and_results_are_written() {
    let work = Work::new();
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        let out = format!("stopped-{signal}");
        let mut child = endless(&work, &out);
        let kill = || {
            let arguments = [&format!("-{signal}"), &child.id().to_string()];
            std::process::Command::new("kill").args(arguments).output().expect("kill is there").status
        };
        assert!(kill().success());
        if signal != "INT" {
            // `timeout` and terminals that are closed may send it twice.
            kill();
        }
        assert_eq!(child.wait().expect("it ends").code(), Some(code));
        assert_eq!(work.json(format!("{out}/run.json"))["outcome"], "interrupted");
        let mut stderr = String::new();
        child.stderr.expect("it is piped").read_to_string(&mut stderr).expect("it can be read");
        let advice = format!("; 0 of 1 runs finished; go on with `bntrain resume {out}`\n");
        assert!(stderr.ends_with(&advice), "{stderr}");
    }
}

#[test]
#[cfg(unix)]
fn a_run_that_is_never_saved_is_said_to_begin_anew() {
    let work = Work::new();
    let config = Work::SINGLE.replace("[training]", "[training]\ncheckpoint = \"off\"");
    work.write("single.toml", &config);
    let child = endless(&work, "out");
    let stopped = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(stopped.expect("kill is there").success());
    let ended: Ended = child.wait_with_output().expect("it ends").into();
    let advice = "; 0 of 1 runs finished; none has a checkpoint, so `bntrain resume out` begins them anew\n";
    assert!(ended.code == Some(143) && ended.stderr.ends_with(advice), "{}", ended.stderr);
    let again = work.ok(&["resume", "out", "--epochs", "1"]);
    assert!(again.stderr.contains("0 of 1 runs have ended, 0 go on, 1 begin"), "{}", again.stderr);
}
