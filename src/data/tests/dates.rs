//! Columns of dates and times, from cells to inputs.

use std::f64::consts::TAU;

use crate::data::tests::*;
use crate::data::{
    ColumnSpec, ColumnType, Constant, DateFormat, DatePart, Encoder, Encoding, ScalingMethod, SplitBy,
    UnusualCells, Usual,
};

fn dates(format: &str) -> ColumnSpec {
    let format = Some(DateFormat::new(format).expect(format));
    ColumnSpec { column_type: Some(ColumnType::Date), format, ..ColumnSpec::default() }
}

/// A spec whose column `d` is like `entry`.
fn with(entry: ColumnSpec) -> DataSpec {
    DataSpec { columns: [("d".to_owned(), entry)].into(), scale: ScalingMethod::None, ..spec() }
}

/// A file with these cells in the column `d`.
fn file(cells: &[&str]) -> String {
    let row = |(row, cell): (usize, &&str)| format!("{cell},{},{}\n", row % 3, ["a", "b"][row % 2]);
    format!("d,x,kind\n{}", cells.iter().enumerate().map(row).collect::<String>())
}

fn kind_of(data: &Dataset) -> Option<crate::data::ColumnKind> {
    data.schema.features().next().map(|(_, feature)| feature.kind)
}

fn near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() < 1e-9
}

#[test]
fn a_date_becomes_its_parts_that_vary() {
    let cells = ["01.03.2024 06:00", "2.4.2024 18:30", "03.03.2024 00:00"];
    let (names, x) = inputs(&file(&cells), &with(dates("%d.%m.%Y %H:%M")));
    let of_date = [
        "day",
        "month, sine",
        "month, cosine",
        "weekday, sine",
        "weekday, cosine",
        "hour, sine",
        "hour, cosine",
    ];
    let expected: Vec<String> =
        of_date.iter().map(|part| format!("d ({part})")).chain(["x".to_owned()]).collect();
    assert_eq!(names, expected);
    // Friday, 2024-03-01, 6:00 and Tuesday, 2024-04-02, 18:30.
    let first =
        [19783.25, (TAU / 6.0).sin(), 0.5, (TAU * 4.0 / 7.0).sin(), (TAU * 4.0 / 7.0).cos(), 1.0, 0.0];
    let hour = TAU * 18.5 / 24.0;
    let second =
        [19815.0 + 18.5 / 24.0, 1.0, 0.0, (TAU / 7.0).sin(), (TAU / 7.0).cos(), hour.sin(), hour.cos()];
    for (row, wanted) in [(0, first), (1, second)] {
        assert!((0..7).all(|input| near(x[[row, input]], wanted[input])), "{} {wanted:?}", x.row(row));
    }
    for (format, cells, parts) in [
        // All in one month.
        (
            "%Y-%m-%d",
            &["2024-03-01", "2024-03-02", "2024-03-05"][..],
            &[DatePart::Day, DatePart::Weekday][..],
        ),
        // All at the same hour, on the same day of the week.
        (
            "%Y-%m-%d %H:%M",
            &["2024-03-04 12:00", "2024-04-01 12:00", "2024-03-04 12:00"],
            &[DatePart::Day, DatePart::Month],
        ),
        ("%H:%M", &["14:30", "7:05", "14:30"], &[DatePart::Hour]),
        ("%Y-%m", &["2024-03", "2024-04", "2023-03"], &[DatePart::Day, DatePart::Month]),
        ("%Y-%m-%d", &["2024-03-04", "2024-03-04", "2024-03-04"], &[DatePart::Day]),
    ] {
        let encoding = prepared(&file(cells), &with(dates(format))).data.encoding;
        let (_, feature) = encoding.features().next().expect("a feature");
        let ValueEncoding::Date { parts: found, .. } = &feature.values else { panic!("{feature:?}") };
        assert_eq!(found, parts, "{format}");
        assert_eq!(encoding.check(), Ok(()));
    }
}

