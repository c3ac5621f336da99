//! Prediction sets and intervals with a promised coverage.

use crate::support::work::Work;

const CONFIG: &str = r#"
[data]
path = "train.csv"
valid_path = "valid.csv"
TARGET
[model]
hidden = [12]
norm = "batch_norm"
activation = "relu"
[optimizer]
type = "adam"
learning_rate = 0.02
[training]
epochs = 5
batch_size = 16
"#;

fn rows(from: usize, to: usize) -> String {
    let row = |row: usize| {
        let x = (row * 37 % 101) as f64 / 50.0 - 1.0;
        let noise = (row * row * 7 % 29) as f64 / 14.5 - 1.0;
        let y = 3.0 * x + noise + 0.001 * row as f64;
        let kind = if x + noise > 0.3 {
            "high"
        } else if x + noise < -0.5 {
            "low"
        } else {
            "mid"
        };
        format!("{x:.3},{y:.4},{kind}\n")
    };
    format!("x,y,kind\n{}", (from..to).map(row).collect::<String>())
}

/// A folder with data, and the model that is trained on it.
fn trained(target: &str, more: &str) -> Work {
    let work = Work::new();
    work.write("train.csv", &rows(0, 150));
    work.write("valid.csv", &rows(150, 220));
    work.write("new.csv", &rows(220, 420));
    work.write(
        "c.toml",
        &CONFIG.replace("TARGET", target).replace("epochs = 5", &format!("epochs = 5\n{more}")),
    );
    work.ok(&["c.toml", "-o", "run"]);
    work
}

const CLASSES: &str = "label = \"kind\"\ncolumns = { y = \"ignore\" }";
const VALUES: &str = "target = \"y\"\ncolumns = { kind = \"ignore\" }";

/// The cells of the columns with one of these names, row by row.
fn cells(text: &str, names: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let places: Vec<usize> =
        names.iter().map(|name| header.iter().position(|other| other == *name).expect(name)).collect();
    let row = |row: csv::StringRecord| places.iter().map(|&place| row[place].to_owned()).collect();
    reader.records().map(|record| row(record.expect("a record"))).collect()
}

#[test]
fn sets_hold_the_classes_whose_probability_is_large_enough() {
    let work = trained(CLASSES, "");
    let args = ["predict", "run", "--data", "new.csv", "--coverage", "0.8", "--keep-columns"];
    let ended = work.ok(&args);
    assert_eq!(ended.stderr, "");
    // The file of the validation rows gives the same bits as the scores in the model.
    assert_eq!(work.ok(&[&args[..], &["--calibrate", "valid.csv"]].concat()).stdout, ended.stdout);
    let names = ["kind", "prediction", "in_set_high", "in_set_low", "in_set_mid"];
    let p = ["probability_high", "probability_low", "probability_mid"];
    let (sets, p) = (cells(&ended.stdout, &names), cells(&ended.stdout, &p));
    let (mut covered, mut least_in, mut most_out) = (0, 1.0_f64, 0.0_f64);
    for (set, p) in sets.iter().zip(&p) {
        let place = ["high", "low", "mid"].iter().position(|class| *class == set[0]).expect("a class");
        covered += usize::from(set[2 + place] == "1");
        for (is_in, p) in set[2..].iter().zip(p) {
            let p: f64 = p.parse().expect("a number");
            match is_in.as_str() {
                "1" => least_in = least_in.min(p),
                _ => most_out = most_out.max(p),
            }
        }
    }
    assert!(most_out < least_in, "{most_out} {least_in}");
    // 70 validation rows, 200 others: by theory 160 with a standard deviation of 11.
    assert!((115..=200).contains(&covered), "{covered}");
    let json = work.ok(&["predict", "run", "--data", "new.csv", "--coverage", "0.8", "--json"]).stdout;
    let first: serde_json::Value = serde_json::from_str(json.lines().next().expect("a row")).expect("JSON");
    assert!([0, 1].contains(&first["in_set_mid"].as_u64().expect("0 or 1")));
}

#[test]
fn intervals_are_as_wide_as_the_errors_of_the_validation_rows() {
    let work = trained(VALUES, "");
    let args = ["predict", "run", "--data", "new.csv", "--coverage", "0.9", "--keep-columns"];
    let found = cells(&work.ok(&args).stdout, &["y", "predicted_y", "lower_y", "upper_y"]);
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let mut covered = 0;
    let half = number(&found[0][3]) - number(&found[0][1]);
    for row in &found {
        let [y, value, low, high] = [0, 1, 2, 3].map(|cell| number(&row[cell]));
        assert!((high - value - half).abs() < 1e-9 && (value - low - half).abs() < 1e-9);
        covered += usize::from(low <= y && y <= high);
    }
    assert!((150..=200).contains(&covered), "{covered}");
    // ceil(71 * 0.9) = 64: the 64th smallest error of the validation rows.
    let valid = work.ok(&["predict", "run", "--data", "valid.csv", "--keep-columns"]).stdout;
    let mut errors: Vec<f64> = cells(&valid, &["y", "predicted_y"])
        .iter()
        .map(|row| (number(&row[0]) - number(&row[1])).abs())
        .collect();
    errors.sort_by(f64::total_cmp);
    assert!((errors[63] - half).abs() < 1e-5, "{} {half}", errors[63]);
}

