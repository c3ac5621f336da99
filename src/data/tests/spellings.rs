//! One thing in two spellings, and codes that look like numbers.

use crate::data::tests::*;
use crate::data::{ColumnKind, ColumnSpec, ColumnType, Profile};

fn with_column(column: &str, entry: ColumnSpec) -> DataSpec {
    DataSpec { columns: [(column.to_owned(), entry)].into(), ..spec() }
}

fn of_type(word: ColumnType) -> ColumnSpec {
    ColumnSpec { column_type: Some(word), ..ColumnSpec::default() }
}

/// Rows with these cells and classes in turn.
fn rows(cells: &[&str], count: usize) -> String {
    (0..count)
        .map(|row| format!("{},{}.5,{}\n", cells[row % cells.len()], row % 9, ["p", "q"][row / 2 % 2]))
        .collect()
}

fn inputs(content: &str, spec: &DataSpec) -> Vec<String> {
    load(content, spec)
        .and_then(|table| table.prepare::<f32>(1, None))
        .expect("it loads")
        .data
        .encoding
        .inputs
}

fn notes(content: &str, spec: &DataSpec) -> Vec<String> {
    load(content, spec).expect("it loads").notes().to_vec()
}

#[test]
fn numbers_are_one_category_in_all_spellings() {
    let categorical = with_column("grade", of_type(ColumnType::Categorical));
    for (cells, expected) in [
        (["1", "1.0", "3", "3.0"], ["grade=1", "grade=3", "b"]),
        (["-0.5", "0", "-0.50", "0.0"], ["grade=-0.5", "grade=0", "b"]),
    ] {
        let content = format!("grade,b,kind\n{}", rows(&cells, 40));
        assert_eq!(inputs(&content, &categorical), expected);
        let notes = notes(&content, &categorical);
        assert!(
            notes
                .iter()
                .any(|note| note.starts_with("2 categories of \"grade\" are the same number as another")),
            "{notes:?}"
        );
        let table = load(&content, &categorical).expect("it loads");
        let (first, second) = (table.main.features.value(0, 0), table.main.features.value(1, 0));
        assert_eq!(first == second, cells[0] == "1");
    }
}

#[test]
fn a_trained_vocabulary_knows_numbers_in_all_spellings() {
    use crate::data::schema::layout::Vocabulary;
    let names = ["1", "2.5", "007", "3E9", "12345678901234567"].map(str::to_owned);
    let words = Vocabulary::categories(&names);
    let number = |text: &str| words.number(text).filter(|&number| number < 5.0);
    assert_eq!(["1", "1.0", "+1.00", "2.50"].map(number), [Some(0.0), Some(0.0), Some(0.0), Some(1.0)]);
    // Codes are texts, and so are numbers that are not exact.
    assert_eq!(["7", "007", "3e9", "3000000000"].map(number), [None, Some(2.0), None, None]);
    assert_eq!(["12345678901234567", "12345678901234568"].map(number), [Some(4.0), None]);
    let boolean = ["1.0", "0.00", "TRUE", "2"].map(|text| Vocabulary::Boolean.number(text));
    assert_eq!(boolean, [Some(1.0), Some(0.0), Some(1.0), None]);
}

#[test]
fn labels_and_markers_that_are_numbers_match_in_all_spellings() {
    let files = Files::new();
    let spec = DataSpec {
        path: files.write("t.csv", "x,kind\n1,0\n2,1\n-99.0,1\n4,-9.0\n").into(),
        valid_path: Some(files.write("v.csv", "x,kind\n3,1.0\n4,0.0\n").into()),
        missing_markers: Some(vec!["-99".to_owned()]),
        missing: MissingPolicy::Mean,
        label_names: [("-9".to_owned(), "0".to_owned())].into(),
        ..spec()
    };
    let table = Dataset::load(&spec).expect("the classes are 0 and 1");
    assert_eq!((table.main.labels(), table.notes().len()), (&[0, 1, 1, 0][..], 0));
    assert!(table.main.features.value(2, 0).is_nan());
    assert_eq!(table.own_valid.expect("there is one").labels(), [1, 0]);
    // In a text column as well.
    let content = "c,x,kind\nred,1,p\n-99.00,2,q\nblue,3,p\nred,4,q\n";
    let spec =
        DataSpec { path: PathBuf::new().into(), valid_path: None, label_names: Default::default(), ..spec };
    assert_eq!(inputs(content, &spec), ["c=blue", "c=red", "x"]);
}

#[test]
fn rows_of_a_group_stay_together_in_all_spellings() {
    let group = with_column("g", of_type(ColumnType::Group));
    let spec = DataSpec { valid: 0.5, ..group };
    let content: String =
        (0..40).map(|row| format!("{}{},{},{}\n", row / 2, [".0", ""][row % 2], row % 7, row % 2)).collect();
    let table = load(format!("g,x,kind\n{content}"), &spec).expect("it loads");
    let data = table.prepare::<f64>(1, None).expect("it can be split").data;
    assert_eq!(data.valid.expect("there is one").len(), 20);
    assert!(table.notes().is_empty(), "{:?}", table.notes());
}

