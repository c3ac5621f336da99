//! Whole data files: the same data set, or the same error, however the file is cut into chunks.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use crate::data::csv::dialect::ReadOptions;
use crate::data::{
    ColumnRef, ColumnSpec, ColumnType, DataSpec, Dataset, DateFormat, Mark, MissingPolicy, NumberSign,
};
use crate::fuzzing::{ScratchFile, check_message};

/// The first line says how the file is read: the size of the chunks as a character, a quote, a comment mark, `h`
/// for a header, and letters for formats, see [`set_format`]. The rest is the file.
pub fn data_file(input: &[u8]) {
    let Some((spec, chunk, _file)) = file_of(input) else { return };
    let (whole, chunks) = (load(&spec, 1 << 20), load(&spec, chunk));
    for message in [&whole, &chunks].into_iter().filter_map(|result| result.as_ref().err()) {
        check_message(message);
    }
    // Of several faults, one in the text of a chunk, such as a NUL byte, or in reading it is found before those in its records.
    let is_in_text = |message: &String| {
        ["NUL byte", "not UTF-8", "half of a character"].iter().any(|fault| message.contains(fault))
    };
    if !(chunks.is_err() && whole.as_ref().is_err_and(is_in_text)) {
        assert_eq!(chunks, whole);
    }
}

/// How the file is read, the size of the chunks, and the file.
fn file_of(input: &[u8]) -> Option<(DataSpec, usize, ScratchFile)> {
    let (&[chunk, quote, comment, header], rest) = input.split_first_chunk()?;
    let (formats, content) = rest.split_at(rest.iter().position(|&byte| byte == b'\n')?);
    let file = ScratchFile::new("csv", &content[1..]);
    let mut spec = DataSpec {
        path: file.0.clone().into(),
        label: Some(ColumnRef::Index(-1)),
        header: header == b'h',
        delimiter: Some(','),
        quote: Mark(b"\"'".contains(&quote).then_some(char::from(quote))),
        comment: (comment == b'#').then_some(Mark(Some('#'))),
        ..DataSpec::default()
    };
    formats.iter().for_each(|&letter| set_format(&mut spec, letter));
    Some((spec, usize::from(chunk) + 1, file))
}

/// Sets what a letter says: `r` and `f` for one more line that is skipped before and after the table; `;`, a tab, a
/// space and `|` for the delimiter; `,` for decimal commas, `.` and `_` for what is between thousands; `s` for signs in
/// numbers; `m` and `M` for missing values; `d`, `t` and `u` for dates in the first column, which is `day` with a header.
fn set_format(spec: &mut DataSpec, letter: u8) {
    let mut set_date = |format| {
        let format = Some(DateFormat::new(format).expect("a valid format"));
        let day = ColumnSpec { column_type: Some(ColumnType::Date), format, ..ColumnSpec::default() };
        let name = if spec.header { "day" } else { "c0" };
        spec.columns = BTreeMap::from([(name.to_owned(), day)]);
    };
    match letter {
        b'd' => set_date("%d.%m.%Y"),
        b't' => set_date("%Y-%m-%d %H:%M:%S"),
        b'u' => set_date("%b %d, %y %I:%M %p"),
        b'r' => spec.skip_rows = Some(spec.skip_rows.unwrap_or(0) + 1),
        b'f' => spec.skip_footer = Some(spec.skip_footer.unwrap_or(0) + 1),
        b';' | b'\t' | b' ' | b'|' => spec.delimiter = Some(char::from(letter)),
        b',' => spec.decimal = Some(','),
        b'.' | b'_' => spec.thousands = Some(char::from(letter)),
        b's' => spec.number_signs = NumberSign::ALL.to_vec(),
        b'm' => spec.missing = MissingPolicy::MostFrequent,
        b'M' => spec.missing = MissingPolicy::DropRow,
        _ => {}
    }
}

/// The bits of every number and the text of everything else; or the message.
fn load(spec: &DataSpec, chunk: usize) -> Result<String, String> {
    // Which delimiter another file may have is a guess from its first chunk.
    let reading =
        ReadOptions { chunk, one_column: true, threads: NonZeroUsize::MIN, ..ReadOptions::default() };
    let table = Dataset::load_as(spec, reading).map_err(|error| error.to_string())?;
    let features = &table.main.features;
    let bits: Vec<u64> = (0..features.rows())
        .flat_map(|row| (0..features.columns()).map(move |column| features.value(row, column).to_bits()))
        .collect();
    let source = (table.sha256(), &table.main.source.files, table.notes());
    Ok(format!("{bits:?} {:?} {:?} {:?} {source:?}", table.main.labels(), table.classes(), table.features()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A target that refuses everything would find nothing.
    #[test]
    fn the_seeds_of_formats_are_read() {
        for (seed, inputs) in [
            ("dates_and_decimal_commas", ["day", "price", "units"]),
            ("times_and_signs", ["c0", "c1", "c2"]),
            ("times_of_12_hours", ["day", "x", "y"]),
            ("skipped_lines", ["x", "y", "z"]),
        ] {
            let input = fs::read(format!("fuzz/seeds/data_file/{seed}")).expect("a seed");
            let (spec, _, _file) = file_of(&input).expect("a first line");
            let table = Dataset::load(&spec).unwrap_or_else(|error| panic!("{seed}: {error}"));
            assert_eq!(table.features(), inputs, "{seed}");
        }
    }
}
