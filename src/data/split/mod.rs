//! Which rows are training, validation and test rows.

pub(crate) mod folds;
pub(crate) mod groups;
pub(crate) mod keys;
pub(crate) mod order;
pub(crate) mod problem;
pub(crate) mod rule;
pub(crate) mod shares;

pub use crate::data::split::folds::{Fold, SplitKey};
pub(crate) use crate::data::split::groups::Groups;
pub(crate) use crate::data::split::keys::{Keys, cell_key, row_key};
pub(crate) use crate::data::split::shares::Shares;

/// How the rows of the training file are split.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SplitRule {
    /// At random, stratified by class.
    Rows(Shares),
    /// At random, with all rows of a group in the same part.
    Groups(Groups),
    /// Each row by its key, whatever other rows the file has.
    Keys(Keys),
    /// As a column of the file says: with the names of the parts, or by its order.
    Fixed(Split),
}

/// A part of the rows of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SplitPart {
    Train,
    Valid,
    Test,
}

/// The row numbers of each part, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) train: Vec<usize>,
    pub(crate) valid: Vec<usize>,
    pub(crate) test: Vec<usize>,
}

/// Shares of the rows for validation and test; the rest is for training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SplitSizes {
    /// At least 0; together with `test` less than 1.
    pub(crate) valid: f64,
    /// At least 0.
    pub(crate) test: f64,
}

impl SplitRule {
    /// The numbers of training, validation and test rows.
    pub(crate) fn sizes(&self, strata: &[u32], seed: u64) -> [usize; 3] {
        if let Self::Rows(shares) = self {
            return shares.sizes();
        }
        self.draw(strata, seed).sizes()
    }

    /// The split of one seed; `strata` are the classes of all rows, empty for regression.
    pub(crate) fn draw(&self, strata: &[u32], seed: u64) -> Split {
        match self {
            Self::Rows(shares) => shares.draw(strata, seed),
            Self::Groups(groups) => groups.draw(strata, seed),
            Self::Keys(keys) => keys.draw(seed),
            Self::Fixed(split) => split.clone(),
        }
    }
}

impl Split {
    /// From the part of each row.
    pub(crate) fn new(parts: impl IntoIterator<Item = SplitPart>) -> Self {
        let mut split = Self::default();
        for (row, part) in parts.into_iter().enumerate() {
            split.part_mut(part).push(row);
        }
        split
    }

    /// The numbers of training, validation and test rows.
    pub(crate) fn sizes(&self) -> [usize; 3] {
        [self.train.len(), self.valid.len(), self.test.len()]
    }

    fn part_mut(&mut self, part: SplitPart) -> &mut Vec<usize> {
        match part {
            SplitPart::Train => &mut self.train,
            SplitPart::Valid => &mut self.valid,
            SplitPart::Test => &mut self.test,
        }
    }
}

impl SplitPart {
    /// All parts.
    pub(crate) const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    /// The part named in a cell of a split column.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "train" => Some(Self::Train),
            "valid" | "validation" => Some(Self::Valid),
            "test" => Some(Self::Test),
            _ => None,
        }
    }

    fn share(self, sizes: SplitSizes) -> f64 {
        match self {
            Self::Train => 1.0 - sizes.valid - sizes.test,
            Self::Valid => sizes.valid,
            Self::Test => sizes.test,
        }
    }
}
