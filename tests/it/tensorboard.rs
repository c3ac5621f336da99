//! Event files for TensorBoard; `scripts/check_tensorboard.py` reads them with TensorBoard itself.

use std::fs;
use std::path::PathBuf;

use crate::support::work::Work;

/// The event files of a run.
fn event_files(work: &Work, run: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(work.path(run)).expect("a folder of a run");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// The sizes of all records of a file.
fn records(bytes: &[u8]) -> Vec<usize> {
    let (mut rest, mut sizes) = (bytes, Vec::new());
    while let Some((length, _)) = rest.split_first_chunk() {
        let length = u64::from_le_bytes(*length) as usize;
        // A checksum of four bytes after the length, another after the data.
        rest = &rest[8 + 4 + length + 4..];
        sizes.push(length);
    }
    sizes
}

#[test]
fn every_run_has_an_event_file_and_the_same_result_without() {
    let work = Work::new();
    work.ok(&["config.toml", "-o", "plain"]);
    work.ok(&["config.toml", "-o", "run", "--tensorboard", "events"]);
    assert_eq!(work.hashes("run"), work.hashes("plain"));
    for run in ["batch_norm/seed-0", "batch_norm/seed-1", "none/seed-0", "none/seed-1"] {
        let files = event_files(&work, &format!("events/{run}"));
        assert_eq!(files.len(), 1, "{files:?}");
        let name = files[0].file_name().expect("a name").to_string_lossy().into_owned();
        assert!(name.starts_with("events.out.tfevents."), "{name}");
        // Version, start, settings, epochs 0 to 3, outcome.
        assert_eq!(records(&fs::read(&files[0]).expect("a file")).len(), 8);
    }
}

#[test]
fn event_files_of_another_training_are_not_mixed_in() {
    let work = Work::new();
    work.ok(&["single.toml", "-o", "run", "--tensorboard", "events"]);
    let (code, error) = work.fails(&["single.toml", "-o", "other", "--tensorboard", "events"]);
    assert_eq!(code, Some(7));
    let expected = "error: events/batch_norm/seed-0 has event files of another training";
    assert!(error.starts_with(expected), "{error}");
    assert!(!work.path("other").exists());
    // Another network has another folder.
    work.ok(&["single.toml", "-o", "plain", "--tensorboard", "events", "--set", "model.norm=\"none\""]);
    // What is replaced or goes on has a further file, which says so.
    work.ok(&["single.toml", "-o", "run", "--tensorboard", "events", "--force"]);
    work.ok(&["resume", "run", "--epochs", "5", "--tensorboard", "events"]);
    let files = event_files(&work, "events/batch_norm/seed-0");
    let mut counts: Vec<usize> =
        files.iter().map(|file| records(&fs::read(file).expect("a file")).len()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [6, 8, 8]);
}

#[test]
fn event_files_are_not_in_the_run_directory() {
    let work = Work::new();
    for path in ["run", "run/events"] {
        let (code, error) = work.fails(&["single.toml", "-o", "run", "--tensorboard", path]);
        assert_eq!(code, Some(2));
        let expected = format!("error: --tensorboard {path} is in the run directory; name one next to it");
        assert_eq!(error, expected);
        assert!(!work.path("run").exists());
    }
    // Without --out it is runs/single-001, and others may be there.
    for path in ["runs/single-001", "runs/single-002/events", "./runs/single-1000"] {
        let (code, error) = work.fails(&["single.toml", "--tensorboard", path]);
        let expected = format!("error: --tensorboard {path} is in the run directory; name one next to it");
        assert_eq!((code, error), (Some(2), expected));
        assert!(!work.path("runs").exists());
    }
    work.ok(&["single.toml", "--tensorboard", "runs/single-events", "--epochs", "1"]);
    assert_eq!(event_files(&work, "runs/single-events/batch_norm/seed-0").len(), 1);
    let (code, error) = work.fails(&["single.toml", "-o", "run", "--tensorboard", "runs/single-001/events"]);
    let expected = "error: --tensorboard runs/single-001/events is in a run directory; name one next to it";
    assert_eq!((code, &*error), (Some(2), expected));
    assert!(!work.path("run").exists() && !work.path("runs/single-001/events").exists());
}

#[test]
fn a_training_goes_on_without_event_files() {
    let work = Work::new();
    fs::create_dir_all(work.path("events/batch_norm")).expect("folders");
    work.write("events/batch_norm/seed-0", "in the way");
    let ended = work.ok(&["config.toml", "-o", "run", "--tensorboard", "events", "--resume"]);
    let warning = "warning: no event file for TensorBoard could be written in events/batch_norm/seed-0, training \
                   goes on without: ";
    assert_eq!(ended.stderr.matches(warning).count(), 1, "{}", ended.stderr);
    assert_eq!(event_files(&work, "events/batch_norm/seed-1").len(), 1);
    work.ok(&["config.toml", "-o", "plain"]);
    assert_eq!(work.hashes("run"), work.hashes("plain"));
    let (code, error) = work.fails(&["config.toml", "-o", "other", "--tensorboard", "events"]);
    assert_eq!(code, Some(6));
    assert!(error.starts_with("error: could not read events/batch_norm/seed-0: "), "{error}");
}
