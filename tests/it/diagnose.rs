//! A look inside networks, before training and during it.

use crate::support::work::Work;

const OFF: [&str; 0] = [];
const CHEAP: [&str; 4] = ["--set", "diagnose.level=\"cheap\"", "--set", "diagnose.every=1"];
const FULL: [&str; 4] = ["--set", "diagnose.level=\"full\"", "--set", "diagnose.every=\"epoch\""];

/// Dropout and batch renorm have a state that a measurement could move.
#[test]
fn no_level_changes_a_bit_of_the_training() {
    let work = Work::new();
    let config = work
        .read("config.toml")
        .replace("[compare]", "[compare]\nnorms = [\"batch_norm\", \"batch_renorm\"]");
    work.write(
        "config.toml",
        &config.replace("activation = \"relu\"", "activation = \"relu\"\ndropout = 0.2"),
    );
    let hashes = |name: &str, settings: &[&str]| {
        work.ok(&[&["config.toml", "-q", "-o", name], settings].concat());
        work.hashes(name)
    };
    let off = hashes("off", &OFF);
    assert_eq!(off, hashes("cheap", &CHEAP));
    assert_eq!(off, hashes("full", &FULL));
    assert!(!work.path("off/diagnostics.csv").exists());
    assert_eq!(work.read("off/steps.csv"), work.read("full/steps.csv"));
}

#[test]
fn a_run_directory_has_rows_a_picture_and_findings() {
    let work = Work::new();
    let ended = work.ok(&[&["config.toml", "-o", "run"], &FULL[..]].concat());
    let table = work.read("run/diagnostics.csv");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("norm,point,seed,epoch,step,layer,quantity,value"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let epochs = |norm: &str, quantity: &str, layer: &str| -> Vec<&str> {
        let is_it =
            |row: &&Vec<&str>| row[0] == norm && row[2] == "0" && row[5] == layer && row[6] == quantity;
        rows.iter().filter(is_it).map(|row| row[3]).collect()
    };
    for norm in ["batch_norm", "none"] {
        assert_eq!(epochs(norm, "pre_activation_p50", "affine_1"), ["0", "1", "2", "3"]);
        assert_eq!(epochs(norm, "sharpness", ""), ["0", "1", "2", "3"]);
        assert_eq!(epochs(norm, "loss", ""), epochs(norm, "effective_smoothness", ""));
    }
    // What only a norm has.
    assert_eq!(epochs("batch_norm", "running_mean_gap", "affine_2"), ["1", "2", "3"]);
    assert_eq!(epochs("none", "running_mean_gap", "affine_2"), [""; 0]);
    // The rows of the runs one after the other, as in metrics.csv.
    let of_run = work.read("run/none/seed-1/diagnostics.csv");
    assert!(table.ends_with(of_run.split_once('\n').expect("a header").1));

    let svg = work.read("run/diagnostics.svg");
    assert!(svg.contains("share of dead units") && svg.contains("affine_3"), "{svg}");
    let page = work.read("run/report.html");
    assert!(page.contains("Whole networks") && page.contains(">noise scale (rows)</text>"));
    let written = work.ok(&["report", "run", "--figures", "charts"]).stdout;
    assert!(written.contains("charts/network.svg"), "{written}");
    let findings = work.json("run/summary.json")["findings"].as_array().expect("findings").clone();
    let smoothness = findings.iter().filter(|finding| finding["quantity"] == "effective_smoothness");
    assert_eq!(smoothness.count(), 2);
    assert!(ended.stdout.contains("diagnostics (last measurement, median over seeds):"), "{}", ended.stdout);
    // Replacing knows all files.
    work.ok(&["config.toml", "-q", "-o", "run", "--force"]);
    assert!(!work.path("run/diagnostics.csv").exists());
}

#[test]
fn settings_are_checked() {
    let work = Work::new();
    let message = |set: &str| work.fails(&["check", "config.toml", "--set", set]).1;
    let found = message("diagnose.level=\"cheep\"");
    assert!(found.contains("diagnose.level") && found.contains("\"cheap\""), "{found}");
    let found = message("diagnose.every=0");
    assert!(found.contains("diagnose.every") && found.contains("from 1 to"), "{found}");
}

#[test]
fn probe_measures_each_norm_before_training() {
    let work = Work::new();
    let text = work.ok(&["probe", "config.toml", "--set", "training.batch_size=16"]).stdout;
    for expected in ["batch_norm\n", "none\n", "affine_3", "first loss", "largest stable rate", "- Rows: "] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let lines =
        work.ok(&["probe", "-c", "config.toml", "--norms", "layer_norm, none", "--json", "-q"]).stdout;
    let networks: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        networks.iter().map(|network| &network["network"]).collect::<Vec<_>>(),
        ["layer_norm", "none"]
    );
    for network in networks {
        assert_eq!(network["layers"].as_array().map(Vec::len), Some(3), "{network}");
        assert!(
            network["loss"].as_f64() > Some(0.0) && network["sharpness"]["value"].is_number(),
            "{network}"
        );
    }
    for (norms, expected) in [
        (
            "instance_norm",
            "--norms instance_norm: \"instance_norm\" is not a norm; instance norm is for images",
        ),
        (
            "none,layernorm",
            "--norms none,layernorm: \"layernorm\" is not a norm; did you mean \"layer_norm\"?",
        ),
        ("bad", "\"bad\" is not a norm; use some of batch_norm, "),
        ("none, none", "--norms none, none: none is listed twice"),
    ] {
        let (code, message) = work.fails(&["probe", "config.toml", "--norms", norms]);
        assert_eq!(code, Some(2));
        assert!(message.contains(expected) && !message.contains("--set"), "{message}");
    }
}

