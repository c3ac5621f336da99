//! Help, shell completions and man pages.

use std::fs;

use crate::support::work::Work;

/// The commands in the program's help.
fn commands(work: &Work) -> Vec<String> {
    let help = work.ok(&["--help"]).stdout;
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    let first_words =
        list.expect("the list of commands").lines().filter_map(|line| line.split_whitespace().next());
    first_words.map(str::to_owned).collect()
}

#[test]
fn the_help_of_every_command_is_a_snapshot() {
    let work = Work::new();
    insta::assert_snapshot!("help", work.ok(&["--help"]).stdout);
    for command in commands(&work) {
        let help = work.ok(&[&command, "--help"]).stdout;
        assert!(help.contains("\nExamples:\n"), "{help}");
        insta::assert_snapshot!(format!("help_{command}"), help);
        assert_eq!(work.ok(&["help", &command]).stdout, help);
    }
}

#[test]
fn help_config_lists_every_key() {
    let work = Work::new();
    let help = work.ok(&["help", "config"]).stdout;
    for text in ["[training.early_stopping]", "learning_rate", "running_update", "log_every_steps"] {
        assert!(help.contains(text), "{text} in\n{help}");
    }
    let (code, error) = work.fails(&["help", "trian"]);
    assert_eq!(code, Some(2));
    assert!(error.starts_with("error: no help for \"trian\"; topics are train, resume, "), "{error}");
}

#[test]
fn a_mistyped_command_gets_a_hint() {
    let work = Work::new();
    let message = "error: chekc is neither a command nor a file; did you mean `bntrain check`?";
    assert_eq!(work.fails(&["chekc"]), (Some(2), message.to_owned()));
    let message = "error: xyzzy is neither a command nor a file; see bntrain --help";
    assert_eq!(work.fails(&["xyzzy"]), (Some(2), message.to_owned()));
}

#[test]
fn every_command_has_completions_in_every_shell() {
    let work = Work::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = work.ok(&["completions", shell]).stdout;
        for command in commands(&work) {
            assert!(script.contains(&command), "{command} in {shell}");
        }
        assert!(script.contains("dry-run"), "options in {shell}");
    }
}

#[test]
fn every_command_has_a_man_page() {
    let work = Work::new();
    let own = work.ok(&["man"]).stdout;
    assert!(own.contains(".TH bntrain 1 "), "{own}");
    // Pages of an earlier version are replaced.
    work.ok(&["man", "--out", "man/man1"]);
    work.write("man/man1/bntrain.1", "old");
    work.ok(&["man", "--out", "man/man1"]);
    assert_eq!(work.read("man/man1/bntrain.1"), own);
    for command in commands(&work) {
        let page = work.ok(&["man", &command]).stdout;
        assert!(page.contains(&format!(".TH bntrain-{command} 1 ")), "{page}");
        assert_eq!(work.read(format!("man/man1/bntrain-{command}.1")), page);
    }
    let pages = fs::read_dir(work.path("man/man1")).expect("a folder").count();
    assert_eq!(pages, 2 + commands(&work).len(), "the program, its commands and the config");
    let (code, error) = work.fails(&["man", "trian"]);
    assert_eq!(code, Some(2));
    assert!(error.starts_with("error: no man page for \"trian\"; topics are train, resume, "), "{error}");
}

#[test]
fn man_pages_have_examples_and_exit_status() {
    let work = Work::new();
    insta::assert_snapshot!(
        "man_gradcheck",
        work.ok(&["man", "gradcheck"]).stdout.replace(env!("CARGO_PKG_VERSION"), "VERSION")
    );
    for command in commands(&work) {
        let page = work.ok(&["man", &command]).stdout;
        assert!(page.contains(".SH \"EXIT STATUS\"") && page.contains(".SH EXAMPLES"), "{page}");
    }
}

#[test]
fn the_config_has_a_man_page() {
    let work = Work::new();
    let page = work.ok(&["man", "config"]).stdout;
    assert!(page.contains(".TH bntrain\\-config 5") || page.contains(".TH bntrain-config 5"), "{page}");
    for text in ["early_stopping", "learning_rate", "running_update"] {
        assert!(page.contains(text), "{text} in\n{page}");
    }
}

#[test]
fn a_man_page_replaces_no_directory() {
    let work = Work::new();
    fs::create_dir_all(work.path("man/bntrain.1")).expect("a folder");
    let message = "error: man/bntrain.1 is a directory; move it away, or give --out another directory";
    assert_eq!(work.fails(&["man", "-o", "man"]), (Some(7), message.to_owned()));
    assert_eq!(fs::read_dir(work.path("man")).expect("a folder").count(), 1);
}
