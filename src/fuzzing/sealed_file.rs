//! Safetensors files of bntrain whose checksum is right, so that the checks after it are reached.

use crate::model::checksum::{BLANK, seal};

/// The bytes of a file, with its checksum made right; or a file of parts, so that a change of one does not break
/// the lengths and quotes around it: a line of JSON that begins with `{`, from which `entries` makes those after
/// the checksum in the document of the file; a line with the entries of the header for the tensors; the numbers.
pub(super) fn sealed_file(input: &[u8], entries: impl FnOnce(&str) -> String) -> Vec<u8> {
    let mut file = assembled(input, entries).unwrap_or_else(|| input.to_vec());
    let _ = seal(&mut file);
    file
}

fn assembled(input: &[u8], entries: impl FnOnce(&str) -> String) -> Option<Vec<u8>> {
    let mut parts = input.splitn(3, |&byte| byte == b'\n');
    let mut line = || parts.next().and_then(|line| std::str::from_utf8(line).ok());
    let (description, tensors) = (line()?, line()?);
    if !description.starts_with('{') {
        return None;
    }
    let tensors = tensors.strip_prefix('{').and_then(|tensors| tensors.strip_suffix('}')).unwrap_or(tensors);
    let comma = if tensors.is_empty() { "" } else { "," };
    let document = format!("{{\"sha256\":\"{BLANK}\",{}}}", entries(description));
    let document = serde_json::to_string(&document).expect("a text");
    let mut header = format!("{{\"__metadata__\":{{\"bntrain\":{document}}}{comma}{tensors}}}");
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(parts.next().unwrap_or_default());
    Some(file)
}
