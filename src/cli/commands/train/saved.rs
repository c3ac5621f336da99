//! What a training that ends early says about the runs that it leaves.

use crate::run_dir::{RunsLeft, SavedRuns};

/// How to go on with `runs` in the directory `path`, after a signal.
pub(crate) fn advice(runs: &SavedRuns, path: &str) -> String {
    match runs.left() {
        RunsLeft::Nothing => "nothing of them is left, since the directory was removed".to_owned(),
        RunsLeft::Elsewhere(_) => "go on with `bntrain resume` and the new path of the directory".to_owned(),
        RunsLeft::InPlace(0) => {
            format!("none has a checkpoint, so `bntrain resume {path}` begins them anew")
        }
        RunsLeft::InPlace(_) => format!("go on with `bntrain resume {path}`"),
    }
}

/// The same after an error, with how many of `planned` runs are saved; it begins on a new line.
pub(crate) fn after_error(runs: &SavedRuns, planned: usize, path: &str) -> String {
    let (saved, next) = match runs.left() {
        RunsLeft::Nothing => return "\n  nothing that was trained is left".to_owned(),
        RunsLeft::Elsewhere(saved) => {
            (saved, "the directory was moved: go on with `bntrain resume` and its new path".to_owned())
        }
        RunsLeft::InPlace(0) => (0, format!("`bntrain resume {path}` begins anew")),
        RunsLeft::InPlace(saved) => (saved, format!("go on with `bntrain resume {path}`")),
    };
    let how = match saved {
        0 => "no run has a checkpoint".to_owned(),
        saved => format!("{saved} of {planned} runs are saved up to their last checkpoint"),
    };
    format!("\n  {how}; {next}")
}
