//! Several processes that train each network together, started by `mpirun` or a scheduler.
//!
//! The first process is the program as it always is: it reads the command line, writes all files and everything on the
//! terminal. The others do what it [orders](Order): read the same data, and train the same runs, each with some of the
//! blocks of every batch. Whatever the first one needs no help with, the others wait for.
//!
//! Before anything is written, and before each run, all processes show each other what has to be equal. So what is
//! wrong with one of them is one error, of the first process, and the end of all. A process that dies ends all others,
//! by the launcher.

#![cfg_attr(
    not(feature = "mpi"),
    allow(dead_code, reason = "a process that was not started by MPI is the only one")
)]

pub(crate) mod claims;
mod facts;
pub(crate) mod groups;
pub(crate) mod tries;
pub(crate) mod worker;
#[cfg(feature = "mpi")]
pub(crate) mod world;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cli::commands::reproduce::shared::ClaimsOrder;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::processes::facts::{Shown, facts, network_fact, unshared_source, verdict};
pub(crate) use crate::cli::processes::groups::{Group, group};
use crate::cli::session::Session;
use crate::config::Plan;
use crate::experiment::{Peers, RunStart};
use crate::model::{Checkpoint, CheckpointOrigin};
use crate::nn::Gather;

/// What a process goes on with.
pub(crate) enum Begun {
    /// The first process, or the only one. The others end when this is dropped.
    First(Together),
    /// Another one, which has done what it was ordered.
    Other(ExitCode),
    /// The first process, which cannot go on with the others.
    Refused(CliError),
}

/// Holds the processes together.
#[derive(Default)]
pub(crate) struct Together {
    #[cfg(feature = "mpi")]
    _universe: Option<::mpi::environment::Universe>, // ends MPI when it is dropped
}

/// Begins the processes that a launcher started; all but the first one then do what that orders.
///
/// With `groups`, these are the processes of one of them.
#[cfg(feature = "mpi")]
pub(crate) fn begin(groups: Option<NonZeroUsize>) -> Begun {
    let Some(world::Started { universe, host, all, members, leaders }) = world::begin(groups) else {
        return Begun::First(Together::default());
    };
    groups::begin(all, leaders, &host);
    let is_first = members.process() == 0;
    let team = Team { gather: Arc::new(members), host };
    // Before any order, which another version may not understand.
    if let Some(problem) = facts::other_version(&team.exchange(env!("CARGO_PKG_VERSION").as_bytes())) {
        return match is_first {
            true => Begun::Refused(CliError::new(exit_code::REFUSED, problem)),
            false => Begun::Other(ExitCode::from(exit_code::REFUSED)),
        };
    }
    let team = TEAM.get_or_init(|| team);
    if is_first {
        return Begun::First(Together { _universe: Some(universe) });
    }
    // To unwind would end MPI, which waits for all others, and they for this one.
    let served = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| worker::serve(team)));
    Begun::Other(served.unwrap_or_else(|_| world::abort()))
}

/// What MPI launchers say about how many processes they have started: Open MPI, and MPICH and those like it.
pub(crate) const PROCESS_COUNT_VARIABLES: [&str; 2] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"];

/// Refuses several processes that each would train everything.
///
/// # Errors
///
/// If a launcher has started several, which cannot know of each other.
pub(crate) fn refuse_strangers() -> Result<(), CliError> {
    if team().is_some() {
        return Ok(());
    }
    for variable in PROCESS_COUNT_VARIABLES {
        let started = std::env::var(variable).ok().and_then(|started| started.parse::<usize>().ok());
        if let Some(started) = started.filter(|&started| started > 1) {
            let (reason, advice) = match cfg!(feature = "mpi") {
                true => (
                    "its MPI library knows of one process only",
                    "use the mpirun of the library that it was built with",
                ),
                false => (
                    "this bntrain is built without the feature mpi",
                    "build it with `cargo install --path . --features mpi`",
                ),
            };
            let message = format!(
                "started {started} times ({variable}), but {reason}, so each would train everything: {advice}, or give \
                 each a --share"
            );
            return Err(CliError::new(exit_code::USAGE, message));
        }
    }
    Ok(())
}

/// Begins the only process.
#[cfg(not(feature = "mpi"))]
pub(crate) fn begin(_groups: Option<NonZeroUsize>) -> Begun {
    Begun::First(Together::default())
}

impl Drop for Together {
    fn drop(&mut self) {
        let Some(team) = TEAM.get() else { return };
        // After a panic the others may wait for something else.
        #[cfg(feature = "mpi")]
        if std::thread::panicking() {
            world::abort();
        }
        team.order(&Order::End);
    }
}

/// All processes; none if this is the only one.
static TEAM: OnceLock<Team> = OnceLock::new();

/// The processes that were started together.
pub(crate) struct Team {
    gather: Arc<dyn Gather>,
    /// The machine of this process.
    host: String,
}

/// The most bytes that are shown at once: fewer than MPI can count.
const MAX_CHUNK_BYTES: usize = 1 << 30;

/// What the first process has the others do.
#[derive(Serialize, Deserialize)]
enum Order {
    /// Read the data of this config, and show that they are the same.
    Study { config: String, threads: Option<u16> },
    /// Train the run of this config, from its start.
    Run { config: String },
    /// Train the run of this config, from the state that follows.
    GoOn { config: String },
    /// Read the data of these runs, each of which is done by one process, and show that they are the same.
    Tries { configs: Vec<String>, threads: Option<u16> },
    /// Do some of them, for this many seconds at most.
    Try { range: Range<usize>, seconds: Option<f64> },
    /// Measure some of these claims.
    Claims(ClaimsOrder),
    /// End.
    End,
}

