//! Declares the settings of a config beside the code that uses them: one declaration gives the type, its
//! defaults, the checks, the reference and the rustdoc. Knows no file format.

pub(crate) mod declare;
pub(crate) mod one_or_more;
mod out_of_range;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::path::PathBuf;

pub(crate) use crate::settings::declare::{inline_table, range, settings};
pub(crate) use crate::settings::out_of_range::{OutOfRange, out_of_range};

/// What the value of a key may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Allowed {
    Boolean,
    /// Without an upper bound, up to `i64::MAX`.
    Integer(Range),
    /// Always finite.
    Number(Range),
    Text(&'static TextFormat),
    /// The name of a column, or its index from 0; -1 is the last one.
    Column,
    Choice(&'static [&'static str]),
    List {
        of: &'static Self,
        min: usize,
        max: usize,
    },
    /// Alternatives of different types.
    Either(&'static [Self]),
    /// A table whose keys the user chooses.
    Map(&'static Self),
    Table(&'static Section),
    /// A table from the keys of a config to lists of their values.
    Grid,
    /// A table from the keys of a config to bounds, or to lists of their values.
    Ranges,
}

/// The range of a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) low: Bound<f64>,
    pub(crate) high: Bound<f64>,
}

/// For numbers: `at least 0 and less than 1`.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = match self.low {
            Bound::Included(low) => Some(format!("at least {low}")),
            Bound::Excluded(low) => Some(format!("greater than {low}")),
            Bound::Unbounded => None,
        };
        let high = match self.high {
            Bound::Included(high) => Some(format!("at most {high}")),
            Bound::Excluded(high) => Some(format!("less than {high}")),
            Bound::Unbounded => None,
        };
        match (low, high) {
            (Some(low), Some(high)) => write!(f, "{low} and {high}"),
            (None, None) => f.write_str("finite"),
            (bound, None) | (None, bound) => write!(f, "finite and {}", bound.unwrap_or_default()),
        }
    }
}

/// A text of a certain form.
#[derive(Debug)]
pub(crate) struct TextFormat {
    /// With its article: `a path`.
    pub(crate) description: &'static str,
    pub(crate) accepts: fn(&str) -> bool,
}

/// The whole number at the start of a text such as `30 s` or `4GiB`, and the unit after it.
pub(crate) fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let (number, unit) = text.split_at(text.find(|char: char| !char.is_ascii_digit())?);
    Some((number.parse().ok()?, unit.trim_start_matches(' ')))
}

/// A table of settings.
#[derive(Debug)]
pub(crate) struct Section {
    /// How it is written where it needs no header, such as `{ normal = deviation }`.
    pub(crate) inline: Option<&'static str>,
    /// The `type` of a table that does not have one; none where it is required, and where there are no types.
    pub(crate) default_type: Option<&'static str>,
    /// One for each `type`; a single one named `""` where there are no types.
    pub(crate) types: &'static [SectionType],
}

/// The keys of a table of one `type`.
#[derive(Debug)]
pub(crate) struct SectionType {
    pub(crate) name: &'static str,
    pub(crate) doc: Doc,
    pub(crate) keys: &'static [Setting],
}

/// One key.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) allowed: Allowed,
    pub(crate) default: DefaultValue,
    pub(crate) doc: Doc,
}

/// What holds if a key is not written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DefaultValue {
    /// An error.
    Required,
    /// The default of the type that the table fills.
    Value,
    /// No value, which means this.
    Absent(&'static str),
}

/// The lines of a doc comment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doc(pub(crate) &'static [&'static str]);

impl Doc {
    /// The first paragraph on one line.
    pub(crate) fn summary(self) -> String {
        let lines = self.0.iter().map(|line| line.trim()).take_while(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join(" ")
    }
}

impl Section {
    /// The keys of this `type`.
    pub(crate) fn of_type(&self, name: &str) -> Option<&'static SectionType> {
        self.types.iter().find(|section| section.name == name)
    }

    /// Whether there is a `type`.
    pub(crate) fn is_typed(&self) -> bool {
        self.types.iter().all(|section| !section.name.is_empty())
    }

    /// The names of the types.
    pub(crate) fn type_names(&self) -> impl Iterator<Item = &'static str> {
        self.types.iter().map(|section| section.name)
    }
}

impl SectionType {
    /// The setting of this name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Setting> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Allowed {
    /// The same with this range, for numbers only.
    pub(crate) const fn within(self, range: Range) -> Self {
        match self {
            Self::Integer(_) => Self::Integer(range),
            Self::Number(_) => Self::Number(range),
            _ => panic!("only numbers have a range"),
        }
    }

    /// A list of at least one of `of`.
    pub(crate) const fn non_empty_list(of: &'static Self) -> Self {
        Self::List { of, min: 1, max: usize::MAX }
    }
}

/// A type that can be the value of a key.
pub(crate) trait Configurable {
    const ALLOWED: Allowed;
}

/// Any text except an empty one.
pub(crate) const NAME: Allowed =
    Allowed::Text(&TextFormat { description: "a name", accepts: |text| !text.is_empty() });

macro_rules! configurable {
    ($($type:ty: $allowed:expr;)+) => {
        $(impl Configurable for $type {
            const ALLOWED: Allowed = $allowed;
        })+
    };
}

configurable! {
    bool: Allowed::Boolean;
    usize: Allowed::Integer(range!(0..));
    u64: Allowed::Integer(range!(0..));
    f64: Allowed::Number(Range { low: Bound::Unbounded, high: Bound::Unbounded });
    String: NAME;
    PathBuf: Allowed::Text(&TextFormat { description: "a path", accepts: |text| !text.is_empty() });
}

impl<T: Configurable> Configurable for Option<T> {
    const ALLOWED: Allowed = T::ALLOWED;
}

impl<T: Configurable> Configurable for Vec<T> {
    const ALLOWED: Allowed = Allowed::List { of: &T::ALLOWED, min: 0, max: usize::MAX };
}

impl<T: Configurable> Configurable for BTreeMap<String, T> {
    const ALLOWED: Allowed = Allowed::Map(&T::ALLOWED);
}

/// Whether a key whose value is `value` is left out when it is written.
pub(crate) fn is_absent<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
