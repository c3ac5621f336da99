//! `--require`: a condition shows itself as it was given, and compares by its operator.

use std::str::FromStr;

use crate::experiment::requirement::{Condition, Requirement};
use crate::fuzzing::check_message;

/// The text of a condition on a trained model and on runs.
pub fn require(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let condition = shown_as_given::<Condition>(text);
    let requirement = shown_as_given::<Requirement>(text);
    assert!(condition.is_some() || requirement.is_none(), "a requirement is a condition");
    if let Some(condition) = condition {
        assert!(!condition.holds(f64::NAN), "NaN meets {condition}");
        let below = condition.holds(f64::NEG_INFINITY);
        assert_ne!(below, condition.holds(f64::INFINITY), "{condition} separates small from large numbers");
    }
}

/// What the text says, if it says anything.
fn shown_as_given<C: FromStr<Err = String> + ToString>(text: &str) -> Option<C> {
    match text.parse::<C>() {
        Ok(condition) => {
            assert_eq!(condition.to_string(), text.trim());
            let again = condition.to_string().parse::<C>().map(|again| again.to_string());
            assert_eq!(again.as_deref(), Ok(text.trim()));
            Some(condition)
        }
        Err(message) => {
            check_message(&message);
            None
        }
    }
}