#[test]
fn texts_that_look_the_same_are_noted_with_their_code_points() {
    let content = "x,kind\n1,yes\n2,YES\n3,yes\u{a0}\n4,yes\u{200b}\n5,no\n6,n\u{43e}\n";
    let notes_of = |spec: &DataSpec| notes(content, spec);
    assert_eq!(
        notes_of(&spec()),
        [
            "classes of \"kind\" that differ but look the same: \"no\", \"n\u{43e}\" (U+043E); \"yes\", \"YES\", \
          \"yes\\u{a0}\" (U+00A0), \"yes\\u{200b}\" (U+200B); if they mean the same, set label_names = { \"n\u{43e}\" = \
          \"no\", \"YES\" = \"yes\", \"yes\\U000000A0\" = \"yes\", \"yes\\U0000200B\" = \"yes\" } in [data]"
        ]
    );
    let names = [("n\u{43e}", "no"), ("YES", "yes"), ("yes\u{a0}", "yes"), ("yes\u{200b}", "yes")];
    let label_names = names.map(|(from, to)| (from.to_owned(), to.to_owned())).into();
    let merged = DataSpec { label_names, ..spec() };
    assert_eq!(notes_of(&merged), Vec::<String>::new());
    assert_eq!(load(content, &merged).expect("it loads").classes(), ["no", "yes"]);

    let content = format!("city,x,kind\n{}", rows(&["Oslo", "Oslo ", "oslo", "Bergen", "\u{392}ergen"], 40));
    assert_eq!(
        notes(&content, &spec())[1..],
        [
            "categories of \"city\" that differ but look the same: \"Bergen\", \"\u{392}ergen\" (U+0392); \"oslo\", \"Oslo\"; \
          if they mean the same, make them equal in the file"
        ]
    );
    let unseen = DataSpec { label: Some(name("kind")), ..DataSpec::default() };
    let files = Files::new();
    let spec = DataSpec {
        path: files.write("t.csv", "x,kind\n1,yes\n2,no\n").into(),
        valid_path: Some(files.write("v.csv", "x,kind\n3,no\u{a0}\n").into()),
        ..unseen
    };
    assert_eq!(
        files.message_of(&Dataset::load(&spec).expect_err("there is no such class")),
        "v.csv:2, column \"kind\" (index 1): class \"no\\u{a0}\" does not occur in the training file; its classes are \
         \"no\", \"yes\"; \"no\\u{a0}\" (U+00A0) looks like \"no\", and differs: if they mean the same, set label_names = \
         { \"no\\U000000A0\" = \"no\" } in [data]"
    );
}

#[test]
fn digits_after_a_zero_and_numbers_like_3e9_are_codes() {
    for (cells, code, mark) in [
        (["02139", "10001", "94103", "00501"], "00501", "the 0 at its start"),
        (["5E0", "2E5", "3E9", "4E2"], "2E5", "its E"),
        (["1", "2", "03", "4"], "03", "the 0 at its start"),
        (["01E4", "2e1", "3E1", "3E9"], "01E4", "its E"),
    ] {
        let content = format!("code,b,kind\n{}", rows(&cells, 60));
        let mut names = cells.map(|cell| format!("code={cell}"));
        names.sort_unstable();
        assert_eq!(inputs(&content, &spec()), [&names[..], &["b".to_owned()]].concat());
        let found = notes(&content, &spec());
        let note = format!(
            "\"code\" is read as codes, not as numbers, such as \"{code}\" for {mark}; set its type to \"numeric\" in \
             [data.columns] if they are quantities"
        );
        assert!(found.contains(&note), "{found:?}");
        // The note can be followed.
        let numeric = with_column("code", of_type(ColumnType::Numeric));
        assert_eq!(inputs(&content, &numeric), ["code", "b"]);
        assert_eq!(notes(&content, &numeric), Vec::<String>::new());
        let files = Files::new();
        let profile = Profile::of(&DataSpec { path: files.write("t.csv", &content).into(), ..spec() })
            .expect("a table");
        assert_eq!(profile.columns[0].nature, crate::data::Nature::Kind(ColumnKind::Categorical));
        assert!(profile.columns[0].reason.starts_with("codes ("), "{}", profile.columns[0].reason);
    }
}

#[test]
fn a_code_may_come_late_and_quantities_stay_numbers() {
    let rows = |last: &str| -> String {
        (0..50_000).map(|row| format!("{},{}.25,{}\n", row % 50 + 1, row, row % 2)).collect::<String>() + last
    };
    assert_eq!(inputs(&format!("x,y,kind\n{}", rows("7,1,0\n")), &spec()), ["x", "y"]);
    let late = inputs(&format!("x,y,kind\n{}", rows("07,1,0\n")), &spec());
    assert_eq!(late.len(), 52, "the 50 most frequent ones, the other one, and y");
    // Decimals and signs show that a column has quantities; what looks like a code is named.
    let content = "x,kind\n1.5,a\n007,b\n-3,a\n";
    assert_eq!(inputs(content, &spec()), ["x"]);
    assert_eq!(
        notes(content, &spec()),
        [
            "\"x\" is read as numbers, although some look like codes, such as \"007\"; set its type to \"categorical\" in \
          [data.columns] if they are"
        ]
    );
    assert_eq!(notes("x,kind\n1e5,a\n7,b\n2e3,a\n", &spec()).len(), 1);
    assert_eq!(notes("x,kind\n1e+5,a\n7,b\n2e-3,a\n0,a\n-05,b\n", &spec()), Vec::<String>::new());
    let many: String = (0..60).map(|row| format!("{row:05},{}.5,{}\n", row % 7, row % 2)).collect();
    assert!(
        message(format!("x,y,kind\n{many}"), &spec())
            .contains("\"categorical\" or \"numeric\" (digits after a 0")
    );
}

#[test]
fn numbers_among_words_are_noted() {
    let content = format!("size,b,kind\n{}", rows(&["12", "S", "M", "L"], 40));
    let notes = notes(&content, &spec());
    assert!(
        notes[1].starts_with("\"size\" is read as categories, although 10 of 40 cells are numbers;"),
        "{notes:?}"
    );
}
