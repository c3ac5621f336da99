//! `bntrain man`: a man page for the program and one for each of its commands.

use std::fs;
use std::io::Write;
use std::path::Path;

use atomic_write_file::AtomicWriteFile;
use clap::CommandFactory;
use clap_mangen::Man;

use crate::cli::args::{Cli, ManArgs};
use crate::cli::out_file::{Instead, OutFile};
use crate::cli::{Failure, Output, exit_code};
use crate::text::shortened;

pub(crate) fn run(args: &ManArgs, output: &Output) -> Result<(), Failure> {
    let pages = pages()?;
    if let Some(directory) = &args.out {
        return write_all(&pages, directory, output);
    }
    let wanted = args.command.as_ref().map_or("bntrain".to_owned(), |command| format!("bntrain-{command}"));
    match pages.iter().find(|page| page.name == wanted) {
        Some(page) => output.result(&page.roff),
        None => Err(no_such_page(args.command.as_deref().unwrap_or_default(), &pages)),
    }
}

/// A page of section 1.
struct Page {
    name: String,
    roff: String,
}

/// The page of the program, then those of its commands.
fn pages() -> Result<Vec<Page>, Failure> {
    let mut program = Cli::command().disable_help_subcommand(true);
    // Gives every command its full name and the options that all commands have.
    program.build();
    let commands = program.get_subcommands().cloned().map(|command| {
        let name = format!("bntrain-{}", command.get_name());
        command.display_name(name)
    });
    let commands: Vec<_> = commands.collect();
    std::iter::once(program).chain(commands).map(page).collect()
}

fn page(command: clap::Command) -> Result<Page, Failure> {
    let name = command.get_display_name().unwrap_or("bntrain").to_owned();
    let mut roff = Vec::new();
    let source = concat!("bntrain ", env!("CARGO_PKG_VERSION"));
    Man::new(command).source(source).render(&mut roff)?;
    Ok(Page { name, roff: String::from_utf8_lossy(&roff).into_owned() })
}

fn no_such_page(command: &str, pages: &[Page]) -> Failure {
    let commands: Vec<&str> = pages.iter().filter_map(|page| page.name.strip_prefix("bntrain-")).collect();
    let message =
        format!("there is no command \"{}\"; there are {}", shortened(command), commands.join(", "));
    Failure::new(exit_code::USAGE, message)
}

fn write_all(pages: &[Page], directory: &Path, output: &Output) -> Result<(), Failure> {
    fs::create_dir_all(directory).map_err(|error| Failure::io("make", directory, &error))?;
    for page in pages {
        let path = directory.join(format!("{}.1", page.name));
        write(&path, page.roff.as_bytes())?;
    }
    output.note(&format!("note: {} pages in {}", pages.len(), shortened(&directory.to_string_lossy())));
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let out = OutFile::new(path, Instead::MoveAway)?;
    let write = || {
        let mut file = AtomicWriteFile::open(&out.real)?;
        file.write_all(bytes)?;
        file.commit()
    };
    write().map_err(|error| out.unwritten(&error))
}
