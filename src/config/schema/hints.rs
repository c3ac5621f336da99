//! What an unknown key was probably meant to be.

use crate::config::schema::sections;
use crate::config::schema::words::alternatives;
use crate::settings::{Section, SectionType};
use crate::text::{shortened, similar_names};

/// What to say about an unknown key, and which key was probably meant, if any.
pub(crate) struct Hint {
    pub(crate) message: String,
    pub(crate) meant: Option<&'static str>,
}

/// What to add to the message that `text` is not one of `words`.
pub(crate) fn unknown_word(text: &str, words: impl Iterator<Item = &'static str>) -> String {
    if ["instance_norm", "instance", "instancenorm"].contains(&text.to_lowercase().as_str()) {
        return "; instance norm is for images: of a row without positions it would normalize each number by itself, \
                to 0; layer_norm and group_norm take several features together"
            .to_owned();
    }
    similar_names(text, words).first().map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default()
}

/// The best hint about `key` of the table at `path`, from the surest kind of hint to the vaguest.
pub(crate) fn unknown_key(path: &str, section: &Section, section_type: &SectionType, key: &str) -> Hint {
    let shown = shortened(key);
    if let Some((text, meant)) = known_confusion(path, section_type, key) {
        return Hint { message: format!("unknown key `{shown}`; {text}"), meant };
    }
    let owners = section.types.iter().filter(|other| other.key(key).is_some());
    let owners: Vec<String> = owners.map(|other| format!("`{}`", other.name)).collect();
    if !owners.is_empty() {
        let owners = alternatives(owners);
        let message = format!("`{shown}` belongs to type {owners}, not to `{}`", section_type.name);
        return Hint { message, meant: None };
    }
    let names = section_type.keys.iter().map(|key| key.name);
    if let Some(&meant) = similar_names(key, names.chain(section.is_typed().then_some("type"))).first() {
        return Hint {
            message: format!("unknown key `{shown}`; did you mean `{meant}`?"),
            meant: Some(meant),
        };
    }
    if let Some(home) = home_of(key) {
        return Hint { message: format!("unknown key `{shown}`; it belongs to {home}"), meant: None };
    }
    let known: Vec<&str> = section_type.keys.iter().map(|key| key.name).collect();
    let known = match known.as_slice() {
        [] => "it has no keys".to_owned(),
        known => format!("known keys: {}", known.join(", ")),
    };
    Hint { message: format!("unknown key `{shown}`; {known}"), meant: None }
}

/// Keys that people confuse, or that other tools have: what to say, and which key is meant.
fn known_confusion(
    path: &str,
    section_type: &SectionType,
    key: &str,
) -> Option<(String, Option<&'static str>)> {
    const MOMENTUM: &str = "libraries disagree on what `momentum` means here, so it is called \
                            `running_update` (PyTorch's momentum m is running_update = m, Keras' \
                            momentum m is running_update = 1 - m)";
    const L2: &str = "l2 (coupled) belongs to the other optimizers; for adamw use weight_decay (decoupled)";
    let name = section_type.name;
    Some(match (name, key) {
        ("batch_norm" | "ghost_batch_norm" | "batch_renorm" | "mean_only" | "variance_only", "momentum") => {
            (MOMENTUM.to_owned(), Some("running_update"))
        }
        ("dropout", "p" | "keep" | "keep_prob") => {
            ("give rate, the share of the units that is dropped".to_owned(), Some("rate"))
        }
        (_, "weight_decay") if section_type.key("l2").is_some() => {
            (format!("weight_decay (decoupled) belongs to adamw; for {name} use l2"), Some("l2"))
        }
        ("adamw", "l2") => (L2.to_owned(), Some("weight_decay")),
        ("adam" | "adamw", "betas") => ("give beta1 and beta2".to_owned(), None),
        _ => {
            let meant = other_name(path, name, key)?;
            (format!("did you mean `{meant}`?"), Some(meant))
        }
    })
}

/// The names that other tools use, too different from ours to be found by their spelling.
fn other_name(path: &str, name: &str, key: &str) -> Option<&'static str> {
    // The initial weights of a layer or of all of them are a table inside another one.
    let table = if path.ends_with(".init") { "init" } else { path };
    Some(match (table, name, key) {
        ("optimizer", _, "lr" | "eta" | "step_size" | "rate") => "learning_rate",
        ("optimizer", "rmsprop", "alpha" | "rho") => "decay",
        (_, "affine", "width" | "size" | "neurons" | "nodes" | "outputs" | "out_features") => "units",
        (_, "leaky_relu", "alpha" | "negative_slope") => "slope",
        ("init", _, "std" | "stddev" | "deviation" | "sigma" | "scale") => "normal",
        ("model", _, "layers" | "units" | "widths" | "sizes") => "hidden",
        ("data", _, "file" | "csv" | "source") => "path",
        ("data", _, "class" | "y") => "label",
        ("data", _, "regression" | "value" | "values") => "target",
        ("data", _, "na_values" | "null_values" | "na" | "nulls") => "missing_markers",
        ("data", _, "impute" | "fill" | "fillna") => "missing",
        ("data", _, "types" | "dtypes" | "schema" | "categorical") => "columns",
        ("data", _, "sep" | "separator") => "delimiter",
        ("data", _, "skiprows" | "skip") => "skip_rows",
        ("data", _, "skipfooter" | "skip_end") => "skip_footer",
        ("data", _, "quotechar" | "quote_char" | "quotation") => "quote",
        ("data", _, "comments" | "comment_char" | "comment_prefix") => "comment",
        ("data", _, "names" | "columns_names" | "header_names") => "column_names",
        ("data", _, "normalize" | "normalise" | "scaling" | "scaler") => "scale",
        ("training", _, "batch") => "batch_size",
        ("training", _, "clip" | "max_norm" | "grad_clip") => "clip_norm",
        ("training", _, "precision") => "dtype",
        _ => return None,
    })
}

/// The table elsewhere that has exactly this key.
fn home_of(key: &str) -> Option<String> {
    let has_key = |section: &Section| section.types.iter().any(|section| section.key(key).is_some());
    sections().into_iter().find(|place| has_key(place.section)).map(|place| place.header())
}
