//! `bntrain help`: the help of a command, or the keys of a config.

use clap::{Args, CommandFactory};

use crate::cli::args::Cli;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::output::Output;
use crate::config::reference_text;
use crate::text::{Quoted, shortened};

/// The topic that is not a command.
const CONFIG: &str = "config";

#[derive(Debug, Args)]
pub(crate) struct HelpArgs {
    /// A command, or `config` for all keys of a config
    #[arg(value_name = "TOPIC")]
    topic: Option<String>,
}

pub(crate) fn run(args: &HelpArgs, output: &Output) -> Result<(), CliError> {
    let mut program = Cli::command();
    program.build();
    let Some(topic) = args.topic.as_deref() else {
        return output.result(&program.render_long_help().ansi().to_string());
    };
    if topic == CONFIG {
        return output.result(&reference_text());
    }
    match program.find_subcommand_mut(topic) {
        Some(command) => output.result(&command.render_long_help().ansi().to_string()),
        None => Err(CliError::new(exit_code::USAGE, unknown(topic, &program))),
    }
}

fn unknown(topic: &str, program: &clap::Command) -> String {
    let commands: Vec<String> =
        program.get_subcommands().map(|command| shortened(command.get_name())).collect();
    format!("no help for {}; topics are {}, {CONFIG}", Quoted(topic), commands.join(", "))
}
