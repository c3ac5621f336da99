//! The page about a run, and its charts.

use std::fs;

use crate::support::work::Work;

/// Two run directories: a comparison, and a single network.
fn trained() -> Work {
    let work = Work::new();
    work.ok(&["-c", "config.toml", "-o", "run", "-q"]);
    work.ok(&["-c", "single.toml", "-o", "single", "-q"]);
    work
}

#[test]
fn the_command_writes_the_page_of_the_training() {
    let work = trained();
    let page = work.read("run/report.html");
    assert_eq!(work.ok(&["report", "run"]).stdout, "run/report.html\n");
    assert_eq!(work.read("run/report.html"), page);
    for part in [
        "Too few seeds to tell batch_norm from none",
        "Confusion",
        "run/config.toml",
        "Columns of the training file",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // Next to the files, their names are links.
    assert!(page.contains("href=\"summary.json\""));
    work.ok(&["report", "run", "-o", "page.html"]);
    assert!(!work.read("page.html").contains("href=\"summary.json\""));
    assert!(work.read("single/report.html").contains("This is one run"));
}

/// Each held-out row of each seed is counted once for each norm.
#[test]
fn the_confusion_matrix_has_every_row_once() {
    let work = trained();
    let table = work.read("run/confusion.csv");
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let held_out = work.json("run/run.json")["valid_rows"].as_u64().expect("a number");
    for (norm, seed) in [("batch_norm", "0"), ("batch_norm", "1"), ("none", "0"), ("none", "1")] {
        let of_run = rows.iter().filter(|row| row[0] == norm && row[2] == seed);
        let count: u64 = of_run.map(|row| row[6].parse::<u64>().expect("a count")).sum();
        assert_eq!(count, held_out, "{norm} {seed}");
    }
}

/// A run that takes the place of another one has its name in the end.
#[test]
fn a_run_that_replaces_another_one_has_its_name() {
    let work = trained();
    work.ok(&["-c", "config.toml", "-o", "run", "--force", "-q"]);
    let page = work.read("run/report.html");
    assert!(page.contains("bntrain run/config.toml") && !page.contains("run.new"));
    work.ok(&["report", "run"]);
    assert_eq!(work.read("run/report.html"), page);
}

#[test]
fn charts_are_files_with_the_labels_of_the_config_or_the_command() {
    let work = trained();
    let config =
        format!("{}[compare]\nseeds = 2\n[report.labels]\nbatch_norm = \"BN & <co>\"\n", Work::SINGLE);
    work.write("labels.toml", &config);
    work.ok(&["-c", "labels.toml", "-o", "labels", "-q"]);
    assert_eq!(work.hashes("labels"), work.hashes("run"));
    let charts =
        ["curves.svg", "ratio.svg", "differences.svg", "time_to_bound.svg", "baselines.svg", "confusion.svg"];
    let written = work.ok(&["report", "labels", "--figures", "charts"]).stdout;
    assert_eq!(written, charts.map(|name| format!("charts/{name}\n")).concat());
    for chart in charts {
        let svg = work.read(format!("charts/{chart}"));
        assert!(chart == "differences.svg" || svg.contains("BN &amp; &lt;co&gt;"), "{chart}");
    }
    assert_eq!(work.read("charts/curves.svg"), work.read("labels/curves.svg"));
    let again = ["report", "labels", "--figures", "charts", "--label", "batch_norm=normalized"];
    let (code, error) = work.fails(&again);
    assert_eq!(code, Some(7), "{error}");
    work.ok(&[&again[..], &["--force"]].concat());
    assert!(work.read("charts/curves.svg").contains("normalized"));
    // A label decides no result, so the run can go on.
    work.write("labels.toml", &config.replace("<co>", "others"));
    work.ok(&["-c", "labels.toml", "-o", "labels", "--resume", "-q"]);
    assert!(work.read("labels/report.html").contains("BN &amp; others"));
}

#[test]
fn several_runs_are_side_by_side() {
    let work = trained();
    work.ok(&["report", "run", "single", "-o", "both.html"]);
    let page = work.read("both.html");
    assert!(page.contains("2 runs side by side") && page.contains("compare.seeds"));
    let (code, error) = work.fails(&["report", "run", "single"]);
    assert_eq!((code, error.contains("-o")), (Some(2), true), "{error}");
    let (code, _) = work.fails(&["report", "run", "single", "--figures", "charts"]);
    assert_eq!(code, Some(2));
}

#[test]
fn what_is_not_a_finished_run_is_refused() {
    let work = trained();
    let (code, error) = work.fails(&["report", "data.csv"]);
    assert_eq!((code, error.contains("not a finished run directory")), (Some(3), true), "{error}");
    // Neither is a folder of runs, which `bntrain resume` cannot finish.
    fs::create_dir(work.path("runs")).expect("a folder");
    for command in ["report", "compare"] {
        let (code, error) = work.fails(&[command, "runs"]);
        let expected = "error: runs is not a finished run directory (no run.json)";
        assert_eq!((code, &*error), (Some(3), expected), "{command}");
    }
    let (code, error) = work.fails(&["report", "run", "--label", "batchnorm=BN"]);
    assert_eq!((code, error.contains("\"batchnorm\" is not a norm")), (Some(2), true), "{error}");
    let (code, error) = work.fails(&["-c", "config.toml", "--set", "report.labels.batchnorm=\"BN\""]);
    assert_eq!((code, error.contains("did you mean `batch_norm`?")), (Some(2), true), "{error}");
    work.write("page.html", "mine");
    assert_eq!(work.fails(&["report", "run", "-o", "page.html"]).0, Some(7));
    assert_eq!(work.fails(&["report", "run", "-o", "single/report.html"]).0, Some(7));
    assert_eq!(work.read("page.html"), "mine");
    let data = work.read("data.csv");
    let (code, error) = work.fails(&["report", "run", "-o", "data.csv", "--force"]);
    assert_eq!((code, error.contains("data.csv is training data of the model")), (Some(7), true), "{error}");
    assert_eq!(work.read("data.csv"), data);
    fs::write(work.path("run/summary.json"), "{}").expect("the file can be written");
    let (code, error) = work.fails(&["report", "run"]);
    assert_eq!((code, error.contains("summary.json: not a summary")), (Some(3), true), "{error}");
}

/// A curve has a place for every epoch up to the last one.
#[test]
fn epochs_out_of_order_are_refused() {
    let work = trained();
    let metrics = work.read("run/metrics.csv");
    let row = metrics.lines().nth(2).expect("an epoch").to_owned();
    let mut cells: Vec<&str> = row.split(',').collect();
    cells[3] = "18446744073709551615";
    work.write("run/metrics.csv", &metrics.replacen(&row, &cells.join(","), 1));
    let (code, error) = work.fails(&["report", "run"]);
    let expected = "metrics.csv: batch_norm seed 0: epoch 18446744073709551615 where epoch 1 is expected; the rows of a run \
                    have epochs 0, 1, 2 and so on";
    assert_eq!((code, error.contains(expected)), (Some(3), true), "{error}");
}

/// Without the model, the confusion matrix and the diagnostics, the page has the rest.
#[test]
fn a_page_does_without_what_is_missing() {
    let work = trained();
    for file in ["confusion.csv", "batch_norm/seed-0/model.safetensors"] {
        fs::remove_file(work.path("run").join(file)).expect("the file is there");
    }
    work.ok(&["report", "run"]);
    let page = work.read("run/report.html");
    assert!(!page.contains("<h3>Confusion") && !page.contains("Columns of the training file"));
    assert!(page.contains("Differences by seed"));
    work.write("run/diagnostics.csv", "run,step\n");
    work.ok(&["report", "run"]);
    assert!(work.read("run/report.html").contains("href=\"diagnostics.csv\""));
}
