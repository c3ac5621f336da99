//! Run directories as they are left behind by commands that end, fail or are killed.

mod files;
mod replacing;

use std::fs;
use std::path::Path;

use crate::experiment::RunRecord;
use crate::nn::Task;
use crate::run_dir::{RunDirectory, RunFiles, without_links};
use crate::train::StepRecord;

pub(super) const TASK: Task = Task::Classification;

pub(super) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub(super) fn created(path: &Path) -> RunDirectory {
    RunDirectory::create(path, false, &[]).expect("the folder can be written")
}

pub(super) fn refused(path: &Path, force: bool) -> String {
    RunDirectory::create(path, force, &[]).expect_err("it is refused").to_string()
}

pub(super) fn files(directory: &RunDirectory, run: &RunRecord) -> RunFiles {
    directory.run_files(&run.id, TASK).expect("the folder can be written")
}

pub(super) fn append_all(files: &mut RunFiles, run: &RunRecord) {
    let step = StepRecord { step: 1, loss: 2.5, learning_rate: 0.1 };
    files.append_step(&step).expect("it can be written");
    run.epochs.iter().try_for_each(|epoch| files.append_epoch(epoch)).expect("it can be written");
}

pub(super) fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("a file")
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub(super) const FINISHED: &[u8] = b"{\"format_version\":1,\"outcome\":\"finished\",\"runs\":1}";

#[test]
fn a_path_without_links_leads_to_what_is_made_at_the_path() {
    let work = folder();
    let work = work.path().canonicalize().expect("it is there");
    fs::create_dir_all(work.join("a/b")).expect("a folder");
    std::os::unix::fs::symlink("a/b", work.join("link")).expect("a link");
    for (written, expected) in [
        ("a/b", "a/b"),
        ("link", "a/b"),
        ("link/../x", "a/x"),
        ("missing/x", "missing/x"),
        ("missing/../x", "x"),
        ("link/missing/../../x", "a/x"),
    ] {
        assert_eq!(without_links(&work.join(written)), work.join(expected), "{written}");
    }
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).expect("a folder");
    assert_eq!(without_links(Path::new("missing/../x")), here.join("x"));
    assert_eq!(without_links(Path::new("missing/x")), here.join("missing/x"));
}
