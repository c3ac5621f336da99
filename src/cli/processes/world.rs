//! The processes of MPI.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use mpi::attribute::CommAttribute;
use mpi::collective::{CommunicatorCollectives, Root};
use mpi::datatype::{Partition, PartitionMut};
use mpi::environment::{Universe, processor_name};
use mpi::topology::{AnyCommunicator, Color, Communicator, SimpleCommunicator};
use mpi::{Count, Threading};

use crate::cli::processes::PROCESS_COUNT_VARIABLES;
use crate::kernel::even_part;
use crate::nn::Gather;

/// Processes that exchange.
pub(crate) struct World {
    exchange: Exchange,
    processes: usize,
    process: usize,
    buffers: Mutex<ExchangeBuffers>,
}

/// Which processes exchange.
#[derive(Clone, Copy)]
enum Exchange {
    /// Those of the group of this one.
    Members,
    /// The first ones of all groups.
    Leaders,
}

/// Their communicators, which are kept by that of all processes: it can be had in every thread.
#[derive(Clone, Copy)]
struct Communicators {
    members: &'static SimpleCommunicator,
    leaders: Option<&'static SimpleCommunicator>,
}

impl CommAttribute for Communicators {}

/// What MPI reads, which may not be what it writes; they grow but are not freed.
#[derive(Default)]
struct ExchangeBuffers {
    sent: Vec<u8>,
    sent_parts: Parts,
    received_parts: Parts,
}

/// How many bytes each process has, and where they begin.
#[derive(Default)]
struct Parts {
    counts: Vec<Count>,
    starts: Vec<Count>,
}

impl Parts {
    fn set(&mut self, ends: &[usize]) {
        self.counts.clear();
        self.starts.clear();
        let mut start = 0;
        for &end in ends {
            let number =
                |bytes: usize| Count::try_from(bytes).expect("MPI exchanges less than 2 GiB at once");
            self.starts.push(number(start));
            self.counts.push(number(end - start));
            start = end;
        }
    }
}

/// What Slurm sets with PMIx for the processes that it starts.
const RANK_OF_PMIX: &str = "PMIX_RANK";

/// The processes that a launcher has started.
pub(crate) struct Started {
    pub(crate) universe: Universe,
    /// The machine of this process.
    pub(crate) host: String,
    /// How many there are.
    pub(crate) all: usize,
    /// The group of this one.
    pub(crate) members: World,
    /// The first processes of all groups, if this is one of them.
    pub(crate) leaders: Option<World>,
}

/// Begins MPI in a process that a launcher has started. The processes end together when the universe is dropped.
///
/// None if this process is the only one. They are cut into the groups that the first process asks for, of neighbors,
/// unless there are more groups than processes.
pub(crate) fn begin(groups: Option<NonZeroUsize>) -> Option<Started> {
    if PROCESS_COUNT_VARIABLES
        .iter()
        .chain([&RANK_OF_PMIX])
        .all(|variable| std::env::var_os(variable).is_none())
    {
        return None;
    }
    // Runs are trained by threads of their own, one at a time.
    let (universe, _) = mpi::initialize_with_threading(Threading::Serialized)?;
    let mut world = universe.world();
    let (all, process) = (world.size() as usize, world.rank() as usize);
    if all == 1 {
        return None;
    }
    let mut count = groups.map_or(1, NonZeroUsize::get) as u64;
    world.process_at_rank(0).broadcast_into(&mut count);
    let count = usize::try_from(count).ok().filter(|&count| count <= all).unwrap_or(1);
    let group = (0..count).find(|&group| even_part(all, count, group).contains(&process))?;
    // They are there until MPI ends.
    let cut = |color| world.split_by_color(color).map(|own| -> &'static _ { Box::leak(Box::new(own)) });
    let color = |number: usize| Color::with_value(i32::try_from(number).expect("a process of MPI"));
    let members = cut(color(group))?;
    let leaders = cut(if members.rank() == 0 { color(0) } else { Color::undefined() });
    world.set_attr(Communicators { members, leaders });
    let of = |exchange, own: &SimpleCommunicator| World {
        exchange,
        processes: own.size() as usize,
        process: own.rank() as usize,
        buffers: Mutex::default(),
    };
    Some(Started {
        universe,
        host: processor_name().unwrap_or_default(),
        all,
        members: of(Exchange::Members, members),
        leaders: leaders.map(|leaders| of(Exchange::Leaders, leaders)),
    })
}

/// Ends all processes at once.
pub(crate) fn abort() -> ! {
    SimpleCommunicator::world().abort(101)
}

impl World {
    /// The communicator of these processes.
    fn communicator(&self) -> &'static SimpleCommunicator {
        let world = SimpleCommunicator::world();
        let Communicators { members, leaders } =
            *world.get_attr::<Communicators>().expect("set at the beginning");
        match self.exchange {
            Exchange::Members => members,
            Exchange::Leaders => leaders.expect("only first processes have it"),
        }
    }
}

impl Gather for World {
    fn processes(&self) -> usize {
        self.processes
    }

    fn process(&self) -> usize {
        self.process
    }

    fn max_bytes(&self) -> usize {
        Count::MAX as usize
    }

    fn all_gather(&self, bytes: &mut [u8], ends: &[usize]) {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let start = self.process.checked_sub(1).map_or(0, |before| ends[before]);
        buffers.sent.clear();
        buffers.sent.extend_from_slice(&bytes[start..ends[self.process]]);
        buffers.received_parts.set(ends);
        let ExchangeBuffers { sent, received_parts: Parts { counts, starts }, .. } = &*buffers;
        let mut all = PartitionMut::new(bytes, &counts[..], &starts[..]);
        self.communicator().all_gather_varcount_into(&sent[..], &mut all);
    }

    fn all_to_all(&self, sent: &[u8], sent_ends: &[usize], received: &mut [u8], received_ends: &[usize]) {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.sent_parts.set(sent_ends);
        buffers.received_parts.set(received_ends);
        let ExchangeBuffers { sent_parts: from, received_parts: to, .. } = &*buffers;
        let sent = Partition::new(sent, &from.counts[..], &from.starts[..]);
        let mut received = PartitionMut::new(received, &to.counts[..], &to.starts[..]);
        self.communicator().all_to_all_varcount_into(&sent, &mut received);
    }
}
