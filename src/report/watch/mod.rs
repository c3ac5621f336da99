//! Trainings as they run, drawn with characters.

#[cfg(test)]
mod tests;

use crate::diagnose::Finding;
use crate::nn::{Norm, Task};
use crate::report::chart::axis::AxisScale;
use crate::report::chart::terminal::{PlotSize, TerminalPlot};
use crate::report::text::findings::findings_section;
use crate::report::text::layout::{Align, aligned};
use crate::report::text::number::{NO_NUMBER, duration, four_digits};
use crate::text::{Count, shortened};
use crate::train::{EpochRecord, Metric};

/// What is drawn below the progress of a training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WatchPanel {
    /// Validation loss by epoch, or that of the training rows without validation rows.
    #[default]
    Loss,
    /// Mean loss over each epoch, as it was trained.
    TrainLoss,
    /// Accuracy or R2 by epoch.
    Quality,
    /// The loss of single batches.
    Steps,
    /// What diagnostics found.
    Findings,
    /// Every run.
    Runs,
}

impl WatchPanel {
    /// In the order of their keys, from `1`, with what they are called.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Loss, "loss"),
        (Self::TrainLoss, "training"),
        (Self::Quality, "score"),
        (Self::Steps, "steps"),
        (Self::Findings, "findings"),
        (Self::Runs, "runs"),
    ];
}

/// What is known of a training from its files.
#[derive(Clone, Debug)]
pub struct WatchedStudy {
    /// The name of its run directory.
    pub name: String,
    /// How far it is.
    pub state: StudyState,
    /// What it is trained for.
    pub task: Task,
    /// Every run that is planned, in order; with seeds that are added until it is clear, at most these.
    pub runs: Vec<WatchedRun>,
    /// Seconds since something was written; none if nothing was.
    pub quiet_seconds: Option<f64>,
    /// What diagnostics found so far.
    pub findings: Vec<Finding>,
}

/// How far a training is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StudyState {
    /// Its results are complete.
    Finished,
    /// It was stopped, and says so.
    Interrupted,
    /// It is written, or was when its process was killed.
    Open,
}

/// What is known of a run.
#[derive(Clone, Debug)]
pub struct WatchedRun {
    /// Its norm.
    pub norm: Norm,
    /// Norm and settings of the point.
    pub network: String,
    /// Its seed.
    pub seed: u64,
    /// Epochs that are planned.
    pub epochs_planned: u64,
    /// With the part of the one that is trained.
    pub epochs_done: f64,
    /// Whether it has ended, and not because it was interrupted.
    pub has_ended: bool,
    /// Epoch 0 and every epoch that was finished.
    pub epochs: Vec<EpochRecord>,
    /// Losses of logged steps.
    pub steps: Vec<(u64, f64)>,
}

/// What the reader of the screen has chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchView {
    /// What is drawn.
    pub panel: WatchPanel,
    /// Whether the vertical axis is logarithmic; none: where the values span a decade or more.
    pub log_scale: Option<bool>,
    /// The training that is drawn; the others have one line.
    pub selected: usize,
}

/// Progress of all `studies` and a panel of the selected one, in lines of at most `size.width` characters; `size.height`
/// are the lines of the whole screen. `paint` is that of [`TerminalPlot::render`].
pub fn watch_screen(
    studies: &[WatchedStudy],
    view: WatchView,
    size: PlotSize,
    paint: impl Fn(usize, &str) -> String,
) -> String {
    let mut text = String::new();
    for (number, study) in studies.iter().enumerate() {
        let mark = match (studies.len(), number == view.selected) {
            (1, _) => "",
            (_, true) => "> ",
            (_, false) => "  ",
        };
        text.push_str(&cut(&format!("{mark}{}", study.progress()), size.width));
        text.push('\n');
    }
    if let Some(study) = studies.get(view.selected) {
        text.push('\n');
        let used = studies.len() + 1;
        text.push_str(&study.panel(
            view,
            PlotSize { height: size.height.saturating_sub(used), ..size },
            paint,
        ));
    }
    text
}

/// At most `width` characters, the last dots if there were more.
fn cut(line: &str, width: usize) -> String {
    match line.chars().nth(width) {
        Some(_) => line.chars().take(width.saturating_sub(3)).chain("...".chars()).collect(),
        None => line.to_owned(),
    }
}

