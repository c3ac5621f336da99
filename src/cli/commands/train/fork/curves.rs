//! What a fork changed: its losses next to those of the unchanged runs.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::commands::train::fork::place::ForkPlace;
use crate::cli::commands::train::fork::{read, shown};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::nn::Task;
use crate::report::{
    ForkEffect, ForkedEpoch, PlotSize, TerminalPlot, fork_effects, fork_section, read_epochs,
};

/// What is forked, and how.
pub(crate) struct ForkOf<'a> {
    /// The directory of the unchanged runs.
    pub(crate) runs: &'a Path,
    pub(crate) task: Task,
    pub(crate) place: ForkPlace,
    pub(crate) changes: &'a [String],
    /// Whether the running statistics were recomputed.
    pub(crate) recompute: bool,
}

/// Shows the losses of the runs and of their forks, which are in `directory`, from the fork on.
pub(crate) fn show(fork: &ForkOf<'_>, directory: &Path, output: &Output) -> Result<(), CliError> {
    let epochs = |of: &Path| {
        let path = of.join("metrics.csv");
        read_epochs(&read(&path)?, fork.task)
            .map_err(|error| CliError::new(exit_code::DATA, format!("{}: {error}", shown(&path))))
    };
    let effects = fork_effects(&epochs(fork.runs)?, &epochs(directory)?, fork.place.start());
    if output.json {
        let line = json!({
            "event": "forked",
            "of": fork.runs.to_string_lossy(),
            "directory": directory.to_string_lossy(),
            "place": fork.place.json(),
            "changes": fork.changes,
            "metric": effects.first().map(|effect| effect.metric.name()),
            "curves": effects.iter().map(curve_json).collect::<Vec<_>>(),
        });
        return output.result(&format!("{line}\n"));
    }
    let mut what = fork.changes.to_vec();
    what.extend(fork.recompute.then(|| "running statistics recomputed from all training rows".to_owned()));
    let what = if what.is_empty() { "nothing changed".to_owned() } else { what.join("; ") };
    let mut text = format!("fork of {} after {}: {what}\n", shown(fork.runs), fork.place);
    text += &fork_section(&effects);
    let mut curves: Vec<(String, Vec<(u64, f64)>)> = Vec::new();
    for effect in &effects {
        let network = effect.network(&effect.norm);
        let points = |of: fn(&ForkedEpoch) -> f64| effect.epochs.iter().map(move |at| (at.epoch, of(at)));
        curves.push((format!("{network}, unchanged"), points(|at| at.unchanged).collect()));
        curves.push((format!("{network}, fork"), points(|at| at.fork).collect()));
    }
    let size = PlotSize { width: output.width(), ..PlotSize::default() };
    let loss = effects.first().map_or("loss", ForkEffect::loss_name);
    let plot = TerminalPlot::of_curves(&format!("{loss} from the fork on"), &curves, size);
    output.result(&format!("{text}\n{plot}"))
}

fn curve_json(effect: &ForkEffect) -> Value {
    let epoch = |at: &ForkedEpoch| {
        json!({
            "epoch": at.epoch,
            "pairs": at.n_pairs,
            "unchanged": at.unchanged,
            "fork": at.fork,
            "ratio": at.ratio,
            "interval": at.interval,
        })
    };
    json!({
        "network": effect.network(&effect.norm),
        "seeds": effect.n_pairs,
        "epochs": effect.epochs.iter().map(epoch).collect::<Vec<_>>(),
    })
}
