//! When a run is saved, such as `30 s`.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::settings::{Allowed, Configurable, TextFormat, number_and_unit};
use crate::train::SavePart;

/// When a run is saved, besides at its end; in a config text such as `30 s`, `epoch` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointRule {
    /// Never, and not at its end.
    Off,
    /// After every epoch.
    Epoch,
    /// After the first step at which as many seconds have passed since the last time.
    Seconds(u64),
}

/// Names of times, with their seconds; the first that fits is used for writing.
const UNITS: [(&str, u64); 3] = [("h", 3600), ("min", 60), ("s", 1)];

const DESCRIPTION: &str = "a time, such as \"30 s\" or \"5 min\", or \"epoch\" or \"off\"";

impl Configurable for CheckpointRule {
    const ALLOWED: Allowed =
        Allowed::Text(&TextFormat { description: DESCRIPTION, accepts: |text| Self::parse(text).is_some() });
}

impl CheckpointRule {
    /// Parses `off`, `epoch`, or a whole number greater than 0 and `s`, `min` or `h`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "off" => return Some(Self::Off),
            "epoch" => return Some(Self::Epoch),
            _ => {}
        }
        let (number, unit) = number_and_unit(text)?;
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let seconds = number.checked_mul(*seconds)?;
        (seconds > 0).then_some(Self::Seconds(seconds))
    }

    /// Whether to save a run after `ended`, if `since` has passed since the last time.
    pub fn is_due(self, ended: SavePart, since: impl FnOnce() -> Duration) -> bool {
        match (self, ended) {
            (Self::Off, _) | (Self::Epoch, SavePart::Step) => false,
            (_, SavePart::Run) | (Self::Epoch, SavePart::Epoch) => true,
            (Self::Seconds(seconds), _) => since().as_secs() >= seconds,
        }
    }
}

impl Default for CheckpointRule {
    fn default() -> Self {
        Self::Seconds(30)
    }
}

impl fmt::Display for CheckpointRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Off => f.write_str("off"),
            Self::Epoch => f.write_str("epoch"),
            Self::Seconds(seconds) => {
                let (name, size) =
                    UNITS.iter().find(|(_, size)| seconds.is_multiple_of(*size)).unwrap_or(&("s", 1));
                write!(f, "{} {name}", seconds / size)
            }
        }
    }
}

impl Serialize for CheckpointRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CheckpointRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &DESCRIPTION))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_parsed_and_shown() {
        for (text, rule, written) in [
            ("off", CheckpointRule::Off, "off"),
            ("epoch", CheckpointRule::Epoch, "epoch"),
            ("30 s", CheckpointRule::Seconds(30), "30 s"),
            ("90s", CheckpointRule::Seconds(90), "90 s"),
            ("120 s", CheckpointRule::Seconds(120), "2 min"),
            ("5  min", CheckpointRule::Seconds(300), "5 min"),
            ("1h", CheckpointRule::Seconds(3600), "1 h"),
        ] {
            assert_eq!(CheckpointRule::parse(text), Some(rule), "{text}");
            assert_eq!(rule.to_string(), written);
        }
        for text in ["", "30", "s", "0 s", "-1 s", "1.5 s", "30 sec", "epochs", "99999999999999999999 s", "é"]
        {
            assert_eq!(CheckpointRule::parse(text), None, "{text}");
        }
    }

    #[test]
    fn each_rule_saves_at_its_places() {
        let due = |rule: CheckpointRule, seconds| {
            [SavePart::Step, SavePart::Epoch, SavePart::Run]
                .map(|ended| rule.is_due(ended, || Duration::from_secs(seconds)))
        };
        assert_eq!(due(CheckpointRule::Off, 1000), [false, false, false]);
        assert_eq!(due(CheckpointRule::Epoch, 0), [false, true, true]);
        assert_eq!(due(CheckpointRule::Seconds(30), 29), [false, false, true]);
        assert_eq!(due(CheckpointRule::Seconds(30), 30), [true, true, true]);
    }
}