impl WatchedStudy {
    /// One line: name, share of the epochs, remaining time, runs.
    pub fn progress(&self) -> String {
        let ended = self.runs.iter().filter(|run| run.has_ended).count();
        let running = self.running();
        let runs = format!("{ended} of {} ended", Count(self.runs.len(), "run"));
        let mut parts = Vec::new();
        match self.state {
            StudyState::Finished => parts.extend([runs, "finished".to_owned()]),
            StudyState::Interrupted => parts.extend([runs, "interrupted".to_owned()]),
            // In the order of what a narrow terminal should show.
            StudyState::Open => {
                parts.push(format!("{:.0} %", 100.0 * self.share_done()));
                if let Some(seconds) = self.remaining_seconds() {
                    parts.push(format!("up to {} left", rounded(seconds)));
                }
                // Longer than an epoch may be evaluated, or a step may take.
                if let Some(seconds) = self.quiet_seconds.filter(|seconds| *seconds >= 10.0) {
                    parts.push(format!("nothing written for {}", rounded(seconds)));
                }
                parts.push(runs);
                if running > 0 {
                    parts.push(format!("{running} begun"));
                }
            }
        }
        format!("{}: {}", shortened(&self.name), parts.join(", "))
    }

    /// Runs that have begun and not ended.
    fn running(&self) -> usize {
        self.runs.iter().filter(|run| !run.has_ended && !run.epochs.is_empty()).count()
    }

    /// The share of all epochs that is done, runs that ended early counted as whole.
    pub fn share_done(&self) -> f64 {
        let planned: f64 = self.runs.iter().map(|run| run.epochs_planned as f64).sum();
        let done = |run: &WatchedRun| match run.has_ended {
            true => run.epochs_planned as f64,
            false => run.epochs_done.min(run.epochs_planned as f64),
        };
        if planned > 0.0 { self.runs.iter().map(done).sum::<f64>() / planned } else { 1.0 }
    }

    /// How long the runs still take if as many go on at once as now, and none ends early; none before the first epoch has
    /// ended.
    pub fn remaining_seconds(&self) -> Option<f64> {
        let pace = |run: &WatchedRun| {
            let last = run.epochs.last().filter(|last| last.epoch > 0)?;
            Some((last.train_seconds + last.eval_seconds) / last.epoch as f64)
        };
        let paces: Vec<f64> = self.runs.iter().filter_map(pace).collect();
        if paces.is_empty() {
            return None;
        }
        let usual = paces.iter().sum::<f64>() / paces.len() as f64;
        let left = |run: &WatchedRun| match run.has_ended {
            true => 0.0,
            false => (run.epochs_planned as f64 - run.epochs_done).max(0.0) * pace(run).unwrap_or(usual),
        };
        let all: f64 = self.runs.iter().map(left).sum();
        let longest = self.runs.iter().map(left).fold(0.0, f64::max);
        Some((all / self.running().max(1) as f64).max(longest))
    }

    fn panel(&self, view: WatchView, size: PlotSize, paint: impl Fn(usize, &str) -> String) -> String {
        // Title, axis and its labels, and the legend.
        let plot = PlotSize { height: size.height.saturating_sub(5), ..size };
        let has_valid = self.runs.iter().flat_map(|run| &run.epochs).any(|epoch| epoch.valid.is_some());
        let (metric, title) = match (view.panel, has_valid) {
            (WatchPanel::Findings, _) => return self.findings_panel(size),
            (WatchPanel::Runs, _) => return self.runs_panel(size),
            (WatchPanel::Loss, true) => (Some(Metric::ValidLoss), "validation loss by epoch"),
            (WatchPanel::Loss, false) => {
                (Some(Metric::TrainEvalLoss), "training loss in evaluation mode by epoch")
            }
            (WatchPanel::TrainLoss, _) => (Some(Metric::TrainLoss), "training loss by epoch"),
            (WatchPanel::Quality, true) => (Some(Metric::valid_quality(self.task)), "validation rows"),
            (WatchPanel::Quality, false) => (Some(Metric::train_quality(self.task)), "training rows"),
            (WatchPanel::Steps, _) => (None, "training loss by step"),
        };
        let title = match view.panel {
            WatchPanel::Quality => format!("{} of the {title} by epoch", self.task.quality()),
            _ => title.to_owned(),
        };
        let curves = self.curves(metric);
        let has_seeds = self.runs.iter().any(|run| run.seed != self.runs[0].seed);
        let title = match (has_seeds, metric) {
            (false, _) => title,
            (true, Some(_)) => format!("{title}, mean of the seeds so far"),
            (true, None) => format!("{title}, seed that is furthest"),
        };
        let is_positive =
            curves.iter().flat_map(|(_, points)| points).all(|(_, value)| value.is_nan() || 0.0 < *value);
        let scale = match view.log_scale {
            Some(true) if is_positive => Some(AxisScale::Log),
            Some(_) => Some(AxisScale::Linear),
            None => None,
        };
        TerminalPlot::of_scaled_curves(&title, &curves, scale, plot).render(paint)
    }

