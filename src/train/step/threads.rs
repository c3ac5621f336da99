//! How many threads take part in a training step.
//!
//! On a quiet machine all of them are fastest, unless the network is small. When another program uses a core, the
//! threads of a step wait for the one that shares it, at every layer: one thread alone can then be several times
//! as fast. The result does not depend on the number of threads, so it is measured and changed while training.

/// Multiplications in one product of a batch with all weights from which a second thread makes a
/// step faster: with 0.3 million it does not (64-64-64-10, batches of 32), with 6 it does
/// (784-100x3-10, batches of 60).
const MIN_PARALLEL_FLOPS: usize = 1 << 20;

/// Seconds of steps that are measured together. A thread that is interrupted waits for some milliseconds.
const WINDOW: f64 = 0.02;

/// Seconds until another number of threads is tried, the first time and at most.
const FIRST_TRY: f64 = 0.06;
const LONGEST_WAIT: f64 = 2.0;

/// By how much the time until the next try grows.
const PATIENCE: f64 = 4.0;

/// How much faster another number must be.
const MARGIN: f64 = 0.97;

/// The number of threads for training steps: the one that is fastest now.
pub(crate) struct StepThreads {
    /// Powers of two, and the largest number.
    counts: Vec<Count>,
    /// The fastest, as far as is known.
    best: usize,
    /// The others that are tried now, the last one first; the steps of all others are done by `best`.
    trying: Vec<usize>,
    window: Window,
    /// Seconds of steps since the last try, and after which the next one begins.
    waited: f64,
    wait: f64,
}

/// A number of threads that is possible.
struct Count {
    threads: usize,
    /// Seconds for a row when it was last measured.
    cost: Option<f64>,
}

/// Steps that are measured together.
#[derive(Default)]
struct Window {
    seconds: f64,
    rows: f64,
}

impl StepThreads {
    /// For steps with this many multiplications, on at most `max` threads.
    pub(crate) fn new(max: usize, flops: usize) -> Self {
        let powers = (0..).map(|power| 1 << power).take_while(|&threads| threads < max);
        let mut counts: Vec<_> = powers.chain([max]).map(|threads| Count { threads, cost: None }).collect();
        if flops < MIN_PARALLEL_FLOPS {
            counts.truncate(1);
        }
        Self::of(counts)
    }

    /// Always this many.
    pub(crate) fn fixed(threads: usize) -> Self {
        Self::of(vec![Count { threads, cost: None }])
    }

    fn of(counts: Vec<Count>) -> Self {
        Self {
            best: counts.len() - 1,
            counts,
            trying: Vec::with_capacity(2),
            window: Window::default(),
            waited: 0.0,
            wait: FIRST_TRY,
        }
    }

    /// The number of threads for the next step.
    pub(crate) fn count(&self) -> usize {
        self.counts[self.current()].threads
    }

    fn current(&self) -> usize {
        self.trying.last().copied().unwrap_or(self.best)
    }

    /// Takes note that a step of `rows` rows on [`count`](Self::count) threads took this many seconds.
    pub(crate) fn record(&mut self, rows: usize, seconds: f64) {
        self.window.rows += rows as f64;
        self.window.seconds += seconds;
        if self.counts.len() < 2 || self.window.seconds < WINDOW {
            return;
        }
        let Window { seconds, rows } = std::mem::take(&mut self.window);
        let cost = seconds / rows;
        if let Some(tried) = self.trying.pop() {
            self.counts[tried].cost = Some(cost);
            if self.trying.is_empty() {
                self.choose();
                self.wait = LONGEST_WAIT.min(self.wait * PATIENCE);
                self.waited = 0.0;
            }
            return;
        }
        let known = &mut self.counts[self.best].cost;
        // Half of it from before, since one window is a matter of luck.
        *known = Some(known.map_or(cost, |before| f64::midpoint(before, cost)));
        if self.choose() {
            // What it is compared with may be long ago.
            self.counts[self.best].cost = None;
            self.waited = 0.0;
        }
        self.waited += seconds;
        if self.waited >= self.wait {
            let neighbours = [self.best.checked_sub(1), Some(self.best + 1)];
            // Within the capacity: a step allocates nothing.
            self.trying.extend(neighbours.into_iter().flatten().filter(|&other| other < self.counts.len()));
        }
    }

