//! The networks whose predictions are averaged, and how a row becomes the inputs of each.

use std::collections::BTreeSet;

use crate::data::{Encoder, Encoding, FeatureEncoding, TargetEncoding, ValueEncoding};
use crate::kernel::real::Real;
use crate::model::Model;
use crate::nn::Network;
use crate::predict::error::PredictError;

/// Networks of one or more models. Models of other splits have other scalings and may know other categories.
pub(crate) struct Committee<'m, F> {
    /// How rows are read: with the categories that any of the models knows.
    pub(crate) reading: Encoding,
    pub(crate) groups: Vec<NetworkGroup<'m, F>>,
}

/// Networks with the same inputs: those of one model.
pub(crate) struct NetworkGroup<'m, F> {
    pub(crate) encoder: Encoder,
    pub(crate) networks: Vec<&'m Network<F>>,
    pub(crate) targets: &'m TargetEncoding,
}

impl<'m, F: Real> Committee<'m, F> {
    /// Of all networks of `models`, of which there is at least one.
    ///
    /// # Errors
    ///
    /// If they do not have the same columns, classes or targets, and precision.
    pub(crate) fn new(models: &'m [Model]) -> Result<Self, PredictError> {
        let first = &models[0].description.encoding;
        let is_same = |model: &Model| {
            is_same_question(first, &model.description.encoding) && !model.networks::<F>().is_empty()
        };
        if let Some(index) = models.iter().position(|model| !is_same(model)) {
            return Err(PredictError::Different { model: index + 1 });
        }
        let encodings: Vec<&Encoding> = models.iter().map(|model| &model.description.encoding).collect();
        let reading = of_all(&encodings);
        let known =
            |(_, feature): (&str, &FeatureEncoding)| feature.categories().map(str::to_owned).collect();
        let names: Vec<Vec<String>> = reading.features().map(known).collect();
        let group = |model: &'m Model| {
            let encoding = &model.description.encoding;
            let encoder = Encoder::for_categories(encoding, names.iter().map(Vec::as_slice));
            NetworkGroup { encoder, networks: model.networks(), targets: &encoding.targets }
        };
        let groups = models.iter().map(group).collect();
        Ok(Self { reading, groups })
    }
}

/// Whether two models predict the same from the same columns.
fn is_same_question(first: &Encoding, other: &Encoding) -> bool {
    let columns = |encoding: &Encoding| -> Vec<_> {
        let column = |column: &crate::data::EncodedColumn| {
            let feature = column.feature.as_ref().map(|feature| (feature.kind(), feature.takes_missing()));
            (column.name.clone(), column.role, feature, column.missing_markers.clone())
        };
        encoding.columns.iter().map(column).collect()
    };
    let targets = |encoding: &Encoding| -> Vec<String> {
        encoding.values().iter().map(|value| value.column.clone()).collect()
    };
    first.reading == other.reading
        && columns(first) == columns(other)
        && first.classes() == other.classes()
        && first.targets.threshold() == other.targets.threshold()
        && targets(first) == targets(other)
}

/// The first encoding; of several, with the categories of all.
fn of_all(encodings: &[&Encoding]) -> Encoding {
    let mut reading = encodings[0].clone();
    if encodings.len() == 1 {
        return reading;
    }
    for (index, column) in reading.columns.iter_mut().enumerate() {
        let of_columns = encodings.iter().filter_map(|encoding| encoding.columns[index].feature.as_ref());
        let known: BTreeSet<&str> = of_columns.flat_map(FeatureEncoding::categories).collect();
        if let Some(FeatureEncoding { values: ValueEncoding::Categorical { categories, rare, .. }, .. }) =
            &mut column.feature
        {
            (*categories, *rare) = (known.into_iter().map(str::to_owned).collect(), Vec::new());
        }
    }
    reading
}
