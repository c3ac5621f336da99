//! Datasets from arrays in memory.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use ndarray::Array2;

use crate::data::limits::MAX_CLASSES;
use crate::data::schema::Schema;
use crate::data::split::{Shares, SplitRule};
use crate::data::table::array_error::ArrayError;
use crate::data::table::matrix::{Block, Matrix};
use crate::data::table::{Dataset, SourceFiles, SourceRows, class_counts};
use crate::data::transform::reading_format::ReadingFormat;
use crate::data::{ClipMethod, ColumnKind, ColumnRef, ColumnRefs, DataError, DataSpec, ScalingMethod};
use crate::kernel::real::Real;
use crate::targets::Targets;

/// How arrays become a [`Dataset`].
///
/// ```
/// use bntrain::ArraySpec;
/// use bntrain::spec::ScalingMethod;
///
/// // A fifth of the rows is held out for validation.
/// let spec = ArraySpec { valid: 0.2, scale: ScalingMethod::None, ..ArraySpec::default() };
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ArraySpec {
    /// Share of the rows that is held out for validation, stratified by class, `0..1`.
    pub valid: f64,
    /// Share of the rows that is held out for the test, stratified by class, `0..1`.
    pub test: f64,
    /// How features are scaled, fitted on the training rows.
    pub scale: ScalingMethod,
    /// How scaled features are bounded.
    pub clip: ClipMethod,
    /// Names of the features; empty for `x0`, `x1`, ...
    pub feature_names: Vec<String>,
    /// Names of the classes in the order of their numbers, at least as many as occur; empty for `0`, `1`, ...
    pub class_names: Vec<String>,
}

impl Default for ArraySpec {
    fn default() -> Self {
        Self {
            valid: 0.0,
            test: 0.0,
            scale: ScalingMethod::Standardize,
            clip: ClipMethod::Smooth,
            feature_names: Vec::new(),
            class_names: Vec::new(),
        }
    }
}

impl Dataset {
    /// Takes the rows of `x`, `(n, features)`, with a class or values for each row.
    ///
    /// Classes are numbers from 0. Features and target values are scaled for training as those of a CSV
    /// file are: see [`ArraySpec::scale`]; values are standardised. Without validation rows, as here,
    /// networks are compared by their training rows; [`from_arrays_with`](Self::from_arrays_with) and
    /// [`with_validation`](Self::with_validation) give some.
    ///
    /// # Errors
    ///
    /// If the shapes do not fit, a number is not finite in `f32`, or there is only one class.
    ///
    /// ```
    /// use bntrain::{Dataset, Targets};
    /// use ndarray::array;
    ///
    /// let x = array![[0.0, 1.0], [1.0, 0.5], [2.0, 0.1], [3.0, 0.7]];
    /// let data = Dataset::from_arrays(x.clone(), Targets::classes(vec![0, 0, 1, 1]))?;
    /// assert_eq!((data.rows(), data.outputs()), (4, 2));
    ///
    /// let error = Dataset::from_arrays(x, Targets::classes(vec![0, 1])).unwrap_err();
    /// assert_eq!(error.to_string(), "x has 4 rows, but there are 2 targets");
    /// # Ok::<(), bntrain::Error>(())
    /// ```
    pub fn from_arrays<F: Real>(x: Array2<F>, targets: Targets<F>) -> Result<Self, ArrayError> {
        Self::from_arrays_with(x, targets, &ArraySpec::default())
    }

