//! `bntrain watch [RUN...]`: trainings in the terminal, while they run and afterwards. Reads their files and nothing else.

pub(crate) mod study;
pub(crate) mod terminal;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::cli::commands::train::RUNS;
use crate::cli::commands::train::results::paint;
use crate::cli::commands::watch::study::FollowedStudy;
use crate::cli::commands::watch::terminal::{Key, Screen};
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::cli::signals::Signals;
use crate::report::{PlotSize, WatchPanel, WatchView, WatchedStudy, watch_screen};

/// Between two looks at the files.
const EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Run directories [default: the one in runs/ that was changed last]
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,
}

pub(crate) fn run(args: &WatchArgs, output: &Output) -> Result<(), CliError> {
    let newest;
    let paths = match &args.runs[..] {
        [] => {
            newest = [newest_run()?];
            &newest[..]
        }
        paths => paths,
    };
    let mut studies = paths.iter().map(|path| FollowedStudy::open(path)).collect::<Result<Vec<_>, _>>()?;
    let screen = if output.json { None } else { Screen::open().map_err(|error| terminal_error(&error))? };
    match screen {
        None => summary(&mut studies, output),
        Some(screen) => draw(screen, &mut studies),
    }
}

/// The run directory in `runs/` that was written last.
fn newest_run() -> Result<PathBuf, CliError> {
    let changed = |entry: io::Result<fs::DirEntry>| {
        let path = entry.ok()?.path();
        path.join("config.toml").is_file().then(|| Some((study::last_change(&path)?, path.clone())))?
    };
    let entries = fs::read_dir(RUNS).into_iter().flatten();
    let newest = entries.filter_map(changed).max();
    newest.map(|(_, path)| path).ok_or_else(|| {
        let message = format!("there is no run directory in {RUNS}/; name one: bntrain watch RUN");
        CliError::new(exit_code::USAGE, message)
    })
}

/// Without a terminal: one look.
fn summary(studies: &mut [FollowedStudy], output: &Output) -> Result<(), CliError> {
    let looked = look(studies)?;
    if output.json {
        let lines: String = looked.iter().map(|study| format!("{}\n", to_json(study))).collect();
        return output.result(&lines);
    }
    // What reads it can read long lines.
    let size = PlotSize { width: usize::MAX, height: usize::MAX };
    for (number, study) in looked.iter().enumerate() {
        let view = WatchView { panel: WatchPanel::Runs, ..WatchView::default() };
        let gap = if number > 0 { "\n" } else { "" };
        let text = watch_screen(std::slice::from_ref(study), view, size, |_, marks| marks.to_owned());
        output.result(&format!("{gap}{text}"))?;
    }
    Ok(())
}

fn to_json(study: &WatchedStudy) -> serde_json::Value {
    json!({
        "directory": study.name,
        "state": format!("{:?}", study.state).to_lowercase(),
        "runs_planned": study.runs.len(),
        "runs_ended": study.runs.iter().filter(|run| run.has_ended).count(),
        "share_done": study.share_done(),
        "remaining_seconds": study.remaining_seconds(),
        "findings": study.findings,
        "runs": study.runs.iter().map(|run| json!({
            "network": run.network,
            "seed": run.seed,
            "epochs": run.epochs_done,
            "epochs_planned": run.epochs_planned,
            "has_ended": run.has_ended,
            "last": run.epochs.last(),
        })).collect::<Vec<_>>(),
    })
}

fn look(studies: &mut [FollowedStudy]) -> Result<Vec<WatchedStudy>, CliError> {
    studies.iter_mut().map(FollowedStudy::look).collect()
}

fn draw(mut screen: Screen, studies: &mut [FollowedStudy]) -> Result<(), CliError> {
    let signals = Signals::listen()?;
    let mut view = WatchView::default();
    let mut looked = look(studies)?;
    loop {
        let (width, height) = size();
        let size = PlotSize { width, height: height.saturating_sub(1) };
        let text = watch_screen(&looked, view, size, paint);
        let shown = text.lines().take(size.height).collect::<Vec<_>>().join("\n");
        let keys: String = help(view, studies.len()).chars().take(width).collect();
        screen.draw(&format!("{shown}\n{keys}"), height).map_err(|error| terminal_error(&error))?;
        let keys = screen.keys(EVERY).map_err(|error| terminal_error(&error))?;
        if signals.exit_code().is_some() {
            return Ok(());
        }
        let is_time = keys.is_empty();
        for key in keys {
            match key {
                Key::Char('q') => return Ok(()),
                key => view = after(view, key, studies.len()),
            }
        }
        if is_time {
            looked = look(studies)?;
        }
    }
}

/// The view after a key.
fn after(view: WatchView, key: Key, studies: usize) -> WatchView {
    let place = WatchPanel::ALL.iter().position(|(panel, _)| *panel == view.panel).unwrap_or(0);
    let panel = |place: usize| WatchPanel::ALL[place % WatchPanel::ALL.len()].0;
    match key {
        Key::Char('l') => {
            let log_scale = match view.log_scale {
                None => Some(true),
                Some(true) => Some(false),
                Some(false) => None,
            };
            WatchView { log_scale, ..view }
        }
        Key::Char(digit @ '1'..='6') => WatchView { panel: panel(digit as usize - '1' as usize), ..view },
        Key::Next => WatchView { panel: panel(place + 1), ..view },
        Key::Previous => WatchView { panel: panel(place + WatchPanel::ALL.len() - 1), ..view },
        Key::Tab => WatchView { selected: (view.selected + 1) % studies.max(1), ..view },
        Key::Char(_) => view,
    }
}

/// What the keys do, the panel that is shown in brackets, in at most 80 characters.
fn help(view: WatchView, studies: usize) -> String {
    let panels = WatchPanel::ALL.iter().zip(1..).map(|((panel, name), key)| match *panel == view.panel {
        true => format!("[{key} {name}]"),
        false => format!("{key} {name}"),
    });
    let log = match view.log_scale {
        None => "l log",
        Some(true) => "l linear",
        Some(false) => "l auto",
    };
    let next = if studies > 1 { " tab next" } else { "" };
    format!("q quit {log}{next} {}", panels.collect::<Vec<_>>().join(" "))
}

/// Columns and lines of the terminal, within what can be drawn: a size is what the terminal says it is.
fn size() -> (usize, usize) {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or((80, 24), |(width, height)| {
        (usize::from(width.0).clamp(20, 1000), usize::from(height.0).clamp(8, 500))
    })
}

fn terminal_error(error: &io::Error) -> CliError {
    CliError::io("use", Path::new("the terminal"), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_change_the_view() {
        let view = WatchView::default();
        assert_eq!(after(view, Key::Char('4'), 1).panel, WatchPanel::Steps);
        assert_eq!(after(view, Key::Previous, 1).panel, WatchPanel::Runs);
        assert_eq!(after(after(view, Key::Previous, 1), Key::Next, 1), view);
        let log = after(view, Key::Char('l'), 1);
        let linear = after(log, Key::Char('l'), 1);
        assert_eq!((log.log_scale, linear.log_scale), (Some(true), Some(false)));
        assert_eq!(after(linear, Key::Char('l'), 1), view);
        assert_eq!(after(after(view, Key::Tab, 2), Key::Tab, 2), view);
        assert_eq!(after(view, Key::Char('x'), 1), view);
        let shown = "q quit l linear tab next [1 loss] 2 training 3 score 4 steps 5 findings 6 runs";
        assert_eq!((help(log, 2), shown.len() <= 80), (shown.to_owned(), true));
    }
}
