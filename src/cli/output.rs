//! Standard output and standard error.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use crate::cli::Failure;
use crate::cli::args::{GlobalArgs, When};

/// Where results, notes and errors go, and in which form.
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    color: ColorChoice,
    progress: When,
}

impl Output {
    pub(crate) fn new(args: &GlobalArgs) -> Self {
        let color = match args.color {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        };
        Self { json: args.json, quiet: args.quiet, color, progress: args.progress }
    }

    /// A result: to standard output, whose failure ends the program.
    pub(crate) fn result(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = AutoStream::new(io::stdout().lock(), self.color);
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        Ok(written?)
    }

    /// Something worth knowing: to standard error, unless quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.to_stderr(&format!("{text}\n"));
        }
    }

    /// Why the program ends: to standard error, always.
    pub(crate) fn error(&self, failure: &Failure) {
        if !failure.message.is_empty() {
            self.to_stderr(&format!("\u{1b}[1;31merror:\u{1b}[0m {failure}\n"));
        }
    }

    /// Whether progress is shown as bars.
    pub(crate) fn bars(&self) -> bool {
        match self.progress {
            // Nothing can be redrawn in a pipe: there it would be lines either way.
            When::Always => !self.quiet && io::stderr().is_terminal(),
            When::Never => false,
            When::Auto => {
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                !self.quiet && !dumb && std::env::var_os("CI").is_none() && io::stderr().is_terminal()
            }
        }
    }

    /// Columns of the terminal; 80 where there is none.
    pub(crate) fn width(&self) -> usize {
        terminal_size::terminal_size_of(io::stdout())
            .map_or(80, |(width, _)| usize::from(width.0))
            .clamp(40, 120)
    }

    fn to_stderr(&self, text: &str) {
        // Where standard error is gone too, there is nobody left to tell.
        let _ = AutoStream::new(io::stderr().lock(), self.color).write_all(text.as_bytes());
    }
}
