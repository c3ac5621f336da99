//! Standard output and standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use anstream::{AutoStream, ColorChoice};

use crate::cli::args::{GlobalArgs, When};
use crate::cli::error::CliError;

/// Writes results, notes and errors in the form that the options ask for.
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// Whether results and reports are left out.
    silent: bool,
    color: ColorChoice,
    progress: When,
    /// Why reports are no longer written.
    unreported: Mutex<Option<io::Error>>,
}

impl Output {
    pub(crate) fn new(args: &GlobalArgs) -> Self {
        let color = match args.color {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        };
        Self {
            json: args.json,
            quiet: args.quiet,
            silent: false,
            color,
            progress: args.progress,
            unreported: Mutex::default(),
        }
    }

    /// The same without progress and notes.
    pub(crate) fn without_notes(&self) -> Self {
        Self { quiet: true, unreported: Mutex::default(), ..*self }
    }

    /// The same without results.
    pub(crate) fn without_results(&self) -> Self {
        Self { silent: true, unreported: Mutex::default(), ..*self }
    }

    /// Writes a result to standard output.
    pub(crate) fn result(&self, text: &str) -> Result<(), CliError> {
        if self.silent {
            return Ok(());
        }
        let mut stdout = AutoStream::new(io::stdout().lock(), self.color);
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        written.map_err(|error| CliError::stdout(&error))
    }

    /// Writes a report on work in progress to standard output. If that fails, the work goes on without reports, and
    /// [`reported`](Self::reported) says so in the end.
    pub(crate) fn report(&self, line: &str) {
        let mut unreported = self.unreported.lock().unwrap_or_else(PoisonError::into_inner);
        if unreported.is_none() && !self.silent {
            // In one call, so that the lines of different runs do not mix.
            let mut stdout = io::stdout().lock();
            *unreported = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush()).err();
        }
    }

    /// Fails if a report could not be written.
    pub(crate) fn reported(&self) -> Result<(), CliError> {
        let unreported = self.unreported.lock().unwrap_or_else(PoisonError::into_inner);
        unreported.as_ref().map_or(Ok(()), |error| Err(CliError::stdout(error)))
    }

    /// Writes a note to standard error, unless `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.to_stderr(&format!("{text}\n"));
        }
    }

    /// Writes an error to standard error, always.
    pub(crate) fn error(&self, error: &CliError) {
        if !error.message.is_empty() {
            self.to_stderr(&format!("\u{1b}[1;31merror:\u{1b}[0m {error}\n"));
        }
    }

    /// Whether progress is shown as bars instead of lines.
    pub(crate) fn bars(&self) -> bool {
        match self.progress {
            // Bars need a terminal that can be redrawn.
            When::Always => !self.quiet && io::stderr().is_terminal(),
            When::Never => false,
            When::Auto => {
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                !self.quiet && !dumb && std::env::var_os("CI").is_none() && io::stderr().is_terminal()
            }
        }
    }

    /// The width of the terminal in characters, or 80 without one.
    pub(crate) fn width(&self) -> usize {
        terminal_size::terminal_size_of(io::stdout())
            .map_or(80, |(width, _)| usize::from(width.0))
            .clamp(40, 120)
    }

    fn to_stderr(&self, text: &str) {
        // There is nowhere left to report that standard error failed.
        let _ = AutoStream::new(io::stderr().lock(), self.color).write_all(text.as_bytes());
    }
}
