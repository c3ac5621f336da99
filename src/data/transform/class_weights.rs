//! `training.class_weights`: the weight of each class in the loss.

use crate::settings::{Allowed, Configurable, range};

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The weight of the rows of each class in the loss.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClassWeights {
    /// Inversely proportional to the frequency of the class: `n / (k n_c)` for `n` training rows, `k`
    /// classes and `n_c` rows of the class, with rows counted by their weights.
    Balanced,
    /// By the name of the class, at least 0; 1 for classes that are not named.
    ByName(BTreeMap<String, f64>),
}

impl Configurable for ClassWeights {
    const ALLOWED: Allowed =
        Allowed::Either(&[Allowed::Choice(&["balanced"]), Allowed::Map(&Allowed::Number(range!(0.0..)))]);
}

impl Serialize for ClassWeights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Balanced => serializer.serialize_str("balanced"),
            Self::ByName(weights) => weights.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = ClassWeights;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"balanced\" or a table from class names to numbers")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<ClassWeights, E> {
                match value {
                    "balanced" => Ok(ClassWeights::Balanced),
                    _ => Err(E::custom("not \"balanced\"")),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ClassWeights, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(ClassWeights::ByName)
            }
        }

        deserializer.deserialize_any(Either)
    }
}
