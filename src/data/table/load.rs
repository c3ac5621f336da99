//! From the files of a config to a table.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::data::csv::dialect::{ReadOptions, TextFormat};
use crate::data::csv::file::CsvFile;
use crate::data::csv::missing::Markers;
use crate::data::error::{DataError, ErrorKind, Located};
use crate::data::limits::MAX_CATEGORIES;
use crate::data::schema::class::Classes;
use crate::data::schema::column::Kind;
use crate::data::schema::infer::{MOST_INFERRED, decide, holds_words, missing_counts, note_counting, notes};
use crate::data::schema::{Schema, TargetColumns, roles};
use crate::data::spec::DataSpec;
use crate::data::split::Division;
use crate::data::split::assignment::{KnownGroups, Places, TextUse, check_shares, note_absent_classes};
use crate::data::table::cache::contents;
use crate::data::table::cache::contents::{KeptPart, KeptTraining, RawTraining};
use crate::data::table::matrix::Matrix;
use crate::data::table::raw_rows::RawRows;
use crate::data::table::{Dataset, Part, Source};
use crate::data::transform::encoding::ReadingFormat;
use crate::text::{Count, DisplayPath, Quoted};

impl Dataset {
    /// Reads the CSV file at `path` as `spec` says; the `path` of `spec` does not matter.
    ///
    /// # Errors
    ///
    /// The first fault of the file, with line, column and value.
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
        Self::load(&DataSpec { path: path.as_ref().to_owned(), ..spec.clone() })
    }

    /// Reads the training file of `spec`, and its files for validation and test if it has any.
    ///
    /// Fields follow RFC 4180; LF, CRLF and CR end a line, and blank lines may stand at the end
    /// only. Spaces and tabs around names, labels and cells do not count. Numbers are finite
    /// and in the range of `f32`, but kept in double precision where that holds more. Large files
    /// are read on as many threads as the machine runs at once, with the same result. A file with
    /// words in it is read twice, the first time to see what its columns are.
    ///
    /// # Errors
    ///
    /// The first fault, with its place. Nothing is padded, cut, skipped or guessed.
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

    /// [`load`](Self::load) with another limit on the bytes of each file, or in other portions.
    pub(crate) fn load_as(spec: &DataSpec, reading: ReadOptions) -> Result<Self, DataError> {
        let of_spec = |fault| DataError::new(&spec.path, fault);
        let format = TextFormat::new(spec, reading).map_err(of_spec)?;
        let loader = Loader { spec, format, markers: Markers::new(spec.missing_markers.as_deref()) };
        let Training { part: main, schema, classes, groups, division, mut notes, mut renamed } =
            loader.training_part()?;
        if let Division::Rows(shares) = &division {
            check_shares(spec, shares, main.rows()).map_err(of_spec)?;
            note_absent_classes(spec, shares, &classes, &mut notes);
        }

        let mut own = |path: &Option<PathBuf>, kind| match path {
            None => Ok(None),
            Some(path) => {
                let known = (&schema, &*classes, &*groups);
                let part = loader.own_part(path, known, kind, (&mut notes, &mut renamed))?;
                if part.source.sha256 == main.source.sha256 {
                    notes.push(format!("{} holds the same bytes as the training file", DisplayPath(path)));
                }
                Ok(Some(part))
            }
        };
        let own_valid = own(&spec.valid_path, "a validation file")?;
        let own_test = own(&spec.test_path, "a test file")?;
        if let TargetColumns::Classes(_) = schema.truth {
            // A name may be that of one file only.
            let absent = spec.label_names.keys().filter(|&name| !renamed.contains(name));
            notes.extend(absent.map(|name| format!("data.label_names: {} occurs nowhere", Quoted(name))));
        }
        Ok(Self {
            schema,
            reading: ReadingFormat::of(spec),
            label_names: spec.label_names.clone(),
            max_categories: spec.max_categories,
            scale: spec.scale,
            classes,
            main,
            own_valid,
            own_test,
            division,
            held_back: [("valid", spec.valid), ("test", spec.test)],
            notes,
        })
    }
}

/// How the files of a config are read.
struct Loader<'s> {
    spec: &'s DataSpec,
    format: TextFormat,
    markers: Markers,
}

/// What the training file yields.
struct Training {
    part: Part,
    schema: Schema,
    /// In their order.
    classes: Vec<String>,
    /// The keys of the groups.
    groups: Vec<u64>,
    division: Division,
    notes: Vec<String>,
    /// Labels that are read as another name.
    renamed: BTreeSet<String>,
}