    /// [`from_arrays`](Self::from_arrays) with names, scaling and shares of held-out rows.
    ///
    /// # Errors
    ///
    /// As `from_arrays`, and if `spec` does not fit the arrays.
    pub fn from_arrays_with<F: Real>(
        x: Array2<F>,
        targets: Targets<F>,
        spec: &ArraySpec,
    ) -> Result<Self, ArrayError> {
        let (rows, columns) = x.dim();
        if rows < 2 || columns == 0 {
            return Err(ArrayError::TooSmall { rows, columns });
        }
        let classes = class_names(&targets, &spec.class_names)?;
        let features = names("feature", &spec.feature_names, columns, |feature| format!("x{feature}"))?;
        let outputs = match &targets {
            Targets::Classes(_) => vec!["class".to_owned()],
            Targets::Values(values) if values.ncols() == 1 => vec!["y".to_owned()],
            Targets::Values(values) => (0..values.ncols()).map(|target| format!("y{target}")).collect(),
        };
        if outputs.is_empty() {
            return Err(ArrayError::NoTargets);
        }
        let all_names: Vec<String> = features.into_iter().chain(outputs.iter().cloned()).collect();
        let of_outputs = |is_wanted: bool| {
            outputs.iter().filter(|_| is_wanted).map(|name| ColumnRef::Name(name.clone())).collect::<Vec<_>>()
        };
        let columns = DataSpec {
            path: "array".into(),
            header: false,
            column_names: all_names.clone(),
            label: of_outputs(!classes.is_empty()).pop(),
            target: ColumnRefs(of_outputs(classes.is_empty())),
            scale: spec.scale,
            clip: spec.clip,
            ..DataSpec::default()
        };
        let schema =
            Schema::new(all_names, &columns).map_err(|fault| DataError::new(&columns.path.name(), fault))?;
        let main = part("x", x, targets, classes.len())?;
        let split_rule = SplitRule::Rows(shares(&main, classes.len(), spec)?);
        Ok(Self {
            schema,
            reading: ReadingFormat::of(&columns),
            label_names: BTreeMap::new(),
            max_categories: columns.max_categories,
            clip: spec.clip,
            classes,
            main,
            own_valid: None,
            own_test: None,
            split_rule,
            shares: [("valid", spec.valid), ("test", spec.test)],
            notes: Vec::new(),
        })
    }

    /// Validates on these rows, which are not trained on, instead of a share of the others.
    ///
    /// # Errors
    ///
    /// If they do not have the columns, the classes or the kind of targets of the training rows.
    pub fn with_validation<F: Real>(mut self, x: Array2<F>, targets: Targets<F>) -> Result<Self, ArrayError> {
        self.own_valid = Some(self.held_out("the validation array", x, targets)?);
        Ok(self)
    }

    /// Tests on these rows, once, after the training.
    ///
    /// # Errors
    ///
    /// As [`with_validation`](Self::with_validation).
    pub fn with_test<F: Real>(mut self, x: Array2<F>, targets: Targets<F>) -> Result<Self, ArrayError> {
        self.own_test = Some(self.held_out("the test array", x, targets)?);
        Ok(self)
    }

    fn held_out<F: Real>(
        &self,
        what: &'static str,
        x: Array2<F>,
        targets: Targets<F>,
    ) -> Result<SourceRows, ArrayError> {
        let categorical = self.schema.features().find(|(_, feature)| feature.kind != ColumnKind::Numeric);
        if let Some((name, _)) = categorical {
            return Err(ArrayError::NotNumeric(name.clone()));
        }
        let columns = |found, expected| match found == expected {
            true => Ok(()),
            false => Err(ArrayError::ColumnCount { what, found, expected }),
        };
        columns(x.ncols(), self.schema.features().count())?;
        match (&self.main.targets, &targets) {
            (Targets::Classes(_), Targets::Classes(_)) => {}
            (Targets::Values(known), Targets::Values(values)) => columns(values.ncols(), known.ncols())?,
            (known, _) => {
                let classes = matches!(known, Targets::Classes(_));
                return Err(ArrayError::OtherTargets { classes });
            }
        }
        part(what, x, targets, self.classes.len())
    }
}

