use std::fs;
use std::io::{Read, Write};

use crate::diagnose::{DiagnosticRow, Quantity};
use crate::experiment::synthetic::{at_point, run};
use crate::nn::Norm;
use crate::run_dir::layout::{DIAGNOSTICS, LOCK, METRICS, STEPS};
use crate::run_dir::tests::{FINISHED, TASK, append_all, created, files, folder, names, refused, text};
use crate::run_dir::{
    DirectoryState, RunDirectory, RunDirectoryError, RunFiles, TableSizes, latest_numbered, model_path,
    models_in, state_of,
};
use crate::train::StepRecord;

fn steps(loss: f64, count: u64) -> impl Iterator<Item = StepRecord> {
    (1..=count).map(move |step| StepRecord { step, loss, learning_rate: 0.5 })
}

#[test]
fn the_tables_of_all_runs_are_those_of_each_run_in_order() {
    let folder = folder();
    let directory = created(&folder.path().join("out"));
    let runs = [
        at_point(run(Norm::None, 3, &[2.0, 0.5]), 2, "a=\"x\""),
        run(Norm::BatchNorm, 1, &[1.0]),
        run(Norm::BatchNorm, 0, &[3.0]),
    ];
    for run in runs.iter().rev() {
        append_all(&mut files(&directory, run), run);
    }
    let ids: Vec<_> = runs.iter().map(|run| &run.id).collect();
    directory.assemble(&ids, TASK).expect("it can be written");
    let all = text(directory.path().join(METRICS));
    let begins = |line: &str| line.split(',').take(4).collect::<Vec<_>>().join(",");
    assert_eq!(
        all.lines().map(begins).collect::<Vec<_>>(),
        [
            "norm,point,seed,epoch",
            "none,\"a=\"\"x\"\"\",3,0",
            "none,\"a=\"\"x\"\"\",3,1",
            "batch_norm,,1,0",
            "batch_norm,,0,0"
        ]
    );
    assert_eq!(
        text(directory.path().join(STEPS)),
        "norm,point,seed,step,loss,learning_rate\nnone,\"a=\"\"x\"\"\",3,1,2.5,0.1\nbatch_norm,,1,1,2.5,0.1\nbatch_norm,,0,1,2.5,0.1\n"
    );
    // A run whose table is gone is not left out in silence.
    fs::remove_file(directory.path().join("batch_norm/seed-1/steps.csv")).expect("a file");
    let error = directory.assemble(&ids, TASK).expect_err("a file is missing").to_string();
    assert!(
        error.ends_with("out/batch_norm/seed-1/steps.csv: No such file or directory (os error 2)"),
        "{error}"
    );
}

#[test]
fn rows_are_whole_and_can_be_taken_back() {
    let folder = folder();
    let directory = created(&folder.path().join("out"));
    let run = run(Norm::None, 0, &[2.0, 1.0]);
    let mut open = files(&directory, &run);
    let path = directory.path().join("none/seed-0");
    let empty = open.sizes().expect("it can be written");
    append_all(&mut open, &run);
    assert_eq!(empty.diagnostics, 0);
    let row = DiagnosticRow { epoch: 1, step: 5, layer: None, quantity: Quantity::Loss, value: 0.5 };
    open.append_diagnostics(std::slice::from_ref(&row)).expect("it can be written");
    let before = open.sizes().expect("it can be written");
    let measured = text(path.join(DIAGNOSTICS));
    assert_eq!(measured, "norm,point,seed,epoch,step,layer,quantity,value\nnone,,0,1,5,,loss,0.5\n");
    assert_eq!(before.diagnostics, measured.len() as u64);
    let whole = (text(path.join(METRICS)), text(path.join(STEPS)));
    assert_eq!((whole.0.len() as u64, whole.1.len() as u64), (before.metrics, before.steps));
    open.append_diagnostics(&[row.clone(), row]).expect("it can be written");
    steps(0.25, 1000).try_for_each(|step| open.append_step(&step)).expect("it can be written");
    drop(open);
    let grown = text(path.join(STEPS));
    assert_eq!((grown.lines().count(), grown.ends_with('\n')), (1002, true));

    // Killed within a write.
    let torn = |name: &str| {
        let mut file = fs::OpenOptions::new().append(true).open(path.join(name)).expect("a file");
        file.write_all(b"none,,0,").expect("it can be written");
    };
    torn(METRICS);
    torn(STEPS);
    torn(DIAGNOSTICS);
    let mut again = files(&directory, &run);
    let torn = again.sizes().expect("it can be written");
    assert_eq!((torn.metrics, torn.steps), (before.metrics, grown.len() as u64));
    for more in [
        TableSizes { metrics: before.metrics + 1, ..before },
        TableSizes { diagnostics: torn.diagnostics + 1, ..before },
    ] {
        assert!(!again.truncate_to(more).expect("it can be written"));
    }
    assert_eq!(text(path.join(STEPS)), grown);
    assert!(again.truncate_to(before).expect("it can be written"));
    assert_eq!(text(path.join(DIAGNOSTICS)), measured);
    assert_eq!((text(path.join(METRICS)), text(path.join(STEPS))), whole);
    assert!(again.truncate_to(TableSizes::default()).expect("it can be written"));
    let header = measured.find('\n').map_or(0, |end| end as u64 + 1);
    assert_eq!(again.sizes().expect("it can be written"), TableSizes { diagnostics: header, ..empty });
    append_all(&mut again, &run);
    drop(again);
    assert_eq!((text(path.join(METRICS)), text(path.join(STEPS))), whole);
    // Killed within the header.
    fs::write(path.join(METRICS), "norm,po").expect("it can be written");
    let sizes = files(&directory, &run).sizes().expect("it can be written");
    assert_eq!((sizes.metrics, sizes.steps), (empty.metrics, before.steps));
}