#[test]
fn days_are_scaled_and_bounded_like_numbers() {
    let cells = ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"];
    let spec = DataSpec { scale: ScalingMethod::Standardize, ..with(dates("%Y-%m-%d")) };
    let prepared = prepared(&file(&cells), &spec);
    let x = prepared.data.train.to_array();
    // Four days in a row have the deviation sqrt(5) / 2.
    let wanted = [-1.5, -0.5, 0.5, 1.5].map(|day: f64| day * 2.0 / 5.0_f64.sqrt());
    assert!((0..4).all(|row| near(x[[row, 0]], wanted[row])), "{x}");
    let encoder = Encoder::new(&prepared.data.encoding);
    let mut far = vec![0.0; encoder.inputs()];
    encoder.encode(&[2e11, 0.0], &mut far);
    assert!(far[0] > 5.9 && far[0] <= 6.0, "{far:?}");
    // As it is in a model file.
    let json = serde_json::to_string(&prepared.data.encoding).expect("JSON");
    let again: Encoding = serde_json::from_str(&json).expect("an encoding");
    assert_eq!((again.check(), &again), (Ok(()), &prepared.data.encoding));
    for (from, to) in [
        ("\"%Y-%m-%d\"", "\"%Q\""),
        ("[\"day\",\"weekday\"]", "[]"),
        ("[\"day\",\"weekday\"]", "[\"day\",\"hour\"]"),
        ("[\"day\",\"weekday\"]", "[\"weekday\",\"day\"]"),
        ("\"fill\":null", "\"fill\":1e300"),
    ] {
        assert_eq!(json.matches(from).count(), if from.contains("fill") { 2 } else { 1 }, "{from} in {json}");
        let forged: Result<Encoding, _> = serde_json::from_str(&json.replacen(from, to, 1));
        assert!(forged.is_err() || forged.is_ok_and(|forged| forged.check().is_err()), "{to}");
    }
}

#[test]
fn a_forged_constant_date_is_refused() {
    let encoding = prepared(&file(&["2024-03-04"; 3]), &with(dates("%Y-%m-%d"))).data.encoding;
    let json = serde_json::to_string(&encoding).expect("JSON");
    // The range, and the constant input.
    let seconds = "1709510400.0";
    assert_eq!(json.matches(seconds).count(), 3, "{json}");
    let (before, after) = json.split_at(json.rfind(seconds).expect("a constant"));
    for (forged, is_valid) in [(seconds, true), ("1e300", false), ("-1e300", false)] {
        let text = format!("{before}{}", after.replacen(seconds, forged, 1));
        let found: Encoding = serde_json::from_str(&text).expect("an encoding");
        let refused = Err("the constant value of a date is not in the years 1 to 9999");
        assert_eq!(found.check(), if is_valid { Ok(()) } else { refused }, "{forged}");
    }
}

