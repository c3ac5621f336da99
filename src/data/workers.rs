//! Many chunks on several threads, and what comes of them in the order of the file.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::chunks::{Chunk, Chunks};
use super::error::Told;

/// What is done with every chunk.
pub(super) trait Work: Sync {
    /// Kept by a thread from one chunk to the next.
    type Scratch: Default;
    /// What comes of a chunk.
    type Outcome: Send;

    /// Reads a chunk.
    fn read(&self, chunk: &Chunk, scratch: &mut Self::Scratch) -> Self::Outcome;

    /// What comes of a chunk that could not be had.
    fn damaged(&self, told: Box<Told>) -> Self::Outcome;

    /// The number of threads.
    fn threads(&self) -> usize;
}

/// Does `work` on `first` and, on several threads, on all that is still in `chunks`, unless `take`
/// breaks off. It gets the outcomes in the order of the file.
pub(super) fn in_order<W: Work>(
    work: &W,
    first: &Chunk,
    chunks: &mut Chunks,
    take: &mut (dyn FnMut(W::Outcome) -> ControlFlow<()> + Send),
) {
    let is_enough = take(work.read(first, &mut W::Scratch::default())).is_break();
    if is_enough || first.is_last {
        return;
    }
    let (chunks, line) = (Mutex::new(chunks), Mutex::new(Line { take, next: 1, waiting: BTreeMap::new() }));
    let is_enough = AtomicBool::new(false);
    let run = || {
        let (mut chunk, mut scratch) = (Chunk::default(), W::Scratch::default());
        while !is_enough.load(Ordering::Relaxed) {
            // Reading is for one at a time, parsing for all at once.
            let next = lock(&chunks).next(&mut chunk);
            let outcome = match next {
                Ok(true) => work.read(&chunk, &mut scratch),
                Ok(false) => break,
                Err(told) => work.damaged(told),
            };
            let enough = lock(&line).add(chunk.index, outcome);
            is_enough.fetch_or(enough.is_break(), Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 1..work.threads() {
            // Where the system gives no more threads, fewer do the same.
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                break;
            }
        }
        run();
    });
}

/// Outcomes that came before one that is before them.
struct Line<'t, T> {
    take: &'t mut (dyn FnMut(T) -> ControlFlow<()> + Send),
    next: usize,
    waiting: BTreeMap<usize, T>,
}

impl<T> Line<'_, T> {
    fn add(&mut self, index: usize, outcome: T) -> ControlFlow<()> {
        self.waiting.insert(index, outcome);
        let mut enough = ControlFlow::Continue(());
        while let Some(outcome) = self.waiting.remove(&self.next) {
            self.next += 1;
            enough = (self.take)(outcome);
        }
        enough
    }
}

/// A panic of another thread is passed on when all have ended.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
