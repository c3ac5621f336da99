//! A file as a German spreadsheet writes it, from `init` to predictions in the same form.

use std::fmt::Write;

use crate::support::work::{Ended, Work};

/// A number with a decimal comma and points between groups of three digits.
fn german(number: f64) -> String {
    let text = format!("{number:.2}");
    let (whole, decimals) = text.split_once('.').expect("a point");
    let whole = if whole.len() > 3 {
        format!("{}.{}", &whole[..whole.len() - 3], &whole[whole.len() - 3..])
    } else {
        whole.to_owned()
    };
    format!("{whole},{decimals}")
}

/// The rows of a table of 240 days, which have the sales if asked for; those grow in the course of the year.
fn rows(has_sales: bool) -> String {
    let mut text = String::new();
    for row in 0..240_u32 {
        let (month, day) = (1 + row / 20, 1 + row % 20);
        let (promoted, discount) = (row * 7 % 3 == 0, row * 5 % 4);
        let city = ["München", "Köln", "Zürich"][row as usize * 11 % 3];
        let sales = 1000.0 + 250.0 * f64::from(month) + if promoted { 300.0 } else { 0.0 }
            - 10.5 * f64::from(discount);
        let sales = if has_sales { german(sales) } else { String::new() };
        let degrees = german(f64::from(row * 13 % 31) - 5.0);
        let promoted = if promoted { "ja" } else { "nein" };
        write!(text, "{day:02}.{month:02}.2023;{city};{promoted};{degrees};{} %;;;{sales}\r\n", 5 * discount)
            .expect("a string");
    }
    text
}

const MARK: &str = "\u{feff}";
const NAMES: &str = "Datum;Ort;Aktion;Temperatur;Rabatt;;;Umsatz\r\n";

/// The table with a title and a total.
fn workbook(rows: &str) -> String {
    format!("{MARK}Umsatzbericht 2023;;;;;;;\r\n{NAMES}{rows}Summe;;;;;;;641.234,50\r\n")
}

#[test]
fn a_german_table_is_trained_on_and_predicted_in_its_form() {
    let work = Work::new();
    work.write("umsatz.csv", &workbook(&rows(true)));
    let Ended { stderr, .. } = work.ok(&["init", "umsatz.csv"]);
    for note in [
        "note: the config has delimiter = \";\": splits the first lines into equally many fields\n",
        "note: the config has skip_rows = 1: 1 line above the table, not the names of its columns: \"Umsatzbericht 2023;;;;;;;\"\n",
        "note: the config has skip_footer = 1: 1 line below the table, not a row: \"Summe;;;;;;;641.234,50\"\n",
        "note: numbers are read with decimal = \",\", thousands = \".\", number_signs = [\"percent\"], by the config",
        "note: the target is assumed to be the last column, \"Umsatz\"",
        "note: 2 columns ignored: one without a name (no values), one without a name (no values)\n",
        "note: umsatz.toml written; train with: bntrain umsatz.toml\n",
    ] {
        assert!(stderr.contains(note), "{note}{stderr}");
    }
    let config = work.read("umsatz.toml");
    for line in [
        "skip_rows = 1\nskip_footer = 1\n",
        "ignore = [5, 6] ",
        "# split_by = { order_of = \"Datum\" }  # hold out the last rows, if later ones will be predicted\n",
        "Datum = { type = \"date\", format = \"%d.%m.%Y\" }  # \"01.01.2023\" is 1 January 2023 (%d.%m.%Y)\n",
        "Aktion = \"boolean\"",
        "Temperatur = \"numeric\"",
        "Rabatt = \"numeric\"",
    ] {
        assert!(config.contains(line), "{line}\n{config}");
    }
    work.ok(&["check", "umsatz.toml"]);
    let trained = work.ok(&["umsatz.toml", "-o", "run", "--epochs", "60", "--require", "valid_r2 >= 0.9"]);
    assert!(!trained.stderr.contains("Summe"), "{}", trained.stderr);

    // The last rows are held out as the config offers it.
    work.write("order.toml", &config.replace("# split_by", "split_by"));
    work.ok(&["order.toml", "-o", "later", "--epochs", "1"]);

    work.write("neu.csv", &workbook(&rows(false)));
    let predict = |more: &[&str]| work.ok(&[&["predict", "run", "--data", "neu.csv"], more].concat());
    let Ended { stdout: plain, stderr, .. } = predict(&[]);
    assert!(
        stderr.contains("note: the last line of neu.csv is skipped, as in the training file"),
        "{stderr}"
    );
    let lines: Vec<&str> = plain.split("\r\n").collect();
    assert_eq!((lines[0], lines.len()), (format!("{MARK}predicted_Umsatz").as_str(), 242), "{plain}");
    let value = |line: &str| line.replace(',', ".").parse::<f64>().expect(line);
    // January with a promotion, and December without one.
    assert!(lines[1].contains(',') && (value(lines[1]) - 1550.0).abs() < 350.0, "{}", lines[1]);
    assert!((value(lines[240]) - 4000.0).abs() < 450.0, "{}", lines[240]);

    // With the columns of the file, it can be read in the same way.
    let kept = predict(&["--keep-columns"]).stdout;
    let (names, first) =
        (kept.split("\r\n").next().expect("names"), kept.split("\r\n").nth(1).expect("a row"));
    assert_eq!(names, format!("{MARK}Datum;Ort;Aktion;Temperatur;Rabatt;;;Umsatz;predicted_Umsatz"));
    assert_eq!(first, format!("01.01.2023;München;ja;-5,00;0 %;;;;{}", lines[1]));
    work.write("again.csv", &kept);
    let again = ["predict", "run", "--data", "again.csv", "--skip-rows", "0", "--skip-footer", "0"];
    assert_eq!(work.ok(&again).stdout, plain);
    work.ok(&["eval", "run", "--data", "umsatz.csv"]);
}

