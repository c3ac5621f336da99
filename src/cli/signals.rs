//! Signals: the first one ends every run after its current step, Ctrl-C after it ends the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[cfg(unix)]
use signal_hook::consts::SIGXFSZ;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::error::CliError;
use crate::cli::exit_code;

/// The signals that have arrived.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    /// Set by the first signal.
    pub(crate) stop: Arc<AtomicBool>,
    exit_code: Arc<AtomicUsize>,
}

/// Makes a write beyond the file size limit of the shell an error instead of the end of the program.
pub(crate) fn survive_file_size_limit() -> Result<(), CliError> {
    #[cfg(unix)]
    flag::register(SIGXFSZ, Arc::default()).map_err(|error| CliError::signals(&error))?;
    Ok(())
}

impl Signals {
    /// Installs the signal handlers.
    pub(crate) fn listen() -> Result<Self, CliError> {
        let signals = Self::default();
        survive_file_size_limit()?;
        for (signal, code) in [
            (SIGINT, exit_code::INTERRUPTED),
            (SIGTERM, exit_code::TERMINATED),
            (SIGHUP, exit_code::TERMINATED),
        ] {
            signals.register(signal, code).map_err(|error| CliError::signals(&error))?;
        }
        Ok(signals)
    }

    fn register(&self, signal: i32, code: u8) -> std::io::Result<()> {
        // Only a person asks twice: `timeout` and terminals that are closed may send their signal twice in a moment,
        // and what was trained would be lost.
        if signal == SIGINT {
            // Before the flag is registered: the shutdown happens only if an earlier signal has set it.
            flag::register_conditional_shutdown(signal, i32::from(code), Arc::clone(&self.stop))?;
        }
        flag::register(signal, Arc::clone(&self.stop))?;
        flag::register_usize(signal, Arc::clone(&self.exit_code), usize::from(code))?;
        Ok(())
    }

    /// The exit code for the last signal, if there was one.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        u8::try_from(self.exit_code.load(Ordering::Relaxed)).ok().filter(|&code| code != 0)
    }
}
