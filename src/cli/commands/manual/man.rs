//! `bntrain man`: man pages of the program, of each command, and of the config.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::args::Cli;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::exit_code::EXIT_CODES;
use crate::cli::out_file::{OutFolder, Replacing};
use crate::cli::output::Output;
use crate::config::reference_text;
use crate::text::shortened;

const SOURCE: &str = concat!("bntrain ", env!("CARGO_PKG_VERSION"));
const CONFIG_PAGE: &str = "bntrain-config";

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// A command such as train, or `config` for the keys of a config [default: the page of the program]
    #[arg(value_name = "TOPIC")]
    topic: Option<String>,
    /// Write all pages into this directory, replacing older ones
    #[arg(short, long, value_name = "DIR", conflicts_with = "topic")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &ManArgs, output: &Output) -> Result<(), CliError> {
    let pages = pages();
    if let Some(directory) = &args.out {
        return write_all(&pages, directory, output);
    }
    let wanted = args.topic.as_ref().map_or("bntrain".to_owned(), |topic| format!("bntrain-{topic}"));
    match pages.iter().find(|page| page.name == wanted) {
        Some(page) => output.result(&page.roff),
        None => Err(no_such_page(args.topic.as_deref().unwrap_or_default(), &pages)),
    }
}

/// A man page.
struct Page {
    name: String,
    section: u8,
    roff: String,
}

/// The page of the program, those of its commands, and the page of the config.
fn pages() -> Vec<Page> {
    let mut program = Cli::command();
    // Sets the full names of commands, and gives each the global options.
    program.build();
    let commands = program.get_subcommands().cloned().map(|command| {
        let name = format!("bntrain-{}", command.get_name());
        command.display_name(name)
    });
    let commands: Vec<_> = commands.collect();
    std::iter::once(program).chain(commands).map(page).chain([config_page()]).collect()
}

fn page(command: clap::Command) -> Page {
    let name = command.get_display_name().unwrap_or("bntrain").to_owned();
    let examples = command.get_after_help().map(ToString::to_string);
    let man = Man::new(command.after_help("").after_long_help("")).source(SOURCE);
    let mut roff = Vec::new();
    let rendered = man
        .render_title(&mut roff)
        .and_then(|()| man.render_name_section(&mut roff))
        .and_then(|()| man.render_synopsis_section(&mut roff))
        .and_then(|()| man.render_description_section(&mut roff))
        .and_then(|()| man.render_options_section(&mut roff))
        .and_then(|()| man.render_subcommands_section(&mut roff));
    rendered.expect("a Vec takes all bytes");
    let mut roff = String::from_utf8_lossy(&roff).into_owned();
    roff.push_str(&exit_status());
    roff.push_str(&examples.map(|text| examples_section(&text)).unwrap_or_default());
    Page { name, section: 1, roff }
}

fn exit_status() -> String {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in EXIT_CODES {
        roff.control("TP", []).text([bold(code.to_string())]).text([roman(*meaning)]);
    }
    roff.to_roff()
}

/// The lines of the help after its heading, as they are.
fn examples_section(help: &str) -> String {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in help.lines().skip(1) {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.to_roff()
}

/// All keys of a config, in section 5: file formats.
fn config_page() -> Page {
    let mut roff = Roff::new();
    roff.control("TH", [CONFIG_PAGE, "5", "", SOURCE]);
    roff.control("SH", ["NAME"]).text([roman("bntrain-config - the config file of bntrain")]);
    roff.control("SH", ["DESCRIPTION"]);
    roff.text([roman("A config is a TOML file. These are its tables and keys:")]);
    roff.control("nf", []);
    for line in reference_text().lines() {
        // Tables are headings; their keys are indented.
        match line.is_empty() || line.starts_with(' ') {
            true => roff.text([roman(line)]),
            false => roff.control("fi", []).control("SS", [line]).control("nf", []),
        };
    }
    roff.control("fi", []);
    Page { name: CONFIG_PAGE.to_owned(), section: 5, roff: roff.to_roff() }
}

fn no_such_page(topic: &str, pages: &[Page]) -> CliError {
    let topics: Vec<&str> = pages.iter().filter_map(|page| page.name.strip_prefix("bntrain-")).collect();
    let message = format!("no man page for \"{}\"; topics are {}", shortened(topic), topics.join(", "));
    CliError::new(exit_code::USAGE, message)
}

fn write_all(pages: &[Page], directory: &Path, output: &Output) -> Result<(), CliError> {
    let names = pages.iter().map(|page| format!("{}.{}", page.name, page.section));
    let files: Vec<_> = names.zip(pages.iter().map(|page| &page.roff)).collect();
    let folder = OutFolder { named: directory, option: "--out" };
    folder.write(&files, Replacing { force: true, ..Replacing::default() })?;
    output.note(&format!("note: {} pages in {}", pages.len(), shortened(&directory.to_string_lossy())));
    Ok(())
}
