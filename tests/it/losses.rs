//! Networks with each of the losses, through the program.

use crate::support::work::Work;

#[test]
fn logistic_loss_trains_two_classes_with_one_logit() {
    let work = Work::new();
    let logistic = ["-c", "single.toml", "--set", "model.loss=logistic_loss"];
    work.ok(&[&logistic[..], &["-o", "run", "--epochs", "8", "--require", "valid_accuracy > 0.9"]].concat());
    let config = work.read("run/config.toml");
    assert!(config.ends_with("[[layers]]\ntype = \"logistic_loss\"\n"), "{config}");
    assert!(work.ok(&[&["gradcheck"], &logistic[..]].concat()).stdout.contains("passed"));
}

#[test]
fn logistic_loss_is_refused_for_three_classes() {
    let work = Work::new();
    work.write("data.csv", &(work.read("data.csv") + "0.5,0.5,sideways\n0.4,0.4,sideways\n"));
    assert_eq!(
        work.fails(&["-c", "single.toml", "--set", "model.loss=logistic_loss"]),
        (Some(2), "error: logistic_loss is for 2 classes, but the label has 3; use softmax_loss".to_owned())
    );
}

/// 54 rows of one class and 6 of the other, which no feature separates.
fn lopsided(work: &Work) {
    let rows: String = (0..60)
        .map(|row| format!("{},{}\n", row % 3, if row % 10 == 0 { "rare" } else { "usual" }))
        .collect();
    work.write("lopsided.csv", &format!("a,kind\n{rows}"));
    work.write("lopsided.toml", &Work::SINGLE.replace("data.csv", "lopsided.csv"));
}

#[test]
fn class_weights_change_predictions_and_are_written_to_the_config() {
    let work = Work::new();
    lopsided(&work);
    let usual = ["-c", "lopsided.toml", "--epochs", "20", "-o"];
    let accuracy = |run: &str| {
        let summary = work.json(format!("{run}/summary.json"));
        summary["runs"][0]["final_scores"]["train_accuracy"].as_f64().expect("an accuracy")
    };
    work.ok(&[&usual[..], &["unweighted"]].concat());
    assert!(accuracy("unweighted") > 0.85);
    let rare = "training.class_weights={ rare = 100 }";
    work.ok(&[&usual[..], &["rare", "--set", rare]].concat());
    assert!(accuracy("rare") < 0.5);
    let balanced = [&usual[..], &["balanced", "--set", "training.class_weights=balanced"]].concat();
    work.ok(&balanced);
    assert!(work.read("balanced/config.toml").contains("class_weights = \"balanced\"\n"));
    work.ok(&["-c", "rare/config.toml", "-o", "again"]);
    assert_eq!(work.hashes("rare"), work.hashes("again"));
}

#[test]
fn class_weights_of_an_unknown_class_are_refused() {
    let work = Work::new();
    lopsided(&work);
    let (code, error) = work.fails(&["-c", "lopsided.toml", "--set", "training.class_weights={ rear = 2 }"]);
    assert_eq!(code, Some(2));
    assert!(
        error.ends_with(
            "training.class_weights names \"rear\", which is not a class; the classes are \"rare\", \"usual\""
        ),
        "{error}"
    );
}

#[test]
fn baselines_are_reported_and_change_no_result() {
    let work = Work::new();
    let usual = ["-c", "config.toml", "--set", "data.test=0.2", "--epochs", "20", "-o"];
    let with = work.ok(&[&usual[..], &["with"]].concat()).stdout;
    for line in [
        "saved weights on the test rows, mean over 2 seeds ±standard deviation\n",
        "\nlinear model ",
        "\nclass frequencies ",
    ] {
        assert!(with.contains(line), "{line}\n{with}");
    }
    let without = work.ok(&[&usual[..], &["without", "--set", "training.baselines=false"]].concat()).stdout;
    assert!(
        without.contains("saved weights on the test rows") && !without.contains("linear model"),
        "{without}"
    );
    assert_eq!(work.hashes("with"), work.hashes("without"));

    let summary = work.json("with/summary.json");
    let metrics = summary["final_metrics"].as_array().expect("a list");
    let accuracy = |of: &str, norm: Option<&str>| {
        let found = metrics.iter().find(|found| {
            found["of"] == of
                && found["norm"].as_str() == norm
                && found["rows"] == "validation_rows"
                && found["metric"] == "accuracy"
        });
        let values = &found.expect("an entry")["values"];
        assert_eq!(values["n"], 2);
        values["mean"].as_f64().expect("a mean")
    };
    // Two balanced classes, separated by a plane.
    assert!((0.4..=0.6).contains(&accuracy("same_for_all", None)));
    assert!(accuracy("linear_model", None) > 0.9);
    assert_eq!(accuracy("network", Some("none")), summary["groups"][1]["final_accuracy"]["mean"]);
}