/// The report has the table, and a network that is not compared has none.
#[test]
fn a_comparison_says_what_its_networks_were_like_before_training() {
    let work = Work::new();
    work.ok(&["config.toml", "-q", "-o", "run"]);
    let lines: Vec<serde_json::Value> =
        work.read("run/start.jsonl").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let networks: Vec<_> = lines.iter().map(|line| &line["network"]).collect();
    assert_eq!(networks, ["batch_norm", "none"]);
    assert!(lines[0]["layers"][0]["noise"]["mean"].as_f64() > Some(0.0), "{}", lines[0]);
    let page = work.read("run/report.html");
    assert!(page.contains("Before training") && page.contains("loss of guessing"));
    work.ok(&["single.toml", "-q", "-o", "single"]);
    assert!(!work.path("single/start.jsonl").exists());
    assert!(!work.read("single/report.html").contains("Before training"));
}

/// Without a norm, the network is the same at every position.
#[test]
fn positions_are_those_of_norms() {
    let work = Work::new();
    let positions = ["--set", "compare.positions=[\"before\", \"after\"]"];
    let lines = work.ok(&[&["probe", "config.toml", "--json", "-q"], &positions[..]].concat()).stdout;
    let name = |line: &str| {
        let network: serde_json::Value = serde_json::from_str(line).expect("JSON");
        network["network"].as_str().expect("a name").to_owned()
    };
    let mut names: Vec<String> = lines.lines().map(name).collect();
    names.sort();
    assert_eq!(names, ["batch_norm (model.position=after)", "batch_norm (model.position=before)", "none"]);
    let ended = work.ok(&[&["config.toml", "-o", "run"], &positions[..]].concat());
    assert!(ended.stdout.contains("batch_norm at model.position="), "{}", ended.stdout);
    for unwanted in ["none (model.position", "none at model.position", "none model.position"] {
        assert!(!ended.stdout.contains(unwanted), "{unwanted} in {}", ended.stdout);
        assert!(!work.read("run/report.html").contains(unwanted), "{unwanted}");
    }
}