#[test]
fn intervals_of_values_far_from_0_are_not_wider() {
    let half = |offset: f64| {
        let work = trained(VALUES, "");
        for name in ["train.csv", "valid.csv", "new.csv"] {
            let moved = |line: &str| {
                let cells: Vec<&str> = line.split(',').collect();
                match cells[1].parse::<f64>() {
                    Ok(y) => format!("{},{:.4},{}\n", cells[0], y + offset, cells[2]),
                    Err(_) => format!("{line}\n"),
                }
            };
            work.write(name, &work.read(name).lines().map(moved).collect::<String>());
        }
        work.ok(&["c.toml", "-o", "far"]);
        let text = work.ok(&["predict", "far", "--data", "new.csv", "--coverage", "0.9"]).stdout;
        let row = &cells(&text, &["lower_y", "upper_y"])[0];
        let [low, high] = [0, 1].map(|cell| row[cell].parse::<f64>().expect("a number"));
        (high - low) / 2.0
    };
    let (near, far) = (half(0.0), half(1e9));
    assert!((near - far).abs() < 0.01 * near, "{near} {far}");
}

#[test]
fn a_coverage_needs_enough_rows_of_one_model() {
    let work = trained(CLASSES, "early_stopping = { patience = 3 }");
    let args = ["predict", "run", "--data", "new.csv", "--coverage"];
    let few = "error: --coverage: a coverage of 0.99 needs at least 99 calibration rows, but there are 70; ask for \
               at most 0.9859, or add rows with --calibrate CSV: labelled ones that the model was not trained on";
    assert_eq!(work.fails(&[&args[..], &["0.99"]].concat()), (Some(2), few.to_owned()));
    let ended = work.ok(&[&args[..], &["0.98"]].concat());
    assert!(ended.stderr.contains("also chose the epoch of the weights"), "{}", ended.stderr);
    let (code, error) = work.fails(&[&args[..], &["1"]].concat());
    assert!(code == Some(2) && error.contains("expected a number between 0 and 1"), "{error}");
    let (code, error) = work.fails(&[&args[..], &["0.999", "--calibrate", "new.csv"]].concat());
    assert!(code == Some(2) && error.ends_with("ask for at most 0.995, or add rows to new.csv"), "{error}");
    let ended = work.ok(&[&args[..], &["0.99", "--calibrate", "train.csv"]].concat());
    assert!(ended.stderr.contains("warning: the model was trained on train.csv"), "{}", ended.stderr);

    let model = work.model("run/batch_norm");
    let (code, error) = work.fails(&["predict", &model, &model, "--data", "new.csv", "--coverage", "0.9"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("2 models have no scores in common"), "{error}");

    work.write("no.toml", &work.read("c.toml").replace("valid_path = \"valid.csv\"\n", "valid = 0\n"));
    let no_valid = work.read("no.toml").replace("early_stopping = { patience = 3 }", "");
    work.write("no.toml", &no_valid);
    work.ok(&["no.toml", "-o", "no"]);
    let (code, error) = work.fails(&["predict", "no", "--data", "new.csv", "--coverage", "0.9"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("the model has no scores of validation rows"), "{error}");
}

#[test]
fn an_ensemble_has_the_scores_of_its_mean() {
    for target in [CLASSES, VALUES] {
        let work = trained(target, "ensemble = 2");
        let args = ["predict", "run", "--data", "new.csv", "--coverage", "0.8"];
        let stored = work.ok(&args).stdout;
        let read = work.ok(&[&args[..], &["--calibrate", "valid.csv"]].concat()).stdout;
        for (stored, read) in stored.lines().zip(read.lines()) {
            for (stored, read) in stored.split(',').zip(read.split(',')) {
                match (stored.parse::<f64>(), read.parse::<f64>()) {
                    // Values of the validation rows are rounded in training.
                    (Ok(stored), Ok(read)) => assert!((stored - read).abs() < 1e-5, "{stored} {read}"),
                    _ => assert_eq!(stored, read),
                }
            }
        }
    }
}
