//! What the header of a model file may hold, checked before the container is read: a safetensors reader keeps
//! the last of several tensors of one name, and makes room for as many as a header declares.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::config::MAX_LAYERS;
use crate::model::error::ModelFault;

/// The entry of the metadata.
pub(crate) const ENTRY: &str = "bntrain";

/// More tensors than any network has.
const MAX_TENSORS: usize = 8 * MAX_LAYERS;

/// Refuses a header with a tensor that is declared twice, too many of them, or foreign metadata, at the first
/// one. Any other mistake is left to the reader of the container.
pub(crate) fn check(header: &[u8]) -> Result<(), ModelFault> {
    let mut fault = None;
    let mut json = serde_json::Deserializer::from_slice(header);
    let _ = Header { fault: &mut fault }.deserialize(&mut json);
    fault.map_or(Ok(()), Err)
}

/// The whole header: metadata and tensors by name.
struct Header<'f> {
    fault: &'f mut Option<ModelFault>,
}

/// The metadata: one entry.
struct Metadata<'f> {
    fault: &'f mut Option<ModelFault>,
}

/// A key that is copied only if it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Ends the reading.
fn refuse<E: Error>(place: &mut Option<ModelFault>, fault: ModelFault) -> E {
    *place = Some(fault);
    E::custom("refused")
}

impl<'de> DeserializeSeed<'de> for Header<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Header<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a safetensors header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(Key(name)) = map.next_key()? {
            if names.len() > MAX_TENSORS {
                return Err(refuse(self.fault, ModelFault::TooManyTensors { limit: MAX_TENSORS }));
            }
            if names.contains(&name) {
                return Err(refuse(self.fault, ModelFault::TwoTensors(name.into_owned())));
            }
            match &*name {
                "__metadata__" => map.next_value_seed(Metadata { fault: self.fault })?,
                _ => map.next_value::<IgnoredAny>().map(|_| ())?,
            }
            names.insert(name);
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Metadata<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Metadata<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("metadata")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut is_first = true;
        while let Some(Key(name)) = map.next_key()? {
            if name != ENTRY || !is_first {
                return Err(refuse(self.fault, ModelFault::ExtraMetadata(name.into_owned())));
            }
            is_first = false;
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}
