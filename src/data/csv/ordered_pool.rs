//! Many chunks on several threads, and what comes of them in the order of the file.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::data::csv::chunks::{Chunk, Chunks};
use crate::data::error::Told;

/// What is done with every chunk.
pub(crate) trait Work: Sync {
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

/// Outcomes for each thread that may wait for one before them. So a slow chunk, or a slow taker,
/// does not let the others fill the memory.
const MOST_WAITING: usize = 8;

/// Does `work` on `first` and, on several threads, on all that is still in `chunks`, unless `take`
/// breaks off. It gets the outcomes in the order of the file; once it broke off, those of the chunks
/// that were taken from `chunks` by then still come, so that what it gets and what is left in `chunks`
/// is together the file.
pub(crate) fn in_order<W: Work>(
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
    let (is_enough, moved) = (AtomicBool::new(false), Condvar::new());
    let most_waiting = MOST_WAITING * work.threads();
    let run = || {
        let _leaving = Leaving { line: &line, is_enough: &is_enough, moved: &moved };
        let (mut chunk, mut scratch) = (Chunk::default(), W::Scratch::default());
        while !is_enough.load(Ordering::Relaxed) {
            // Whoever has the chunk that the others wait for is not here.
            let is_full = |line: &mut Line<'_, _>| {
                line.waiting.len() >= most_waiting && !is_enough.load(Ordering::Relaxed)
            };
            drop(moved.wait_while(lock(&line), is_full).unwrap_or_else(PoisonError::into_inner));
            // Reading is for one at a time, parsing for all at once.
            let next = lock(&chunks).next(&mut chunk);
            let outcome = match next {
                Ok(true) => work.read(&chunk, &mut scratch),
                Ok(false) => break,
                Err(told) => work.damaged(told),
            };
            let enough = lock(&line).add(chunk.index, outcome);
            is_enough.fetch_or(enough.is_break(), Ordering::Relaxed);
            moved.notify_all();
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
        let mut flow = ControlFlow::Continue(());
        while let Some(outcome) = self.waiting.remove(&self.next) {
            self.next += 1;
            if (self.take)(outcome).is_break() {
                flow = ControlFlow::Break(());
            }
        }
        flow
    }
}

/// Lets nobody wait for a thread that panicked.
struct Leaving<'l, 't, T> {
    line: &'l Mutex<Line<'t, T>>,
    is_enough: &'l AtomicBool,
    moved: &'l Condvar,
}

impl<T> Drop for Leaving<'_, '_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            let _line = lock(self.line);
            self.is_enough.store(true, Ordering::Relaxed);
            self.moved.notify_all();
        }
    }
}

/// A panic of another thread is passed on when all have ended.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
