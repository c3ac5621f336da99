//! Whole configs: their plans, and the messages about their problems.

pub(crate) mod contradictions;
pub(crate) mod files;
pub(crate) mod grids;
pub(crate) mod messages;
pub(crate) mod plans;
pub(crate) mod shipped;
pub(crate) mod templates;
pub(crate) mod tuning;
pub(crate) mod written;

use std::path::Path;

use crate::config::{ConfigError, Plan, parse};

/// A config of which every part is as short as it can be.
const SHORT: &str = "\
[data]
path = 'd.csv'
label = 'y'

[model]
hidden = [4]

[optimizer]
type = 'sgd'
";

fn at_home(text: &str, overrides: &[&str]) -> Result<Plan, ConfigError> {
    let split = |set: &&str| set.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    let overrides: Vec<_> = overrides.iter().map(|set| split(set).expect("key=value")).collect();
    parse(text, Path::new("/home/c.toml"), &overrides)
}

#[track_caller]
fn plan(text: &str, overrides: &[&str]) -> Plan {
    at_home(text, overrides).unwrap_or_else(|error| panic!("{error}"))
}

/// The lines about problems, without the first one about the file.
#[track_caller]
fn problems(text: &str, overrides: &[&str]) -> Vec<String> {
    let error = at_home(text, overrides).expect_err("there is a problem");
    let message = error.to_string();
    let mut lines = message.lines();
    let head = lines.next().unwrap_or_default();
    let lines: Vec<String> = lines.map(|line| line.trim_start().to_owned()).collect();
    let count = if lines.len() == 1 { "1 problem".to_owned() } else { format!("{} problems", lines.len()) };
    assert_eq!(head, format!("/home/c.toml has {count}"), "{message}");
    lines
}
