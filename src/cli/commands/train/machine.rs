//! The machine that a command ran on, as far as results and times depend on it.

use serde_json::{Value, json};

/// `processor` of `run.json`: the architecture and the vector instructions, which decide the last bits of results, and
/// the model where the system tells it.
pub(crate) fn processor() -> Value {
    let mut processor = json!({
        "architecture": std::env::consts::ARCH,
        "vectors": format!("{:?}", crate::kernel::simd_level()),
    });
    if let Some(model) = model() {
        processor["model"] = json!(model);
    }
    processor
}

/// Linux lists its processors in a file; other systems have calls that need a package.
fn model() -> Option<String> {
    let list = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = list.lines().find(|line| line.starts_with("model name"))?;
    let (_, model) = line.split_once(':')?;
    let words: Vec<&str> = model.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}