#[test]
fn two_checkpoints_are_kept() {
    let folder = folder();
    let directory = created(&folder.path().join("out"));
    let mut files = files(&directory, &run(Norm::None, 0, &[1.0]));
    let contents = |files: &RunFiles| -> Vec<String> {
        let read = |mut file: fs::File| {
            let mut text = String::new();
            file.read_to_string(&mut text).expect("it can be read");
            text
        };
        files.checkpoints().expect("they can be read").into_iter().map(|(_, file)| read(file)).collect()
    };
    assert!(contents(&files).is_empty());
    for (bytes, expected) in [("1", &["1"][..]), ("2", &["2", "1"]), ("3", &["3", "2"])] {
        files.write_checkpoint(bytes.as_bytes()).expect("it can be written");
        assert_eq!(contents(&files), expected);
    }
    // Killed between the two renames.
    fs::remove_file(files.path().join("checkpoint.safetensors")).expect("a file");
    assert_eq!(contents(&files), ["2"]);
    files.write_checkpoint(b"4").expect("it can be written");
    assert_eq!(contents(&files), ["4", "2"]);
    assert!(!files.has_model().expect("it can be read"));
    files.write_model(b"m").expect("it can be written");
    files.remove_checkpoints().expect("they can be removed");
    assert!(contents(&files).is_empty() && files.has_model().expect("it can be read"));
    assert_eq!(
        models_in(directory.path()).expect("it can be read"),
        [directory.path().join(model_path(&run(Norm::None, 0, &[1.0]).id))]
    );
    assert_eq!(files.read("model.safetensors").expect("it can be read").as_deref(), Some(&b"m"[..]));
    assert_eq!(files.read("nothing").expect("it can be read"), None);
}

#[test]
fn one_process_at_a_time_writes_a_directory() {
    let folder = folder();
    let path = folder.path().join("out");
    let directory = created(&path);
    let held = format!(
        "{} is being written by process {}; wait until it has ended, or choose another --out",
        path.display(),
        std::process::id()
    );
    assert_eq!(refused(&path, false), held);
    assert_eq!(refused(&path, true), held);
    directory.write("config.toml", b"").expect("it can be written");
    assert_eq!(RunDirectory::open_for_resume(&path).expect_err("it is held").to_string(), held);
    assert_eq!(text(path.join(LOCK)), format!("{{\"process\":{}}}\n", std::process::id()));
    // As if the process had been killed.
    drop(directory);
    let unfinished = format!(
        "{0} holds a run that has not finished; continue it with `bntrain resume {0}`, choose another --out, or replace it with --force",
        path.display()
    );
    assert_eq!(refused(&path, false), unfinished);
    let directory = RunDirectory::open_for_resume(&path).expect("it is free");
    directory
        .finish(b"{\"format_version\":1,\"outcome\":\"interrupted\",\"runs\":1}", false)
        .expect("it can be written");
    assert_eq!((state_of(&path).ok(), path.join(LOCK).exists()), (Some(DirectoryState::Unfinished), true));
    let directory = RunDirectory::open_for_resume(&path).expect("it is free");
    directory.reopen().expect("it can be written");
    assert_eq!(directory.read("run.json").expect("it can be read"), None);
    let end = directory.finish(FINISHED, true);
    assert_eq!(end.expect("it can be written"), (path.clone(), None));
    assert_eq!((state_of(&path).ok(), path.join(LOCK).exists()), (Some(DirectoryState::Finished), false));
}

