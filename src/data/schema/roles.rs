//! The roles that a config gives to columns.

use crate::data::csv::number::number;
use crate::data::error::ErrorKind;
use crate::data::error::phrases::did_you_mean;
use crate::data::schema::column::{Role, SchemaColumn, TargetColumns};
use crate::data::schema::problem::ColumnProblem;
use crate::data::spec::{ColumnRef, DataSpec, SplitBy};
use crate::data::split::problem::SplitProblem;
use crate::text::{QuotedNames, similar_names};

/// The role of every column.
pub(crate) fn roles(names: &[String], spec: &DataSpec, holds_numbers: bool) -> Result<Vec<Role>, ErrorKind> {
    let mut roles: Vec<Option<Role>> = vec![None; names.len()];
    let learnt = spec.label.iter().map(|label| ("label", Role::Label, label));
    let learnt = learnt.chain(spec.target.0.iter().map(|target| ("target", Role::Target, target)));
    for (key, role, wanted) in learnt {
        let found = match find(key, wanted, names) {
            Err(_) if holds_numbers && matches!(wanted, ColumnRef::Name(_)) => {
                return Err(ErrorKind::HeaderOfNumbers);
            }
            found => found?,
        };
        if roles[found].replace(role).is_some() {
            return Err(ColumnProblem::TwoRoles(names[found].clone()).into());
        }
    }
    for wanted in &spec.ignore {
        let index = find("ignore", wanted, names)?;
        if let Some(Role::Label | Role::Target) = roles[index].replace(Role::Ignore) {
            return Err(ColumnProblem::LearntIgnored(names[index].clone()).into());
        }
    }
    for (name, entry) in &spec.columns {
        let Some(word) = entry.column_type else { continue };
        let index = find("columns", &ColumnRef::Name(name.clone()), names)?;
        let role = word.meaning().0;
        match roles[index].replace(role) {
            Some(other) if other != role => return Err(ColumnProblem::TwoRoles(name.clone()).into()),
            _ => {}
        }
    }
    for role in [Role::Label, Role::Weight, Role::Group, Role::Split] {
        let mut same = (0..names.len()).filter(|&index| roles[index] == Some(role));
        if let (Some(first), Some(second)) = (same.next(), same.next()) {
            return Err(ColumnProblem::TwoOfARole(role, names[first].clone(), names[second].clone()).into());
        }
    }
    Ok(roles.into_iter().map(|role| role.unwrap_or(Role::Feature)).collect())
}

/// The label or target columns: targets in the order of the config, then those that only
/// `[data.columns]` names, in the order of the file.
pub(crate) fn targets(names: &[String], roles: &[Role], spec: &DataSpec) -> Result<TargetColumns, ErrorKind> {
    let mut targets: Vec<usize> =
        spec.target.0.iter().map(|wanted| find("target", wanted, names)).collect::<Result<_, _>>()?;
    let others = (0..names.len()).filter(|&index| roles[index] == Role::Target);
    targets.extend(others.filter(|index| !targets.contains(index)).collect::<Vec<_>>());
    let label = roles.iter().position(|role| *role == Role::Label);
    match (label, targets.first()) {
        (Some(label), None) => Ok(TargetColumns::Classes(label)),
        (None, Some(_)) => Ok(TargetColumns::Values(targets)),
        (None, None) => Err(ColumnProblem::NothingToLearn.into()),
        (Some(label), Some(&target)) => {
            Err(ColumnProblem::LabelAndTarget { label: names[label].clone(), target: names[target].clone() }
                .into())
        }
    }
}

