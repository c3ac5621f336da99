//! What is left of the runs of a directory when its command ends.

use std::path::PathBuf;

use crate::experiment::RunId;
use crate::output_file::Folder;
use crate::run_dir::layout::{CHECKPOINT, CONFIG, PREVIOUS_CHECKPOINT, run_folder};

/// The checkpoints of the runs of a directory.
#[derive(Debug)]
pub(crate) struct SavedRuns {
    folder: Folder,
    /// The folders of the runs.
    runs: Vec<PathBuf>,
}

/// What is left of the runs of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunsLeft {
    /// The directory was removed.
    Nothing,
    /// It is no longer at its path; the number of runs that have a checkpoint.
    Elsewhere(usize),
    /// It is at its path; likewise.
    InPlace(usize),
}

impl SavedRuns {
    /// Those of the runs `ids` in `folder`.
    pub(crate) fn new<'a>(folder: Folder, ids: impl Iterator<Item = &'a RunId>) -> Self {
        Self { folder, runs: ids.map(run_folder).collect() }
    }

    /// What is left of them now.
    pub(crate) fn left(&self) -> RunsLeft {
        let has = |path: PathBuf| self.folder.stat(path).is_ok_and(|stat| stat.is_some());
        let is_saved =
            |run: &&PathBuf| [CHECKPOINT, PREVIOUS_CHECKPOINT].iter().any(|name| has(run.join(name)));
        let saved = self.runs.iter().filter(is_saved).count();
        if self.folder.is_removed() || saved == 0 && !has(CONFIG.into()) {
            return RunsLeft::Nothing;
        }
        match self.folder.is_not_at(self.folder.path()) {
            true => RunsLeft::Elsewhere(saved),
            false => RunsLeft::InPlace(saved),
        }
    }
}
