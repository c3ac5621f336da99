//! The training file: read at once, or after a survey of its columns if it stays as it is.

use crate::data::csv::file::{CsvFile, expect_same};
use crate::data::error::{DataError, ErrorCategory, ErrorKind, Located};
use crate::data::limits::MAX_CATEGORIES;
use crate::data::schema::Schema;
use crate::data::schema::class::Classes;
use crate::data::schema::column::{ColumnKind, SchemaColumn, TargetColumns, TextUse};
use crate::data::schema::infer::{MOST_INFERRED, decide, has_words, missing_counts, notes};
use crate::data::schema::look_alikes::look_alikes_note;
use crate::data::schema::renaming::LabelNames;
use crate::data::schema::survey::{FileStats, SurveyedRows};
use crate::data::source::{Disk, FileVersion};
use crate::data::split::rule::SplitKeys;
use crate::data::table::contents::{FileContent, FileRows, SideColumns, TrainingContent};
use crate::data::table::load::Loader;
use crate::data::table::notes::{file_notes, renaming_advice, repeated_header_note};
use crate::text::Quoted;

/// In a file with as many rows, the first and the last line are looked at in particular.
const MANY_ROWS: usize = 10;

impl Loader<'_> {
    /// Reads the training file: at once if its features are numbers, else after a pass over the file that
    /// infers the types of its columns. The result does not depend on how many rows are in the first chunk.
    pub(super) fn read_training_file(&self) -> Result<FileRows<TrainingContent>, DataError> {
        let versions = self.versions();
        let file = self.open()?;
        let mut schema = Schema::new(file.names.clone(), self.spec).map_err(|fault| file.fail(fault))?;
        let markers = schema.markers(self.usual_markers());
        let stats = file.sample(markers, text_limits(&schema), SurveyedRows::Weighted(schema.weight));
        let is_textual = schema.columns.iter().zip(&stats).any(|(column, stats)| match &column.feature {
            Some(feature) if feature.declared == Some(ColumnKind::Categorical) => true,
            Some(feature) => feature.declared.is_none() && has_words(stats),
            None => false,
        });
        if !is_textual && let Some(stored) = self.read_as_numbers(file, &mut schema)? {
            return Ok(stored);
        }
        let survey = self.survey(self.open_again(&versions, &schema)?, &schema, &versions)?;
        self.read_surveyed(schema, &survey, &versions)
    }

    /// Surveys the columns of the training file; one that was changed since may have any error.
    fn survey(
        &self,
        file: CsvFile,
        schema: &Schema,
        versions: &[Option<FileVersion>],
    ) -> Result<FileStats, DataError> {
        let markers = schema.markers(self.usual_markers());
        let survey = file.survey(markers, text_limits(schema), SurveyedRows::Weighted(schema.weight));
        survey.map_err(|error| self.expect_versions(versions).err().unwrap_or(error))
    }

    /// Reads the training file after the survey of its columns; one that was changed since may have any error.
    fn read_surveyed(
        &self,
        mut schema: Schema,
        survey: &FileStats,
        versions: &[Option<FileVersion>],
    ) -> Result<FileRows<TrainingContent>, DataError> {
        let stats = &survey.columns;
        let fail = |fault| DataError::new(&self.files.name, fault);
        decide(&mut schema, stats).map_err(fail)?;
        let notes = notes(&schema.columns, stats);
        let read =
            self.read_rows(self.open_again(versions, &schema)?, &schema, false, notes).map_err(|error| {
                match self.expect_versions(versions) {
                    Ok(()) => error.with_missing(|| missing_counts(&schema, stats)),
                    Err(changed) => changed,
                }
            })?;
        expect_same(&read.content.file.source.files, &survey.sources)?;
        Ok(read)
    }

    /// Opens the training file for another pass, if it is still the same.
    fn open_again(&self, versions: &[Option<FileVersion>], schema: &Schema) -> Result<CsvFile, DataError> {
        self.expect_versions(versions)?;
        let file = self.open()?;
        match file.names.iter().eq(schema.columns.iter().map(|column| &column.name)) {
            true => Ok(file),
            false => Err(DataError::new(self.files.path(0), ErrorKind::Changed)),
        }
    }

    /// What identifies the versions of all files that are there now.
    fn versions(&self) -> Vec<Option<FileVersion>> {
        self.files.paths.iter().map(|path| Disk::version_of(path)).collect()
    }

    /// Whether all files are still the same; the error names the first that was changed.
    fn expect_versions(&self, versions: &[Option<FileVersion>]) -> Result<(), DataError> {
        let now = self.versions();
        match (0..versions.len()).find(|&file| now[file] != versions[file]) {
            Some(changed) => Err(DataError::new(self.files.path(changed), ErrorKind::Changed)),
            None => Ok(()),
        }
    }

    /// Reads the training file with every undeclared feature as a number; none if a cell is refused,
    /// since it may be in a column that turns out not to be numeric.
    fn read_as_numbers(
        &self,
        file: CsvFile,
        schema: &mut Schema,
    ) -> Result<Option<FileRows<TrainingContent>>, DataError> {
        for column in &mut schema.columns {
            let settled = column.feature.as_mut().map(|feature| feature.settle(&column.name));
            settled.transpose().map_err(|fault| file.fail(fault.into()))?;
        }
        let are_declared = schema.features().all(|(_, feature)| feature.declared.is_some());
        match self.read_rows(file, schema, true, Vec::new()) {
            Err(error)
                if !are_declared
                    && matches!(error.category(), ErrorCategory::Data | ErrorCategory::Limit) =>
            {
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// An error of the training file, with what the cells of its column suggest.
    pub(super) fn explained(&self, error: DataError) -> DataError {
        let Some((column, _)) = error.column() else { return error };
        let Some((file, schema)) = self.open().ok().and_then(|file| {
            let schema = Schema::new(file.names.clone(), self.spec).ok()?;
            Some((file, schema))
        }) else {
            return error;
        };
        error.explained(schema.columns[column].role, |line| {
            let mut limits = vec![0; schema.columns.len()];
            limits[column] = MOST_INFERRED;
            let weighted = SurveyedRows::Weighted(schema.weight);
            let first = file.first_line + u64::from(self.format.header);
            let stats = file.survey(schema.markers(self.usual_markers()), limits, weighted).ok()?;
            let remedy = match stats.rows {
                0..MANY_ROWS => "",
                _ if line == first => "if this line has units and no row, remove it; else ",
                rows if line + 1 == first + rows as u64 && !self.files.are_several() => {
                    "if this line has totals and no row, set skip_footer = 1 in [data]; else "
                }
                _ => "",
            };
            Some((stats.columns.into_iter().nth(column)?, remedy))
        })
    }

    /// Reads the rows of the training file, and sorts its classes. `is_tentative` says that codes are refused in
    /// columns that were not declared.
    fn read_rows(
        &self,
        mut file: CsvFile,
        schema: &Schema,
        is_tentative: bool,
        mut notes: Vec<String>,
    ) -> Result<FileRows<TrainingContent>, DataError> {
        let (mut found, mut keys) = (Classes::default(), SplitKeys::default());
        let mut labels = LabelNames::new(&self.spec.label_names);
        let (layout, texts) = (schema.layout(self.usual_markers(), is_tentative), schema.texts());
        let mut rows = file.rows(&layout, &mut |index, text, line| match texts[index].1 {
            TextUse::Label => found.id(labels.renamed(text), line),
            used => keys.number(used, text, schema.columns[texts[index].0].format.as_ref(), line),
        })?;
        let count = rows.store.rows();
        if count == 1 {
            return Err(file.fail(ErrorKind::OneRow));
        }
        let mut classes = Vec::new();
        if let TargetColumns::Classes(label) = schema.targets {
            let order;
            (classes, order) = found
                .into_sorted(count)
                .map_err(|error| file.error(Located { field: Some(label), ..*error }))?;
            let codes = rows.texts.iter_mut().zip(&texts).filter(|(_, (_, used))| *used == TextUse::Label);
            codes.flat_map(|(codes, _)| codes).for_each(|label| *label = order[*label as usize]);
            let of = format!("classes of {}", Quoted(&schema.columns[label].name));
            notes.extend(look_alikes_note(&of, &classes, &renaming_advice(&classes)));
            notes.extend(repeated_header_note(&schema.columns[label].name, &classes));
        }
        notes.extend(file_notes(file.path(), &rows));
        notes.extend(rows.store.note());
        let content = TrainingContent {
            schema: schema.clone(),
            classes,
            groups: keys.groups(),
            file: FileContent { source: file.finish(count), notes, renamed: labels.found },
        };
        let side = SideColumns { numbers: rows.other_values, codes: rows.texts, keys: keys.keys };
        let features = rows.store.finish().map_err(|fault| DataError::new(&self.files.name, fault))?;
        Ok(FileRows { features, side, content })
    }

    fn open(&self) -> Result<CsvFile, DataError> {
        CsvFile::open(&self.files, self.format, &self.spec.column_names)
    }
}

/// For each column, how many distinct texts are counted.
fn text_limits(schema: &Schema) -> Vec<usize> {
    let limit = |column: &SchemaColumn| match &column.feature {
        None => 0,
        Some(feature) if feature.declared == Some(ColumnKind::Categorical) => MAX_CATEGORIES,
        Some(_) => MOST_INFERRED,
    };
    schema.columns.iter().map(limit).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::data::csv::dialect::{CsvFormat, ReadOptions};
    use crate::data::source::paths::DataPaths;
    use crate::data::spec::DataSpec;

    /// Whatever the error is that the new content has, and whether or not it was opened when it changed.
    #[test]
    fn the_file_of_several_that_changes_between_two_passes_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let paths = ["a.csv", "b.csv", "c.csv"].map(|name| folder.path().join(name));
        let write = |file: usize, text: &str| std::fs::write(&paths[file], text).expect("it can be written");
        let spec = DataSpec { path: paths.iter().cloned().collect::<DataPaths>(), ..DataSpec::label("kind") };
        let format = CsvFormat::new(&spec, ReadOptions::default()).expect("a format");
        for (changed, text) in [
            (1, "x,kind\nred,b,\n"),
            (1, "x,kind\n,b\n"),
            (2, "x,y,kind\nred,1,b\n"),
            (2, ""),
            (0, "y,kind\nred,a\n"),
        ] {
            (0..3).for_each(|file| write(file, "x,kind\nred,a\nblue,b\n"));
            let files = spec.path.files().expect("paths");
            let loader = Loader { spec: &spec, files, format, notes: Vec::new(), renamed: BTreeSet::new() };
            let versions = loader.versions();
            let file = loader.open().expect("a file");
            let schema = Schema::new(file.names.clone(), &spec).expect("columns");
            let survey = loader.survey(file, &schema, &versions).expect("rows");
            let opened = loader.open().expect("a file");
            write(changed, text);
            let expected = DataError::new(&paths[changed], ErrorKind::Changed).to_string();
            // Of this survey, only the first file was opened before.
            if let Err(error) = loader.survey(opened, &schema, &versions) {
                assert_eq!(error.to_string(), expected, "{text:?}");
            }
            let error = loader.read_surveyed(schema, &survey, &versions).err();
            assert_eq!(error.map(|error| error.to_string()), Some(expected), "{text:?}");
        }
    }
}
