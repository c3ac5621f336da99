//! `bntrain explain`, on functions whose columns are known.

use rand::Rng;
use serde_json::Value;

use crate::support::work::Work;
use bntrain::random::stream;

fn config(target: &str) -> String {
    format!(
        r#"
[data]
path = "train.csv"
{target}
valid = 0.2
[model]
hidden = [32, 32]
norm = "batch_norm"
activation = "relu"
[optimizer]
type = "adam"
learning_rate = 0.01
[training]
epochs = 40
batch_size = 32
"#
    )
}

/// Friedman's first function, of five of seven numbers, with a column that repeats the fourth and a category.
fn friedman(rows: usize, sample: u64) -> String {
    let mut random = stream(sample, "test", &[]);
    let row = |_| {
        let x: [f64; 7] = std::array::from_fn(|_| random.random_range(0.0..1.0));
        let kind = random.random_range(0..3);
        let y = 10.0 * (std::f64::consts::PI * x[0] * x[1]).sin()
            + 20.0 * (x[2] - 0.5).powi(2)
            + 10.0 * x[3]
            + 5.0 * x[4]
            + 2.0 * f64::from(kind);
        let cells: Vec<String> = x.iter().map(|x| format!("{x:.4}")).collect();
        format!("{},{},{:.4}\n", cells.join(","), ["low", "mid", "top"][kind as usize], y)
    };
    format!("x1,x2,x3,x4,x5,x6,x7,kind,y\n{}", (0..rows).map(row).collect::<String>())
}

fn explain_json(work: &Work, args: &[&str]) -> Value {
    let ended = work.ok(&[&["explain", "--json", "--data", "test.csv"], args].concat());
    serde_json::from_str(&ended.stdout).expect("JSON")
}

/// Name, low end and high end of each column, the most important first.
fn intervals(found: &Value) -> Vec<(String, f64, f64)> {
    let loss =
        ["rmse", "log_loss"].into_iter().find(|name| !found["unchanged"][name].is_null()).expect("a loss");
    let columns = found["importance"].as_array().expect("columns").iter();
    let of = |column: &Value| {
        let end = |end: &str| column[loss]["interval"][end].as_f64().unwrap_or(0.0);
        (column["column"].as_str().expect("a name").to_owned(), end("low"), end("high"))
    };
    columns.map(of).collect()
}

#[test]
fn the_columns_of_friedmans_function_are_found() {
    let work = Work::new();
    work.write("train.csv", &friedman(600, 1));
    work.write("test.csv", &friedman(400, 2));
    work.write("c.toml", &config("target = \"y\""));
    work.ok(&["c.toml", "-o", "run"]);
    let found = explain_json(&work, &["run", "--html", "e.html", "--figures", "figures", "--top", "7"]);
    let columns = intervals(&found);
    let mut used: Vec<&str> = columns[..6].iter().map(|(name, ..)| name.as_str()).collect();
    used.sort_unstable();
    assert_eq!(used, ["kind", "x1", "x2", "x3", "x4", "x5"]);
    assert!(columns[..6].iter().all(|(_, low, _)| *low > 0.0), "{columns:?}");
    assert!(columns[6..].iter().all(|(_, low, high)| *low <= 0.0 && 0.0 <= *high), "{columns:?}");

    // The function is a sum, so the partial dependence of a column is its part, up to a constant.
    let dependence = found["partial_dependence"].as_array().expect("columns");
    let points = |name: &str| {
        let of_column = dependence.iter().find(|column| column["column"] == name).expect("a column");
        let point = |point: &Value| (point["value"].clone(), point["mean"]["y"].as_f64().expect("a mean"));
        of_column["points"].as_array().expect("points").iter().map(point).collect::<Vec<_>>()
    };
    let x4 = points("x4");
    let (first, last) = (&x4[0], &x4[x4.len() - 1]);
    let slope =
        (last.1 - first.1) / (last.0.as_f64().expect("a number") - first.0.as_f64().expect("a number"));
    assert!((slope - 10.0).abs() < 1.0, "{slope}");
    let kinds = points("kind");
    let names: Vec<&str> = kinds.iter().filter_map(|(value, _)| value.as_str()).collect();
    assert_eq!(names, ["low", "mid", "top"]);
    assert!((kinds[2].1 - kinds[0].1 - 4.0).abs() < 0.5, "{kinds:?}");

    // The linear model does not see the squares of x3.
    let spread = |name: &str| {
        let columns = found["linear"].as_array().expect("columns").iter();
        let mut of_column = columns.filter(|column| column["column"] == name);
        of_column.next().expect("a column")["spread"].as_f64().expect("a number")
    };
    // It adds 10 x4, with a standard deviation of 10 / sqrt(12) = 2.89, once it has converged.
    assert!((2.0..3.2).contains(&spread("x4")), "{}", spread("x4"));
    assert!(spread("x3") < 0.5, "{}", spread("x3"));

    let page = work.read("e.html");
    assert!(page.contains("Partial dependence") && page.contains("Weights of the linear model"));
    assert!(
        work.read("figures/importance.svg").contains("x4") && work.path("figures/dependence_7.svg").exists()
    );
    let (code, error) = work.fails(&["explain", "run", "--data", "test.csv", "--repeats", "0"]);
    assert_eq!((code, error.contains("expected a whole number of at least 1")), (Some(2), true), "{error}");
    let (code, error) = work.fails(&["explain", "run", "--data", "test.csv", "--html", "e.html"]);
    assert_eq!(
        (code, error.as_str()),
        (Some(7), "error: e.html exists; choose another --html or replace it with --force")
    );
}

