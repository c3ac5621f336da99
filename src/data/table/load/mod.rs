//! Loading the files of a config.

pub(crate) mod own_file;
mod training_file;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;

use crate::data::csv::dialect::{CsvFormat, ReadOptions};
use crate::data::csv::missing::CellFormat;
use crate::data::error::DataError;
use crate::data::schema::column::{Role, TargetColumns, TextUse};
use crate::data::schema::infer::note_row_numbers;
use crate::data::schema::roles;
use crate::data::source::paths::DataFiles;
use crate::data::spec::DataSpec;
use crate::data::split::SplitRule;
use crate::data::split::rule::{absent_classes, check_shares, split_rule};
use crate::data::table::byte_size::Bytes;
use crate::data::table::contents::{FileRows, TrainingContent};
use crate::data::table::{Dataset, SourceRows};
use crate::data::transform::reading_format::ReadingFormat;
use crate::text::Quoted;

impl Dataset {
    /// Reads the CSV file at `path` as `spec` says; the `path` of `spec` does not matter.
    ///
    /// # Errors
    ///
    /// The first error in the file, with line, column and value.
    ///
    /// ```no_run
    /// use bntrain::{DataSpec, Dataset};
    ///
    /// let spec = DataSpec { valid: 0.2, ..DataSpec::label("species") };
    /// let data = Dataset::from_csv("iris.csv", &spec)?;
    /// println!("{} rows of {} classes", data.rows(), data.outputs());
    /// # Ok::<(), bntrain::Error>(())
    /// ```
    pub fn from_csv(path: impl AsRef<Path>, spec: &DataSpec) -> Result<Self, DataError> {
        Self::load(&DataSpec { path: path.as_ref().into(), ..spec.clone() })
    }

    /// Reads the training file of `spec`, and its files for validation and test if it has any.
    ///
    /// Fields follow RFC 4180. LF, CRLF and CR end a line; blank lines are allowed at the end only.
    /// Spaces and tabs around names, labels and cells are ignored. Numbers must be finite and in the
    /// range of `f32`; they keep double precision where single precision would change them. Large
    /// files are read by several threads, with the same result. A file with columns of words is read
    /// twice, first to infer the types of its columns.
    ///
    /// # Errors
    ///
    /// The first error, with its place. Nothing is padded, truncated, skipped or guessed.
    pub fn load(spec: &DataSpec) -> Result<Self, DataError> {
        Self::load_as(spec, ReadOptions::default())
    }

    /// [`load`](Self::load) on at most `threads` threads.
    ///
    /// # Errors
    ///
    /// As for `load`.
    pub fn load_on(spec: &DataSpec, threads: NonZeroUsize) -> Result<Self, DataError> {
        Self::load_as(spec, ReadOptions { threads, ..ReadOptions::default() })
    }

    /// [`load`](Self::load) on at most `threads` threads, beside others that take up `used` bytes of the memory.
    ///
    /// # Errors
    ///
    /// As for `load`.
    pub(crate) fn load_beside(spec: &DataSpec, used: u64, threads: NonZeroUsize) -> Result<Self, DataError> {
        let memory = Bytes(spec.memory.0.saturating_sub(used));
        Self::load_as(spec, ReadOptions { threads, memory, ..ReadOptions::default() })
    }

    /// [`load`](Self::load) with another limit on the bytes of each file, or another chunk size.
    pub(crate) fn load_as(spec: &DataSpec, reading: ReadOptions) -> Result<Self, DataError> {
        let name = spec.path.name();
        let of_spec = |fault| DataError::new(&name, fault);
        let format = CsvFormat::new(spec, reading).map_err(of_spec)?;
        let files = spec.path.files()?;
        let mut loader = Loader { spec, files, format, notes: Vec::new(), renamed: BTreeSet::new() };
        let (mut dataset, groups) = loader.training_data()?;
        if let SplitRule::Rows(shares) = &dataset.split_rule {
            check_shares(spec, shares, dataset.rows()).map_err(of_spec)?;
            loader.notes.extend(absent_classes(spec, shares, &dataset.classes));
        }
        dataset.own_valid = loader.own_rows(spec.valid_path.as_ref(), &dataset, &groups)?;
        dataset.own_test = loader.own_rows(spec.test_path.as_ref(), &dataset, &groups)?;
        dataset.notes = loader.notes;
        if let TargetColumns::Classes(_) = dataset.schema.targets {
            // Each name has to occur in one of the files only.
            let absent = spec.label_names.keys().filter(|&name| !loader.renamed.contains(name));
            dataset
                .notes
                .extend(absent.map(|name| format!("data.label_names: {} does not occur", Quoted(name))));
        }
        Ok(dataset)
    }
}

/// Reads the files of a config, and collects what is worth a note.
struct Loader<'s> {
    spec: &'s DataSpec,
    /// Those with the training rows.
    files: DataFiles,
    format: CsvFormat,
    notes: Vec<String>,
    /// Labels that `data.label_names` replaced.
    renamed: BTreeSet<String>,
}

impl Loader<'_> {
    /// The data set without validation and test files, and the keys of its groups.
    fn training_data(&mut self) -> Result<(Dataset, Vec<u64>), DataError> {
        let spec = self.spec;
        let name = self.files.name.clone();
        let fail = |fault| DataError::new(&name, fault);
        let read = self.read_training_file().map_err(|error| self.explained(error))?;
        let FileRows { features, mut side, content } = read;
        let TrainingContent { mut schema, classes, groups, file } = content;
        schema.keys = roles::keys(&schema.columns, spec).map_err(fail)?;
        schema.order = roles::order(&schema.columns, spec).map_err(fail)?;
        let split_rule =
            split_rule(spec, &schema, &features, &mut side, groups, classes.len()).map_err(fail)?;
        self.renamed.extend(file.renamed);
        self.notes.extend(file.notes);
        self.notes.extend(note_row_numbers(&schema, &features));
        let group_keys = match schema.name_of(Role::Group) {
            Some(_) => side.keys,
            None => Vec::new(),
        };
        let is_label = |(_, used): &(usize, TextUse)| *used == TextUse::Label;
        let labels = schema.texts().iter().position(is_label).map(|text| side.codes.swap_remove(text));
        let dataset = Dataset {
            main: SourceRows::new(file.source, features, labels, side.numbers, &schema),
            schema,
            reading: ReadingFormat::of(spec),
            label_names: spec.label_names.clone(),
            max_categories: spec.max_categories,
            clip: spec.clip,
            classes,
            own_valid: None,
            own_test: None,
            split_rule,
            shares: [("valid", spec.valid), ("test", spec.test)],
            notes: Vec::new(),
        };
        Ok((dataset, group_keys))
    }

    /// How cells are read in columns without own missing markers.
    fn usual_markers(&self) -> CellFormat<'_> {
        CellFormat::of(self.spec)
    }
}
