//! A pool of threads that all work on the same task and wait for each other after it.
//!
//! A training step runs about twenty tasks, a few microseconds apart: waiting threads first spin, and sleep
//! only when no task has come for a while.

#![expect(unsafe_code, reason = "borrowed tasks are run by threads that outlive them")]

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::hint::spin_loop;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};

/// How often a thread looks for the next task before it sleeps, about 50 microseconds.
const SPINS: u32 = 2_000;

/// The number of threads that the system can run at once, or 1 if it does not say.
pub fn available_threads() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Bits of [`Shared::generation`] for the number of threads that take part.
const TEAM_BITS: u32 = 10;

/// The largest number that they hold. A larger team is of no use: arrays are divided among fewer threads.
const MAX_TEAM: usize = (1 << TEAM_BITS) - 1;

/// Threads that share the work of one run; the caller is one of them.
pub struct ThreadPool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Threads that take part, with the caller. As a `Cell`, it makes the type not `Sync`: only one thread
    /// at a time may call.
    team: Cell<usize>,
}

/// A borrowed function of the thread's number, from 0.
type Task = *const (dyn Fn(usize) + Sync);

struct Shared {
    /// Counts tasks; when it changes, `task` is new. Its lowest bits are the number of threads that take part in
    /// the task: in the same number, so that a worker that comes late cannot take the team of one task for that
    /// of the next.
    generation: AtomicUsize,
    task: UnsafeCell<Option<Task>>,
    /// Workers that have not finished the current task.
    busy: AtomicUsize,
    stop: AtomicBool,
    /// Whether each worker sleeps and must be woken.
    sleeping: Vec<AtomicBool>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `task` is written only by the caller while no worker is busy, and read by workers only
// between a change of `generation` and their decrement of `busy`; both orders are established by
// these atomics. The pointer is to a `Sync` function.
unsafe impl Sync for Shared {}
// SAFETY: as above; nothing in it is tied to a thread.
unsafe impl Send for Shared {}

impl ThreadPool {
    /// A pool of this many threads, one of which is the caller.
    pub fn new(threads: NonZeroUsize) -> Self {
        let others = threads.get().min(MAX_TEAM) - 1;
        let shared = Arc::new(Shared {
            generation: AtomicUsize::new(0),
            task: UnsafeCell::new(None),
            busy: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            sleeping: (0..others).map(|_| AtomicBool::new(false)).collect(),
            panic: Mutex::new(None),
        });
        let workers = (0..others).map(|worker| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("pool-{}", worker + 1)).spawn(move || shared.serve(worker))
        });
        // If the system gives no more threads, the pool is smaller; results are the same.
        let workers: Vec<_> = workers.map_while(Result::ok).collect();
        let team = Cell::new(workers.len() + 1);
        Self { shared, workers, team }
    }

    /// A pool of the calling thread alone.
    pub fn single() -> Self {
        Self::new(NonZeroUsize::MIN)
    }

    /// The number of threads that take part in a task, with the caller.
    pub fn threads(&self) -> usize {
        self.team.get()
    }

    /// The number of threads that can take part, with the caller.
    pub fn max_threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Lets this many threads take part in the following tasks: 1 to [`max_threads`](Self::max_threads), to which
    /// other numbers are moved. The others sleep.
    pub fn limit(&self, threads: usize) {
        self.team.set(threads.clamp(1, self.max_threads()));
    }

    /// Calls `task` on all threads at once, with the number of each, below [`threads`](Self::threads).
    /// Returns when all are done.
    ///
    /// # Panics
    ///
    /// If `task` does.
    pub fn run(&self, task: &(dyn Fn(usize) + Sync)) {
        let team = self.threads();
        if team == 1 {
            return task(0);
        }
        let shared = &*self.shared;
        let borrowed: *const (dyn Fn(usize) + Sync + '_) = task;
        // SAFETY: only the lifetime is erased. `task` outlives this call, and this call returns
        // only after `busy` has come down to 0, when no worker touches it any more.
        let erased: Task =
            unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), Task>(borrowed) };
        // SAFETY: no worker is busy, so none reads it; a pool is not `Sync`, so there is no other
        // caller, and for the same reason `task` cannot call this.
        unsafe { *shared.task.get() = Some(erased) };
        shared.busy.store(team - 1, Ordering::Relaxed);
        // SeqCst here and in the worker: either it sees the new generation before it sleeps, or we see that
        // it sleeps.
        let last = shared.generation.load(Ordering::Relaxed);
        shared.generation.store(next_generation(last, team), Ordering::SeqCst);
        for (worker, sleeping) in self.workers.iter().zip(&shared.sleeping).take(team - 1) {
            if sleeping.load(Ordering::SeqCst) {
                worker.thread().unpark();
            }
        }
        let own = catch_unwind(AssertUnwindSafe(|| task(0)));
        let mut spins = 0_u32;
        while shared.busy.load(Ordering::Acquire) > 0 {
            // On a busy machine a worker may be waiting for a core: give it this one.
            if spins < SPINS {
                spin_loop()
            } else {
                thread::yield_now()
            }
            spins = spins.saturating_add(1);
        }
        let theirs = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(panic) = own.err().or(theirs) {
            resume_unwind(panic);
        }
    }

    /// Moves each part to a thread and calls `body` on it; returns when all are done.
    ///
    /// # Panics
    ///
    /// If there are more parts than threads, or if `body` panics.
    pub fn each<P: Send>(&self, parts: &mut [Option<P>], body: impl Fn(P) + Sync) {
        assert!(parts.len() <= self.threads(), "at most one part for each thread");
        let slots = Slots(parts.as_mut_ptr(), parts.len());
        self.run(&|thread| {
            // SAFETY: threads have different numbers, so each part is taken by one of them only, and `parts`
            // stays borrowed until all are done.
            if let Some(part) = unsafe { slots.take(thread) } {
                body(part);
            }
        });
    }
}