/// The columns of `data.split_by`, whose hash decides the part of a row.
pub(crate) fn keys(columns: &[SchemaColumn], spec: &DataSpec) -> Result<Vec<usize>, ErrorKind> {
    let of_role = |role| columns.iter().find(|column| column.role == role).map(|column| column.name.clone());
    let (group, split) = (of_role(Role::Group), of_role(Role::Split));
    let is_by_hash = spec.split_by != SplitBy::Rows;
    if let (Some(column), true) =
        (&split, spec.valid > 0.0 || spec.test > 0.0 || group.is_some() || is_by_hash)
    {
        return Err(SplitProblem::SplitTwice(column.clone()).into());
    }
    if let (Some(column), Some(key)) = (&split, own_part(spec)) {
        return Err(SplitProblem::SplitAndFile { column: column.clone(), key }.into());
    }
    let SplitBy::HashOf(wanted) = &spec.split_by else { return Ok(Vec::new()) };
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let keys: Vec<usize> =
        wanted.iter().map(|wanted| find("split_by", wanted, &names)).collect::<Result<_, _>>()?;
    if let (Some(group), true) = (group, keys.iter().any(|&key| columns[key].role != Role::Group)) {
        return Err(SplitProblem::GroupAndHash(group).into());
    }
    let is_learnt = |&&key: &&usize| matches!(columns[key].role, Role::Label | Role::Target | Role::Weight);
    match keys.iter().find(is_learnt) {
        Some(&key) => Err(SplitProblem::KeyIsLearnt(names[key].clone()).into()),
        None => Ok(keys),
    }
}

/// The column of `data.split_by` whose order decides the part of a row.
pub(crate) fn order(columns: &[SchemaColumn], spec: &DataSpec) -> Result<Option<usize>, ErrorKind> {
    let SplitBy::OrderOf(wanted) = &spec.split_by else { return Ok(None) };
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let index = find("split_by", wanted, &names)?;
    if let Some(group) = columns.iter().find(|column| column.role == Role::Group) {
        return Err(SplitProblem::GroupAndHash(group.name.clone()).into());
    }
    match columns[index].role {
        Role::Feature | Role::Id | Role::Ignore => Ok(Some(index)),
        _ => Err(SplitProblem::KeyIsLearnt(names[index].clone()).into()),
    }
}

/// The key of a validation or test file, if there is one.
fn own_part(spec: &DataSpec) -> Option<&'static str> {
    let keys = [("valid_path", &spec.valid_path), ("test_path", &spec.test_path)];
    keys.into_iter().find(|(_, path)| path.is_some()).map(|(key, _)| key)
}

/// The index of the column that the config means.
pub(crate) fn find(key: &'static str, wanted: &ColumnRef, names: &[String]) -> Result<usize, ErrorKind> {
    let count = names.len();
    let found = match wanted {
        ColumnRef::Name(name) => names.iter().position(|other| other == name),
        ColumnRef::Index(index) => {
            let from_front = if *index < 0 { index.checked_add_unsigned(count as u64) } else { Some(*index) };
            from_front.and_then(|index| usize::try_from(index).ok()).filter(|&index| index < count)
        }
    };
    if let (ColumnRef::Name(name), Some(first)) = (wanted, found) {
        let again = names.iter().skip(first + 1).position(|other| other == name);
        if let Some(offset) = again {
            let second = first + 1 + offset;
            return Err(ErrorKind::DuplicateName { name: name.clone(), first, second });
        }
    }
    found.ok_or_else(|| {
        let hint = match wanted {
            ColumnRef::Name(name) => {
                let numbers = names.iter().filter(|name| number(name).is_some()).count();
                let no_header = " (if the file has no header, set `header = false` in [data])";
                let nameless = names.iter().filter(|name| name.is_empty()).count();
                let a_title = " (if the first line is a title, skip it with skip_rows in [data])";
                let no_header = match (count < 2 * numbers, count < 2 * nameless) {
                    (true, _) => no_header,
                    (false, true) => a_title,
                    (false, false) => "",
                };
                let question = did_you_mean(&similar_names(name, names.iter().map(String::as_str)));
                format!("{question} the columns are {}{no_header}", QuotedNames(names))
            }
            ColumnRef::Index(_) => {
                format!("; there are {count} columns, 0 to {}, and -1 is the last", count - 1)
            }
        };
        ColumnProblem::NoSuchColumn { key, wanted: wanted.clone(), hint }.into()
    })
}