impl Loader<'_> {
    fn open(&self) -> Result<CsvFile, DataError> {
        CsvFile::open(&self.spec.path, self.format, &self.spec.column_names)
    }

    /// The training file, by what an earlier run left of it if that still holds.
    fn training_part(&self) -> Result<Training, DataError> {
        let mut notes = Vec::new();
        let cache = contents::find(&self.spec.path, self.spec, &(), &mut notes)?;
        let mut training = match cache.and_then(|cache| RawTraining::of_cache(cache, &self.spec.path)) {
            Some(rows) => self.training(rows)?,
            None => self.training_file()?,
        };
        training.notes.splice(..0, notes);
        Ok(training)
    }

    /// Reads the training file. Where its first rows hold no words it is read as numbers at once,
    /// and only if that does not work it is asked what the columns are. What comes out does not
    /// depend on how many rows come first.
    fn training_file(&self) -> Result<Training, DataError> {
        let file = self.open()?;
        let names = file.names.clone();
        let mut schema = Schema::new(names, self.spec).map_err(|fault| file.fail(fault))?;
        let most = most_texts(&schema);
        let is_wordy =
            file.sample(&self.markers, most.clone()).iter().zip(&schema.columns).any(|(survey, column)| {
                match &column.feature {
                    Some(feature) if feature.declared == Some(Kind::Categorical) => true,
                    Some(feature) => feature.declared.is_none() && holds_words(survey),
                    None => false,
                }
            });
        if !is_wordy {
            for column in &mut schema.columns {
                let settled = column.feature.as_mut().map(|feature| feature.settle_constant(&column.name));
                settled.transpose().map_err(|fault| file.fail(fault))?;
            }
            match self.training_rows(file, &schema, Vec::new()) {
                Ok(training) => return Ok(training),
                Err(error) if schema.features().all(|(_, feature)| feature.declared.is_some()) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        let surveys = self.open()?.survey(&self.markers, most, false)?.columns;
        decide(&mut schema, &surveys).map_err(|fault| DataError::new(&self.spec.path, fault))?;
        self.training_rows(self.open()?, &schema, notes(&schema.columns))
            .map_err(|error| error.with_missing(|| missing_counts(&schema, &surveys)))
    }

    /// Reads the rows of the training file, and the names of the classes in their order.
    fn training_rows(
        &self,
        mut file: CsvFile,
        schema: &Schema,
        mut notes: Vec<String>,
    ) -> Result<Training, DataError> {
        let (mut found, mut places) = (Classes::default(), Places::default());
        let mut renamed = Renamed::new(&self.spec.label_names);
        let (layout, used) = (schema.layout(self.markers.clone()), schema.texts());
        let mut rows = file.rows(&layout, &mut |index, text, line| match used[index].1 {
            TextUse::Label => found.id(renamed.name_of(text), line),
            used => places.number(used, text, line),
        })?;
        let count = rows.store.rows();
        if count == 1 {
            return Err(file.fail(ErrorKind::OneRow));
        }
        let mut classes = Vec::new();
        if let TargetColumns::Classes(label) = schema.truth {
            let order;
            (classes, order) = found
                .into_sorted(count)
                .map_err(|told| file.error(Located { field: Some(label), ..*told }))?;
            for (text, (_, used)) in rows.texts.iter_mut().zip(&used) {
                if *used == TextUse::Label {
                    text.iter_mut().for_each(|label| *label = order[*label as usize]);
                }
            }
        }
        let placed = places.placed();
        notes.extend(notes_of(&file.path, &rows));
        let rest = KeptPart { source: file.finish(count), notes, renamed: renamed.found };
        let key = contents::key(self.spec, &rest.source.sha256, &());
        let mut kept = KeptTraining { schema: schema.clone(), classes, groups: placed.groups, rest };
        let in_file = rows.store.note();
        let mut arrays = rows.texts;
        arrays.push(contents::halved(placed.keys.iter().copied()));
        arrays.push(contents::halved(rows.other_values.iter().map(|number| number.to_bits())));
        let matrix = rows.store.finish(&key, &arrays, &kept);
        let matrix = matrix.map_err(|fault| DataError::new(&self.spec.path, fault))?;
        arrays.truncate(used.len());
        kept.rest.notes.extend(in_file);
        self.training(RawTraining { matrix, texts: arrays, beside: rows.other_values, placed, kept })
    }

    /// Divides the rows of the training file.
    fn training(&self, rows: RawTraining) -> Result<Training, DataError> {
        let RawTraining {
            matrix,
            mut texts,
            beside,
            placed,
            kept: KeptTraining { mut schema, classes, rest, .. },
        } = rows;
        let fail = |fault| DataError::new(&self.spec.path, fault);
        schema.keys = roles::keys(&schema.columns, self.spec).map_err(fail)?;
        let division =
            placed.division(self.spec, &schema, &matrix, &mut texts, classes.len()).map_err(fail)?;
        let is_label = |(_, used): &(usize, TextUse)| *used == TextUse::Label;
        let labels = schema.texts().iter().position(is_label).map(|place| std::mem::take(&mut texts[place]));
        let mut notes = rest.notes;
        notes.extend(note_counting(&schema, &matrix));
        let part = part(rest.source, matrix, labels.unwrap_or_default(), beside, &schema);
        let groups = placed.groups(&schema).to_vec();
        Ok(Training { part, schema, classes, groups, division, notes, renamed: rest.renamed })
    }

    /// A file for validation or test, by what an earlier run left of it if that still holds; `before`
    /// are columns, classes and groups of the training file, and `kind` says which file it is.
    fn own_part(
        &self,
        path: &Path,
        before: (&Schema, &[String], &[u64]),
        kind: &'static str,
        (notes, all_renamed): (&mut Vec<String>, &mut BTreeSet<String>),
    ) -> Result<Part, DataError> {
        let (schema, classes, groups) = before;
        if let Some(cache) = contents::find::<KeptPart>(path, self.spec, &before, notes)?
            && let Some((labels, beside)) = contents::own_arrays(&cache, classes.len())
        {
            let source = Source { path: path.to_owned(), ..cache.content.source };
            notes.extend(cache.content.notes);
            all_renamed.extend(cache.content.renamed);
            return Ok(part(source, cache.matrix, labels, beside, schema));
        }
        let mut file = CsvFile::open(path, self.format, &self.spec.column_names)?;
        let layout = schema.layout_in(&file.names, self.format.header, kind, self.markers.clone());
        let layout = layout.map_err(|fault| file.fail(fault))?;
        let ids: HashMap<&str, u32> = classes.iter().map(String::as_str).zip(0..).collect();
        let mut renamed = Renamed::new(&self.spec.label_names);
        let groups = KnownGroups::new(groups);
        let used = schema.texts_in(&file.names, self.format.header);
        let mut number_of = |index: usize, text: &str, line| match used[index].1 {
            TextUse::OwnGroup => Ok(groups.number(text)),
            _ => ids.get(renamed.name_of(text)).copied().ok_or_else(|| {
                let fault = ErrorKind::UnseenClass { class: text.to_owned(), known: classes.to_vec() };
                Located::at_line(line, fault)
            }),
        };
        let rows = file.rows(&layout, &mut number_of)?;
        let mut notes_of_file = notes_of(path, &rows);
        let mut labels = Vec::new();
        for (numbers, (_, used)) in rows.texts.into_iter().zip(used) {
            match used {
                TextUse::OwnGroup => notes_of_file.extend(KnownGroups::note(path, &numbers)),
                _ => labels = numbers,
            }
        }
        let source = file.finish(rows.store.rows());
        let kept = KeptPart { source, notes: notes_of_file, renamed: renamed.found };
        let key = contents::key(self.spec, &kept.source.sha256, &before);
        notes.extend(rows.store.note());
        let arrays = [labels, contents::halved(rows.other_values.iter().map(|number| number.to_bits()))];
        let matrix = rows.store.finish(&key, &arrays, &kept);
        let matrix = matrix.map_err(|fault| DataError::new(path, fault))?;
        let [labels, _] = arrays;
        notes.extend(kept.notes);
        all_renamed.extend(kept.renamed);
        Ok(part(kept.source, matrix, labels, rows.other_values, schema))
    }
}

/// For each column, how many of its texts are worth keeping.
fn most_texts(schema: &Schema) -> Vec<usize> {
    let most = |column: &crate::data::schema::Column| match &column.feature {
        None => 0,
        Some(feature) if feature.declared == Some(Kind::Categorical) => MAX_CATEGORIES,
        Some(_) => MOST_INFERRED,
    };
    schema.columns.iter().map(most).collect()
}

/// Gives labels their other names.
struct Renamed<'s> {
    names: &'s BTreeMap<String, String>,
    /// Those that came up.
    found: BTreeSet<String>,
}