/// The rows of an array with their targets, every number checked.
fn part<F: Real>(
    what: &'static str,
    x: Array2<F>,
    targets: Targets<F>,
    classes: usize,
) -> Result<SourceRows, ArrayError> {
    let (rows, columns) = x.dim();
    if rows != targets.len() {
        return Err(ArrayError::RowCount { rows, targets: targets.len() });
    }
    let cells = numbers(what, &x)?;
    let targets = match targets {
        Targets::Classes(labels) => {
            let unknown = labels.iter().enumerate().find(|&(_, &class)| class as usize >= classes);
            if let Some((row, &class)) = unknown {
                return Err(ArrayError::UnknownClass { class, row, classes });
            }
            Targets::Classes(labels)
        }
        Targets::Values(values) => {
            let shape = values.raw_dim();
            let numbers = numbers("the targets", &values)?;
            Targets::Values(Array2::from_shape_vec(shape, numbers).expect("a number for each value"))
        }
    };
    let path = PathBuf::from("array");
    let mut raw = Matrix::new(columns);
    raw.push(Block::pack(&cells, columns).map_err(|fault| DataError::new(&path, fault))?);
    let source = SourceFiles { name: path, sha256: String::new(), rows, files: Vec::new() };
    Ok(SourceRows { source, features: Arc::new(raw), targets, weights: None })
}

/// The numbers of an array, row after row, all of them finite in `f32`.
fn numbers<F: Real>(what: &'static str, array: &Array2<F>) -> Result<Vec<f64>, ArrayError> {
    let number = |((row, column), &value): ((usize, usize), &F)| {
        let value = value.to_f64();
        match (value as f32).is_finite() {
            true => Ok(value),
            false => Err(ArrayError::NotFinite { what, row, column, value }),
        }
    };
    array.indexed_iter().map(number).collect()
}

/// The names of the classes; empty for values.
fn class_names<F>(targets: &Targets<F>, given: &[String]) -> Result<Vec<String>, ArrayError> {
    let Targets::Classes(classes) = targets else { return Ok(Vec::new()) };
    let largest = classes.iter().copied().enumerate().max_by_key(|&(_, class)| class);
    let (row, class) = largest.unwrap_or_default();
    if class as usize >= MAX_CLASSES {
        return Err(ArrayError::UnknownClass { class, row, classes: MAX_CLASSES });
    }
    match (class as usize + 1).max(given.len()) {
        1 => Err(ArrayError::OneClass),
        count => names("class", given, count, |class| class.to_string()),
    }
}

/// `given`, or those that `name` makes where none are given.
fn names(
    what: &'static str,
    given: &[String],
    expected: usize,
    name: impl Fn(usize) -> String,
) -> Result<Vec<String>, ArrayError> {
    if given.is_empty() {
        return Ok((0..expected).map(name).collect());
    }
    let count = given.iter().filter(|name| !name.is_empty()).collect::<HashSet<_>>().len();
    match count == expected && given.len() == expected {
        true => Ok(given.to_vec()),
        false => Err(ArrayError::Names { what, count, expected }),
    }
}