#[test]
fn lines_around_the_table_are_shown_by_inspect() {
    let work = Work::new();
    work.write("umsatz.csv", &workbook(&rows(true)));
    let Ended { stdout, stderr, .. } = work.ok(&["inspect", "umsatz.csv"]);
    let note = "note: read with skip_footer = 1, as `bntrain init` writes it into a config: 1 line below the table, not a row";
    assert!(stderr.contains(note), "{stderr}");
    assert!(stdout.contains("umsatz.csv: 240 rows, 8 columns\n"), "{stdout}");
    assert!(stdout.contains("Datum is date: \"01.01.2023\" is 1 January 2023 (%d.%m.%Y)\n"), "{stdout}");
    // What an option says is not looked for.
    let set =
        work.ok(&["inspect", "umsatz.csv", "--delimiter", ";", "--skip-rows", "1", "--skip-footer", "1"]);
    assert_eq!((set.stdout, set.stderr.lines().count()), (stdout, 1));
    assert!(set.stderr.starts_with("note: numbers are read with decimal = "), "{}", set.stderr);
}

#[test]
fn day_and_month_that_may_be_either_are_left_to_the_user() {
    let work = Work::new();
    let rows: String = (0..60)
        .map(|row| format!("{}/{}/2024,{},{}\n", 1 + row % 12, 1 + row % 11, row % 7, row % 2))
        .collect();
    work.write("us.csv", &format!("sold,x,kind\n{rows}"));
    let Ended { stderr, .. } = work.ok(&["init", "us.csv"]);
    let config = work.read("us.toml");
    let line = config.lines().find(|line| line.starts_with("sold")).expect("a line");
    assert!(
        line.starts_with("sold = \"ignore\"  ")
            && line.contains("\"1/2/2024\" may be 1 February 2024 (%d/%m/%Y) or 2 January 2024 (%m/%d/%Y)"),
        "{line}"
    );
    assert!(stderr.contains("note: ignored, since its dates can be read in several ways: \"sold\" (\"1/2/2024\" may be 1 February 2024 (%d/%m/%Y) or "), "{stderr}");
    // What it says to write.
    let chosen = work.read("us.toml").replace(line, "sold = { type = \"date\", format = \"%m/%d/%Y\" }");
    work.write("chosen.toml", &chosen);
    work.ok(&["chosen.toml", "--epochs", "2", "-o", "run"]);
    work.write("bad.csv", "sold,x\n1/31/2024,2\n31/1/2024,2\n");
    let (code, error) = work.fails(&["predict", "run", "--data", "bad.csv"]);
    assert_eq!(code, Some(3));
    let wanted = "bad.csv:3, column \"sold\" (index 0): \"31/1/2024\" is not a date in the format \"%m/%d/%Y\", such as 12/31/2024: \
                  months are from 1 to 12; the model takes only dates here, written as in the training file";
    assert!(error.contains(wanted), "{error}");
}
