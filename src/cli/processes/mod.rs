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

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cli::commands::reproduce::shared::ClaimsOrder;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::processes::facts::{facts, network_fact, unshared_source};
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
    let team = TEAM.get_or_init(|| Team { gather: Arc::new(members), host });
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

/// What a process shows before all go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Shown {
    host: String,
    /// What must be equal in all processes, by what it is; or what is wrong.
    facts: Result<Vec<(String, String)>, String>,
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

/// What is wrong with the first process that is not as the first one.
fn verdict(shown: &[Shown]) -> Result<(), String> {
    let place = |process: usize| {
        let mut place = format!("process {} of {}", process + 1, shown.len());
        if shown.iter().any(|other| other.host != shown[0].host) {
            // Writing to a string does not fail.
            let _ = write!(place, " (on {})", shown[process].host);
        }
        place
    };
    for (process, one) in shown.iter().enumerate() {
        if let Err(problem) = &one.facts {
            return Err(format!("{}: {problem}", place(process)));
        }
    }
    let expected = shown[0].facts.as_deref().unwrap_or_default();
    for (process, one) in shown.iter().enumerate() {
        let found = one.facts.as_deref().unwrap_or_default();
        for ((what, expected), (_, found)) in expected.iter().zip(found) {
            if expected != found {
                return Err(format!(
                    "{} has another {what}: {found}, and {expected} in the first process; all need the same",
                    place(process)
                ));
            }
        }
        if expected.len() != found.len() {
            return Err(format!("{} does not read the same files as the first process", place(process)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(host: &str, facts: &[(&str, &str)]) -> Shown {
        let facts = facts.iter().map(|(what, value)| ((*what).to_owned(), (*value).to_owned()));
        Shown { host: host.to_owned(), facts: Ok(facts.collect()) }
    }

    #[test]
    fn processes_agree_if_they_show_the_same() {
        let one = shown("a", &[("bntrain", "0.1.0"), ("data.csv, by its SHA-256", "12")]);
        assert_eq!(verdict(&[one.clone(), one.clone(), one]), Ok(()));
    }

    #[test]
    fn the_first_process_that_differs_is_named() {
        let first = shown("a", &[("bntrain", "0.1.0"), ("data.csv, by its SHA-256", "12")]);
        let other = shown("a", &[("bntrain", "0.1.0"), ("data.csv, by its SHA-256", "34")]);
        assert_eq!(
            verdict(&[first.clone(), first.clone(), other]),
            Err("process 3 of 3 has another data.csv, by its SHA-256: 34, and 12 in the first process; all need the \
                 same"
                .to_owned())
        );
        let elsewhere = shown("b", &[("bntrain", "0.2.0"), ("data.csv, by its SHA-256", "34")]);
        assert_eq!(
            verdict(&[first.clone(), elsewhere]),
            Err("process 2 of 2 (on b) has another bntrain: 0.2.0, and 0.1.0 in the first process; all need the same"
                .to_owned())
        );
        let fewer = shown("a", &[("bntrain", "0.1.0")]);
        assert_eq!(
            verdict(&[first.clone(), fewer]),
            Err("process 2 of 2 does not read the same files as the first process".to_owned())
        );
        let failed = Shown { host: "a".to_owned(), facts: Err("data.csv: no such file".to_owned()) };
        assert_eq!(verdict(&[first, failed]), Err("process 2 of 2: data.csv: no such file".to_owned()));
    }
}
