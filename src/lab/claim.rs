//! The file of a claim: a config, with what is claimed and what is expected.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::{self, Plan};
use crate::lab::{ClaimVerdict, LabError, Measurement};

/// A published finding, and the experiment that tries it.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// The name of its file, without extension.
    pub(crate) name: String,
    /// The absolute path of a file of the user's own; relative paths in it are from its folder.
    pub(crate) own_file: Option<PathBuf>,
    pub(crate) statement: Statement,
    pub(crate) expectation: Expectation,
    original: Option<Original>,
    config: String,
}

/// `[claim]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statement {
    /// What is claimed, in a sentence.
    pub(crate) says: String,
    /// Author, year and place.
    #[serde(default)]
    pub(crate) source: String,
    /// What was found there, with its number if it has one.
    #[serde(default)]
    pub(crate) paper: String,
    /// What is measured here.
    pub(crate) here: String,
}

/// `[expect]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    pub(crate) measure: Measurement,
    pub(crate) at_least: Option<f64>,
    pub(crate) at_most: Option<f64>,
    /// Whether the claim holds on the bundled data; where the setting differs from the paper's, that it does not
    /// is a finding, too. Those of this project hold unless they say otherwise; of one's own nothing is known.
    holds_here: Option<bool>,
}

/// `[original]`: the paper's own data, if their files are there, and what else is different with them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Original {
    /// The CSV file that `scripts/convert_images.py` writes.
    file: String,
    #[serde(default)]
    set: toml::Table,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

/// Data in place of the bundled ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum OtherData {
    /// The user's table.
    Table { path: PathBuf, label: String },
    /// A folder with the files of the papers' images.
    Images(PathBuf),
}

impl Claim {
    /// From the text of its file.
    ///
    /// # Errors
    ///
    /// If it is not one.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, LabError> {
        let bad = |reason: String| LabError::Claim { name: name.to_owned(), reason };
        let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| bad(error.to_string()))?;
        let mut take = |key: &str| table.remove(key).ok_or_else(|| bad(format!("it has no [{key}]")));
        let (claim, expect) = (take("claim")?, take("expect")?);
        let original = table.remove("original");
        let read = |error: toml::de::Error| bad(error.to_string());
        let expectation: Expectation = expect.try_into().map_err(read)?;
        if expectation.at_least.is_none() && expectation.at_most.is_none() {
            return Err(bad(
                "[expect] has neither at_least nor at_most, so that nothing is claimed".to_owned()
            ));
        }
        check_bounds("expect", expectation.at_least, expectation.at_most).map_err(bad)?;
        let original: Option<Original> = original.map(toml::Value::try_into).transpose().map_err(read)?;
        if let Some(Original { at_least, at_most, .. }) = original {
            check_bounds("original", at_least, at_most).map_err(bad)?;
        }
        Ok(Self {
            name: name.to_owned(),
            own_file: None,
            statement: claim.try_into().map_err(read)?,
            expectation,
            original,
            config: toml::to_string(&table).map_err(|error| bad(error.to_string()))?,
        })
    }

    /// A claim of the user's own.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not that of a claim.
    pub(crate) fn load(path: &Path) -> Result<Self, LabError> {
        let text =
            fs::read_to_string(path).map_err(|error| LabError::Unread { path: path.to_owned(), error })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { own_file: Some(absolute), ..Self::parse(&name, &text)? })
    }

    /// Whether it is a file of the user's own.
    pub(crate) fn is_own(&self) -> bool {
        self.own_file.is_some()
    }

    /// The verdict that is known for the data that it names.
    pub(crate) fn known(&self) -> Option<ClaimVerdict> {
        let holds = self.expectation.holds_here.or((!self.is_own()).then_some(true))?;
        Some(if holds { ClaimVerdict::Holds } else { ClaimVerdict::DoesNotHold })
    }

    /// Whether it can be tried on the user's table: the others need data that were made for them.
    pub(crate) fn fits_any_table(&self) -> bool {
        !self.config.contains("linear.csv")
    }

    /// The plan on the data in `folder`, or on others; and the bounds that are expected.
    ///
    /// # Errors
    ///
    /// If the config does not suit the data.
    pub(crate) fn plan(&self, folder: &Path, other: Option<&OtherData>) -> Result<ClaimPlan, LabError> {
        let Expectation { at_least, at_most, .. } = self.expectation;
        let mut overrides = Vec::new();
        let mut set = |key: &str, value: toml::Value| overrides.push((key.to_owned(), value.to_string()));
        let mut bounds = (at_least, at_most);
        let mut is_original = false;
        match other {
            Some(OtherData::Table { path, label }) => {
                set("data.path", path.to_string_lossy().into_owned().into());
                let index = label.parse::<i64>().map(toml::Value::from);
                set("data.label", index.unwrap_or_else(|_| label.clone().into()));
            }
            Some(OtherData::Images(images)) => {
                let found = self.original.as_ref().filter(|original| images.join(&original.file).is_file());
                if let Some(original) = found {
                    is_original = true;
                    set("data.path", images.join(&original.file).to_string_lossy().into_owned().into());
                    set("data.label", "label".into());
                    original.set.iter().for_each(|(key, value)| set(key, value.clone()));
                    if original.at_least.is_some() || original.at_most.is_some() {
                        bounds = (original.at_least, original.at_most);
                    }
                }
            }
            None => {}
        }
        let bundled = || folder.join(&self.name).with_extension("toml");
        let path = self.own_file.clone().unwrap_or_else(bundled);
        let plan = config::parse(&self.config, &path, &overrides)?;
        let compared = plan.compare.as_ref().map_or(&[][..], |compare| &compare.norms);
        let measured = self.expectation.measure.norms();
        if let Some(norm) = measured.iter().find(|norm| !compared.is_empty() && !compared.contains(norm)) {
            let reason = format!("[expect] measures {}, which compare.norms does not list", norm.name());
            return Err(LabError::Claim { name: self.name.clone(), reason });
        }
        let arms = self.expectation.measure.arms();
        if let Some(reason) =
            arms.iter().find_map(|(key, arm)| wrong_point(key, arm.point, plan.points.len()))
        {
            return Err(LabError::Claim { name: self.name.clone(), reason });
        }
        Ok(ClaimPlan { plan, at_least: bounds.0, at_most: bounds.1, is_original })
    }
}

