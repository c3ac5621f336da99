//! Files of their own for validation and test: read by the schema, the classes and the groups of the training file.

use std::collections::HashMap;
use std::path::Path;

use crate::data::csv::file::CsvFile;
use crate::data::error::{DataError, ErrorKind, Located};
use crate::data::schema::Schema;
use crate::data::schema::column::TextUse;
use crate::data::schema::layout::NumberedTexts;
use crate::data::schema::renaming::LabelNames;
use crate::data::source::paths::{DataFiles, DataPaths};
use crate::data::split::rule::KnownGroups;
use crate::data::table::contents::{FileContent, FileRows, SideColumns};
use crate::data::table::load::Loader;
use crate::data::table::notes::file_notes;
use crate::data::table::{Dataset, SourceFiles, SourceRows};
use crate::text::{Count, DisplayPath, QuotedNames};

/// What is known from the training file when validation and test files are read.
#[derive(Clone, Copy)]
struct Before<'a> {
    schema: &'a Schema,
    classes: &'a [String],
    /// The keys of its groups.
    groups: &'a [u64],
}

impl Loader<'_> {
    /// The rows of a validation or test file; `groups` are the keys of the groups of the training file.
    pub(super) fn own_rows(
        &mut self,
        paths: Option<&DataPaths>,
        dataset: &Dataset,
        groups: &[u64],
    ) -> Result<Option<SourceRows>, DataError> {
        let Some(paths) = paths else { return Ok(None) };
        let Dataset { schema, classes, main, .. } = dataset;
        let before = Before { schema, classes, groups };
        let read = self.read_own_file(&paths.files()?, before)?;
        let FileRows { features, side: SideColumns { numbers, mut codes, .. }, content } = read;
        self.renamed.extend(content.renamed);
        self.notes.extend(content.notes);
        let source = content.source;
        self.notes.extend(same_bytes_note(&source, &main.source));
        Ok(Some(SourceRows::new(source, features, codes.pop(), numbers, schema)))
    }

    /// Reads the files for validation or test.
    fn read_own_file(
        &self,
        files: &DataFiles,
        before: Before<'_>,
    ) -> Result<FileRows<FileContent>, DataError> {
        let Before { schema, classes, groups } = before;
        let mut file = CsvFile::open(files, self.format, &self.spec.column_names)?;
        let layout = schema.layout_in(&file.names, self.format.header, self.usual_markers());
        let layout = layout.map_err(|fault| file.fail(fault))?;
        let ids = NumberedTexts::new(classes);
        let mut labels = LabelNames::new(&self.spec.label_names);
        let groups = KnownGroups::new(groups);
        let texts = schema.texts_in(&file.names, self.format.header);
        let rows = file.rows(&layout, &mut |index, text, line| match texts[index].1 {
            TextUse::OwnGroup => Ok(groups.number(text)),
            _ => ids.get(labels.renamed(text)).ok_or_else(|| {
                let fault = ErrorKind::UnseenClass { class: text.to_owned(), known: classes.to_vec() };
                Located::at_line(line, fault)
            }),
        })?;
        let path = &files.name;
        let mut notes = file_notes(path, &rows);
        let unknown = if self.format.header { schema.unknown(&file.names) } else { Vec::new() };
        if !unknown.is_empty() {
            let columns = Count(unknown.len(), "column");
            let names = QuotedNames(&unknown);
            notes.push(format!(
                "{}: ignoring {columns} that the training file lacks: {names}",
                DisplayPath(path)
            ));
        }
        let mut codes = Vec::new();
        for (numbers, (_, used)) in rows.texts.into_iter().zip(texts) {
            match used {
                TextUse::OwnGroup => notes.extend(KnownGroups::note(path, &numbers)),
                _ => codes.push(numbers),
            }
        }
        let source = file.finish(rows.store.rows());
        notes.extend(rows.store.note());
        let content = FileContent { source, notes, renamed: labels.found };
        let side = SideColumns { numbers: rows.other_values, codes, keys: Vec::new() };
        let features = rows.store.finish().map_err(|fault| DataError::new(path, fault))?;
        Ok(FileRows { features, side, content })
    }
}

/// That a file is also among those of the training rows.
fn same_bytes_note(own: &SourceFiles, main: &SourceFiles) -> Option<String> {
    let trained: HashMap<&str, &Path> =
        main.files.iter().map(|file| (file.sha256.as_str(), file.path.as_path())).collect();
    let mut same = own.files.iter().filter(|file| trained.contains_key(file.sha256.as_str()));
    let file = same.next()?;
    let more = match same.count() {
        0 => String::new(),
        more => format!(" (and {})", Count(more, "more file")),
    };
    let which = match main.files.len() {
        1 => "the training file".to_owned(),
        _ => format!("the training file {}", DisplayPath(trained[file.sha256.as_str()])),
    };
    Some(format!("{} holds the same bytes as {which}{more}", DisplayPath(&file.path)))
}
