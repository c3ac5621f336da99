//! How the rows of a training file are divided, by what the config and the file say.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::data::error::{ErrorKind, Located};
use crate::data::schema::column::{Kind, Role};
use crate::data::schema::{Column, Schema};
use crate::data::spec::DataSpec;
use crate::data::split::{Division, Groups, HeldBack, Keys, PartName, Shares, Split, cell_key, key};
use crate::data::table::class_counts;
use crate::data::table::matrix::Matrix;
use crate::text::{Count, DisplayPath, QuotedNames};

/// What a text of a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextUse {
    Label,
    Group,
    /// A group in a file that is a part already, which may be missing.
    OwnGroup,
    /// The name of a part.
    Part,
    /// One of the cells that the row is known by.
    Key,
}

/// The texts that decide where rows go, as they come up.
#[derive(Debug, Default)]
pub(crate) struct Places {
    groups: HashMap<String, u32>,
    keys: Vec<u64>,
}

/// Where rows go, by the numbers of their texts.
#[derive(Debug)]
pub(crate) struct Placed {
    /// The number of groups.
    pub(crate) groups: usize,
    /// The key of each number of a group or a key.
    pub(crate) keys: Vec<u64>,
}

impl Places {
    /// What remains when all are numbered.
    pub(crate) fn placed(self) -> Placed {
        Placed { groups: self.groups.len(), keys: self.keys }
    }

    /// The number of a text that is no label.
    pub(crate) fn number(&mut self, used: TextUse, text: &str, line: u64) -> Result<u32, Box<Located>> {
        let told = |fault| Located::at_line(line, fault);
        match used {
            TextUse::Label | TextUse::OwnGroup => unreachable!("numbered elsewhere"),
            TextUse::Group => match self.groups.get(text) {
                Some(&group) => Ok(group),
                None => {
                    let group = u32::try_from(self.groups.len()).map_err(|_| told(ErrorKind::TooManyKeys))?;
                    self.groups.insert(text.to_owned(), group);
                    self.keys.push(cell_key(text));
                    Ok(group)
                }
            },
            TextUse::Part => match PartName::parse(text) {
                Some(part) => Ok(part as u32),
                None => Err(told(ErrorKind::NotAPart(text.to_owned()))),
            },
            TextUse::Key => {
                // The same text in another chunk gets another number, which costs less than to look
                // for it: most keys are in one row only.
                let number = u32::try_from(self.keys.len()).map_err(|_| told(ErrorKind::TooManyKeys))?;
                self.keys.push(cell_key(text));
                Ok(number)
            }
        }
    }
}

impl Placed {
    /// The keys of the groups, where there are any.
    pub(crate) fn groups(&self, schema: &Schema) -> &[u64] {
        let has_groups = schema.columns.iter().any(|column| column.role == Role::Group);
        if has_groups { &self.keys } else { &[] }
    }

    /// The division that `spec` asks for, of rows with these numbers and texts; `texts` loses all
    /// but the labels, which are below `classes`.
    pub(crate) fn division(
        &self,
        spec: &DataSpec,
        schema: &Schema,
        matrix: &Matrix,
        texts: &mut [Vec<u32>],
        classes: usize,
    ) -> Result<Division, ErrorKind> {
        let held_back = HeldBack { valid: spec.valid, test: spec.test };
        let place_of = |wanted| schema.texts().iter().position(|&(_, used)| used == wanted);
        if let Some(place) = place_of(TextUse::Part) {
            let split = Split::new(texts[place].iter().map(|&part| PartName::ALL[part as usize]));
            return named(split, schema);
        }
        if let Some(place) = place_of(TextUse::Group) {
            return grouped(Groups::new(std::mem::take(&mut texts[place]), self.groups, held_back));
        }
        if !schema.keys.is_empty() {
            let keys = self.keys_of_rows(schema, matrix, texts);
            return Ok(Division::Keys(Keys::new(keys, held_back)));
        }
        let labels = place_of(TextUse::Label).map_or(&[][..], |place| &texts[place]);
        let counts = match labels {
            [] => vec![matrix.rows()],
            labels => class_counts(labels, classes),
        };
        Ok(Division::Rows(Shares::new(&counts, spec.valid, spec.test)))
    }

