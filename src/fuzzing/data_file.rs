//! Whole data files: the same data set, or the same error, however the file is cut into chunks.

use std::num::NonZeroUsize;

use crate::data::csv::dialect::ReadOptions;
use crate::data::{ColumnRef, DataSpec, Dataset, Mark};
use crate::fuzzing::{ScratchFile, check_message};

/// The first line says how the file is read: the size of the chunks as a character, a quote, a comment mark, `h`
/// for a header. The rest is the file.
pub fn data_file(input: &[u8]) {
    let Some((&[chunk, quote, comment, header, b'\n'], content)) = input.split_first_chunk() else { return };
    let file = ScratchFile::new("csv", content);
    let spec = DataSpec {
        path: file.0.clone().into(),
        label: Some(ColumnRef::Index(-1)),
        header: header == b'h',
        delimiter: Some(','),
        quote: Mark(b"\"'".contains(&quote).then_some(char::from(quote))),
        comment: (comment == b'#').then_some(Mark(Some('#'))),
        ..DataSpec::default()
    };
    let (whole, chunks) = (load(&spec, 1 << 20), load(&spec, usize::from(chunk) + 1));
    for message in [&whole, &chunks].into_iter().filter_map(|result| result.as_ref().err()) {
        check_message(message);
    }
    // Of several faults, one in the text of a chunk, such as a NUL byte, is found before those in its records.
    let is_in_text = |message: &String| ["NUL byte", "not UTF-8"].iter().any(|fault| message.contains(fault));
    if !(chunks.is_err() && whole.as_ref().is_err_and(is_in_text)) {
        assert_eq!(chunks, whole);
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