#[test]
fn only_run_directories_are_continued() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("empty")).expect("a folder");
    fs::create_dir(path("mine")).expect("a folder");
    fs::write(path("mine/run.json"), "{}").expect("a file");
    fs::write(path("file"), "").expect("a file");
    for (name, state) in [
        ("nothing", DirectoryState::Absent),
        ("empty", DirectoryState::Empty),
        ("mine", DirectoryState::Other),
        ("file", DirectoryState::Other),
    ] {
        assert_eq!(state_of(&path(name)).expect("it can be read"), state, "{name}");
        let error = RunDirectory::open_for_resume(&path(name)).expect_err("there is nothing").to_string();
        assert_eq!(
            error,
            format!("{} is not a run directory, so there is nothing to continue", path(name).display())
        );
    }
    // Killed before anything was written.
    fs::write(path("empty/lock"), "").expect("a file");
    fs::write(path("empty/.config.toml.1-0.bntrain-tmp"), "torn").expect("a file");
    // An empty directory may have been made for the run.
    assert_eq!(created(&path("empty")).path(), path("empty"));
    assert_eq!(names(&path("empty")), ["lock"]);
}

#[test]
fn a_removed_directory_is_an_error() {
    let folder = folder();
    let path = folder.path().join("out");
    let directory = created(&path);
    let run = run(Norm::None, 0, &[1.0]);
    let mut files = files(&directory, &run);
    fs::remove_dir_all(&path).expect("a folder");
    let removed = |file: &str| {
        format!("could not write {}: it was removed while the program was running", path.join(file).display())
    };
    let message = |error: RunDirectoryError| error.to_string();
    assert_eq!(files.write_model(b"m").map_err(message), Err(removed("none/seed-0/model.safetensors")));
    assert_eq!(
        files.write_checkpoint(b"m").map_err(message),
        Err(removed("none/seed-0/checkpoint.safetensors"))
    );
    files.append_epoch(&run.epochs[0]).expect("it waits");
    assert_eq!(files.sizes().map_err(message), Err(removed("none/seed-0/metrics.csv")));
    assert_eq!(directory.write("config.toml", b"").map_err(message), Err(removed("config.toml")));
    assert_eq!(directory.run_files(&run.id, TASK).map(|_| ()).map_err(message), Err(removed("none")));
    assert!(!path.exists());
}

#[test]
fn a_directory_that_is_moved_keeps_its_files() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let directory = created(&path("out"));
    fs::rename(path("out"), path("moved")).expect("a folder");
    fs::create_dir(path("out")).expect("a folder");
    directory.write("config.toml", b"").expect("it can be written");
    let error = directory.finish(b"{}", true).expect_err("it was moved").to_string();
    let out = path("out");
    assert_eq!(
        error,
        format!(
            "{} was moved while the program was running; its files are complete, wherever it is now",
            out.display()
        )
    );
    assert_eq!(fs::read_dir(out).expect("a folder").count(), 0);
    assert!(path("moved/config.toml").is_file() && path("moved/run.json").is_file());
}

#[test]
fn numbers_count_up() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(latest_numbered(folder.path(), "a"), None);
    for expected in ["a-001", "a-002"] {
        let directory = RunDirectory::create_numbered(folder.path(), "a").expect("it can be written");
        assert_eq!(directory.path(), path(expected));
    }
    for other in ["a-7", "a-b-009", "a-0042", "b-005"] {
        fs::create_dir(path(other)).expect("a folder");
    }
    fs::create_dir(path("a-1000")).expect("a folder");
    assert_eq!(latest_numbered(folder.path(), "a"), Some((path("a-1000"), 1000)));
    let directory = RunDirectory::create_numbered(folder.path(), "a").expect("it can be written");
    assert_eq!(directory.path(), path("a-1001"));
}
