//! `bntrain completions`: what a shell needs to complete commands and options.

use clap::CommandFactory;

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::{Failure, Output};

pub(crate) fn run(args: &CompletionsArgs, output: &Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "bntrain", &mut script);
    output.result(&String::from_utf8_lossy(&script))
}