    /// Makes the fastest one the best, and says whether that is another one.
    fn choose(&mut self) -> bool {
        let cost = |count: &Count| count.cost.unwrap_or(f64::INFINITY);
        let costs = self.counts.iter().map(cost).enumerate();
        let fastest = costs.min_by(|a, b| a.1.total_cmp(&b.1));
        let bound = MARGIN * cost(&self.counts[self.best]);
        let other = fastest.filter(|&(index, cost)| index != self.best && cost < bound);
        self.best = other.map_or(self.best, |(index, _)| index);
        other.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: usize = MIN_PARALLEL_FLOPS;

    /// Trains for `seconds`, where a step of 50 rows on some threads, at some time, takes `cost` seconds; returns the
    /// number of steps.
    fn steps(
        threads: &mut StepThreads,
        seconds: std::ops::Range<f64>,
        mut cost: impl FnMut(usize) -> f64,
    ) -> f64 {
        let (mut now, mut steps) = (seconds.start, 0.0);
        while now < seconds.end {
            let step = cost(threads.count());
            threads.record(50, step);
            now += step;
            steps += 1.0;
        }
        steps
    }

    #[test]
    fn a_small_network_is_trained_by_one_thread() {
        let mut threads = StepThreads::new(8, LARGE - 1);
        for _ in 0..1_000 {
            assert_eq!(threads.count(), 1);
            threads.record(32, 0.01);
        }
        assert_eq!(StepThreads::new(8, LARGE).count(), 8);
        assert_eq!(StepThreads::new(1, LARGE).count(), 1);
    }

    #[test]
    fn trying_costs_little_on_a_quiet_machine() {
        for max in [2, 3, 6, 16] {
            let mut threads = StepThreads::new(max, LARGE);
            let cost = |threads: usize| 1e-3 / (threads as f64).powf(0.7);
            let share = steps(&mut threads, 0.0..20.0, cost) * cost(max) / 20.0;
            assert!(share > 0.98, "{max} threads: {share}");
        }
    }

    #[test]
    fn a_busy_machine_is_noticed_and_left_again() {
        let mut threads = StepThreads::new(2, LARGE);
        let (quiet, busy) =
            (|threads: usize| [1e-3, 0.6e-3][threads - 1], |threads: usize| [1e-3, 4e-3][threads - 1]);
        for (begin, cost, best) in
            [(0.0, &quiet as &dyn Fn(usize) -> f64, 2), (10.0, &busy, 1), (20.0, &quiet, 2), (30.0, &busy, 1)]
        {
            let share = steps(&mut threads, begin..begin + 10.0, cost) * cost(best) / 10.0;
            // It can take as long as the longest wait to notice.
            let bound = if begin == 0.0 || best == 1 { 0.97 } else { 0.9 };
            assert!(share > bound, "from {begin} s: {share}");
            assert!(threads.trying.is_empty() == (threads.count() == best), "from {begin} s");
        }
    }

    #[test]
    fn luck_does_not_decide() {
        // Two threads are interrupted in every third window or so, for longer than they gain.
        let mut random = 1_u32;
        let mut cost = |threads: usize| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let is_interrupted = threads == 2 && random >> 16 < 1_000;
            if is_interrupted { 0.06 } else { [1e-3, 0.6e-3][threads - 1] }
        };
        let expected_of_two = (1_000.0 * 0.06 + 64_536.0 * 0.6e-3) / 65_536.0;
        assert!(expected_of_two > 1.4e-3, "one thread is faster");
        let mut threads = StepThreads::new(2, LARGE);
        let share = steps(&mut threads, 0.0..60.0, &mut cost) * 1e-3 / 60.0;
        assert!(share > 0.9, "{share}");
    }

    #[test]
    fn more_threads_than_are_useful_are_found() {
        let mut threads = StepThreads::new(16, LARGE);
        let cost = |threads: usize| 1e-3 * (1.0 / threads as f64 + 0.02 * threads as f64);
        let share = steps(&mut threads, 0.0..20.0, cost) * cost(8) / 20.0;
        assert!(share > 0.97, "{share}");
        assert_eq!(threads.counts[threads.best].threads, 8);
    }
}