impl<'s> Renamed<'s> {
    fn new(names: &'s BTreeMap<String, String>) -> Self {
        Self { names, found: BTreeSet::new() }
    }

    /// A label under the name that it is given.
    fn name_of<'l>(&mut self, label: &'l str) -> &'l str
    where
        's: 'l,
    {
        let Some(name) = self.names.get(label) else { return label };
        if !self.found.contains(label) {
            self.found.insert(label.to_owned());
        }
        name
    }
}

/// What is odd about a file though no error.
fn notes_of(path: &Path, read: &RawRows) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(kinds) = read.line_ends.mixed() {
        notes.push(format!("{} has mixed line ends: {kinds}", DisplayPath(path)));
    }
    if read.dropped > 0 {
        let rows = Count(read.dropped, "row");
        notes.push(format!("{}: {rows} left out, as values are missing", DisplayPath(path)));
    }
    notes
}

fn part(source: Source, matrix: Matrix, labels: Vec<u32>, beside: Vec<f64>, schema: &Schema) -> Part {
    let (mut targets, mut weights) = (beside, Vec::new());
    if schema.weight.is_some() {
        let width = targets.len() / source.rows;
        weights = targets.iter().copied().skip(width - 1).step_by(width).collect();
        let mut place = 0;
        targets.retain(|_| {
            place += 1;
            place % width != 0
        });
    }
    Part { source, raw: Arc::new(matrix), labels, targets, weights }
}
