//! Differences between configs.

use toml::{Table, Value};

use crate::config::inline;

/// A key that not all configs set to the same.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ConfigDifference {
    /// Dotted, with indices from 0, such as `training.epochs` or `layers[2].eps`.
    pub key: String,
    /// The value in each config, as TOML on one line, numbers at their shortest; none where it is not set.
    pub values: Vec<Option<String>>,
}

/// The keys that `configs` do not all set to the same, in the order in which they first appear.
/// Lists of tables are compared entry by entry where they have the same `type`s in the same
/// order, and as a whole where they have not: by their types, and by the settings that not all entries of a type share.
pub fn config_differences(configs: &[Table]) -> Vec<ConfigDifference> {
    let mut differences = Vec::new();
    compare_tables("", &configs.iter().map(Some).collect::<Vec<_>>(), &mut differences);
    differences
}

/// Key by key; a table that is missing has no keys.
fn compare_tables(path: &str, tables: &[Option<&Table>], differences: &mut Vec<ConfigDifference>) {
    let mut keys: Vec<&String> = Vec::new();
    for key in tables.iter().flatten().flat_map(|table| table.keys()) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for key in keys {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let values: Vec<Option<&Value>> =
            tables.iter().map(|table| table.and_then(|table| table.get(key))).collect();
        compare_values(&path, &values, differences);
    }
}

fn compare_values(path: &str, values: &[Option<&Value>], differences: &mut Vec<ConfigDifference>) {
    if values.windows(2).all(|pair| pair[0] == pair[1]) {
        return;
    }
    let set = || values.iter().flatten();
    if set().all(|value| value.is_table()) {
        let tables: Vec<Option<&Table>> =
            values.iter().map(|value| value.and_then(Value::as_table)).collect();
        return compare_tables(path, &tables, differences);
    }
    let entries: Option<Vec<&Vec<Value>>> =
        values.iter().map(|value| value.and_then(Value::as_array)).collect();
    if let Some(lists) = entries
        && lists.windows(2).all(|pair| types(pair[0]).is_some() && types(pair[0]) == types(pair[1]))
    {
        for index in 0..lists.first().map_or(0, |list| list.len()) {
            let entries: Vec<Option<&Value>> = lists.iter().map(|list| list.get(index)).collect();
            compare_values(&format!("{path}[{index}]"), &entries, differences);
        }
        return;
    }
    let lists: Vec<&Vec<Value>> = values.iter().filter_map(|value| value.and_then(Value::as_array)).collect();
    let values = values.iter().map(|value| value.map(|value| shown(value, &lists))).collect();
    differences.push(ConfigDifference { key: path.to_owned(), values });
}

/// The `type` of every entry; none if an entry has none.
fn types(list: &[Value]) -> Option<Vec<&str>> {
    list.iter().map(type_of).collect()
}

fn type_of(entry: &Value) -> Option<&str> {
    entry.get("type")?.as_str()
}

/// A value on one line. An entry with a type is its type, and what distinguishes it from others of that type in `lists`.
fn shown(value: &Value, lists: &[&Vec<Value>]) -> String {
    let list = value.as_array().filter(|list| !list.is_empty());
    let Some((list, types)) = list.and_then(|list| Some((list, types(list)?))) else { return inline(value) };
    let entry = |(entry, kind): (&Value, &str)| {
        let others =
            || lists.iter().flat_map(|list| list.iter()).filter(|other| type_of(other) == Some(kind));
        let settings = entry.as_table().into_iter().flatten();
        let settings = settings.filter(|(key, value)| others().any(|other| other.get(key) != Some(value)));
        let settings = settings.map(|(key, value)| format!(" {key}={}", inline(value)));
        std::iter::once(kind.to_owned()).chain(settings).collect::<String>()
    };
    list.iter().zip(types).map(entry).collect::<Vec<_>>().join(", ")
}

/// Characters of a line of a value; a longer one has several.
pub(crate) const LINE: usize = 60;
/// What is between the entries of a list.
pub(crate) const BETWEEN: &str = ", ";

