//! How long something takes: many samples, of which the best and the median count.

use std::time::{Duration, Instant};

/// Seconds per call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// Of the fastest sample: what the work takes when nothing disturbs it.
    pub(crate) best: f64,
    /// Of the middle sample: what it takes on this machine at this hour.
    pub(crate) median: f64,
}

impl Timing {
    /// From the seconds per call of each sample; infinite without any.
    pub(crate) fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_unstable_by(f64::total_cmp);
        let at = |place: usize| samples.get(place).copied().unwrap_or(f64::INFINITY);
        Self { best: at(0), median: at(samples.len() / 2) }
    }

    /// Times calls of `work` for `seconds`, in samples long enough for the clock.
    pub(crate) fn measure(seconds: f64, mut work: impl FnMut()) -> Self {
        let mut sample = |calls: u32| {
            let begin = Instant::now();
            (0..calls).for_each(|_| work());
            begin.elapsed()
        };
        let mut calls = 1;
        while sample(calls) < SHORTEST_SAMPLE && calls < MOST_CALLS {
            calls *= 2;
        }
        let begin = Instant::now();
        let mut samples = Vec::new();
        while samples.len() < FEWEST_SAMPLES || begin.elapsed().as_secs_f64() < seconds {
            samples.push(sample(calls).as_secs_f64() / f64::from(calls));
        }
        Self::of(samples)
    }
}

const SHORTEST_SAMPLE: Duration = Duration::from_micros(100);
const MOST_CALLS: u32 = 1 << 20;
const FEWEST_SAMPLES: usize = 5;

/// Rounds in which what is compared takes turns, so that other work on the machine affects all of it.
pub(crate) const ROUNDS: u32 = 4;

/// Times of the same thing in each round, over those of another one.
pub(crate) struct Ratios {
    /// Of the shortest times.
    pub(crate) of_best: f64,
    pub(crate) in_rounds: Vec<f64>,
}

impl Ratios {
    pub(crate) fn new(times: &[f64], others: &[f64]) -> Self {
        let in_rounds = times.iter().zip(others).map(|(time, other)| time / other).collect();
        Self { of_best: least(times) / least(others), in_rounds }
    }

    /// The smallest and the largest in a round.
    pub(crate) fn range(&self) -> String {
        let most = self.in_rounds.iter().copied().fold(0.0, f64::max);
        format!("{:.3} to {most:.3}", least(&self.in_rounds))
    }
}

/// The least number.
pub(crate) fn least(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::INFINITY, f64::min)
}
