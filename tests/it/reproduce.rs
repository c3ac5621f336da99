//! Published findings, through the program.

use crate::support::work::Work;

#[test]
fn claims_are_listed_and_a_wrong_name_gets_a_hint() {
    let work = Work::new();
    let listed = work.ok(&["reproduce"]).stdout;
    assert!(listed.contains("norm-growth ") && listed.contains("bntrain reproduce all"), "{listed}");
    let (code, message) = work.fails(&["reproduce", "norm-grow"]);
    assert_eq!(
        (code, &*message),
        (Some(2), "error: no claim is called norm-grow; did you mean `norm-growth`?")
    );
}

#[test]
fn a_claim_gives_the_same_finding_again_on_any_number_of_threads() {
    let work = Work::new();
    let args =
        ["reproduce", "norm-growth", "normalized", "gradient-growth", "--quiet", "--markdown", "found.md"];
    let once = work.ok(&args).stdout;
    let again = work.ok(&[&args[..], &["--threads", "1"]].concat()).stdout;
    assert_eq!(once, again);
    assert!(once.ends_with("3 of 3 claims hold\n"), "{once}");
    let table = work.read("found.md");
    assert_eq!(table.lines().filter(|line| line.starts_with("| [")).count(), 3, "{table}");
}

#[test]
fn claims_are_tried_on_a_table_of_the_user() {
    let work = Work::new();
    let args = ["reproduce", "norm-growth", "linear-net", "--data", "data.csv", "--label", "kind", "--json"];
    let ended = work.ok(&args);
    let finding: serde_json::Value = serde_json::from_str(&ended.stdout).expect("one finding");
    assert_eq!(finding["claim"], "norm-growth");
    assert_eq!(finding["verdict"], "holds");
    assert!(finding["expected"].is_null(), "{finding}");
    assert!(
        ended.stderr.contains("left out, because its data are made for it: linear-net"),
        "{}",
        ended.stderr
    );
}

/// A claim that does not hold ends the command with exit code 1.
#[test]
fn a_claim_of_ones_own_is_a_file() {
    let work = Work::new();
    let claim = |at_least: f64| {
        format!(
            "[claim]\nsays = \"It learns\"\nsource = \"here\"\npaper = \"-\"\nhere = \"accuracy\"\n\
             [expect]\nmeasure = {{ type = \"value\", value = \"final_train_accuracy\", of = {{ norm = \"batch_norm\" }} }}\n\
             at_least = {at_least:?}\nholds_here = true\n{}[compare]\nseeds = 3\n",
            Work::SINGLE
        )
    };
    work.write("learns.toml", &claim(0.6));
    let ended = work.ok(&["reproduce", "learns.toml", "--markdown", "own.md"]);
    assert!(ended.stdout.starts_with("holds: learns\n"), "{}", ended.stdout);
    // It is not among the files of the project.
    let table = work.read("own.md");
    assert!(table.contains("| learns: It learns |") && !table.contains("configs/lab"), "{table}");
    work.write("learns.toml", &claim(1.5));
    let (code, message) = work.fails(&["reproduce", "learns.toml"]);
    assert_eq!(code, Some(1));
    assert!(message.ends_with("learns: does not hold"), "{message}");
}

/// Before anything is trained: a verdict without a value would come out.
#[test]
fn claims_that_nothing_can_meet_are_refused() {
    let work = Work::new();
    let refused = |of: &str, bounds: &str, grid: &str| {
        let claim = format!(
            "[claim]\nsays = \"It learns\"\nhere = \"accuracy\"\n\
             [expect]\nmeasure = {{ type = \"value\", value = \"final_train_accuracy\", of = {of} }}\n{bounds}\n\
             {}[compare]\nseeds = 3\n{grid}",
            Work::SINGLE
        );
        work.write("wrong.toml", &claim);
        let (code, message) = work.fails(&["reproduce", "wrong.toml"]);
        assert_eq!(code, Some(2), "{message}");
        message
    };
    let grid = "[compare.grid]\n\"optimizer.learning_rate\" = [0.1, 0.2, 0.3, 0.4]\n";
    let bounds = "at_least = 0.9\nat_most = 0.2";
    let message = refused("{ norm = \"batch_norm\" }", bounds, "");
    assert!(
        message.contains("wrong.toml: [expect] at_least = 0.9 is larger than at_most = 0.2"),
        "{message}"
    );
    let message = refused("{ norm = \"batch_norm\", point = 9 }", "at_least = 0.2", grid);
    assert!(message.contains("measure.of has point = 9, but the grid has points 1 to 4"), "{message}");
    let message = refused("{ norm = \"batch_norm\" }", "at_least = 0.2", grid);
    assert!(
        message.contains("measure.of has no point, but the config has a grid; give point = 1 to 4"),
        "{message}"
    );
    let message = refused("{ norm = \"batch_norm\", point = 1 }", "at_least = 0.2", "");
    assert!(message.contains("measure.of has point = 1, but the config has no grid"), "{message}");
}

/// Such a path could not be written into the config of a claim.
#[cfg(unix)]
#[test]
fn data_whose_path_is_not_utf_8_are_refused() {
    use std::os::unix::ffi::OsStrExt;

    let work = Work::new();
    let name = std::ffi::OsStr::from_bytes(b"d\xff.csv");
    std::fs::copy(work.path("data.csv"), work.path(name)).expect("a file");
    let mut command = work.command(&["reproduce", "rates", "--label", "kind", "--data"]);
    let ended = command.arg(name).output().expect("the program runs");
    let message = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{message}");
    assert!(message.contains("is not UTF-8; give a path that is"), "{message}");
}
