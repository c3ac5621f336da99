//! The processes of MPI.

use std::sync::{Mutex, PoisonError};

use mpi::collective::CommunicatorCollectives;
use mpi::datatype::{Partition, PartitionMut};
use mpi::environment::{Universe, processor_name};
use mpi::topology::{Communicator, SimpleCommunicator};
use mpi::{Count, Threading};

use crate::cli::processes::SIZES;
use crate::nn::Gather;

/// All processes that `mpirun` has started.
pub(crate) struct World {
    processes: usize,
    process: usize,
    buffers: Mutex<ExchangeBuffers>,
}

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

/// Begins MPI in a process that a launcher has started. The processes end together when the first result is dropped.
///
/// None if this process is the only one.
pub(crate) fn begin() -> Option<(Universe, World, String)> {
    if SIZES.iter().chain([&RANK_OF_PMIX]).all(|variable| std::env::var_os(variable).is_none()) {
        return None;
    }
    // Runs are trained by threads of their own, one at a time.
    let (universe, _) = mpi::initialize_with_threading(Threading::Serialized)?;
    let world = universe.world();
    let (processes, process) = (world.size() as usize, world.rank() as usize);
    if processes == 1 {
        return None;
    }
    let host = processor_name().unwrap_or_default();
    Some((universe, World { processes, process, buffers: Mutex::default() }, host))
}

/// Ends all processes at once.
pub(crate) fn abort() -> ! {
    SimpleCommunicator::world().abort(101)
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
        SimpleCommunicator::world().all_gather_varcount_into(&sent[..], &mut all);
    }

    fn all_to_all(&self, sent: &[u8], sent_ends: &[usize], received: &mut [u8], received_ends: &[usize]) {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.sent_parts.set(sent_ends);
        buffers.received_parts.set(received_ends);
        let ExchangeBuffers { sent_parts: from, received_parts: to, .. } = &*buffers;
        let sent = Partition::new(sent, &from.counts[..], &from.starts[..]);
        let mut received = PartitionMut::new(received, &to.counts[..], &to.starts[..]);
        SimpleCommunicator::world().all_to_all_varcount_into(&sent, &mut received);
    }
}
