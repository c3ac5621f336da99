//! Groups of processes, each of which trains other runs.
//!
//! Within a group everything is as if there were no others. Their first processes tell each other how they ended.

use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::processes::{Team, refuse_strangers};
use crate::nn::Gather;

/// The group of a first process.
#[derive(Clone, Copy)]
pub(crate) struct Group {
    leaders: &'static Team,
}

/// How many processes there are, and the first ones of their groups if this is one of them.
static GROUPS: OnceLock<(usize, Option<Team>)> = OnceLock::new();

/// Begins the groups.
pub(crate) fn begin<G: Gather + 'static>(processes: usize, leaders: Option<G>, host: &str) {
    let leaders = leaders.map(|gather| Team { gather: Arc::new(gather), host: host.to_owned() });
    GROUPS.get_or_init(|| (processes, leaders));
}

/// The group of this process, which is its first one.
///
/// # Errors
///
/// If there are not as many processes as groups.
pub(crate) fn group(count: NonZeroUsize) -> Result<Group, CliError> {
    refuse_strangers()?;
    let (processes, leaders) =
        GROUPS.get().map_or((1, None), |(processes, team)| (*processes, team.as_ref()));
    match leaders {
        Some(leaders) if count.get() <= processes => Ok(Group { leaders }),
        _ => {
            let message = format!(
                "--groups {count}, but there {}: start {}, such as `mpirun -n {} bntrain FILE.toml --groups {count}`",
                match processes {
                    1 => "is one process".to_owned(),
                    _ => format!("are {processes} processes"),
                },
                match cfg!(feature = "mpi") {
                    true => "more together",
                    false => "more together, of a bntrain that is built with the feature mpi",
                },
                count.get().saturating_mul(2)
            );
            Err(CliError::new(exit_code::USAGE, message))
        }
    }
}

impl Group {
    /// Which one it is, from 0.
    pub(crate) fn index(self) -> usize {
        self.leaders.gather.process()
    }

    /// Whether this process is the first one of all.
    pub(crate) fn is_first(self) -> bool {
        self.index() == 0
    }

    /// Waits for all groups, and returns the error of each that has one.
    pub(crate) fn errors_of_all(self, error: Option<CliError>) -> Vec<Option<CliError>> {
        let own = error.map(|error| (error.code, error.message));
        let all = self.leaders.exchange(&serde_json::to_vec(&own).expect("an error is plain text"));
        let read = |bytes: Vec<u8>| {
            let error: Option<(u8, String)> =
                serde_json::from_slice(&bytes).expect("all processes are the same program");
            error.map(|(code, message)| CliError::new(code, message))
        };
        all.into_iter().map(read).collect()
    }
}
