//! Files that are written where the user says.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::support::work::{Ended, Work};

/// A folder with `train.csv` and the model file `m.safetensors`.
fn trained() -> Work {
    let work = Work::new();
    work.ok(&["-q", "-c", "single.toml", "-o", "run"]);
    fs::copy(work.path("run/batch_norm/seed-0/model.safetensors"), work.path("m.safetensors"))
        .expect("a model");
    fs::rename(work.path("data.csv"), work.path("train.csv")).expect("a file");
    work
}

fn predict(work: &Work, data: &str, more: &[&str]) -> Ended {
    work.ok(&[&["predict", "m.safetensors", "--data", data], more].concat())
}

/// The names of all that is in a folder, hidden files too.
#[cfg(unix)]
fn names(work: &Work) -> Vec<String> {
    let entries = fs::read_dir(work.path(".")).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_special_files_are_never_replaced() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    let work = trained();
    fs::create_dir(work.path("folder")).expect("a folder");
    let made = std::process::Command::new("mkfifo").arg(work.path("pipe")).status().expect("mkfifo is there");
    assert!(made.success());
    let _socket = UnixListener::bind(work.path("socket")).expect("a socket");
    for (to, link) in [("pipe", "to_pipe"), ("nowhere.csv", "lost"), ("folder/kept.csv", "latest.csv")] {
        symlink(to, work.path(link)).expect("a link");
    }
    work.write("folder/kept.csv", "old");
    fs::set_permissions(work.path("folder/kept.csv"), PermissionsExt::from_mode(0o640)).expect("a mode");
    let before = names(&work);
    let args = |out| ["predict", "m.safetensors", "--data", "train.csv", "-o", out, "--force"];
    for (out, message) in [
        ("folder", "folder is a directory; --out needs the name of a file"),
        ("pipe", "pipe is a named pipe; without --out the result goes to standard output"),
        ("to_pipe", "to_pipe is a named pipe; without --out the result goes to standard output"),
        ("socket", "socket is a socket; --out needs the name of a file"),
        (
            "lost",
            "lost is a link to nowhere.csv, which does not exist; remove the link, or name the file itself",
        ),
    ] {
        assert_eq!(work.fails(&args(out)), (Some(7), format!("error: {message}")));
        assert_eq!(work.fails(&args(out)[..6]), (Some(7), format!("error: {message}")));
    }
    let exported = work.fails(&["export", "m.safetensors", "--to", "json", "-o", "pipe", "--force"]);
    assert_eq!(exported, (Some(7), "error: pipe is a named pipe; --out needs the name of a file".to_owned()));
    let config = work.fails(&["init", "train.csv", "-o", "pipe", "--force"]);
    let message = "error: pipe is a named pipe; with --out - the result goes to standard output";
    assert_eq!((config.0, config.1.lines().next_back()), (Some(7), Some(message)));
    assert!(fs::symlink_metadata(work.path("pipe")).expect("it is there").file_type().is_fifo());
    assert!(fs::symlink_metadata(work.path("to_pipe")).expect("it is there").is_symlink());

    assert_eq!(
        work.fails(&args("latest.csv")[..6]),
        (Some(7), "error: latest.csv exists; choose another --out or replace it with --force".to_owned())
    );
    work.ok(&args("latest.csv"));
    assert!(fs::symlink_metadata(work.path("latest.csv")).expect("it is there").is_symlink());
    assert_eq!(work.read("folder/kept.csv"), predict(&work, "train.csv", &[]).stdout);
    let mode = fs::metadata(work.path("folder/kept.csv")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(names(&work), before);
    assert_eq!(fs::read_dir(work.path("folder")).expect("a folder").count(), 1);
}

/// The first line of the message with which `args` and `--force` are refused; `file` stays as it is.
#[track_caller]
fn refusal(work: &Work, args: &[&str], file: &str) -> String {
    let before = fs::read(work.path(file)).expect("a file");
    let (code, error) = work.fails(&[args, &["--force"]].concat());
    assert_eq!(code, Some(7), "{args:?} {error}");
    assert_eq!(fs::read(work.path(file)).expect("a file"), before, "{args:?}");
    error.lines().next().unwrap_or_default().to_owned()
}

/// Writes over `out` what a command would not: `args` and `-o out`, with `--force`.
fn kept(work: &Work, args: &[&str], out: &str, why: &str) {
    let error = refusal(work, &[args, &["-o", out]].concat(), out);
    assert_eq!(error, format!("error: {out} {why}; choose another --out"), "{args:?}");
}

#[test]
fn inputs_are_never_replaced() {
    let work = trained();
    let input = "is an input of this command";
    let learnt = "is training data of the model";
    let of_run = "belongs to a run directory";
    fs::copy(work.path("train.csv"), work.path("data.csv")).expect("a copy");
    let model = "run/batch_norm/seed-0/model.safetensors";
    let export = ["export", "m.safetensors", "--to", "json"];
    let with_data = [&export[..], &["--data", "train.csv"]].concat();
    let predict = ["predict", "m.safetensors", "--data", "train.csv"];
    let init = ["init", "train.csv"];
    kept(&work, &init, "train.csv", input);
    kept(&work, &init, "run/config.toml", of_run);
    for args in [&predict[..], &with_data] {
        kept(&work, args, "train.csv", input);
        kept(&work, args, "./run/../m.safetensors", input);
        kept(&work, args, "data.csv", learnt);
        kept(&work, args, "run/run.json", of_run);
        kept(&work, args, model, of_run);
    }
    kept(&work, &["export", "run", "--to", "json"], model, input);
    fs::copy(work.path("train.csv"), work.path("recent.csv")).expect("a copy");
    kept(
        &work,
        &[&predict[..], &["--coverage", "0.5", "--calibrate", "recent.csv"]].concat(),
        "recent.csv",
        input,
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("train.csv", work.path("soft")).expect("a link");
        fs::hard_link(work.path("train.csv"), work.path("hard")).expect("a link");
        for link in ["soft", "hard"] {
            kept(&work, &init, link, input);
            kept(&work, &predict, link, input);
            kept(&work, &with_data, link, input);
        }
    }
    // A run that did not end is one, too.
    fs::remove_file(work.path("run/run.json")).expect("a file");
    kept(&work, &predict, "run/metrics.csv", of_run);
    // A file of the same name elsewhere is not.
    work.write("run.json", "mine");
    work.ok(&[&predict[..], &["-o", "run.json", "--force"]].concat());
}

#[test]
fn files_of_a_directory_are_refused_before_the_work() {
    let work = trained();
    let linear = "run/batch_norm/seed-0/linear.safetensors";
    let input = "is an input of this command";
    for (place, command, file, option) in
        [("curves", "eval", "curves.csv", "--curves"), ("figures", "explain", "importance.svg", "--figures")]
    {
        // There are no rows: what is refused is refused before they are read.
        let args = [command, "m.safetensors", "--data", "nowhere.csv", option, place];
        fs::create_dir(work.path(place)).expect("a folder");
        let path = format!("{place}/{file}");
        work.write(&path, "mine");
        let message = format!("error: {path} exists; choose another {option} or replace it with --force");
        assert_eq!(work.fails(&args), (Some(7), message));
        let message = format!("error: {path} {input}; choose another {option}");
        // The model and the rows have the name of a file that is written.
        fs::copy(work.path("m.safetensors"), work.path(&path)).expect("a copy");
        assert_eq!(refusal(&work, &[&[command, &path], &args[2..]].concat(), &path), message);
        fs::copy(work.path("train.csv"), work.path(&path)).expect("a copy");
        assert_eq!(refusal(&work, &[&args[..3], &[&path], &args[4..]].concat(), &path), message);
        let message = format!("error: train.csv is not a directory; {option} needs the name of one");
        assert_eq!(work.fails(&[&args[..5], &["train.csv"]].concat()), (Some(7), message));
    }
    fs::copy(work.path(linear), work.path("figures/dependence_2.svg")).expect("a copy");
    let explain = ["explain", "m.safetensors", "--data", "train.csv"];
    let of_linear = ["--linear", "figures/dependence_2.svg", "--figures", "figures"];
    assert_eq!(
        refusal(&work, &[&explain[..], &of_linear].concat(), "figures/dependence_2.svg"),
        format!("error: figures/dependence_2.svg {input}; choose another --figures")
    );
    // With one column there is no second chart.
    work.ok(&[&explain[..], &of_linear, &["--top", "1", "--force"]].concat());
    fs::copy(work.path(linear), work.path("l.safetensors")).expect("a copy");
    let args = [&explain[..], &["--linear", "l.safetensors", "--html", "l.safetensors"]].concat();
    assert_eq!(
        refusal(&work, &args, "l.safetensors"),
        format!("error: l.safetensors {input}; choose another --html")
    );
    let ended = work.fails(&[&explain[..], &["--html", "figures"]].concat());
    assert_eq!(ended, (Some(7), "error: figures is a directory; --html needs the name of a file".to_owned()));
}

#[test]
fn rows_of_one_class_have_no_curves() {
    let work = trained();
    work.write("up.csv", "a,b,kind\n1.2,0.1,up\n0.9,0.4,up\n");
    let ended = work.ok(&["eval", "m.safetensors", "--data", "up.csv", "--curves", "curves"]);
    assert_eq!(
        ended.stderr,
        "note: all rows are of one class, which has no curves: --curves writes nothing\n"
    );
    assert!(!work.path("curves").exists() && !ended.stdout.contains("curves"), "{}", ended.stdout);
}

#[cfg(target_os = "linux")]
#[test]
fn the_file_behind_standard_input_is_not_replaced() {
    let work = trained();
    let before = work.read("train.csv");
    let mut command =
        work.command(&["predict", "m.safetensors", "--data", "-", "-o", "train.csv", "--force"]);
    let ended: Ended = command
        .stdin(fs::File::open(work.path("train.csv")).expect("a file"))
        .output()
        .expect("the program starts")
        .into();
    assert_eq!(ended.code, Some(7), "{}", ended.stderr);
    assert!(ended.stderr.contains("train.csv is an input of this command"), "{}", ended.stderr);
    assert_eq!(work.read("train.csv"), before);
}

#[test]
fn standard_input_is_read_once() {
    let work = trained();
    let args = ["predict", "m.safetensors", "--data", "-", "--coverage", "0.5", "--calibrate", "-"];
    let message = "error: --data and --calibrate cannot both be standard input; name a file for one of them";
    assert_eq!(work.fails(&args), (Some(2), message.to_owned()));
}

#[test]
fn a_dash_is_standard_output_and_compressed_names_are_refused() {
    let work = trained();
    let plain = predict(&work, "train.csv", &[]).stdout;
    assert_eq!(predict(&work, "train.csv", &["-o", "-"]).stdout, plain);
    assert_eq!(predict(&work, "train.csv", &["-o", "-", "--force"]).stdout, plain);
    assert!(!work.path("-").exists());
    for (out, ending, tool) in [("out.csv.gz", "gz", "gzip"), ("out.ZST", "zst", "zstd")] {
        let error = work.fails(&["predict", "m.safetensors", "--data", "train.csv", "-o", out]);
        let message = format!(
            "error: {out}: predictions are plain text, so the name must not end in .{ending}; to compress them, \
             omit -o and pipe them to `{tool}`"
        );
        assert_eq!(error, (Some(2), message));
        assert!(!work.path(out).exists());
    }
    let error = work.fails(&["export", "m.safetensors", "--to", "json", "-o", "-"]);
    let message = "error: an exported model cannot go to standard output; give the name of a file to --out";
    assert_eq!(error, (Some(2), message.to_owned()));
}

/// Where the system makes files without a name.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_killed_process_leaves_no_files() {
    use std::os::unix::fs::OpenOptionsExt;

    const O_TMPFILE: i32 = 0o20_200_000;
    let work = trained();
    let unnamed = fs::OpenOptions::new().write(true).custom_flags(O_TMPFILE).open(work.path("."));
    if unnamed.is_err() {
        return;
    }
    let before = names(&work);
    let mut child = work
        .command(&["predict", "m.safetensors", "--data", "-", "-o", "out.csv"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // More than a pipe holds: what is written was read, so the file is open.
    let rows: String = (0..400_000).map(|row| format!("{row},0.5\n")).collect();
    stdin.write_all(format!("a,b\n{rows}").as_bytes()).expect("it reads");
    assert_eq!(names(&work), before);
    child.kill().expect("it runs");
    child.wait().expect("an end");
    assert_eq!(names(&work), before);
}