/// Checks that a number can be within the bounds of a table.
fn check_bounds(table: &str, at_least: Option<f64>, at_most: Option<f64>) -> Result<(), String> {
    for (key, bound) in [("at_least", at_least), ("at_most", at_most)] {
        if bound.is_some_and(f64::is_nan) {
            return Err(format!("[{table}] {key} = nan, but a bound is a number; give one"));
        }
    }
    match (at_least, at_most) {
        (Some(low), Some(high)) if high < low => Err(format!(
            "[{table}] at_least = {low} is larger than at_most = {high}, so that no value is within the bounds; give an \
             at_least of at most {high}, or leave one of them out"
        )),
        _ => Ok(()),
    }
}

/// Why a network of `[expect] measure` is not one of a plan with `n_points` grid points; none if it is.
fn wrong_point(key: &str, point: Option<usize>, n_points: usize) -> Option<String> {
    match (point, n_points) {
        (None, 0) => None,
        (None, _) => Some(format!(
            "[expect] measure.{key} has no point, but the config has a grid; give point = 1 to {n_points}, in the order of \
             the grid"
        )),
        (Some(point), 0) => Some(format!(
            "[expect] measure.{key} has point = {point}, but the config has no grid; leave the point out, or add \
             [compare.grid]"
        )),
        (Some(point), _) if (1..=n_points).contains(&point) => None,
        (Some(point), _) => Some(format!(
            "[expect] measure.{key} has point = {point}, but the grid has points 1 to {n_points}; give one of them"
        )),
    }
}

/// A claim's plan on some data.
pub(crate) struct ClaimPlan {
    pub(crate) plan: Plan,
    pub(crate) at_least: Option<f64>,
    pub(crate) at_most: Option<f64>,
    /// Whether it is the paper's own trial.
    pub(crate) is_original: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_without_a_number_between_them_are_refused() {
        assert_eq!(check_bounds("expect", Some(1.0), Some(1.0)), Ok(()));
        assert_eq!(check_bounds("expect", None, Some(1.0)), Ok(()));
        let reason = check_bounds("expect", Some(2.5), Some(1.0)).expect_err("no number is between them");
        assert!(reason.starts_with("[expect] at_least = 2.5 is larger than at_most = 1, so"), "{reason}");
        let reason = check_bounds("original", None, Some(f64::NAN)).expect_err("not a number");
        assert!(reason.starts_with("[original] at_most = nan"), "{reason}");
    }
}
