//! The runs of a comparison, dealt out to processes that need not know of each other.
//!
//! The runs are put in the order of the SHA-256 of their settings and dealt out in turn, so that shares differ by at
//! most one run, and runs that take longer, such as those of one grid point, are spread. Where files are, how a run is
//! kept and the number of epochs do not count: a share is the same on every machine, and when its runs go on for more
//! epochs.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::config::{Plan, decisive_settings};
use crate::experiment::Job;

/// One of several shares of the runs of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// From 1.
    index: u64,
    count: u64,
}

impl Share {
    /// Share `index`, from 1, of `count`; none if there is no such share.
    pub fn new(index: u64, count: u64) -> Option<Self> {
        (1..=count).contains(&index).then_some(Self { index, count })
    }

    /// Which share it is, from 1.
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many shares there are.
    pub fn count(self) -> u64 {
        self.count
    }
}

/// Such as `3/40`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str| {
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse::<u64>().ok()).flatten()
        };
        match text.split_once('/').map(|(index, count)| (number(index), number(count))) {
            Some((Some(_), Some(0))) => Err("there are no shares of 0".to_owned()),
            Some((Some(index), Some(count))) => Self::new(index, count)
                .ok_or_else(|| format!("shares of {count} are numbered from 1 to {count}, not {index}")),
            _ => Err("expected I/K, such as 3/40".to_owned()),
        }
    }
}

/// The share of each of `jobs`, all jobs of a comparison, if they are dealt out to `count` shares.
pub fn dealt_out(jobs: &[Job], count: u64) -> Vec<Share> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_cached_key(|&place| fingerprint(&jobs[place]));
    let count = count.max(1);
    let mut shares = vec![Share { index: 1, count }; jobs.len()];
    for (rank, place) in order.into_iter().enumerate() {
        shares[place].index = 1 + rank as u64 % count;
    }
    shares
}

/// SHA-256 over the settings that decide the result of a run.
fn fingerprint(job: &Job) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(job.id.norm.name());
    for (key, value) in decisive_settings(&job.plan.to_table()) {
        // Points of a grid keep what they are compared over.
        let is_of_study = key.starts_with("compare.") || key.starts_with("tune.");
        if !is_of_study && !matches!(&*key, "training.epochs" | "training.init_from") {
            hash.update(format!("\n{key} = {value}"));
        }
    }
    hash.finalize().into()
}

/// Why the runs of `plan` cannot be dealt out; none if they can.
pub fn undivided(plan: &Plan) -> Option<&'static str> {
    match &plan.compare {
        None if plan.training.ensemble > 1 => {
            Some("the networks of an ensemble are saved as one model; train them in one process")
        }
        None => Some("without [compare] there is one run"),
        Some(compare) if compare.tune.is_some() => Some(
            "[compare.tune] chooses settings by the results of all tuned runs; use a grid, or one process",
        ),
        Some(compare) if compare.seeds.until.is_some() => Some(
            "compare.seeds = { until = ... } decides by all runs whether more seeds are needed; give their number",
        ),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::experiment::all_jobs;

    const CONFIG: &str = "[data]\npath = \"data.csv\"\nlabel = \"kind\"\n[model]\nhidden = [4]\nnorm = \"batch_norm\"\n\
                          activation = \"relu\"\n[optimizer]\ntype = \"sgd\"\nlearning_rate = 0.1\n";

    fn plan(more: &str) -> Plan {
        parse(&format!("{CONFIG}{more}"), std::path::Path::new("config.toml"), &[]).expect("a config")
    }

    fn shares(more: &str, count: u64) -> Vec<(String, u64)> {
        let jobs = all_jobs(&plan(more));
        let dealt = dealt_out(&jobs, count);
        let mut shares: Vec<_> =
            jobs.iter().zip(dealt).map(|(job, share)| (job.id.to_string(), share.index())).collect();
        shares.sort();
        shares
    }

    #[test]
    fn a_share_is_written_as_index_and_count() {
        assert_eq!("3/40".parse(), Ok(Share { index: 3, count: 40 }));
        assert_eq!(Share { index: 3, count: 40 }.to_string(), "3/40");
        let error = |text: &str| text.parse::<Share>().expect_err("not a share");
        assert_eq!(error("0/4"), "shares of 4 are numbered from 1 to 4, not 0");
        assert_eq!(error("5/4"), "shares of 4 are numbered from 1 to 4, not 5");
        assert_eq!(error("1/0"), "there are no shares of 0");
        for text in ["3", "+3/4", "a/4", "3/", "/4", "1/2/3", "1/99999999999999999999", "1/-4"] {
            assert_eq!(error(text), "expected I/K, such as 3/40", "{text}");
        }
    }

    #[test]
    fn shares_differ_by_at_most_one_run() {
        let compare = "[compare]\nseeds = 7\n[compare.grid]\n\"optimizer.learning_rate\" = [0.1, 0.2, 0.3]\n";
        for count in [1, 2, 5, 40, 42, 100] {
            let shares = shares(compare, count);
            assert_eq!(shares.len(), 42);
            let sizes: Vec<usize> =
                (1..=count).map(|index| shares.iter().filter(|(_, other)| *other == index).count()).collect();
            let (least, most) = (sizes.iter().min().expect("a share"), sizes.iter().max().expect("a share"));
            assert!(most - least <= 1, "{count}: {sizes:?}");
        }
    }

    #[test]
    fn shares_do_not_depend_on_order_places_and_epochs() {
        let expected = shares("[compare]\nnorms = [\"batch_norm\", \"none\"]\nseeds = [1, 2, 3, 4, 5]\n", 3);
        assert_eq!(
            shares("[compare]\nnorms = [\"none\", \"batch_norm\"]\nseeds = [5, 4, 3, 2, 1]\n", 3),
            expected
        );
        let grid = "[compare.grid]\n\"optimizer.learning_rate\" = [0.1, 0.2]\n";
        assert_eq!(
            shares(&format!("[compare]\nseeds = [1, 2]\n{grid}"), 5),
            shares(&format!("[compare]\nnorms = [\"none\", \"batch_norm\"]\nseeds = [2, 1]\n{grid}"), 5)
        );
        let elsewhere = "[training]\nepochs = 99\ncheckpoint = \"off\"\n[compare]\nseeds = [1, 2, 3, 4, 5]\n";
        assert_eq!(shares(elsewhere, 3), expected);
    }

    #[test]
    fn runs_that_depend_on_others_are_not_dealt_out() {
        let reason =
            |more: &str| undivided(&plan(more)).map(|reason| reason.split([' ', '=']).next().unwrap());
        assert_eq!(reason("[compare]\nseeds = 2\n"), None);
        assert_eq!(reason(""), Some("without"));
        assert_eq!(reason("[training]\nensemble = 3\n"), Some("the"));
        assert_eq!(reason("[compare]\nseeds = { until = \"clear\" }\n"), Some("compare.seeds"));
    }
}