/// The values; those that are longer than a line without the entries at the beginning and at the end that all have.
pub(crate) fn without_equal_ends(values: &[Option<String>]) -> Vec<Option<String>> {
    let lists: Vec<Vec<&str>> = values.iter().flatten().map(|value| value.split(BETWEEN).collect()).collect();
    let shortest = lists.iter().map(Vec::len).min().unwrap_or(0);
    if lists.len() < 2 {
        return values.to_vec();
    }
    let are_equal =
        |of: &dyn Fn(&[&str]) -> Option<String>| lists.windows(2).all(|pair| of(&pair[0]) == of(&pair[1]));
    let at_start = |index: usize| are_equal(&|list| list.get(index).map(|entry| (*entry).to_owned()));
    let at_end = |index: usize| {
        are_equal(&|list| list.len().checked_sub(index + 1).map(|place| list[place].to_owned()))
    };
    let start = (0..shortest).take_while(|&index| at_start(index)).count();
    let end = (0..shortest - start).take_while(|&index| at_end(index)).count();
    let without = |value: &String| {
        let list: Vec<&str> = value.split(BETWEEN).collect();
        let middle = &list[start..list.len() - end];
        let equal = |count: usize| (0 < count).then(|| format!("({count} equal)"));
        match (value.chars().count() > LINE, middle.is_empty()) {
            (false, _) => value.clone(),
            (true, true) => equal(start + end).unwrap_or_default(),
            (true, false) => {
                let middle = middle.iter().map(|entry| (*entry).to_owned());
                let parts: Vec<String> = equal(start).into_iter().chain(middle).chain(equal(end)).collect();
                parts.join(BETWEEN)
            }
        }
    };
    values.iter().map(|value| value.as_ref().map(without)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each difference as `key: value | value`.
    fn differences(configs: &[&str]) -> Vec<String> {
        let configs: Vec<Table> = configs.iter().map(|config| config.parse().unwrap()).collect();
        let line = |difference: ConfigDifference| {
            let values = difference.values.into_iter().map(|value| value.unwrap_or_else(|| "-".to_owned()));
            format!("{}: {}", difference.key, values.collect::<Vec<_>>().join(" | "))
        };
        config_differences(&configs).into_iter().map(line).collect()
    }

    #[test]
    fn equal_configs_and_a_single_one_do_not_differ() {
        let config = "a = 1\n[b]\nc = [1, 2]\n[[layers]]\ntype = \"relu\"\n";
        assert!(differences(&[config, config]).is_empty());
        assert!(differences(&[config]).is_empty());
        assert!(differences(&[]).is_empty());
    }

    #[test]
    fn values_are_named_by_their_dotted_key() {
        let found = differences(&[
            "name = \"x\"\n[optimizer]\nlearning_rate = 0.1\n[training]\nseed = 1\nepochs = 5\n",
            "name = \"x\"\n[optimizer]\nlearning_rate = 0.01\n[training]\nepochs = 5\nseed = 1\n",
            "name = \"y\"\n[training]\nepochs = 5\nseed = 1\n[training.early_stopping]\npatience = 3\n",
        ]);
        let expected = [
            "name: \"x\" | \"x\" | \"y\"",
            "optimizer.learning_rate: 0.1 | 0.01 | -",
            "training.early_stopping.patience: - | - | 3",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn layers_are_compared_one_by_one_where_their_types_agree() {
        let first = "[[layers]]\ntype = \"affine\"\nunits = 8\n[[layers]]\ntype = \"batch_norm\"\n";
        let second =
            "[[layers]]\ntype = \"affine\"\nunits = 9\n[[layers]]\ntype = \"batch_norm\"\neps = 1e-3\n";
        assert_eq!(differences(&[first, second]), ["layers[0].units: 8 | 9", "layers[1].eps: - | 0.001"]);
        let third = "[[layers]]\ntype = \"affine\"\nunits = 8\n";
        assert_eq!(differences(&[first, third]), ["layers: affine, batch_norm | affine"]);
        assert_eq!(differences(&[first, "layers = []"]), ["layers: affine, batch_norm | []"]);
        assert_eq!(differences(&[first, ""]), ["layers: affine, batch_norm | -"]);
        let wider = third.replace('8', "9");
        assert_eq!(differences(&[first, &wider]), ["layers: affine units=8, batch_norm | affine units=9"]);
    }

    #[test]
    fn lists_and_kinds_are_compared_as_a_whole() {
        assert_eq!(differences(&["a = 1e-8", "a = [0.00001]"]), ["a: 1e-8 | [1e-5]"]);
        assert_eq!(differences(&["a = [1, 2]", "a = [1, 3]"]), ["a: [1, 2] | [1, 3]"]);
        assert_eq!(differences(&["a = 1", "a = { b = 1 }"]), ["a: 1 | { b = 1 }"]);
        assert_eq!(differences(&["a = 1", "a = 1.0"]), ["a: 1 | 1.0"]);
        assert_eq!(differences(&["a = [{ b = 1 }]", "a = [{ b = 2 }]"]), ["a: [{ b = 1 }] | [{ b = 2 }]"]);
    }
}
