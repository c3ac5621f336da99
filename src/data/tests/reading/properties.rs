use proptest::prelude::*;

use crate::data::csv::dialect::{Comments, Dialect};
use crate::data::csv::parser::Parser;
use crate::data::error::AtOffset;
use crate::data::tests::*;
use crate::data::{ClipMethod, Prepared, ScalingMethod};

const PLAIN: Dialect = Dialect { delimiter: b',', quote: Some(b'"'), comments: Comments::Refused };

/// Records as the parser reads them.
fn lexed(text: &str, dialect: Dialect) -> Result<Vec<Vec<String>>, Box<AtOffset>> {
    let mut parser = Parser::new(text, dialect);
    let mut records = Vec::new();
    while parser.next_record()? {
        let mut record = Vec::new();
        loop {
            let field = parser.next_field()?;
            record.push(parser.content(field).into_owned());
            if field.is_last {
                break;
            }
        }
        records.push(record);
    }
    Ok(records)
}

/// Records of at least two fields, of characters that need quoting.
fn records() -> impl Strategy<Value = Vec<Vec<String>>> {
    (2_usize..5).prop_flat_map(|width| {
        let record = prop::collection::vec("[a1é ,;\"\n\r\t#]{0,5}", width);
        prop::collection::vec(record, 1..6)
    })
}

proptest! {
    #[test]
    fn quoted_fields_round_trip(records in records(), always in any::<bool>(), ends in 0..3_usize) {
        // A record that starts with # is a comment unless the writer quotes it.
        let is_comment = |record: &Vec<String>| record[0].starts_with('#');
        let always = always || records.iter().any(is_comment);
        let end = [csv::Terminator::CRLF, csv::Terminator::Any(b'\n'), csv::Terminator::Any(b'\r')][ends];
        let mut writer = csv::WriterBuilder::new()
            .quote_style(if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .terminator(end)
            .from_writer(Vec::new());
        for record in &records {
            writer.write_record(record).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        prop_assert_eq!(lexed(&text, PLAIN).map_err(|at| at.kind.to_string()), Ok(records));
    }

    /// For input that the parser accepts, an independent parser gives the same records.
    #[test]
    fn accepted_text_is_read_like_by_the_csv_crate(text in "[ab1 ,\"\n\r#]{0,30}") {
        if let Ok(records) = lexed(&text, PLAIN) {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let mut others = Vec::new();
            for record in reader.records() {
                others.push(record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
            }
            // The other parser takes lines of spaces at the end for records.
            let is_blank = |record: &Vec<String>| record.concat().trim().is_empty();
            while others.len() > records.len() && others.last().is_some_and(is_blank) {
                others.pop();
            }
            prop_assert_eq!(records, others);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), header in any::<bool>()) {
        let _ = load(&bytes, &DataSpec { header, ..spec() });
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[xy01.,;\"\n\r\t #-]{0,60}", header in any::<bool>()) {
        let _ = load(&text, &DataSpec { header, valid: 0.3, ..spec() });
    }

    #[test]
    fn scaling_is_invertible(values in prop::collection::vec(-1e6..1e6_f64, 4..30), which in 0..4_usize) {
        let scale = [ScalingMethod::Standardize, ScalingMethod::Center, ScalingMethod::MinMax, ScalingMethod::None][which];
        let rows: String =
            values.iter().enumerate().map(|(row, value)| format!("{value},{}\n", row % 2)).collect();
        let table = load(format!("x,kind\n{rows}"), &DataSpec { scale, clip: ClipMethod::None, ..spec() }).unwrap();
        let Prepared { data, .. } = table.prepare::<f64>(1, None).unwrap();
        let scaling = crate::data::tests::scaling(&data, 0);
        for (scaled, value) in data.train.to_array().iter().zip(&values) {
            prop_assert!((scaled * scaling.divisor + scaling.offset - value).abs() <= 1e-9);
        }
        let n = values.len() as f64;
        let mean = data.train.to_array().sum() / n;
        if matches!(scale, ScalingMethod::Standardize | ScalingMethod::Center) {
            prop_assert!(mean.abs() <= 1e-9);
        }
        if scale == ScalingMethod::Standardize {
            let variance = data.train.to_array().iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            prop_assert!((variance - 1.0).abs() <= 1e-9);
        }
    }
}
