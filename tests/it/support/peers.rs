//! Processes that train together, as threads of one.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use bntrain::nn::Gather;

/// One of them.
struct Peer {
    process: usize,
    met: Arc<Barrier>,
    /// What each of them has.
    shown: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Peer {
    /// Shows `own` to all, and `read` what they show.
    fn meet(&self, own: &[u8], mut read: impl FnMut(usize, &[u8])) {
        let shown = || self.shown.lock().expect("no thread fails while it shows");
        shown()[self.process] = own.to_vec();
        self.met.wait();
        shown().iter().enumerate().for_each(|(other, bytes)| read(other, bytes));
        self.met.wait();
    }
}

/// The part of a process.
fn part<'b>(bytes: &'b [u8], ends: &[usize], process: usize) -> &'b [u8] {
    &bytes[process.checked_sub(1).map_or(0, |before| ends[before])..ends[process]]
}

impl Gather for Peer {
    fn processes(&self) -> usize {
        self.shown.lock().expect("no thread fails while it shows").len()
    }

    fn process(&self) -> usize {
        self.process
    }

    fn all_gather(&self, bytes: &mut [u8], ends: &[usize]) {
        let own = part(bytes, ends, self.process).to_vec();
        self.meet(&own, |other, shown| {
            let end = ends[other];
            bytes[end - shown.len()..end].copy_from_slice(shown);
        });
    }

    fn all_to_all(&self, sent: &[u8], sent_ends: &[usize], received: &mut [u8], received_ends: &[usize]) {
        let ends: Vec<u8> = sent_ends.iter().flat_map(|end| end.to_le_bytes()).collect();
        let mut of_others = Vec::new();
        self.meet(&ends, |_, shown| {
            let ends =
                shown.chunks_exact(8).map(|end| usize::from_le_bytes(end.try_into().expect("a number")));
            of_others.push(ends.collect::<Vec<_>>());
        });
        self.meet(sent, |other, shown| {
            let (shown, end) = (part(shown, &of_others[other], self.process), received_ends[other]);
            received[end - shown.len()..end].copy_from_slice(shown);
        });
    }
}

/// What each of `count` processes gives.
pub(crate) fn together<R: Send>(count: usize, run: impl Fn(Arc<dyn Gather>) -> R + Sync) -> Vec<R> {
    let met = Arc::new(Barrier::new(count));
    let shown = Arc::new(Mutex::new(vec![Vec::new(); count]));
    thread::scope(|scope| {
        let started: Vec<_> = (0..count)
            .map(|process| {
                let peer = Peer { process, met: Arc::clone(&met), shown: Arc::clone(&shown) };
                let run = &run;
                scope.spawn(move || run(Arc::new(peer)))
            })
            .collect();
        started.into_iter().map(|thread| thread.join().expect("a process that ends")).collect()
    })
}
