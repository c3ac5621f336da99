//! What a shell is told about the program.

use std::fs;

use crate::support::work::Work;

/// The commands in the program's help.
fn commands(work: &Work) -> Vec<String> {
    let help = work.ok(&["--help"]).stdout;
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    let first_words =
        list.expect("the list of commands").lines().filter_map(|line| line.split_whitespace().next());
    first_words.filter(|&command| command != "help").map(str::to_owned).collect()
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
fn every_command_has_a_man_page_alone_and_in_a_folder() {
    let work = Work::new();
    let own = work.ok(&["man"]).stdout;
    assert!(own.contains(".TH bntrain 1 "), "{own}");
    // Over the pages of an earlier version.
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
    assert_eq!(pages, 1 + commands(&work).len());
    let (code, error) = work.fails(&["man", "trian"]);
    assert_eq!(code, Some(2));
    assert!(error.starts_with("error: there is no command \"trian\"; there are train, check, "), "{error}");
}

#[test]
fn a_man_page_replaces_no_folder() {
    let work = Work::new();
    fs::create_dir_all(work.path("man/bntrain.1")).expect("a folder");
    let message = "error: man/bntrain.1: is a directory; move it away, or give -o another directory";
    assert_eq!(work.fails(&["man", "-o", "man"]), (Some(7), message.to_owned()));
    assert_eq!(fs::read_dir(work.path("man")).expect("a folder").count(), 1);
}