/// Parts that are taken by number.
struct Slots<P>(*mut Option<P>, usize);

// SAFETY: a part is moved to the thread that takes it, which is what `Send` allows.
unsafe impl<P: Send> Sync for Slots<P> {}

impl<P> Slots<P> {
    /// # Safety
    ///
    /// No two threads may take the same part, and the parts must still be borrowed.
    unsafe fn take(&self, index: usize) -> Option<P> {
        // SAFETY: within the slice, and no other thread takes it, as the caller promises.
        (index < self.1).then(|| unsafe { (*self.0.add(index)).take() }).flatten()
    }
}

impl Shared {
    /// The loop of a worker.
    fn serve(&self, worker: usize) {
        let mut seen = 0;
        loop {
            seen = self.wait(worker, seen);
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            // SAFETY: the generation changed, so the caller has written `task` and waits for us.
            let task = unsafe { *self.task.get() };
            // SAFETY: the caller keeps it alive until we have counted down.
            let task = task.map(|task| unsafe { &*task });
            let result = catch_unwind(AssertUnwindSafe(|| task.map(|task| task(worker + 1))));
            if let Err(panic) = result {
                *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
            }
            self.busy.fetch_sub(1, Ordering::Release);
        }
    }

    /// Returns the new generation once it is not `seen` any more and the worker takes part in it.
    fn wait(&self, worker: usize, seen: usize) -> usize {
        let takes_part = |generation: usize| worker + 1 < team_of(generation);
        for _ in 0..SPINS {
            let generation = self.generation.load(Ordering::Acquire);
            if !takes_part(generation) {
                // It is not needed for a while.
                break;
            }
            if generation != seen {
                return generation;
            }
            spin_loop();
        }
        self.sleeping[worker].store(true, Ordering::SeqCst);
        let generation = loop {
            let generation = self.generation.load(Ordering::SeqCst);
            if generation != seen && takes_part(generation) {
                break generation;
            }
            thread::park();
        };
        self.sleeping[worker].store(false, Ordering::Relaxed);
        generation
    }
}

/// The number of threads that take part in the task of `generation`.
fn team_of(generation: usize) -> usize {
    generation & MAX_TEAM
}

/// The generation after `last`, whose task is for `team` threads.
fn next_generation(last: usize, team: usize) -> usize {
    let count = (last >> TEAM_BITS).wrapping_add(1);
    (count << TEAM_BITS) | team
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        let last = self.shared.generation.load(Ordering::Relaxed);
        self.shared.generation.store(next_generation(last, MAX_TEAM), Ordering::SeqCst);
        self.workers.iter().map(JoinHandle::thread).for_each(Thread::unpark);
        for worker in self.workers.drain(..) {
            // A worker catches every panic of its task.
            let _ = worker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(threads: usize) -> ThreadPool {
        ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"))
    }

    #[test]
    fn every_thread_runs_every_task_once() {
        for threads in [1, 2, 3, 5] {
            let pool = pool(threads);
            let counts: Vec<AtomicUsize> = (0..threads).map(|_| AtomicUsize::new(0)).collect();
            for _ in 0..200 {
                pool.run(&|thread| {
                    counts[thread].fetch_add(1, Ordering::Relaxed);
                });
            }
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 200), "{counts:?}");
        }
    }

    #[test]
    fn a_limit_leaves_the_last_threads_out() {
        let pool = pool(4);
        assert_eq!((pool.threads(), pool.max_threads()), (4, 4));
        let counts: Vec<AtomicUsize> = (0..4).map(|_| AtomicUsize::new(0)).collect();
        let mut expected = [0; 4];
        // Changes at every task, so that threads are left out while they still spin, and while they sleep.
        for round in 0..2_000 {
            let threads = [4, 1, 2, 2, 3, 1, 4, 2][round % 8];
            pool.limit(threads);
            assert_eq!(pool.threads(), threads);
            pool.run(&|thread| {
                counts[thread].fetch_add(1, Ordering::Relaxed);
            });
            expected[..threads].iter_mut().for_each(|count| *count += 1);
            let counted: Vec<usize> = counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
            assert_eq!(counted, expected, "round {round}");
        }
        pool.limit(0);
        assert_eq!(pool.threads(), 1);
        pool.limit(9);
        assert_eq!(pool.threads(), 4);
    }

    #[test]
    fn sleeping_workers_are_woken() {
        let pool = pool(3);
        let count = AtomicUsize::new(0);
        for _ in 0..3 {
            // Longer than any worker spins.
            thread::sleep(std::time::Duration::from_millis(20));
            pool.run(&|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
        }
        assert_eq!(count.load(Ordering::Relaxed), 9);
    }

    #[test]
    fn parts_are_moved_to_threads() {
        let mut numbers = vec![0_u32; 10];
        let (left, right) = numbers.split_at_mut(4);
        let mut parts = [Some((left, 1)), Some((right, 2)), None];
        pool(3).each(&mut parts, |(slice, value)| slice.fill(value));
        assert_eq!(numbers, [1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn a_panic_of_any_thread_reaches_the_caller_and_the_pool_still_works() {
        let pool = pool(3);
        for bad in 0..3 {
            let result =
                catch_unwind(AssertUnwindSafe(|| pool.run(&|thread| assert_ne!(thread, bad, "bad thread"))));
            assert!(result.is_err(), "thread {bad}");
        }
        let count = AtomicUsize::new(0);
        pool.run(&|_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.load(Ordering::Relaxed), 3);
    }
}
