//! `--share`: which share a process does, given as `I/K` or taken from the variables of a scheduler.
//!
//! The variables are those that the manuals of the schedulers name. Not all say how many tasks there are, and tasks may
//! be submitted again with other bounds: what cannot be known for certain is refused.

use std::env;
use std::str::FromStr;

use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::experiment::Share;
use crate::text::shortened;

/// The value of `--share`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShareArg {
    /// `I/K`
    Given(Share),
    /// `auto` or `auto/K`: the task of a scheduler.
    Auto { count: Option<u64> },
}

impl FromStr for ShareArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("auto") else {
            let share = text.parse().map(Self::Given);
            return share.map_err(|error: String| match error.starts_with("expected") {
                true => format!("{error}, or auto, or auto/K"),
                false => error,
            });
        };
        if rest.is_empty() {
            return Ok(Self::Auto { count: None });
        }
        let count = rest.strip_prefix('/').and_then(|count| count.parse().ok()).filter(|count| 0 < *count);
        match count {
            Some(count) => Ok(Self::Auto { count: Some(count) }),
            None => Err("expected auto, or auto/K with the number of shares, such as auto/40".to_owned()),
        }
    }
}

/// What a scheduler tells a task.
struct Scheduler {
    name: &'static str,
    /// The variable with the number of the task.
    task: &'static str,
    /// A value that the variable has outside of arrays.
    outside: Option<&'static str>,
    first: First,
    bounds: Bounds,
}

/// The number of the first task.
enum First {
    Is(u64),
    /// In this variable; 0 or 1, since others are what is left of an array that was submitted again.
    In(&'static str),
}

/// How many tasks there are.
enum Bounds {
    Unknown,
    Count(&'static str),
    /// The number of the last task, the distance of two, and how many there are where that is known.
    Last {
        last: &'static str,
        step: &'static str,
        count: Option<&'static str>,
    },
}

const SCHEDULERS: [Scheduler; 8] = [
    Scheduler {
        name: "Slurm",
        task: "SLURM_ARRAY_TASK_ID",
        outside: None,
        first: First::In("SLURM_ARRAY_TASK_MIN"),
        bounds: Bounds::Last {
            last: "SLURM_ARRAY_TASK_MAX",
            step: "SLURM_ARRAY_TASK_STEP",
            count: Some("SLURM_ARRAY_TASK_COUNT"),
        },
    },
    Scheduler {
        name: "Kubernetes",
        task: "JOB_COMPLETION_INDEX",
        outside: None,
        first: First::Is(0),
        bounds: Bounds::Unknown,
    },
    Scheduler {
        name: "Grid Engine",
        task: "SGE_TASK_ID",
        outside: Some("undefined"),
        first: First::In("SGE_TASK_FIRST"),
        bounds: Bounds::Last { last: "SGE_TASK_LAST", step: "SGE_TASK_STEPSIZE", count: None },
    },
    Scheduler {
        name: "PBS",
        task: "PBS_ARRAY_INDEX",
        outside: None,
        first: First::Is(1),
        bounds: Bounds::Unknown,
    },
    Scheduler {
        name: "LSF",
        task: "LSB_JOBINDEX",
        outside: Some("0"),
        first: First::Is(1),
        bounds: Bounds::Unknown,
    },
    Scheduler {
        name: "AWS Batch",
        task: "AWS_BATCH_JOB_ARRAY_INDEX",
        outside: None,
        first: First::Is(0),
        bounds: Bounds::Count("AWS_BATCH_JOB_ARRAY_SIZE"),
    },
    Scheduler {
        name: "Google Cloud Batch",
        task: "BATCH_TASK_INDEX",
        outside: None,
        first: First::Is(0),
        bounds: Bounds::Count("BATCH_TASK_COUNT"),
    },
    Scheduler {
        name: "GitLab CI",
        task: "CI_NODE_INDEX",
        outside: None,
        first: First::Is(1),
        bounds: Bounds::Count("CI_NODE_TOTAL"),
    },
];

impl ShareArg {
    /// The share, `auto` from the environment of the process.
    pub(crate) fn share(self) -> Result<Share, CliError> {
        // A variable that is empty is as good as unset.
        self.share_in(&|name| env::var(name).ok().filter(|value| !value.trim().is_empty()))
    }

