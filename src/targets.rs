//! The targets of some rows: classes or values, owned or borrowed.

use ndarray::{Array2, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

use crate::kernel::real::Real;

/// Whether the targets are classes or values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of several classes.
    #[default]
    Classification,
    /// One or more values.
    Regression,
}

/// The targets of some rows.
///
/// ```
/// use bntrain::Targets;
/// use ndarray::array;
///
/// let classes: Targets = Targets::classes([0, 2, 1]);
/// // One value for each of three rows: a column, not a vector.
/// let values = Targets::values(array![[1.5], [0.0], [-2.0]]);
/// assert_eq!(classes.len(), values.len());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Targets<F = f64> {
    /// The class of each row, counted from 0, `n` of them.
    Classes(Vec<u32>),
    /// The values of each row, `(n, outputs)`: in the unit of the data, or scaled for training.
    Values(Array2<F>),
}

/// A view of [`Targets`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TargetsView<'a, F = f64> {
    /// The class of each row, counted from 0, `n` of them.
    Classes(&'a [u32]),
    /// The values of each row, `(n, outputs)`.
    Values(ArrayView2<'a, F>),
}

impl Task {
    /// The metric that tells how good a network is, next to its loss.
    pub fn quality(self) -> &'static str {
        match self {
            Self::Classification => "accuracy",
            Self::Regression => "R2",
        }
    }

    /// The unit of losses.
    pub fn loss_unit(self) -> &'static str {
        match self {
            Self::Classification => "nats per row",
            Self::Regression => "scaled units",
        }
    }
}

impl<F> Targets<F> {
    /// The class of each row, counted from 0.
    pub fn classes(classes: impl Into<Vec<u32>>) -> Self {
        Self::Classes(classes.into())
    }

    /// The values of each row, `(n, outputs)`.
    pub fn values(values: impl Into<Array2<F>>) -> Self {
        Self::Values(values.into())
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Values(values) => values.nrows(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The class of each row; none if these are values.
    pub fn labels(&self) -> Option<&[u32]> {
        match self {
            Self::Classes(classes) => Some(classes),
            Self::Values(_) => None,
        }
    }

    /// All rows.
    pub fn view(&self) -> TargetsView<'_, F> {
        self.head(self.len())
    }

    /// The first `count` rows.
    ///
    /// # Panics
    ///
    /// If there are fewer rows.
    pub fn head(&self, count: usize) -> TargetsView<'_, F> {
        match self {
            Self::Classes(classes) => TargetsView::Classes(&classes[..count]),
            Self::Values(values) => TargetsView::Values(values.slice(s![..count, ..])),
        }
    }
}

impl<F: Real> Targets<F> {
    /// Copies of `rows`.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(rows.iter().map(|&row| classes[row]).collect()),
            Self::Values(values) => Self::Values(values.select(Axis(0), rows)),
        }
    }

    /// A buffer for `rows` rows of the same kind and width.
    pub(crate) fn buffer(&self, rows: usize) -> Self {
        match self {
            Self::Classes(_) => Self::Classes(vec![0; rows]),
            Self::Values(values) => Self::Values(Array2::zeros((rows, values.ncols()))),
        }
    }

    /// Copies `rows` of `source` into the first rows of these.
    ///
    /// # Panics
    ///
    /// If one holds classes and the other values.
    pub(crate) fn copy_rows(&mut self, source: &Self, rows: impl Iterator<Item = usize>) {
        match (self, source) {
            (Self::Classes(classes), Self::Classes(source)) => {
                classes.iter_mut().zip(rows).for_each(|(class, row)| *class = source[row]);
            }
            (Self::Values(values), Self::Values(source)) => {
                values.rows_mut().into_iter().zip(rows).for_each(|(mut to, row)| to.assign(&source.row(row)));
            }
            _ => panic!("the buffer was made for targets of the other kind"),
        }
    }
}

impl<'a, F> TargetsView<'a, F> {
    /// No targets, for passes that only need the outputs of the network.
    pub fn none() -> Self {
        Self::Classes(&[])
    }

    /// The values of each row.
    ///
    /// # Panics
    ///
    /// If these are classes; a config with such a loss is refused before training.
    pub fn values(self) -> ArrayView2<'a, F> {
        match self {
            Self::Values(values) => values,
            Self::Classes(_) => panic!("a loss for values was given classes"),
        }
    }

    /// The class of each row.
    ///
    /// # Panics
    ///
    /// If these are values; a config with such a loss is refused before training.
    pub fn classes(self) -> &'a [u32] {
        match self {
            Self::Classes(classes) => classes,
            Self::Values(_) => panic!("a loss for classes was given values"),
        }
    }
}