    fn keys_of_rows(&self, schema: &Schema, matrix: &Matrix, texts: &[Vec<u32>]) -> Vec<u64> {
        let used = schema.texts();
        let cells: Vec<Box<dyn Fn(usize) -> u64 + '_>> = schema
            .keys
            .iter()
            .map(|&column| -> Box<dyn Fn(usize) -> u64 + '_> {
                match used.iter().position(|&(other, used)| other == column && used == TextUse::Key) {
                    Some(place) => Box::new(move |row| self.keys[texts[place][row] as usize]),
                    None => value_key(schema, matrix, column),
                }
            })
            .collect();
        (0..matrix.rows()).map(|row| key(cells.iter().map(|cell| cell(row)))).collect()
    }
}

/// The key of a feature's value: of the category by its name, of a number however it is spelt.
fn value_key<'m>(schema: &'m Schema, matrix: &'m Matrix, column: usize) -> Box<dyn Fn(usize) -> u64 + 'm> {
    let is_before = |column: &&Column| column.role == Role::Feature;
    let index = schema.columns[..column].iter().filter(is_before).count();
    let of_categories = match &schema.columns[column].feature {
        Some(feature) if feature.kind == Kind::Categorical => {
            feature.categories.iter().map(|category| cell_key(category)).collect()
        }
        _ => Vec::new(),
    };
    Box::new(move |row| {
        let value = matrix.value(row, index);
        match of_categories.get(value as usize) {
            _ if value.is_nan() => cell_key(""),
            Some(&key) => key,
            None => cell_key(&value.to_string()),
        }
    })
}

fn named(split: Split, schema: &Schema) -> Result<Division, ErrorKind> {
    let column = schema.columns.iter().find(|column| column.role == Role::Split);
    match split.train.is_empty() {
        true => Err(ErrorKind::NoTrainRows(column.map(|column| column.name.clone()).unwrap_or_default())),
        false => Ok(Division::Named(split)),
    }
}

fn grouped(groups: Groups) -> Result<Division, ErrorKind> {
    let (count, parts) = (groups.count(), groups.parts());
    if count < parts {
        Err(ErrorKind::TooFewGroups { groups: count, parts })
    } else {
        Ok(Division::Groups(groups))
    }
}

/// The groups of the training file, as they come up in another one.
#[derive(Debug)]
pub(crate) struct KnownGroups(HashMap<u64, u32>);

impl KnownGroups {
    /// By their keys.
    pub(crate) fn new(keys: &[u64]) -> Self {
        Self(keys.iter().copied().zip(1..).collect())
    }

    /// The number of a group; 0 if it is not known.
    pub(crate) fn number(&self, text: &str) -> u32 {
        self.0.get(&cell_key(text)).copied().unwrap_or_default()
    }

    /// What people should know of a file whose rows are of groups with these numbers.
    pub(crate) fn note(path: &Path, groups: &[u32]) -> Option<String> {
        let shared: Vec<u32> = groups.iter().copied().filter(|&group| group > 0).collect();
        let different = shared.iter().collect::<HashSet<_>>().len();
        (different > 0).then(|| {
            format!(
                "{}: {} of {} rows are of {} that the training file has, too",
                DisplayPath(path),
                shared.len(),
                groups.len(),
                Count(different, "group")
            )
        })
    }
}

/// A part that is asked for has a row.
pub(crate) fn check_shares(spec: &DataSpec, shares: &Shares, rows: usize) -> Result<(), ErrorKind> {
    let parts = [("valid", spec.valid, shares.valid_rows()), ("test", spec.test, shares.test_rows())];
    match parts.into_iter().find(|&(_, share, found)| share > 0.0 && found == 0) {
        Some((key, share, _)) => Err(ErrorKind::EmptySplit { key, share, rows }),
        None => Ok(()),
    }
}

/// Names the classes that a part has no row of.
pub(crate) fn note_absent_classes(
    spec: &DataSpec,
    shares: &Shares,
    classes: &[String],
    notes: &mut Vec<String>,
) {
    if classes.is_empty() {
        return;
    }
    for (key, share, absent) in
        [("valid", spec.valid, shares.absent_in_valid()), ("test", spec.test, shares.absent_in_test())]
    {
        let names: Vec<String> = absent.into_iter().map(|class| classes[class].clone()).collect();
        if share > 0.0 && !names.is_empty() {
            notes.push(format!(
                "classes too rare for a row under data.{key} = {share}: {}",
                QuotedNames(&names)
            ));
        }
    }
}