/// The processes that have begun; none if this is the only one.
pub(crate) fn team() -> Option<&'static Team> {
    TEAM.get()
}

impl Team {
    /// What each process has, in their order.
    fn exchange(&self, own: &[u8]) -> Vec<Vec<u8>> {
        let (processes, process) = (self.gather.processes(), self.gather.process());
        let mut lengths = vec![0; 8 * processes];
        lengths[8 * process..][..8].copy_from_slice(&(own.len() as u64).to_le_bytes());
        let ends: Vec<usize> = (1..=processes).map(|process| 8 * process).collect();
        self.gather.all_gather(&mut lengths, &ends);
        let length = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes")) as usize;
        let lengths: Vec<usize> = lengths.chunks_exact(8).map(length).collect();
        let mut all: Vec<Vec<u8>> = lengths.iter().map(|&length| Vec::with_capacity(length)).collect();
        // In pieces, so that no exchange is too large.
        let piece = MAX_CHUNK_BYTES / processes;
        for start in (0..lengths.iter().copied().max().unwrap_or(0)).step_by(piece) {
            let part = |length: usize| length.min(start)..length.min(start + piece);
            let mut end = 0;
            let ends: Vec<usize> = lengths
                .iter()
                .map(|&length| {
                    end += part(length).len();
                    end
                })
                .collect();
            let starts = || std::iter::once(0).chain(ends.iter().copied());
            let mut bytes = vec![0; end];
            let first = starts().nth(process).unwrap_or(0);
            bytes[first..ends[process]].copy_from_slice(&own[part(own.len())]);
            self.gather.all_gather(&mut bytes, &ends);
            for ((all, start), &end) in all.iter_mut().zip(starts()).zip(&ends) {
                all.extend_from_slice(&bytes[start..end]);
            }
        }
        all
    }

    /// What the first process has.
    fn said_by_first(&self, own: &[u8]) -> Vec<u8> {
        self.exchange(own).swap_remove(0)
    }

    /// Gives an order, as the first process.
    fn order(&self, order: &Order) {
        self.said_by_first(&serde_json::to_vec(order).expect("an order is plain text"));
    }

    /// Waits for the next order, as another one.
    fn next_order(&self) -> Order {
        serde_json::from_slice(&self.said_by_first(&[])).expect("all processes are the same program")
    }

    /// What each process has made by itself, in their order.
    ///
    /// # Errors
    ///
    /// The first one of a process, which is named unless it is the first one.
    fn collect<T: Serialize + DeserializeOwned>(&self, own: Result<T, CliError>) -> Result<Vec<T>, CliError> {
        let own = (&self.host, own.map_err(|error| (error.code, error.message)));
        let all = self.exchange(&serde_json::to_vec(&own).expect("all of it is plain text"));
        let count = all.len();
        let read = |(process, bytes): (usize, Vec<u8>)| {
            let (host, own): (String, Result<T, (u8, String)>) =
                serde_json::from_slice(&bytes).expect("all processes are the same program");
            own.map_err(|(code, message)| match process {
                0 => CliError::new(code, message),
                _ => CliError::new(code, format!("process {} of {count} on {host}: {message}", process + 1)),
            })
        };
        all.into_iter().enumerate().map(read).collect()
    }

    /// Shows what must be equal, and compares it with what the others show.
    fn agree(&self, facts: Result<Vec<(String, String)>, String>) -> Result<(), String> {
        let own = Shown { host: self.host.clone(), facts };
        let shown = self.exchange(&serde_json::to_vec(&own).expect("facts are plain text"));
        let read =
            |bytes: Vec<u8>| serde_json::from_slice(&bytes).expect("all processes are the same program");
        verdict(&shown.into_iter().map(read).collect::<Vec<Shown>>())
    }

    /// Has the others read the data of a session, before anything is written.
    ///
    /// # Errors
    ///
    /// If there are more processes than blocks, the data are those of standard input, or something is wrong with a
    /// process.
    pub(crate) fn begin_study(&self, session: &Session, threads: Option<u16>) -> Result<(), CliError> {
        let processes = self.gather.processes();
        for job in &session.jobs {
            let blocks = job.plan.training.blocks;
            if blocks < processes {
                let message = format!(
                    "{processes} processes, but training.blocks = {blocks}: each process has one block at least; \
                     set training.blocks to at least {processes}, such as {}, or start at most {blocks}",
                    processes.next_power_of_two()
                );
                return Err(CliError::new(exit_code::USAGE, message));
            }
        }
        if let Some(problem) = unshared_source(&session.data) {
            return Err(CliError::new(exit_code::USAGE, problem));
        }
        self.order(&Order::Study { config: session.plan.to_toml(), threads });
        self.agree(Ok(facts(&session.data))).map_err(|problem| CliError::new(exit_code::REFUSED, problem))
    }
}

impl Peers for Team {
    fn begin(&self, plan: &Plan, start: RunStart<'_>) -> Result<Arc<dyn Gather>, String> {
        let config = plan.to_toml();
        let facts = match start {
            RunStart::Network(hash) => {
                self.order(&Order::Run { config });
                vec![network_fact(hash)]
            }
            RunStart::State(state) => {
                let origin = CheckpointOrigin::here(String::new(), String::new(), Vec::new());
                let checkpoint = Checkpoint { origin, state: state.clone() };
                let bytes = checkpoint.to_bytes().map_err(|error| error.to_string())?;
                self.order(&Order::GoOn { config });
                self.said_by_first(&bytes);
                Vec::new()
            }
        };
        self.agree(Ok(facts))?;
        Ok(Arc::clone(&self.gather))
    }
}
