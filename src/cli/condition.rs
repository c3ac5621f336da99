//! Conditions on numbers, such as `valid_accuracy >= 0.95`.

use std::fmt;
use std::str::FromStr;

/// `NAME OP NUMBER`.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    text: String,
    /// What has to have a number.
    pub(crate) name: String,
    operator: &'static str,
    bound: f64,
}

const OPERATORS: [&str; 4] = [">=", "<=", ">", "<"];

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The last operator, for names may have any characters.
        let found = text.rfind(['<', '>']).and_then(|place| {
            let operator = OPERATORS.into_iter().find(|operator| text[place..].starts_with(operator))?;
            Some((text[..place].trim(), operator, text[place + operator.len()..].trim()))
        });
        let Some((name, operator, bound)) = found else {
            return Err(format!("no operator; use one of {}", OPERATORS.join(" ")));
        };
        let bound = bound.parse().ok().filter(|bound: &f64| bound.is_finite());
        let bound = bound.ok_or_else(|| "the bound is not a finite number".to_owned())?;
        Ok(Self { text: text.trim().to_owned(), name: name.to_owned(), operator, bound })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Condition {
    /// Whether `value` meets it.
    pub(crate) fn holds(&self, value: f64) -> bool {
        match self.operator {
            ">=" => value >= self.bound,
            "<=" => value <= self.bound,
            ">" => value > self.bound,
            _ => value < self.bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_name_operator_and_bound() {
        for (text, name, operator, bound) in [
            ("accuracy>=0.5", "accuracy", ">=", 0.5),
            (" log_loss  <  1e-1 ", "log_loss", "<", 0.1),
            ("<=50K.recall > 0.25", "<=50K.recall", ">", 0.25),
            (">50K.recall <= 1", ">50K.recall", "<=", 1.0),
            ("<=50K.f1 >= -1", "<=50K.f1", ">=", -1.0),
        ] {
            let condition: Condition = text.parse().expect("a condition");
            let found = (condition.name.as_str(), condition.operator, condition.bound);
            assert_eq!(found, (name, operator, bound), "{text}");
        }
    }

    #[test]
    fn holds_or_not() {
        let holds = |text: &str, value| text.parse::<Condition>().expect("a condition").holds(value);
        assert!(holds("x <= 0.5", 0.5) && !holds("x <= 0.5", 0.51) && !holds("x <= 0.5", f64::NAN));
        assert!(holds("x > 0.5", 0.51) && !holds("x > 0.5", 0.5) && !holds("x >= 0.5", f64::NAN));
        assert!(holds("x < 0.5", 0.49) && !holds("x < 0.5", 0.5) && holds("x >= 0.5", 0.5));
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |text: &str| text.parse::<Condition>().expect_err("not a condition");
        assert_eq!(error("valid_accuracy 0.9"), "no operator; use one of >= <= > <");
        assert_eq!(error("valid_loss < nan"), "the bound is not a finite number");
        assert_eq!(error("valid_loss <"), "the bound is not a finite number");
        assert_eq!(error("0.5 < x"), "the bound is not a finite number");
    }
}
