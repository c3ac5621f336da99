//! Ctrl-C and its relatives: the first ends every run after its current step, the second ends the
//! program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[cfg(unix)]
use signal_hook::consts::SIGXFSZ;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::exit_code;

/// What signals have asked for.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    /// Set by the first signal.
    pub(crate) stop: Arc<AtomicBool>,
    exit_code: Arc<AtomicUsize>,
}

/// From now on a file that grows over the limit of the shell is an error and not the end.
pub(crate) fn survive_file_limit() -> io::Result<()> {
    #[cfg(unix)]
    flag::register(SIGXFSZ, Arc::default())?;
    Ok(())
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn listen() -> io::Result<Self> {
        let signals = Self::default();
        survive_file_limit()?;
        for (signal, code) in [
            (SIGINT, exit_code::INTERRUPTED),
            (SIGTERM, exit_code::TERMINATED),
            (SIGHUP, exit_code::TERMINATED),
        ] {
            // In this order: the shutdown sees the flag only if an earlier signal has set it.
            flag::register_conditional_shutdown(signal, i32::from(code), Arc::clone(&signals.stop))?;
            flag::register(signal, Arc::clone(&signals.stop))?;
            flag::register_usize(signal, Arc::clone(&signals.exit_code), usize::from(code))?;
        }
        Ok(signals)
    }

    /// The exit code of the signal that came; none if none came.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        u8::try_from(self.exit_code.load(Ordering::Relaxed)).ok().filter(|&code| code != 0)
    }
}
