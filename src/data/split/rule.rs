//! Which way of splitting the config and the columns ask for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::data::csv::number::quantity;
use crate::data::dates::date_format::DateFormat;
use crate::data::error::{ErrorKind, Located};
use crate::data::schema::Schema;
use crate::data::schema::column::{ColumnKind, Role, SchemaColumn, TextUse};
use crate::data::schema::layout::Vocabulary;
use crate::data::spec::DataSpec;
use crate::data::split::order::{in_order, number_key, order_key};
use crate::data::split::problem::SplitProblem;
use crate::data::split::{Groups, Keys, Shares, Split, SplitPart, SplitRule, SplitSizes, cell_key, row_key};
use crate::data::table::class_counts;
use crate::data::table::contents::SideColumns;
use crate::data::table::matrix::Matrix;
use crate::text::{Count, DisplayPath, QuotedNames};

/// Numbers the texts of group and key columns while a file is read.
#[derive(Debug, Default)]
pub(crate) struct SplitKeys {
    groups: HashMap<String, u32>,
    /// The hash of each numbered text.
    pub(crate) keys: Vec<u64>,
}

impl SplitKeys {
    /// The number of groups.
    pub(crate) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The number of a text that is not a label.
    pub(crate) fn number(
        &mut self,
        used: TextUse,
        text: &str,
        dates: Option<&DateFormat>,
        line: u64,
    ) -> Result<u32, Box<Located>> {
        let fault = |fault| Located::at_line(line, fault);
        let next = u32::try_from(self.keys.len()).map_err(|_| fault(ErrorKind::TooManyKeys));
        let text = &*spelled_once(text);
        match used {
            TextUse::Label | TextUse::OwnGroup => unreachable!("numbered by the loader"),
            TextUse::Order => {
                let key = match dates {
                    Some(format) => {
                        let seconds = format.read(text);
                        let words = || Vocabulary::Dates(format.clone());
                        seconds.and_then(number_key).ok_or_else(|| fault(words().fault(text)))?
                    }
                    None => order_key(text).ok_or_else(|| fault(ErrorKind::NotInOrder(text.to_owned())))?,
                };
                self.keys.push(key);
                next
            }
            TextUse::Part => match SplitPart::parse(text) {
                Some(part) => Ok(part as u32),
                None => Err(fault(ErrorKind::NotAPart(text.to_owned()))),
            },
            TextUse::Group => {
                if let Some(&group) = self.groups.get(text) {
                    return Ok(group);
                }
                let group = next?;
                self.groups.insert(text.to_owned(), group);
                self.keys.push(cell_key(text));
                Ok(group)
            }
            // Not looked up: most keys occur once, and equal texts hash to equal keys anyway.
            TextUse::Key => {
                self.keys.push(cell_key(text));
                next
            }
        }
    }
}

/// The text of a group or key, in one of its spellings if it is a number.
fn spelled_once(text: &str) -> Cow<'_, str> {
    quantity(text).map_or(Cow::Borrowed(text), |value| Cow::Owned(value.to_string()))
}

/// How `spec` splits the rows of the training file.
///
/// `side` are its columns by [`Schema::texts`], with labels below `classes` and groups below `groups`;
/// it loses the groups.
pub(crate) fn split_rule(
    spec: &DataSpec,
    schema: &Schema,
    features: &Matrix,
    side: &mut SideColumns,
    groups: usize,
    classes: usize,
) -> Result<SplitRule, ErrorKind> {
    let sizes = SplitSizes { valid: spec.valid, test: spec.test };
    let column_of = |wanted| schema.texts().iter().position(|&(_, used)| used == wanted);
    if let Some(column) = column_of(TextUse::Part) {
        let split = Split::new(side.codes[column].iter().map(|&part| SplitPart::ALL[part as usize]));
        return match split.train.is_empty() {
            true => Err(ErrorKind::NoTrainRows(schema.name_of(Role::Split).unwrap_or_default())),
            false => Ok(SplitRule::Fixed(split)),
        };
    }
    if let Some(order) = schema.order {
        let keys = match column_of(TextUse::Order) {
            Some(text) => side.codes[text].iter().map(|&code| side.keys[code as usize]).collect(),
            None => feature_order(schema, features, order)?,
        };
        let split = in_order(&keys, sizes);
        for (key, share, found) in [("valid", spec.valid, &split.valid), ("test", spec.test, &split.test)] {
            if share > 0.0 && found.is_empty() {
                return Err(SplitProblem::NoRowInOrder { key, share, rows: keys.len() }.into());
            }
        }
        return Ok(SplitRule::Fixed(split));
    }
    if let Some(column) = column_of(TextUse::Group) {
        let of_rows = std::mem::take(&mut side.codes[column]);
        let groups = Groups::new(of_rows, groups, sizes);
        let (count, parts) = (groups.count(), groups.parts());
        return match count < parts {
            true => Err(SplitProblem::TooFewGroups { groups: count, parts }.into()),
            false => Ok(SplitRule::Groups(groups)),
        };
    }
    if !schema.keys.is_empty() {
        return Ok(SplitRule::Keys(Keys::new(row_keys(schema, features, side), sizes)));
    }
    let counts = match column_of(TextUse::Label) {
        Some(column) => class_counts(&side.codes[column], classes),
        None => vec![features.rows()],
    };
    Ok(SplitRule::Rows(Shares::new(&counts, spec.valid, spec.test)))
}

