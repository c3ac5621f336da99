//! A few threads that work on one thing at a time and meet again after each.
//!
//! A training step meets some twenty times, a few microseconds apart: waiting members first spin,
//! and sleep only when nothing has come for a while.

#![expect(
    unsafe_code,
    reason = "borrowed work is lent to threads that outlive it, and taken back before it ends"
)]

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::hint::spin_loop;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};

/// Looks at the next piece of work before a member sleeps: some 50 microseconds.
const SPINS: u32 = 2_000;

/// Threads that share the work of one run; the caller is one of them.
pub struct ThreadPool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Makes the type not `Sync`: one thread at a time may call.
    one_caller: PhantomData<Cell<()>>,
}

/// What the caller lends: a function of the member's number, from 0.
type Work = *const (dyn Fn(usize) + Sync);

struct Shared {
    /// Counts pieces of work; a change tells that `work` is new.
    generation: AtomicUsize,
    work: UnsafeCell<Option<Work>>,
    /// Workers that are not done with the current piece.
    busy: AtomicUsize,
    stop: AtomicBool,
    /// Workers that sleep and have to be woken.
    sleeping: Vec<AtomicBool>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `work` is written only by the caller while no worker is busy, and read by workers only
// between a change of `generation` and their decrement of `busy`; both orders are established by
// these atomics. The pointer is to a `Sync` function.
unsafe impl Sync for Shared {}
// SAFETY: as above; nothing in it belongs to a thread.
unsafe impl Send for Shared {}

impl ThreadPool {
    /// A pool of `members`, one of which is whoever calls.
    pub fn new(members: NonZeroUsize) -> Self {
        let others = members.get() - 1;
        let shared = Arc::new(Shared {
            generation: AtomicUsize::new(0),
            work: UnsafeCell::new(None),
            busy: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            sleeping: (0..others).map(|_| AtomicBool::new(false)).collect(),
            panic: Mutex::new(None),
        });
        let workers = (0..others).map(|worker| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("pool-{}", worker + 1)).spawn(move || shared.serve(worker))
        });
        // Where the system gives no more threads, the pool is smaller; results are the same.
        let workers = workers.map_while(Result::ok).collect();
        Self { shared, workers, one_caller: PhantomData }
    }

    /// A pool of the caller alone.
    pub fn single() -> Self {
        Self::new(NonZeroUsize::MIN)
    }

    /// How many work together.
    pub fn members(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `work` with every number below [`members`](Self::members), all at the same time, and
    /// returns when all are done.
    ///
    /// # Panics
    ///
    /// If `work` does.
    pub fn run(&self, work: &(dyn Fn(usize) + Sync)) {
        if self.workers.is_empty() {
            return work(0);
        }
        let shared = &*self.shared;
        let lent: *const (dyn Fn(usize) + Sync + '_) = work;
        // SAFETY: only the lifetime is forgotten. `work` outlives this call, and this call returns
        // only after `busy` has come down to 0, when no worker touches it any more.
        let lent: Work = unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), Work>(lent) };
        // SAFETY: no worker is busy, so none reads it; a pool is not `Sync`, so there is no other
        // caller, and for the same reason `work` cannot call back.
        unsafe { *shared.work.get() = Some(lent) };
        shared.busy.store(self.workers.len(), Ordering::Relaxed);
        // SeqCst, with the worker's own: either it sees the new generation before it sleeps, or we
        // see that it sleeps.
        shared.generation.fetch_add(1, Ordering::SeqCst);
        for (worker, sleeping) in self.workers.iter().zip(&shared.sleeping) {
            if sleeping.load(Ordering::SeqCst) {
                worker.thread().unpark();
            }
        }
        let own = catch_unwind(AssertUnwindSafe(|| work(0)));
        let mut spins = 0_u32;
        while shared.busy.load(Ordering::Acquire) > 0 {
            // On a busy machine a member may not be running at all: let it have this core.
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

    /// Hands each part to a member and calls `body` on it; returns when all are done.
    ///
    /// # Panics
    ///
    /// If there are more parts than members, or `body` does.
    pub fn each<P: Send>(&self, parts: &mut [Option<P>], body: impl Fn(P) + Sync) {
        assert!(parts.len() <= self.members(), "a part for each member at most");
        let places = Places(parts.as_mut_ptr(), parts.len());
        self.run(&|member| {
            // SAFETY: members have different numbers, so each part is taken by one of them only,
            // and `parts` stays borrowed until all are done.
            if let Some(part) = unsafe { places.take(member) } {
                body(part);
            }
        });
    }
}

/// Parts that are handed out by number.
struct Places<P>(*mut Option<P>, usize);

// SAFETY: a part is moved to the thread that takes it, which is what `Send` allows.
unsafe impl<P: Send> Sync for Places<P> {}

impl<P> Places<P> {
    /// # Safety
    ///
    /// No two threads may ask for the same place, and the parts must still be borrowed.
    unsafe fn take(&self, place: usize) -> Option<P> {
        // SAFETY: within the slice, and nobody else has it, as the caller promises.
        (place < self.1).then(|| unsafe { (*self.0.add(place)).take() }).flatten()
    }
}

impl Shared {
    /// The life of a worker.
    fn serve(&self, worker: usize) {
        let mut seen = 0;
        loop {
            seen = self.wait(worker, seen);
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            // SAFETY: the generation changed, so the caller has written `work` and waits for us.
            let work = unsafe { *self.work.get() };
            // SAFETY: the caller keeps it alive until we have counted down.
            let work = work.map(|work| unsafe { &*work });
            let result = catch_unwind(AssertUnwindSafe(|| work.map(|work| work(worker + 1))));
            if let Err(panic) = result {
                *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
            }
            self.busy.fetch_sub(1, Ordering::Release);
        }
    }

    /// Returns the new generation once it is not `seen` any more.
    fn wait(&self, worker: usize, seen: usize) -> usize {
        for _ in 0..SPINS {
            let generation = self.generation.load(Ordering::Acquire);
            if generation != seen {
                return generation;
            }
            spin_loop();
        }
        self.sleeping[worker].store(true, Ordering::SeqCst);
        let generation = loop {
            let generation = self.generation.load(Ordering::SeqCst);
            if generation != seen {
                break generation;
            }
            thread::park();
        };
        self.sleeping[worker].store(false, Ordering::Relaxed);
        generation
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
        self.workers.iter().map(JoinHandle::thread).for_each(Thread::unpark);
        for worker in self.workers.drain(..) {
            // A worker catches every panic of its work.
            let _ = worker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(members: usize) -> ThreadPool {
        ThreadPool::new(NonZeroUsize::new(members).expect("at least one"))
    }

    #[test]
    fn every_member_works_once_on_every_piece() {
        for members in [1, 2, 3, 5] {
            let pool = pool(members);
            let counts: Vec<AtomicUsize> = (0..members).map(|_| AtomicUsize::new(0)).collect();
            for _ in 0..200 {
                pool.run(&|member| {
                    counts[member].fetch_add(1, Ordering::Relaxed);
                });
            }
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 200), "{counts:?}");
        }
    }

    #[test]
    fn sleepers_are_woken() {
        let pool = pool(3);
        let count = AtomicUsize::new(0);
        for _ in 0..3 {
            // Longer than any member spins.
            thread::sleep(std::time::Duration::from_millis(20));
            pool.run(&|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
        }
        assert_eq!(count.load(Ordering::Relaxed), 9);
    }

    #[test]
    fn parts_are_moved_to_members_and_changed_there() {
        let mut numbers = vec![0_u32; 10];
        let (left, right) = numbers.split_at_mut(4);
        let mut parts = [Some((left, 1)), Some((right, 2)), None];
        pool(3).each(&mut parts, |(slice, value)| slice.fill(value));
        assert_eq!(numbers, [1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn a_panic_of_any_member_reaches_the_caller_and_the_team_goes_on() {
        let pool = pool(3);
        for bad in 0..3 {
            let result =
                catch_unwind(AssertUnwindSafe(|| pool.run(&|member| assert_ne!(member, bad, "bad member"))));
            assert!(result.is_err(), "member {bad}");
        }
        let count = AtomicUsize::new(0);
        pool.run(&|_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.load(Ordering::Relaxed), 3);
    }
}