#[test]
fn missing_dates_follow_the_policy() {
    let cells = ["2024-03-01", "", "2024-03-03", "-", "2024-03-02", "2024-03-02"];
    let policy =
        |missing| with(ColumnSpec { missing: Some(missing), indicator: Some(true), ..dates("%Y-%m-%d") });
    let days = |missing| inputs(&file(&cells), &policy(missing)).1.column(0).to_vec();
    assert_eq!(days(MissingPolicy::Median), [19783.0, 19784.0, 19785.0, 19784.0, 19784.0, 19784.0]);
    assert_eq!(days(MissingPolicy::DropRow), [19783.0, 19785.0, 19784.0, 19784.0]);
    let constant = |text: &str| MissingPolicy::Constant(Constant::Text(text.to_owned()));
    assert_eq!(days(constant("1970-01-11")), [19783.0, 10.0, 19785.0, 10.0, 19784.0, 19784.0]);
    let (names, x) = inputs(&file(&cells), &policy(MissingPolicy::Mean));
    let indicator = names.iter().position(|name| name == "d is missing").expect("an indicator");
    assert_eq!(x.column(indicator).to_vec(), [0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    let wrong = "t.csv: data.columns.\"d\": the constant for missing values must be a date in the format of the column \
                 in a date column";
    assert_eq!(message(file(&cells), &policy(constant("1.1.1970"))), wrong);
    assert_eq!(message(file(&cells), &policy(MissingPolicy::Constant(Constant::Number(5.0)))), wrong);
    let refused = message(file(&cells), &with(dates("%Y-%m-%d")));
    assert!(refused.starts_with("t.csv:3, column \"d\" (index 0): missing value; fill it in"), "{refused}");
}

#[test]
fn what_is_not_a_date_is_an_error_with_its_place() {
    let advice = "correct it or the format, or put it under data.missing_markers if it means a missing value";
    let place = |cell: &str| {
        format!(
            "t.csv:3, column \"d\" (index 0): \"{cell}\" is not a date in the format \"%d.%m.%Y\", such as 31.12.2024"
        )
    };
    for (cell, why) in [
        ("31.02.2024", ": there is no such day"),
        ("01.13.2024", ": months are from 1 to 12"),
        ("01.03.24", ""),
        ("soon", ""),
        ("01.03.2024 00:00", ""),
    ] {
        let found = message(file(&["01.03.2024", cell, "02.03.2024"]), &with(dates("%d.%m.%Y")));
        assert_eq!(found, format!("{}{why}; {advice}", place(cell)));
    }
    // Spaces around a cell do not count.
    assert!(load(file(&["01.03.2024", " 2.3.2024\t"]), &with(dates("%d.%m.%Y"))).is_ok());
    // Another format fits all cells.
    let found = message(file(&["2024-03-01", "2024-03-02"]), &with(dates("%d.%m.%Y")));
    assert!(
        found.ends_with(
            "; all cells of the column fit { type = \"date\", format = \"%Y-%m-%d\" } in [data.columns]"
        ),
        "{found}"
    );
    // A line of totals.
    let rows: Vec<String> = (1..=12).map(|day| format!("{day}.3.2024")).chain(["Summe".to_owned()]).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let found = message(file(&rows), &with(dates("%d.%m.%Y")));
    assert!(
        found.contains("if this line has totals and no row, set skip_footer = 1 in [data]; else"),
        "{found}"
    );
}

#[test]
fn undeclared_dates_lead_to_their_format() {
    let days: Vec<String> = (1..=28).map(|day| format!("{day}.2.2024")).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    let found = message(file(&days), &spec());
    let wanted = "the cells of column \"d\" are dates; write { type = \"date\", format = \"%d.%m.%Y\" } for it in \
                  [data.columns]";
    assert!(found.contains(wanted), "{found}");
    assert!(load(file(&days), &with(dates("%d.%m.%Y"))).is_ok());
    let notes = load(file(&["3/1/2024", "3/1/2024", "4/1/2024", "4/1/2024"]), &spec())
        .expect("categories")
        .notes()
        .join("\n");
    let wanted = "\"d\" is read as categories, although all are dates; write { type = \"date\", format = \"%d/%m/%Y\" } or { \
                  type = \"date\", format = \"%m/%d/%Y\" } for it in [data.columns] (the cells do not decide between \
                  %d/%m/%Y and %m/%d/%Y), if they are";
    assert!(notes.contains(wanted), "{notes}");
}

#[test]
fn a_format_is_for_dates_only() {
    let of = |kind| ColumnSpec { column_type: kind, ..dates("%Y-%m-%d") };
    for kind in [None, Some(ColumnType::Numeric), Some(ColumnType::Group)] {
        let wanted = "t.csv: data.columns.\"d\": `format` is for columns of dates; set its type to \"date\", or remove \
                      `format`";
        assert_eq!(message(file(&["2024-03-01", "2024-03-02"]), &with(of(kind))), wanted);
    }
    // Without one, dates are like 2024-03-01.
    let usual = ColumnSpec { format: None, ..dates("%Y-%m-%d") };
    assert_eq!(inputs(&file(&["2024-03-01", "2024-03-02"]), &with(usual)).1[[0, 0]], 19783.0);
}

#[test]
fn rows_are_split_in_the_order_of_their_dates() {
    let cells = ["03.01.2024", "1.02.2024", "02.01.2024", "31.12.2023", "05.01.2024"];
    for kind in [ColumnType::Date, ColumnType::Ignore, ColumnType::Id] {
        let order = SplitBy::OrderOf(name("d"));
        let entry = ColumnSpec { column_type: Some(kind), ..dates("%d.%m.%Y") };
        let spec = DataSpec { split_by: order, valid: 0.2, test: 0.2, ..with(entry) };
        let data = load(file(&cells), &spec).expect("a table");
        let prepared: Prepared<f64> = data.prepare(1, None).expect("it can be encoded");
        let last = |rows: Option<crate::data::Rows<f64>>| {
            rows.expect("a part").to_array().columns().into_iter().next_back().expect("x").to_vec()
        };
        // The column x is the number of the row modulo 3.
        assert_eq!((last(prepared.data.valid), last(prepared.data.test)), (vec![1.0], vec![1.0]), "{kind:?}");
    }
    let ignored = ColumnSpec { column_type: Some(ColumnType::Ignore), ..dates("%d.%m.%Y") };
    let spec = DataSpec { split_by: SplitBy::OrderOf(name("d")), valid: 0.2, ..with(ignored) };
    let found = message(file(&["03.01.2024", "30.02.2024"]), &spec);
    assert!(found.contains("\"30.02.2024\" is not a date in the format \"%d.%m.%Y\", such as 31.12.2024: there is no such day"), "{found}");
}

#[test]
fn unusual_dates_are_named_as_dates() {
    let format = DateFormat::new("%d.%m.%Y");
    let read = |cell: &str| format.as_ref().and_then(|format| format.read(cell)).expect(cell);
    let found = UnusualCells {
        column: "d".to_owned(),
        usual: Usual::Range(read("01.03.2024"), read("31.03.2024")),
        cells: 2,
        first: read("24.12.1999"),
        dates: format.clone(),
    };
    assert_eq!(
        found.to_string(),
        "2 cells of column \"d\" are far outside the range of the training rows, 01.03.2024 to 31.03.2024, such as 24.12.1999"
    );
}

#[test]
fn yes_and_no_of_other_languages_are_boolean() {
    for (no, yes) in
        [("nein", "Ja"), ("NON", "oui"), ("no", "sí"), ("nie", "TAK"), ("não", "Sim"), ("FALSCH", "WAHR")]
    {
        let data = load(file(&[no, yes, yes, no]), &spec()).expect("a table");
        assert_eq!(kind_of(&data), Some(crate::data::ColumnKind::Boolean), "{no} {yes}");
        assert_eq!(
            inputs(&file(&[no, yes, yes, no]), &DataSpec { scale: ScalingMethod::None, ..spec() })
                .1
                .column(0)
                .to_vec(),
            [0.0, 1.0, 1.0, 0.0]
        );
    }
    let mixed = load(file(&["ja", "no", "ja", "no"]), &spec()).expect("a table");
    assert_eq!(kind_of(&mixed), Some(crate::data::ColumnKind::Categorical));
    let typed = ColumnSpec { column_type: Some(ColumnType::Boolean), ..ColumnSpec::default() };
    let found = message(file(&["ja", "vielleicht"]), &with(typed));
    assert!(
        found.contains(
            "\"vielleicht\" is not a boolean; use true or false, yes or no (or these in another language)"
        ),
        "{found}"
    );
}
