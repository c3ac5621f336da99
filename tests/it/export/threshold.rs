//! `bntrain threshold`: decisions between two classes, in every use of the model.

use std::fs;

use ndarray::Array2;
use serde_json::Value;

use crate::export::Rows;
use crate::export::interpreter::Interpreter;
use crate::support::work::Work;

/// Rows of two classes that overlap; the second one is rare.
fn rows(from: usize, to: usize) -> String {
    let row = |row: usize| {
        let x = (row * 37 % 101) as f64 / 50.0 - 1.0;
        let noise = (row * row * 7 % 29) as f64 / 14.5 - 1.0;
        let hidden = (row * row * 13 % 31) as f64 / 15.5 - 1.0;
        let kind = if x + noise > 0.8 { "yes" } else { "no" };
        format!("{x:.3},{:.3},{kind}\n", noise + 0.7 * hidden)
    };
    format!("a,b,kind\n{}", (from..to).map(row).collect::<String>())
}

fn trained(more: &str) -> Work {
    let work = Work::new();
    work.write("train.csv", &rows(0, 200));
    work.write("valid.csv", &rows(200, 300));
    work.write("new.csv", &rows(300, 400));
    let config = Work::SINGLE
        .replace("path = \"data.csv\"", "path = \"train.csv\"\nvalid_path = \"valid.csv\"")
        .replace("valid = 0.25\n", "");
    work.write("c.toml", &format!("{config}{more}"));
    work.ok(&["c.toml", "-o", "run"]);
    work
}

/// The predicted class and the probability of the second class of each row.
fn predicted(work: &Work, model: &str) -> Vec<(String, f64)> {
    let text = work.ok(&["predict", model, "--data", "new.csv", "-q"]).stdout;
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_owned(), cells[2].parse().expect("a number"))
    };
    text.lines().skip(1).map(row).collect()
}

fn threshold_json(work: &Work, args: &[&str]) -> Value {
    let ended = work.ok(&[&["threshold", "run", "--json", "--force", "-o", "t.safetensors"], args].concat());
    serde_json::from_str(&ended.stdout).expect("JSON")
}

#[test]
fn the_threshold_of_a_cost_is_followed_everywhere() {
    for more in ["", "ensemble = 2\n", "class_weights = \"balanced\"\n"] {
        let work = trained(more);
        let found = threshold_json(&work, &["--cost", "fp=1,fn=9"]);
        let threshold = found["threshold"].as_f64().expect("a threshold");
        // That of the same rows as a file is the same, but for rounding of 1 - p.
        let of_file = threshold_json(&work, &["--cost", "fp=1,fn=9", "--data", "valid.csv"]);
        assert!((of_file["threshold"].as_f64().expect("a threshold") - threshold).abs() < 1e-6);
        let cost = |index: usize| found["decisions"][index]["cost"].as_f64().expect("a cost");
        assert!(cost(1) < cost(0), "{more} {found}");

        let before = predicted(&work, "run");
        let after = predicted(&work, "t.safetensors");
        assert!(after.iter().all(|(class, p)| (class == "yes") == (*p > threshold)), "{threshold}");
        assert_ne!(before, after);
        assert!(before.iter().zip(&after).all(|((_, before), (_, after))| before == after));

        // The metrics are those of these classes.
        let eval = work.ok(&["eval", "t.safetensors", "--data", "new.csv", "--json"]).stdout;
        let eval: Value = serde_json::from_str(&eval).expect("JSON");
        let right = rows(300, 400);
        let right =
            right.lines().skip(1).zip(&after).filter(|(row, (class, _))| row.ends_with(&format!(",{class}")));
        assert_eq!(eval["statistics"]["running"]["accuracy"]["value"], right.count() as f64 / 100.0);

        let shown = work.ok(&["inspect", "t.safetensors"]).stdout;
        assert!(
            shown.contains(&format!(
                "\"yes\" is predicted where its probability is greater than {threshold:.4}"
            )),
            "{shown}"
        );

        work.ok(&["export", "t.safetensors", "--to", "onnx", "-o", "t.onnx", "--force"]);
        let graph = fs::read(work.path("t.onnx")).expect("a file");
        let numbers: Vec<f64> = rows(300, 400)
            .lines()
            .skip(1)
            .flat_map(|line| {
                line.split(',').take(2).map(|cell| cell.parse().expect("a number")).collect::<Vec<f64>>()
            })
            .collect();
        let numbers = Array2::from_shape_vec((100, 2), numbers).expect("rows");
        let texts = Array2::from_shape_fn((0, 0), |_| String::new());
        let labels =
            Interpreter::new(&graph).output("label", &Rows { numbers, texts, inputs: Array2::zeros((0, 0)) });
        let expected = after.iter().map(|(class, _)| f64::from(u8::from(class == "yes")));
        assert!(labels.iter().copied().eq(expected), "{more}");
        for format in ["json", "safetensors"] {
            work.ok(&["export", "t.safetensors", "--to", format, "-o", "other", "--force"]);
            let bytes = fs::read(work.path("other")).expect("a file");
            assert!(String::from_utf8_lossy(&bytes).contains("threshold"), "{format}");
        }
    }
}

