//! Inputs that were the same in all training rows.

use crate::in_use::{Work, config, model, noise};

/// Rows of two classes that `a` and `b` decide, after the cells of other columns.
fn rows(others: &str) -> String {
    let row = |row: usize| {
        let (a, b) = (noise(row, 0), noise(row, 1));
        format!("{others},{a:.3},{b:.3},{}\n", if a + b > 0.0 { "yes" } else { "no" })
    };
    (0..160).map(row).collect()
}

const HEAD: &str = "year,member,port,age,a,b,y\n";

/// What training, prediction and evaluation say about inputs that did not vary, and the predictions.
fn check(scale: &str, norm: &str) {
    let work = Work::new();
    work.write("t.csv", &format!("{HEAD}{}", rows("2023,no,Oslo,33")));
    let data = format!(
        "path = \"t.csv\"\nlabel = \"y\"\nvalid = 0.25\nscale = \"{scale}\"\nmissing = \"median\"\n\
         missing_indicator = true\n[data.columns]\nmember = \"boolean\"\nport = \"categorical\""
    );
    work.write("t.toml", &config(&data, norm, 30));
    let notes = work.ok(&["-c", "t.toml", "-o", "run"]).stderr;
    let note = "note: features \"year\", \"member\", \"port\", \"age\" are constant in the training rows, so they have no \
                effect\n";
    assert!(notes.contains(note), "{notes}");
    let model = &model("run", norm);
    let expected = work.ok(&["predict", model, "--data", "t.csv"]).stdout;
    for (others, notes) in [
        (
            "2024,no,Oslo,33",
            "160 cells of column \"year\" differ from the only value in the training rows, 2023, such as 2024: the column has no effect",
        ),
        (
            "2023,yes,Oslo,33",
            "160 cells of column \"member\" differ from the only value in the training rows, 0, such as 1: the column has no effect",
        ),
        (
            "2023,no,Rome,33",
            "160 cells of column \"port\" with an unknown category (not in the training rows), such as \"Rome\"",
        ),
        (
            "2023,no,Oslo,",
            "160 cells of column \"age\" are missing, and none was in the training rows: they are filled in, but not indicated",
        ),
    ] {
        work.write("new.csv", &format!("{HEAD}{}", rows(others)));
        let predicted = work.ok(&["predict", model, "--data", "new.csv"]);
        assert!(predicted.stdout == expected, "{others}: other predictions");
        assert_eq!(predicted.stderr, format!("note: {notes}\n"), "{others}");
        let evaluated = work.ok(&["eval", model, "--data", "new.csv"]).stderr;
        assert!(evaluated.contains(notes.split(", such").next().unwrap_or_default()), "{evaluated}");
    }
}

#[test]
fn inputs_that_did_not_vary_have_no_effect_later() {
    check("standardize", "batch_norm");
    // Unscaled, a constant number is not 0 by itself.
    check("none", "none");
}

#[test]
fn validation_rows_do_not_see_them_either() {
    let work = Work::new();
    work.write("t.csv", &format!("{HEAD}{}", rows("2023,no,Oslo,33")));
    work.write("same.csv", &format!("{HEAD}{}", rows("2023,no,Oslo,33")));
    work.write("other.csv", &format!("{HEAD}{}", rows("1985,yes,Oslo,34")));
    let losses = |valid: &str| {
        let data = format!(
            "path = \"t.csv\"\nlabel = \"y\"\nvalid_path = \"{valid}.csv\"\n[data.columns]\nmember = \"boolean\""
        );
        work.write("t.toml", &config(&data, "batch_norm", 3));
        let notes = work.ok(&["-c", "t.toml", "-o", valid]).stderr;
        let summary = work.json(format!("{valid}/summary.json"));
        (summary["runs"][0]["final_scores"].clone(), summary["runs"][0]["assessments"].clone(), notes)
    };
    let ((scores, assessments, _), (other_scores, other_assessments, notes)) =
        (losses("same"), losses("other"));
    assert_eq!((other_scores, other_assessments), (scores, assessments));
    let note = "note: in validation rows: 160 cells of column \"year\" differ from the only value in the training rows, 2023, \
                such as 1985: the column has no effect\n";
    assert!(notes.contains(note), "{notes}");
}