#[test]
fn both_columns_of_an_exclusive_or_matter_and_the_seed_decides_the_bits() {
    let work = Work::new();
    let xor = |rows: usize, sample: u64| {
        let mut random = stream(sample, "test", &[]);
        let row = |_| {
            let [a, b, noise]: [f64; 3] = std::array::from_fn(|_| random.random_range(-1.0..1.0));
            format!(
                "{a:.3},{b:.3},{b:.3},{noise:.3},{}\n",
                if (a > 0.0) == (b > 0.0) { "same" } else { "other" }
            )
        };
        format!("a,b,copy,noise,kind\n{}", (0..rows).map(row).collect::<String>())
    };
    work.write("train.csv", &xor(600, 1).replace("copy", "unused"));
    work.write("test.csv", &xor(300, 2));
    work.write(
        "c.toml",
        &config("label = \"kind\"\ncolumns = { unused = \"ignore\" }\n")
            .replace("epochs = 40", "epochs = 20\nensemble = 2"),
    );
    work.ok(&["c.toml", "-o", "run"]);
    let found = explain_json(&work, &["run"]);
    let columns = intervals(&found);
    assert!(columns[..2].iter().all(|(name, low, _)| name != "noise" && *low > 0.5), "{columns:?}");
    let drop = found["importance"][0]["accuracy"]["value"].as_f64().expect("a number");
    assert!((0.35..0.6).contains(&drop), "half of the rows are wrong without it: {drop}");
    assert_eq!(found, explain_json(&work, &["run", "--threads", "3"]));
    assert_ne!(found["importance"], explain_json(&work, &["run", "--seed", "1"])["importance"]);
    let few = explain_json(&work, &["run", "--rows", "100", "--repeats", "3"]);
    assert_eq!((&few["rows"], &few["rows_in_file"]), (&Value::from(100), &Value::from(300)));
    assert_eq!(few["importance"][0]["repeats"].as_array().map(Vec::len), Some(3));

    // Columns that can replace each other are named.
    work.write("both.toml", &config("label = \"kind\""));
    work.write("train.csv", &xor(600, 1));
    work.ok(&["both.toml", "-o", "both"]);
    let text = work.ok(&["explain", "both", "--data", "test.csv"]).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined.contains("while one is shuffled: \"b\" and \"copy\" (1.00)."), "{text}");

    work.write("unlabelled.csv", "a,b,noise\n1,2,3\n");
    let (code, error) = work.fails(&["explain", "run", "--data", "unlabelled.csv"]);
    assert_eq!(code, Some(3), "{error}");
    assert!(error.contains("kind"), "{error}");
    let (code, error) = work.fails(&["explain", "run", "both", "--data", "test.csv"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("does not have the same columns"), "{error}");
}