    fn share_in(self, variable: &dyn Fn(&str) -> Option<String>) -> Result<Share, CliError> {
        let found = match self {
            Self::Given(share) => Ok(share),
            Self::Auto { count } => from_scheduler(count, variable),
        };
        found.map_err(|reason| CliError::new(exit_code::USAGE, format!("--share auto: {reason}")))
    }
}

fn from_scheduler(count: Option<u64>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Share, String> {
    let is_set = |scheduler: &&Scheduler| {
        variable(scheduler.task).is_some_and(|task| Some(&*task) != scheduler.outside)
    };
    let found: Vec<&Scheduler> = SCHEDULERS.iter().filter(is_set).collect();
    match found[..] {
        [scheduler] => scheduler.share(count, variable),
        [] => {
            let names: Vec<&str> = SCHEDULERS.iter().map(|scheduler| scheduler.task).collect();
            Err(format!(
                "this is not a task of an array: none of {} is set; give --share I/K",
                names.join(", ")
            ))
        }
        _ => {
            let names: Vec<&str> = found.iter().map(|scheduler| scheduler.task).collect();
            Err(format!("{} are set, so the task is not clear; give --share I/K", names.join(" and ")))
        }
    }
}

impl Scheduler {
    fn share(&self, asked: Option<u64>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Share, String> {
        let number = |name: &str| match variable(name) {
            None => Err(format!("{} sets {}, but {name} is not set; give --share I/K", self.name, self.task)),
            Some(text) => text
                .trim()
                .parse::<u64>()
                .map_err(|_| format!("{name} is {}, which is not a whole number", shortened(&text))),
        };
        let task = number(self.task)?;
        let first = match self.first {
            First::Is(first) => first,
            First::In(name) => match number(name)? {
                first @ (0 | 1) => first,
                first => {
                    return Err(format!(
                        "the array begins with task {first}, so it is only part of one; give --share I/K with the \
                         number of all shares"
                    ));
                }
            },
        };
        let (step, count) = match self.bounds {
            Bounds::Unknown => (1, None),
            Bounds::Count(name) => (1, Some(number(name)?)),
            Bounds::Last { last, step, count } => {
                let (last, step) = (number(last)?, number(step)?.max(1));
                let counted = (last.saturating_sub(first) / step).saturating_add(1);
                if let Some(name) = count
                    && number(name)? != counted
                {
                    return Err(format!(
                        "{name} is {}, but tasks {first} to {last} in steps of {step} are {counted}: tasks are left \
                         out; give --share I/K with the number of all shares",
                        number(name)?
                    ));
                }
                (step, Some(counted))
            }
        };
        let count = match (count, asked) {
            (Some(count), Some(asked)) if count != asked => {
                return Err(format!(
                    "{} has {count} tasks, and auto/{asked} asks for {asked} shares",
                    self.name
                ));
            }
            (None, None) => {
                return Err(format!(
                    "{} does not say how many tasks there are; give --share auto/K with their number",
                    self.name
                ));
            }
            (count, asked) => count.or(asked).unwrap_or(1),
        };
        let index = task.checked_sub(first).and_then(|distance| (distance / step).checked_add(1));
        index.and_then(|index| Share::new(index, count)).ok_or_else(|| {
            format!(
                "{} is {task}, which is not one of {count} tasks from {first} on; number them so, or give --share I/K",
                self.task
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `--share ARG` where these variables are set, as in `A=1 B=2`.
    fn share(arg: &str, variables: &str) -> Result<String, String> {
        let value = |name: &str| {
            let mut pairs = variables.split_whitespace().filter_map(|pair| pair.split_once('='));
            pairs.find(|(other, _)| *other == name).map(|(_, value)| value.to_owned())
        };
        let arg: ShareArg = arg.parse()?;
        let share = arg.share_in(&value).map_err(|error| error.message.replace("--share auto: ", ""))?;
        Ok(share.to_string())
    }

    #[test]
    fn the_variables_of_each_scheduler_are_known() {
        let slurm = "SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_STEP=1 \
                     SLURM_ARRAY_TASK_COUNT=10 SLURM_ARRAY_TASK_ID=";
        let stepped = "SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_STEP=2 \
                       SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_ID=";
        let grid = "SGE_TASK_FIRST=1 SGE_TASK_LAST=10 SGE_TASK_STEPSIZE=1 SGE_TASK_ID=";
        for (arg, variables, expected) in [
            ("3/40", String::new(), "3/40"),
            ("auto", format!("{slurm}0"), "1/10"),
            ("auto", format!("{slurm}9"), "10/10"),
            ("auto/10", format!("{slurm}4"), "5/10"),
            ("auto", format!("{stepped}7"), "4/4"),
            ("auto/8", "JOB_COMPLETION_INDEX=0".to_owned(), "1/8"),
            ("auto", format!("{grid}10"), "10/10"),
            ("auto/5", "PBS_ARRAY_INDEX=5".to_owned(), "5/5"),
            ("auto/5", "LSB_JOBINDEX=2".to_owned(), "2/5"),
            ("auto", "AWS_BATCH_JOB_ARRAY_INDEX=3 AWS_BATCH_JOB_ARRAY_SIZE=4".to_owned(), "4/4"),
            ("auto", "BATCH_TASK_INDEX=0 BATCH_TASK_COUNT=4".to_owned(), "1/4"),
            ("auto", "CI_NODE_INDEX=2 CI_NODE_TOTAL=3".to_owned(), "2/3"),
            // Neither is an array task.
            ("auto/2", "LSB_JOBINDEX=0 SGE_TASK_ID=undefined JOB_COMPLETION_INDEX=1".to_owned(), "2/2"),
        ] {
            assert_eq!(share(arg, &variables), Ok(expected.to_owned()), "{arg} {variables}");
        }
    }

    #[test]
    fn what_cannot_be_known_is_refused() {
        let slurm = |id: u64, min: u64, max: u64, count: u64| {
            format!(
                "SLURM_ARRAY_TASK_ID={id} SLURM_ARRAY_TASK_MIN={min} SLURM_ARRAY_TASK_MAX={max} \
                 SLURM_ARRAY_TASK_STEP=1 SLURM_ARRAY_TASK_COUNT={count}"
            )
        };
        for (arg, variables, expected) in [
            ("auto", String::new(), "this is not a task of an array: none of SLURM_ARRAY_TASK_ID,"),
            (
                "auto",
                "JOB_COMPLETION_INDEX=0".to_owned(),
                "Kubernetes does not say how many tasks there are;",
            ),
            (
                "auto/3",
                "JOB_COMPLETION_INDEX=3".to_owned(),
                "JOB_COMPLETION_INDEX is 3, which is not one of 3 tasks",
            ),
            // Some tasks submitted again.
            ("auto", slurm(7, 7, 7, 1), "the array begins with task 7, so it is only part of one;"),
            ("auto", slurm(3, 1, 9, 3), "SLURM_ARRAY_TASK_COUNT is 3, but tasks 1 to 9 in steps of 1 are 9:"),
            ("auto/40", slurm(3, 0, 9, 10), "Slurm has 10 tasks, and auto/40 asks for 40 shares"),
            (
                "auto",
                "SLURM_ARRAY_TASK_ID=1".to_owned(),
                "Slurm sets SLURM_ARRAY_TASK_ID, but SLURM_ARRAY_TASK_MIN",
            ),
            (
                "auto/2",
                "PBS_ARRAY_INDEX=0".to_owned(),
                "PBS_ARRAY_INDEX is 0, which is not one of 2 tasks from 1 on;",
            ),
            ("auto/2", "PBS_ARRAY_INDEX=x".to_owned(), "PBS_ARRAY_INDEX is x, which is not a whole number"),
            (
                "auto/9",
                "JOB_COMPLETION_INDEX=0 PBS_ARRAY_INDEX=1".to_owned(),
                "JOB_COMPLETION_INDEX and PBS_ARRAY_INDEX are set,",
            ),
            ("auto/0", String::new(), "expected auto, or auto/K"),
            ("automatic", String::new(), "expected auto, or auto/K"),
            ("5/4", String::new(), "shares of 4 are numbered from 1 to 4, not 5"),
            ("3", String::new(), "expected I/K, such as 3/40, or auto, or auto/K"),
            // Numbers at the end of their range.
            (
                "auto/2",
                format!("JOB_COMPLETION_INDEX={}", u64::MAX),
                "JOB_COMPLETION_INDEX is 18446744073709551615, which is not one of 2 tasks",
            ),
            (
                "auto",
                slurm(1, 0, u64::MAX, 9),
                "SLURM_ARRAY_TASK_COUNT is 9, but tasks 0 to 18446744073709551615",
            ),
        ] {
            let error = share(arg, &variables).expect_err(arg);
            assert!(error.starts_with(expected), "{arg} {variables}: {error}");
        }
    }
}