#[test]
fn class_weights_decide_again_without_a_threshold() {
    let work = trained("class_weights = \"balanced\"\n");
    work.ok(&["threshold", "run", "--at", "0.9", "-o", "high.safetensors"]);
    let args =
        ["threshold", "high.safetensors", "--remove", "--data", "valid.csv", "-o", "plain.safetensors"];
    let text = work.ok(&args).stdout;
    // Of a class, its weight is inversely proportional to its share.
    let of_class = |class: &str| rows(0, 200).lines().filter(|line| line.ends_with(class)).count() as f64;
    let share = of_class(",yes") / 200.0;
    assert!(share < 0.4, "the classes have different weights: {share}");
    let rule = format!(
        "plain.safetensors predicts the class of the largest product of probability and class weight: \"yes\" where its \
         probability is greater than {share:.4}\n"
    );
    assert!(text.starts_with(&rule), "{text}");
    // The counts are those of what the new model predicts.
    let predicted = work.ok(&["predict", "plain.safetensors", "--data", "valid.csv", "-q"]).stdout;
    let yes = predicted.lines().skip(1).filter(|line| line.starts_with("yes,")).count();
    let now = work.ok(&[&args[..], &["--json", "--force"]].concat()).stdout;
    let now: Value = serde_json::from_str(&now).expect("JSON");
    let now = &now["decisions"][1];
    assert_eq!(now["tp"].as_u64().zip(now["fp"].as_u64()).map(|(tp, fp)| tp + fp), Some(yes as u64), "{now}");
    assert!((now["threshold"].as_f64().expect("a number") - share).abs() < 1e-12, "{now}");
}

#[test]
fn precision_and_recall_are_reached_and_a_threshold_can_be_removed() {
    let work = trained("");
    let shares = |found: &Value| {
        let now = &found["decisions"][1];
        [&now["precision"], &now["recall"]].map(|share| share.as_f64().expect("a share"))
    };
    let found = threshold_json(&work, &["--recall", "0.9"]);
    assert!(shares(&found)[1] >= 0.9, "{found}");
    let precise = threshold_json(&work, &["--precision", "0.8"]);
    assert!(shares(&precise)[0] >= 0.8 && shares(&precise)[1] <= 1.0, "{precise}");
    // The other class as positive: the same rows, seen from the other side.
    let other = threshold_json(&work, &["--at", "0.3", "--positive", "no"]);
    assert!(predicted(&work, "t.safetensors").iter().all(|(class, p)| (class == "no") == (1.0 - p > 0.3)));
    assert_eq!(other["positive"], "no");

    work.ok(&["threshold", "t.safetensors", "--remove", "-o", "plain.safetensors"]);
    assert_eq!(predicted(&work, "plain.safetensors"), predicted(&work, "run"));
    let text = work.ok(&["threshold", "run", "--cost", "fp=1,fn=9", "-o", "t2.safetensors"]).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 90), "{text}");
    assert!(text.contains("t2.safetensors predicts \"yes\" where its probability is greater than"), "{text}");

    for (args, code, message) in [
        (&["--cost", "fp=1"][..], 2, "expected fp=X,fn=Y"),
        (&["--cost", "fp=1,fn=0"], 2, "expected fp=X,fn=Y with numbers from 1e-9 to 1e9"),
        (&["--cost", "fp=1e-300,fn=1"], 2, "expected fp=X,fn=Y"),
        (&["--cost", "fp=1,fn=inf"], 2, "expected fp=X,fn=Y"),
        (&["--positive", "maybe", "--at", "0.5"], 2, "the classes of the model are \"no\", \"yes\""),
        (&[], 2, "the following required arguments were not provided"),
        (&["--at", "0.5", "--recall", "0.5"], 2, "cannot be used with"),
    ] {
        let (found, error) = work.fails(&[&["threshold", "run", "-o", "x.safetensors"][..], args].concat());
        assert!(found == Some(code) && error.contains(message), "{error}");
    }
    let (code, error) = work.fails(&["threshold", "run", "--at", "0.5", "-o", "t.safetensors"]);
    assert!(code == Some(7) && error.contains("exists"), "{error}");
    // Models that decide differently are not averaged.
    let (code, error) = work.fails(&["predict", "t.safetensors", "t2.safetensors", "--data", "new.csv"]);
    assert!(code == Some(2) && error.contains("the same threshold"), "{error}");

    let values = Work::SINGLE.replace("label = \"kind\"", "target = \"b\"\ncolumns = { kind = \"ignore\" }");
    work.write("v.toml", &values);
    work.ok(&["v.toml", "-o", "v"]);
    let (code, error) = work.fails(&["threshold", "v", "--at", "0.5", "-o", "x.safetensors"]);
    assert_eq!(code, Some(2));
    assert!(
        error.contains("a threshold decides between two classes, but the model predicts values"),
        "{error}"
    );
}