    /// A curve for each norm: with a grid, that of the point that is best so far.
    fn curves(&self, metric: Option<Metric>) -> Vec<(String, Vec<(u64, f64)>)> {
        let mut norms: Vec<Norm> = Vec::new();
        self.runs.iter().for_each(|run| {
            if !norms.contains(&run.norm) {
                norms.push(run.norm);
            }
        });
        let judged_by = metric.unwrap_or(Metric::TrainLoss);
        let best_of = |norm: Norm| {
            let mut networks: Vec<&str> = Vec::new();
            for run in self.runs.iter().filter(|run| run.norm == norm) {
                if !networks.contains(&&*run.network) {
                    networks.push(&run.network);
                }
            }
            let judged = networks.into_iter().map(|network| {
                let last = self.mean_by_epoch(network, judged_by).last().map(|(_, value)| *value);
                let value = last.filter(|value| value.is_finite());
                let loss = value.map(|value| if judged_by.is_gain() { -value } else { value });
                (loss.unwrap_or(f64::INFINITY), network)
            });
            judged.min_by(|left, right| left.0.total_cmp(&right.0)).map(|(_, network)| network)
        };
        let shown: Vec<&str> = norms.into_iter().filter_map(best_of).collect();
        let curve = |network: &str| match metric {
            Some(metric) => self.mean_by_epoch(network, metric),
            None => self.first_steps(network),
        };
        shown.into_iter().map(|network| (shortened(network), curve(network))).collect()
    }

    /// The mean over the runs of a network that have come to each epoch.
    fn mean_by_epoch(&self, network: &str, metric: Metric) -> Vec<(u64, f64)> {
        let mut sums: Vec<(u64, f64, u32)> = Vec::new();
        for run in self.runs.iter().filter(|run| run.network == network) {
            for (place, epoch) in run.epochs.iter().enumerate() {
                let Some(value) = epoch.metric(metric) else { continue };
                match sums.iter_mut().skip(place.saturating_sub(1)).find(|(of, ..)| *of == epoch.epoch) {
                    Some((_, sum, count)) => (*sum, *count) = (*sum + value, *count + 1),
                    None => sums.push((epoch.epoch, value, 1)),
                }
            }
        }
        sums.into_iter().map(|(epoch, sum, count)| (epoch, sum / f64::from(count))).collect()
    }

    /// The logged steps of the run of a network that is furthest.
    fn first_steps(&self, network: &str) -> Vec<(u64, f64)> {
        let runs = self.runs.iter().filter(|run| run.network == network);
        let furthest = runs.max_by_key(|run| run.steps.last().map(|(step, _)| *step));
        furthest.map(|run| run.steps.clone()).unwrap_or_default()
    }

    fn findings_panel(&self, size: PlotSize) -> String {
        let text = findings_section(&self.findings);
        match text.is_empty() {
            true => "nothing found; [diagnose] of the config says what is measured\n".to_owned(),
            false => text.lines().take(size.height).map(|line| cut(line, size.width) + "\n").collect(),
        }
    }

    /// A line for each run, those that are trained first.
    fn runs_panel(&self, size: PlotSize) -> String {
        let order = |run: &&WatchedRun| match (run.has_ended, run.epochs.is_empty()) {
            (false, false) => 0,
            (true, _) => 1,
            (false, true) => 2,
        };
        let mut runs: Vec<&WatchedRun> = self.runs.iter().collect();
        runs.sort_by_key(order);
        let lines = size.height.saturating_sub(2).max(1);
        let quality = self.task.quality();
        // Names of runs can be long, so they are last.
        let head = ["epoch", "", "loss", quality, "run"].map(str::to_owned).to_vec();
        let row = |run: &&WatchedRun| {
            let score = run.epochs.last().map(|last| last.valid.unwrap_or(last.train));
            let number = |value: Option<f64>| value.map_or_else(|| NO_NUMBER.to_owned(), four_digits);
            let state = match (order(run), self.state) {
                (0, StudyState::Open) => "running",
                (0, _) => "interrupted",
                (1, _) => "ended",
                _ => "waiting",
            };
            vec![
                format!("{:.1} of {}", run.epochs_done, run.epochs_planned),
                state.to_owned(),
                number(score.map(|score| score.loss)),
                number(score.map(|score| score.quality.value())),
                format!("{} seed {}", shortened(&run.network), run.seed),
            ]
        };
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(runs.iter().take(lines).map(row)).collect();
        let table = aligned(&[Align::Right, Align::Left, Align::Right, Align::Right, Align::Left], &rows);
        let mut text: String = table.lines().map(|line| cut(line, size.width) + "\n").collect();
        if runs.len() > lines {
            text.push_str(&format!("and {} more\n", runs.len() - lines));
        }
        text
    }
}

/// A duration of which only the order matters.
fn rounded(seconds: f64) -> String {
    if seconds < 10.0 {
        format!("{:.0} s", seconds.ceil())
    } else {
        duration(seconds.round()).replace(".0 s", " s")
    }
}
