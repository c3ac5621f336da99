//! Rows of weight 0.

use crate::in_use::{Work, config, model, noise};

const HEAD: &str = "part,wt,a,b,color,y";

/// Rows for training, validation and test, of two classes.
fn rows() -> Vec<String> {
    let row = |row: usize| {
        let (a, b) = (noise(row, 0), noise(row, 1));
        let part = ["train", "train", "valid", "train", "test"][row % 5];
        let (class, color) = (if a + b > 0.0 { "yes" } else { "no" }, ["red", "blue"][row % 2]);
        let a = if row % 11 == 3 { String::new() } else { format!("{a:.3}") };
        format!("{part},{},{a},{b:.3},{color},{class}", 1 + row % 3)
    };
    (0..100).map(row).collect()
}

/// Rows of weight 0 that would change everything: numbers far from the others, a category, a class, a word
/// among numbers, a part that does not exist.
const WITHOUT_EFFECT: [&str; 8] = [
    "train,0,1e6,-1e6,red,yes",
    "train,0.0,,-1e6,green,no",
    "valid,0,5,5,violet,maybe",
    "test,0e0,-7e7,1,red,no",
    "train, 0 ,1,oops,red,yes",
    "nowhere,0,1,1,red,yes",
    "train,\"0\",1,1,\"re\"\"d\",",
    "valid,-0,1,1,,no",
];

/// The rows with others of weight 0 among them.
fn mixed() -> Vec<String> {
    let mut mixed = rows();
    for (index, row) in WITHOUT_EFFECT.iter().enumerate() {
        mixed.insert(index * 13 % 97, (*row).to_owned());
    }
    mixed
}

fn table(rows: &[String]) -> String {
    format!("{HEAD}\n{}\n", rows.join("\n"))
}

const DATA: &str = "label = \"y\"\nmissing = \"mean\"\nmissing_indicator = true\n\
                    [data.columns]\nwt = \"weight\"\npart = \"split\"";

#[test]
fn rows_of_weight_0_have_no_effect_at_all() {
    let work = Work::new();
    for (name, rows) in [("clean", rows()), ("mixed", mixed())] {
        work.write(&format!("{name}.csv"), &table(&rows));
        work.write(
            &format!("{name}.toml"),
            &config(&format!("path = \"{name}.csv\"\n{DATA}"), "batch_norm", 4),
        );
    }
    work.ok(&["-c", "clean.toml", "-o", "clean"]);
    let ended = work.ok(&["-c", "mixed.toml", "-o", "mixed"]);
    assert!(ended.stderr.contains("mixed.csv: 8 rows with weight 0 left out\n"), "{}", ended.stderr);
    assert_eq!(work.hashes("mixed"), work.hashes("clean"));
    let curves = |run: &str| -> Vec<String> {
        let text = work.read(format!("{run}/metrics.csv"));
        // The last columns are times.
        text.lines().map(|line| line.rsplitn(3, ',').last().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(curves("mixed"), curves("clean"));
}

#[test]
fn rows_of_weight_0_have_no_effect_in_separate_files_and_in_eval() {
    let work = Work::new();
    let part = |rows: Vec<String>, part: &str| -> Vec<String> {
        rows.into_iter().filter(|row| row.starts_with(part)).map(|row| row.replace(part, "any")).collect()
    };
    for (name, rows) in [("clean", rows()), ("mixed", mixed())] {
        for kind in ["train", "valid", "test"] {
            work.write(&format!("{name}-{kind}.csv"), &table(&part(rows.clone(), kind)));
        }
        let paths = format!(
            "path = \"{name}-train.csv\"\nvalid_path = \"{name}-valid.csv\"\ntest_path = \"{name}-test.csv\""
        );
        let data = format!("{paths}\nignore = [\"part\"]\n{}", DATA.replace("\npart = \"split\"", ""));
        work.write(&format!("{name}.toml"), &config(&data, "batch_norm", 3));
        work.ok(&["-c", &format!("{name}.toml"), "-o", name]);
    }
    assert_eq!(work.hashes("mixed"), work.hashes("clean"));
    let evaluated = |data: &str| {
        let model = model("clean", "batch_norm");
        let args = ["eval", &model, "--data", data, "--json", "--stats", "running,recomputed,batch"];
        let ended = work.ok(&[&args[..], &["--skip-bad-rows"]].concat());
        let mut value: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
        value["data"].take();
        (value, ended.stderr)
    };
    let (clean, notes) = evaluated("clean-valid.csv");
    assert_eq!(notes, "");
    assert_eq!(evaluated("mixed-valid.csv"), (clean, "note: 2 rows of weight 0 left out\n".to_owned()));
}
