//! The classes of a label column, numbered and sorted.

use std::collections::HashMap;

use crate::data::error::{ErrorKind, Located};
use crate::data::limits::MAX_CLASSES;

/// With more rows, a distinct label in each row means that the column is not a label.
const MANY_ROWS: usize = 20;

/// The class names found so far in a training file.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    ids: HashMap<String, u32>,
    found: Vec<Found>,
}

#[derive(Debug)]
struct Found {
    name: String,
    line: u64, // of its first occurrence
}

/// The name of a class as a number.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Number {
    Whole(i128),
    Decimal,
}

impl Classes {
    /// The number of a class, in order of first occurrence.
    pub(crate) fn id(&mut self, name: &str, line: u64) -> Result<u32, Box<Located>> {
        if let Some(&id) = self.ids.get(name) {
            return Ok(id);
        }
        if self.found.len() == MAX_CLASSES {
            self.refuse_decimals()?;
            return Err(Located::at_line(line, ErrorKind::TooManyClasses));
        }
        let id = self.found.len() as u32;
        self.ids.insert(name.to_owned(), id);
        self.found.push(Found { name: name.to_owned(), line });
        Ok(id)
    }

    /// The names, sorted as numbers if all are whole and by bytes otherwise, and the sorted position of each
    /// class; they were found in `rows` rows.
    pub(crate) fn into_sorted(self, rows: usize) -> Result<(Vec<String>, Vec<u32>), Box<Located>> {
        let first = |fault| Err(Located::at_line(self.found.first().map_or(1, |class| class.line), fault));
        if let [class] = self.found.as_slice() {
            return first(ErrorKind::OneClass { class: class.name.clone(), rows });
        }
        self.refuse_decimals()?;
        if self.found.len() == rows && rows > MANY_ROWS {
            return first(ErrorKind::OwnClasses(rows));
        }
        let mut order: Vec<usize> = (0..self.found.len()).collect();
        let name = |index: usize| self.found[index].name.as_str();
        match self.numbers() {
            None => order.sort_by_key(|&index| name(index)),
            Some(numbers) => {
                let value = |index: usize| numbers[index];
                order.sort_by_key(|&index| value(index));
                if let Some(pair) = order.windows(2).find(|pair| value(pair[0]) == value(pair[1])) {
                    let fault = ErrorKind::SameNumber(name(pair[0]).to_owned(), name(pair[1]).to_owned());
                    return Err(Located::at_line(self.found[pair[1]].line, fault));
                }
            }
        }
        let mut places = vec![0; order.len()];
        for (place, &index) in order.iter().enumerate() {
            places[index] = place as u32;
        }
        Ok((order.iter().map(|&index| name(index).to_owned()).collect(), places))
    }

    /// The names as numbers, if all are whole numbers.
    fn numbers(&self) -> Option<Vec<i128>> {
        let whole = |class: &Found| match as_number(&class.name) {
            Some(Number::Whole(value)) => Some(value),
            _ => None,
        };
        self.found.iter().map(whole).collect()
    }

    /// Refuses labels that are numbers with decimals: they are targets of a regression.
    fn refuse_decimals(&self) -> Result<(), Box<Located>> {
        let numbers: Option<Vec<Number>> = self.found.iter().map(|class| as_number(&class.name)).collect();
        let decimal = numbers.and_then(|all| all.iter().position(|number| *number == Number::Decimal));
        match decimal.map(|index| &self.found[index]) {
            Some(class) => Err(Located::at_line(class.line, ErrorKind::Regression(class.name.clone()))),
            None => Ok(()),
        }
    }
}

fn as_number(name: &str) -> Option<Number> {
    // Every whole number up to this one is exact in double precision.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Ok(value) = name.parse::<i128>() {
        return Some(Number::Whole(value));
    }
    let value: f64 = name.parse().ok().filter(|value: &f64| value.is_finite())?;
    let is_whole = value.fract() == 0.0 && value.abs() < EXACT;
    Some(if is_whole { Number::Whole(value as i128) } else { Number::Decimal })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(labels: &[&str]) -> Result<(Vec<String>, Vec<u32>), String> {
        let mut classes = Classes::default();
        for (line, label) in (0..).zip(labels) {
            classes.id(label, line).map_err(|error| error.kind.to_string())?;
        }
        classes.into_sorted(labels.len()).map_err(|error| format!("{}: {}", error.line, error.kind))
    }

    #[test]
    fn whole_numbers_sort_numerically_and_other_labels_by_bytes() {
        let (names, places) = sorted(&["10", "9", "-1", "2.0", "10"]).unwrap();
        assert_eq!(names, ["-1", "2.0", "9", "10"]);
        assert_eq!(places, [3, 2, 0, 1]);
        let (names, _) = sorted(&["b", "10", "9", "B", "é"]).unwrap();
        assert_eq!(names, ["10", "9", "B", "b", "é"]);
    }

    #[test]
    fn labels_that_are_not_classes_are_refused() {
        let many: Vec<String> = (0..21).map(|id| format!("id{id}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let cases: [(&[&str], &str); 5] = [
            (&["a", "a"], "0: only one class, \"a\", in 2 rows; at least 2 are needed"),
            (
                &["1", "2", "2.5"],
                "2: the label \"2.5\" is a number with decimals; to learn values instead of classes, set \
                 data.target in place of data.label",
            ),
            (&["1", "x", "2", "01"], ""),
            (
                &["2", "1", "01"],
                "2: classes \"1\" and \"01\" are the same number in two spellings; use one, as label_names = { \"01\" = \"1\" } in [data] does",
            ),
            (
                &many,
                "0: 21 distinct values in 21 rows; is this the label column? each class needs several rows",
            ),
        ];
        for (labels, message) in cases {
            assert_eq!(sorted(labels).err().unwrap_or_default(), message);
        }
        assert!(sorted(&many[..20]).is_ok());
    }

    #[test]
    fn too_many_classes_are_refused() {
        let mut classes = Classes::default();
        for id in 0..MAX_CLASSES {
            assert!(classes.id(&format!("id{id}"), 1).is_ok());
        }
        assert!(matches!(classes.id("one more", 7).unwrap_err().kind, ErrorKind::TooManyClasses));
        assert_eq!(classes.id("id3", 8).unwrap(), 3);
    }
}