fn shares(part: &SourceRows, classes: usize, spec: &ArraySpec) -> Result<Shares, ArrayError> {
    let counts = match classes {
        0 => vec![part.rows()],
        classes => class_counts(part.labels(), classes),
    };
    let is_possible = |share: f64| (0.0..1.0).contains(&share) && spec.valid + spec.test < 1.0;
    let error = |key, share| ArrayError::Share { key, share, rows: part.rows() };
    for (key, share) in [("valid", spec.valid), ("test", spec.test)] {
        if !is_possible(share) {
            return Err(error(key, share));
        }
    }
    let shares = Shares::new(&counts, spec.valid, spec.test);
    let parts = [("valid", spec.valid, shares.valid_rows()), ("test", spec.test, shares.test_rows())];
    match parts.into_iter().find(|&(_, share, rows)| share > 0.0 && rows == 0) {
        Some((key, share, _)) => Err(error(key, share)),
        None => Ok(shares),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn x() -> Array2<f64> {
        array![[0.0, 1.0], [1.0, 3.0], [2.0, 5.0], [3.0, 7.0]]
    }

    fn error(x: Array2<f64>, targets: Targets<f64>, spec: &ArraySpec) -> String {
        Dataset::from_arrays_with(x, targets, spec).expect_err("not a dataset").to_string()
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused_with_place_and_value() {
        let plain = ArraySpec::default();
        let classes = || Targets::classes(vec![0, 1, 0, 1]);
        let mut bad = x();
        bad[[2, 1]] = f64::NAN;
        assert_eq!(
            error(bad, classes(), &plain),
            "x: NaN at [2, 1]; only finite numbers in the range of f32 can be trained on"
        );
        assert_eq!(
            error(array![[1.0]], Targets::classes(vec![0]), &plain),
            "x is 1 x 1; a dataset needs at least 2 rows and 1 column"
        );
        assert_eq!(
            error(x(), Targets::classes(vec![0; 4]), &plain),
            "all rows are of class 0; there must be at least 2 classes"
        );
        assert_eq!(
            error(x(), Targets::values(array![[1.0], [1e39], [2.0], [3.0]]), &plain),
            "the targets: 1000000000000000000000000000000000000000 at [1, 0]; only finite numbers in the range of \
             f32 can be trained on"
        );
        let named = ArraySpec { feature_names: vec!["a".to_owned(), "a".to_owned()], ..plain.clone() };
        assert_eq!(
            error(x(), classes(), &named),
            "1 feature names for 2; each needs one name that no other has"
        );
        let share = ArraySpec { valid: 1.5, ..plain };
        assert_eq!(
            error(x(), classes(), &share),
            "valid = 1.5 of 4 rows is not possible; shares are at least 0, sum to less than 1 and hold at least 1 row"
        );
    }

    #[test]
    fn held_out_rows_have_the_columns_and_classes_of_the_training_rows() {
        let data = Dataset::from_arrays(x(), Targets::classes(vec![0, 1, 0, 1])).expect("a dataset");
        let error =
            |x, targets| data.clone().with_validation(x, targets).expect_err("rows do not fit").to_string();
        assert_eq!(
            error(array![[1.0]], Targets::classes(vec![0])),
            "the validation array has 1 columns, but the training rows have 2"
        );
        assert_eq!(
            error(x(), Targets::classes(vec![0, 1, 2, 0])),
            "class 2 at row 2 is out of range; classes are numbers from 0 to 1"
        );
        assert_eq!(
            error(x(), Targets::values(array![[0.0], [0.0], [1.0], [1.0]])),
            "the held-out rows must have classes as targets, like the training rows"
        );
    }

    #[test]
    fn f32_and_f64_arrays_are_prepared_like_files() {
        let spec = ArraySpec { valid: 0.5, ..ArraySpec::default() };
        let wide =
            Dataset::from_arrays_with(x(), Targets::classes(vec![0, 1, 0, 1]), &spec).expect("a dataset");
        let narrow = x().mapv(|value| value as f32);
        let narrow =
            Dataset::from_arrays_with(narrow, Targets::classes(vec![0, 1, 0, 1]), &spec).expect("a dataset");
        let prepared = wide.prepare::<f64>(3, None).expect("it can be prepared").data;
        assert_eq!(prepared, narrow.prepare::<f64>(3, None).expect("it can be prepared").data);
        // Two rows are left to train on, one of each class; standardised they are -1 and 1.
        let train = prepared.train.to_array();
        assert_eq!(train.column(0).map(|x| x.abs()), array![1.0, 1.0]);
        assert_eq!(prepared.valid.map(|rows| rows.len()), Some(2));
        assert_eq!(prepared.encoding.inputs, ["x0", "x1"]);
        assert_eq!(prepared.encoding.classes(), ["0", "1"]);
    }
}
