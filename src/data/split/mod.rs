//! Which rows train, which decide, which are looked at once.

pub(crate) mod assignment;
pub(crate) mod draw;
pub(crate) mod groups;
pub(crate) mod keys;
pub(crate) mod shares;

pub(crate) use crate::data::split::groups::Groups;
pub(crate) use crate::data::split::keys::{Keys, cell_key, key};
pub(crate) use crate::data::split::shares::Shares;

/// How the rows of the training file are divided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Division {
    /// Every row on its own, stratified by class.
    Rows(Shares),
    /// Rows of a group stay together.
    Groups(Groups),
    /// Each row by its key, wherever it stands and whatever else is in the file.
    Keys(Keys),
    /// As the file says.
    Named(Split),
}

/// A part of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartName {
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

/// Shares of the rows that are held back; what is left is trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct HeldBack {
    /// At least 0, and less than 1 with `test`.
    pub(crate) valid: f64,
    pub(crate) test: f64,
}

impl Division {
    /// Rows that are trained on, that decide, and of the test.
    pub(crate) fn sizes(&self, strata: &[u32], seed: u64) -> [usize; 3] {
        if let Self::Rows(shares) = self {
            return shares.sizes();
        }
        let Split { train, valid, test } = self.draw(strata, seed);
        [train.len(), valid.len(), test.len()]
    }

    /// Draws the rows of one seed; `strata` are the classes of all rows, empty where there are none.
    pub(crate) fn draw(&self, strata: &[u32], seed: u64) -> Split {
        match self {
            Self::Rows(shares) => shares.draw(strata, seed),
            Self::Groups(groups) => groups.draw(strata, seed),
            Self::Keys(keys) => keys.draw(seed),
            Self::Named(split) => split.clone(),
        }
    }
}

impl Split {
    /// Divides rows into the parts that are named for them.
    pub(crate) fn new(parts: impl IntoIterator<Item = PartName>) -> Self {
        let mut split = Self::default();
        for (row, part) in parts.into_iter().enumerate() {
            split.part_mut(part).push(row);
        }
        split
    }

    fn part_mut(&mut self, part: PartName) -> &mut Vec<usize> {
        match part {
            PartName::Train => &mut self.train,
            PartName::Valid => &mut self.valid,
            PartName::Test => &mut self.test,
        }
    }
}

impl PartName {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    /// The part that a cell of a split column names.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "train" => Some(Self::Train),
            "valid" | "validation" => Some(Self::Valid),
            "test" => Some(Self::Test),
            _ => None,
        }
    }

    fn share(self, held_back: HeldBack) -> f64 {
        match self {
            Self::Train => 1.0 - held_back.valid - held_back.test,
            Self::Valid => held_back.valid,
            Self::Test => held_back.test,
        }
    }
}