/// After three epochs it is not at its end, after a thousand it is.
#[test]
fn a_linear_model_that_still_improved_is_marked() {
    let work = Work::new();
    // Not separable, so that the loss has a least value.
    let text = work.read("data.csv");
    let rows = text.lines().enumerate().map(|(index, row)| match index % 5 {
        1 => format!("{}\n", row.replace("up", "x").replace("down", "up").replace('x', "down")),
        _ => format!("{row}\n"),
    });
    work.write("data.csv", &rows.collect::<String>());
    for (epochs, is_marked) in [("3", true), ("1000", false)] {
        let ended = work.ok(&["single.toml", "--epochs", epochs, "-o", epochs]);
        let marks = [
            "linear model (which still improved when its training ended)",
            "linear model still improved by 1 % of its loss or more in each epoch",
        ];
        let words = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let page = work.read(format!("{epochs}/report.html"));
        for mark in marks {
            assert_eq!(words.contains(mark), is_marked, "{mark}\n{words}");
            assert_eq!(page.contains(mark), is_marked, "{mark}");
        }
        let summary = work.json(format!("{epochs}/summary.json"));
        let assessments = summary["runs"][0]["assessments"].as_array().expect("assessments");
        let linear = assessments.iter().find(|found| found["of"] == "linear_model").expect("a linear model");
        assert_eq!(linear["still_improving"].as_bool().unwrap_or(false), is_marked);
    }
}

/// A linear network is its own linear baseline.
#[test]
fn a_linear_network_has_one_baseline() {
    let work = Work::new();
    let linear = ["-c", "single.toml", "--set", "model.hidden=[]", "--set", "model.norm=none"];
    let shown = work.ok(&linear).stdout;
    assert!(shown.contains("class frequencies") && !shown.contains("linear model"), "{shown}");
    assert!(shown.contains("metric             none    95 % interval       class frequencies\n"), "{shown}");
}

/// Two targets of different units that a small network can learn, and a column of weights.
#[test]
fn regression_reports_r2_everywhere() {
    let work = Work::new();
    let rows = (0..200).map(|row| {
        let (a, b) = (f64::from(row % 17) / 8.0 - 1.0, f64::from(row * 7 % 23) / 11.0 - 1.0);
        format!("{a:.4},{b:.4},{},{:.1},{:.4}\n", row % 3 + 1, 1e5 + 3e4 * (a + b), a - b)
    });
    work.write("values.csv", &format!("a,b,n,price,size\n{}", rows.collect::<String>()));
    let data = "label = \"kind\"\nvalid = 0.25";
    let values = "target = [\"price\", \"size\"]\nvalid = 0.2\ntest = 0.2\ncolumns = { n = \"weight\" }";
    let config = Work::SINGLE.replace("data.csv", "values.csv").replace(data, values);
    work.write("values.toml", &config);
    let stop = ["--set", "training.early_stopping={ metric = \"valid_r2\", patience = 5 }"];
    let require = ["--require", "valid_r2 > 0.8", "--require", "test_r2 > 0.8"];
    let usual = ["-c", "values.toml", "-o", "run", "--epochs", "30"];
    let ended = work.ok(&[&usual[..], &stop, &require].concat());
    assert!(ended.stderr.contains(", R2 0."), "{}", ended.stderr);
    for line in ["final R2", "test R2", "\nprice.rmse ", "\nsize.r2 ", "linear model  mean\n"] {
        assert!(ended.stdout.contains(line), "{line}\n{}", ended.stdout);
    }
    assert!(!ended.stdout.contains("accuracy"), "{}", ended.stdout);

    let header =
        "norm,point,seed,epoch,step,learning_rate,train_loss,train_eval_loss,train_r2,valid_loss,valid_r2,";
    assert!(work.read("run/metrics.csv").starts_with(header));
    let run = &work.json("run/summary.json")["runs"][0];
    let (scores, metrics) =
        (&run["final_scores"], run["assessments"][0]["metrics"].as_array().expect("a list"));
    assert!(scores["valid_accuracy"].is_null() && scores["valid_r2"].is_f64());
    // In the unit of the file: the deviation of the prices is near 25000.
    let rmse = metrics.iter().find(|named| named["metric"] == "price.rmse").expect("it is measured");
    assert!((10.0..15_000.0).contains(&rmse["value"].as_f64().expect("a number")), "{rmse}");
    assert!(work.ok(&["compare", "run"]).stdout.contains("final R2"));
    assert!(work.ok(&["gradcheck", "-c", "values.toml"]).stdout.contains("passed"));
}

#[test]
fn class_weights_are_refused_for_values() {
    let work = Work::new();
    work.write("values.toml", &Work::SINGLE.replace("label = \"kind\"", "target = \"a\""));
    let (code, error) = work.fails(&["-c", "values.toml", "--set", "training.class_weights=balanced"]);
    assert_eq!(code, Some(2));
    assert!(error.ends_with("it needs a label; a target has no classes"), "{error}");
}