/// The key of each row, from those of its key columns.
fn row_keys(schema: &Schema, features: &Matrix, side: &SideColumns) -> Vec<u64> {
    let texts = schema.texts();
    let columns: Vec<Box<dyn Fn(usize) -> u64 + '_>> = schema
        .keys
        .iter()
        .map(|&column| -> Box<dyn Fn(usize) -> u64 + '_> {
            match texts.iter().position(|&text| text == (column, TextUse::Key)) {
                Some(text) => Box::new(move |row| side.keys[side.codes[text][row] as usize]),
                None => feature_key(schema, features, column),
            }
        })
        .collect();
    (0..features.rows()).map(|row| row_key(columns.iter().map(|key| key(row)))).collect()
}

/// The place of each row in the order of a feature.
fn feature_order(schema: &Schema, features: &Matrix, column: usize) -> Result<Vec<u64>, ErrorKind> {
    let is_feature = |column: &&SchemaColumn| column.role == Role::Feature;
    let index = schema.columns[..column].iter().filter(is_feature).count();
    let categories = match &schema.columns[column].feature {
        Some(feature) if feature.kind == ColumnKind::Categorical => feature.categories.as_slice(),
        _ => &[],
    };
    let key = |row| {
        let value = features.value(row, index);
        let text = categories.get(value as usize).filter(|_| !value.is_nan());
        let key = match text {
            Some(text) => order_key(text),
            None => number_key(value),
        };
        key.ok_or_else(|| ErrorKind::NotInOrder(text.cloned().unwrap_or_default()))
    };
    (0..features.rows()).map(key).collect()
}

/// The key of a feature's value: a category's name, or a number however it is spelt.
fn feature_key<'m>(
    schema: &'m Schema,
    features: &'m Matrix,
    column: usize,
) -> Box<dyn Fn(usize) -> u64 + 'm> {
    let is_feature = |column: &&SchemaColumn| column.role == Role::Feature;
    let index = schema.columns[..column].iter().filter(is_feature).count();
    let of_categories = match &schema.columns[column].feature {
        Some(feature) if feature.kind == ColumnKind::Categorical => {
            feature.categories.iter().map(|category| cell_key(category)).collect()
        }
        _ => Vec::new(),
    };
    Box::new(move |row| {
        let value = features.value(row, index);
        match of_categories.get(value as usize) {
            _ if value.is_nan() => cell_key(""),
            Some(&key) => key,
            None => cell_key(&value.to_string()),
        }
    })
}

/// Finds the groups of the training file in another file.
#[derive(Debug)]
pub(crate) struct KnownGroups(HashMap<u64, u32>);

impl KnownGroups {
    /// By their keys.
    pub(crate) fn new(keys: &[u64]) -> Self {
        Self(keys.iter().copied().zip(1..).collect())
    }

    /// The number of a group, from 1; 0 if the training file does not have it.
    pub(crate) fn number(&self, text: &str) -> u32 {
        self.0.get(&cell_key(&spelled_once(text))).copied().unwrap_or_default()
    }

    /// A note if some rows are of groups that the training file has; `groups` are their numbers.
    pub(crate) fn note(path: &Path, groups: &[u32]) -> Option<String> {
        let shared: Vec<u32> = groups.iter().copied().filter(|&group| group > 0).collect();
        let distinct = shared.iter().collect::<HashSet<_>>().len();
        (distinct > 0).then(|| {
            format!(
                "{}: {} of {} rows are of {} that the training file has, too",
                DisplayPath(path),
                shared.len(),
                groups.len(),
                Count(distinct, "group")
            )
        })
    }
}

/// Checks that each part with a share has a row.
pub(crate) fn check_shares(spec: &DataSpec, shares: &Shares, rows: usize) -> Result<(), ErrorKind> {
    let parts = [("valid", spec.valid, shares.valid_rows()), ("test", spec.test, shares.test_rows())];
    match parts.into_iter().find(|&(_, share, found)| share > 0.0 && found == 0) {
        Some((key, share, _)) => Err(SplitProblem::EmptySplit { key, share, rows }.into()),
        None => Ok(()),
    }
}

/// Notes that name the classes without a row in a part.
pub(crate) fn absent_classes(spec: &DataSpec, shares: &Shares, classes: &[String]) -> Vec<String> {
    let parts =
        [("valid", spec.valid, shares.absent_in_valid()), ("test", spec.test, shares.absent_in_test())];
    let note = |(key, share, absent): (&str, f64, Vec<usize>)| {
        let names: Vec<String> = absent.iter().filter_map(|&class| classes.get(class).cloned()).collect();
        (share > 0.0 && !names.is_empty()).then(|| {
            format!("classes too rare for a row under data.{key} = {share}: {}", QuotedNames(&names))
        })
    };
    parts.into_iter().filter_map(note).collect()
}
