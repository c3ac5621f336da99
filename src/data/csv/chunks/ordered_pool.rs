//! Reads the chunks of files on several threads and hands over the results in the order of the files.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::data::csv::chunks::Chunks;
use crate::data::csv::chunks::chunk::{Chunk, ChunkPlace};
use crate::data::csv::row_reader::ReadSummary;
use crate::data::error::Located;

/// Reads a chunk on any thread.
pub(crate) trait ChunkReader: Sync {
    /// Reused by a thread from one chunk to the next.
    type Scratch: Default;
    /// The parsed content of a chunk.
    type Content: Send;

    /// Reads the text of a chunk at this place of its file.
    fn read(
        &self,
        text: &str,
        place: ChunkPlace,
        scratch: &mut Self::Scratch,
    ) -> (ReadSummary, Option<Self::Content>);

    /// The number of threads.
    fn threads(&self) -> usize;
}

/// The result of parsing a chunk.
pub(crate) struct ChunkResult<T> {
    /// The place of its file among all.
    pub(crate) file: usize,
    pub(crate) lines: u64,
    pub(crate) summary: ReadSummary,
    /// None only where the summary has a fault.
    pub(crate) content: Option<T>,
}

impl<T> ChunkResult<T> {
    fn read<R: ChunkReader<Content = T>>(reader: &R, chunk: &Chunk, scratch: &mut R::Scratch) -> Self {
        match chunk.text() {
            Ok(text) => {
                let (summary, content) = reader.read(text, chunk.place, scratch);
                Self { file: chunk.file, lines: chunk.lines(), summary, content }
            }
            Err(fault) => Self::failed(chunk, fault),
        }
    }

    /// The result for a chunk that could not be read from the file.
    fn failed(chunk: &Chunk, fault: Box<Located>) -> Self {
        let summary = ReadSummary { fault: Some(fault), ..ReadSummary::default() };
        Self { file: chunk.file, lines: chunk.lines(), summary, content: None }
    }
}

/// Results per thread that may wait for an earlier one, so that a slow chunk does not let the
/// others fill the memory.
const MAX_WAITING: usize = 8;

/// Parses `first` and the rest of `chunks` on several threads until `take` breaks. `take` gets the results
/// in the order of the files. After a break it still gets those of the chunks that were already taken from
/// `chunks`, so that no part of them is lost.
pub(crate) fn read_in_order<R: ChunkReader>(
    reader: &R,
    first: &Chunk,
    chunks: &mut Chunks,
    take: &mut (dyn FnMut(ChunkResult<R::Content>) -> ControlFlow<()> + Send),
) {
    let is_stopped = take(ChunkResult::read(reader, first, &mut R::Scratch::default())).is_break();
    if is_stopped || (first.is_last && !chunks.has_more_files()) {
        return;
    }
    let chunks = Mutex::new(chunks);
    let queue = Mutex::new(Queue { take, next: 1, waiting: BTreeMap::new() });
    let (is_stopped, changed) = (AtomicBool::new(false), Condvar::new());
    let max_waiting = MAX_WAITING * reader.threads();
    let run = || {
        let _wake_on_panic = WakeOnPanic { queue: &queue, is_stopped: &is_stopped, changed: &changed };
        let (mut chunk, mut scratch) = (Chunk::default(), R::Scratch::default());
        while !is_stopped.load(Ordering::Relaxed) {
            // The thread that parses the chunk the others wait for never waits here.
            let is_full = |queue: &mut Queue<'_, _>| {
                queue.waiting.len() >= max_waiting && !is_stopped.load(Ordering::Relaxed)
            };
            drop(changed.wait_while(lock(&queue), is_full).unwrap_or_else(PoisonError::into_inner));
            // One thread at a time reads from the file; all parse at once.
            let next = lock(&chunks).next(&mut chunk);
            let result = match next {
                Ok(true) => ChunkResult::read(reader, &chunk, &mut scratch),
                Ok(false) => break,
                Err(fault) => ChunkResult::failed(&chunk, fault),
            };
            let flow = lock(&queue).add(chunk.index, result);
            is_stopped.fetch_or(flow.is_break(), Ordering::Relaxed);
            changed.notify_all();
        }
    };
    thread::scope(|scope| {
        for _ in 1..reader.threads() {
            // If the system refuses a thread, fewer threads do the work.
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                break;
            }
        }
        run();
    });
}

/// Results that wait for an earlier one.
struct Queue<'t, T> {
    take: &'t mut (dyn FnMut(T) -> ControlFlow<()> + Send),
    next: usize,
    waiting: BTreeMap<usize, T>,
}

impl<T> Queue<'_, T> {
    fn add(&mut self, index: usize, result: T) -> ControlFlow<()> {
        self.waiting.insert(index, result);
        let mut flow = ControlFlow::Continue(());
        while let Some(result) = self.waiting.remove(&self.next) {
            self.next += 1;
            if (self.take)(result).is_break() {
                flow = ControlFlow::Break(());
            }
        }
        flow
    }
}

/// Unblocks waiting threads if one panics.
struct WakeOnPanic<'l, 't, T> {
    queue: &'l Mutex<Queue<'t, T>>,
    is_stopped: &'l AtomicBool,
    changed: &'l Condvar,
}

impl<T> Drop for WakeOnPanic<'_, '_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            let _queue = lock(self.queue);
            self.is_stopped.store(true, Ordering::Relaxed);
            self.changed.notify_all();
        }
    }
}

/// Locks despite a panic elsewhere, which is passed on when all threads have ended.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
