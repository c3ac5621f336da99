//! Progress of the runs: bars or lines for people, JSON lines for programs.

use std::io;
use std::ops::ControlFlow;

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use serde_json::{Value, json};

use crate::cli::output::Output;
use crate::experiment::RunId;
use crate::train::{EpochRecord, Event, Observer, Outcome};

/// Creates the observers of all runs.
pub(crate) struct Progress<'a> {
    output: &'a Output,
    bars: MultiProgress,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(output: &'a Output) -> Self {
        let target = if output.bars() {
            ProgressDrawTarget::term_like_with_hz(Box::new(BarTerminal(Term::buffered_stderr())), 20)
        } else {
            ProgressDrawTarget::hidden()
        };
        Self { output, bars: MultiProgress::with_draw_target(target) }
    }

    /// Removes what is left of the bars.
    pub(crate) fn finish(self) {
        // Nothing can be done about bars on a broken terminal.
        let _ = self.bars.clear();
    }

    /// The observers of one run.
    pub(crate) fn watch<'s>(&'s self, id: &RunId) -> Box<dyn Observer + 's> {
        let mut observers: Vec<Box<dyn Observer + 's>> = Vec::new();
        if self.output.bars() {
            observers.push(Box::new(Bar::new(&self.bars, id)));
        } else if !self.output.quiet {
            observers.push(Box::new(Lines { progress: self, name: id.to_string(), last: None }));
        }
        if self.output.json {
            observers.push(Box::new(JsonLines { output: self.output, id: id_json(id) }));
        }
        Box::new(observers)
    }
}

/// The name of a run, short enough for a bar: the number of the grid point, not its settings.
fn short_name(id: &RunId) -> String {
    let point = id.point.as_ref().map_or(String::new(), |(point, _)| format!(" {point}"));
    format!("{}{point} seed {}", id.norm.name(), id.seed)
}

/// The latest loss and metric.
fn numbers(epoch: &EpochRecord) -> String {
    let (rows, score) = match epoch.valid {
        Some(valid) => ("valid", valid),
        None => ("train", epoch.train),
    };
    let quality = score.quality;
    format!("{rows} loss {:.4}, {} {:.4}", score.loss, quality.task().quality(), quality.value())
}

/// How a run ended.
pub(crate) fn ending(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Finished => "finished".to_owned(),
        Outcome::StoppedEarly { epoch } => format!("stopped early after epoch {epoch}"),
        Outcome::Diverged { epoch, step, cause } => {
            format!("diverged in epoch {epoch} at step {step}: {cause} is not finite")
        }
        Outcome::Interrupted { step } => format!("stopped after step {step}"),
    }
}

/// A bar that disappears when its run has ended.
struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new(bars: &MultiProgress, id: &RunId) -> Self {
        let style = ProgressStyle::with_template("{prefix:24!} {wide_bar} epoch {msg} {eta:>4}")
            .map(|style| style.progress_chars("=> "))
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = bars.add(ProgressBar::new(0).with_style(style).with_prefix(short_name(id)));
        Self { bar }
    }
}

impl Observer for Bar {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::RunStarted { epochs, steps_per_epoch } => self.bar.set_length(epochs * steps_per_epoch),
            Event::StepEnded(step) => self.bar.set_position(step.step),
            Event::EpochEnded(epoch) => self.bar.set_message(format!("{} {}", epoch.epoch, numbers(epoch))),
            Event::RunEnded(_) => self.bar.finish_and_clear(),
            Event::Network(_) | Event::Evaluated(_) | Event::Resumable(_) => {}
        }
        ControlFlow::Continue(())
    }
}

/// Standard error, with a margin at the right.
///
/// After each redraw the cursor is at the end of the last bar, where the terminal shows `^C` for Ctrl-C. In a line
/// that is full it would go into the next one, and the bar above it would never be cleared.
#[derive(Debug)]
struct BarTerminal(Term);

impl BarTerminal {
    /// Columns for two `^C`.
    const MARGIN: u16 = 4;
}

impl TermLike for BarTerminal {
    fn width(&self) -> u16 {
        TermLike::width(&self.0).saturating_sub(Self::MARGIN)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.0)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

/// One line for each run, when it has ended.
struct Lines<'a> {
    progress: &'a Progress<'a>,
    name: String,
    last: Option<String>,
}

impl Observer for Lines<'_> {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::EpochEnded(epoch) => {
                self.last = Some(format!("epoch {}: {}", epoch.epoch, numbers(epoch)))
            }
            Event::RunEnded(outcome) => {
                // Without an epoch since the run was resumed, there is none.
                let last = self.last.take().map_or_else(String::new, |last| format!("; {last}"));
                self.progress.output.note(&format!("{}: {}{last}", self.name, ending(outcome)));
            }
            Event::RunStarted { .. }
            | Event::StepEnded(_)
            | Event::Network(_)
            | Event::Evaluated(_)
            | Event::Resumable(_) => {}
        }
        ControlFlow::Continue(())
    }
}

/// One JSON object per event on standard output; steps are in `steps.csv`.
struct JsonLines<'a> {
    output: &'a Output,
    id: Value,
}

impl Observer for JsonLines<'_> {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        let mut line = match event {
            Event::RunStarted { epochs, steps_per_epoch } => {
                json!({ "event": "run_started", "epochs": epochs, "steps_per_epoch": steps_per_epoch })
            }
            Event::StepEnded(_) | Event::Network(_) | Event::Evaluated(_) | Event::Resumable(_) => {
                return ControlFlow::Continue(());
            }
            Event::EpochEnded(epoch) => json!({ "event": "epoch_ended", "epoch": epoch }),
            Event::RunEnded(outcome) => json!({ "event": "run_ended", "outcome": outcome }),
        };
        line["run"] = self.id.clone();
        self.output.report(&format!("{line}\n"));
        ControlFlow::Continue(())
    }
}

fn id_json(id: &RunId) -> Value {
    json!({ "norm": id.norm, "point": id.point.as_ref().map(|(_, settings)| settings), "seed": id.seed })
}
