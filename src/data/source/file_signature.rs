//! Recognises common non-CSV files by their first bytes.

use std::fmt;

/// A file that is not CSV text: what it is, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileSignature {
    kind: &'static str,
    advice: &'static str,
}

impl fmt::Display for FileSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = if [CONFIG, MODEL].contains(&self.kind) { "a table" } else { "UTF-8 text" };
        write!(f, "this is {}, not {not}; {}", self.kind, self.advice)
    }
}

const SAVE_AS_CSV: &str = "save it as CSV";
const UNPACK: &str = "unpack it, or pack it as .gz or .zst";

/// Formats of data, models, pictures and archives by their first bytes, with what to do about them as data.
const FORMATS: [(&[u8], &str, &str); 24] = [
    (b"PK\x03\x04", "a ZIP archive or spreadsheet", SAVE_AS_CSV),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet", SAVE_AS_CSV),
    (b"PAR1", "a Parquet file", SAVE_AS_CSV),
    (b"ARROW1\0\0", "an Arrow or Feather file", SAVE_AS_CSV),
    (b"Obj\x01", "an Avro file", SAVE_AS_CSV),
    (b"SQLite format 3\0", "an SQLite database", SAVE_AS_CSV),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", SAVE_AS_CSV),
    (b"\x93NUMPY", "a NumPy array", SAVE_AS_CSV),
    (b"\x80\x02", PICKLE, SAVE_AS_CSV),
    (b"\x80\x03", PICKLE, SAVE_AS_CSV),
    (b"\x80\x04\x95", PICKLE, SAVE_AS_CSV),
    (b"\x80\x05\x95", PICKLE, SAVE_AS_CSV),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file", SAVE_AS_CSV),
    (b"GGUF", "a GGUF model", DATA_AS_CSV),
    (b"\x7fELF", "a program", DATA_AS_CSV),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", PIXELS_AS_CSV),
    (b"\xff\xd8\xff", "a JPEG picture", PIXELS_AS_CSV),
    (b"GIF87a", "a GIF picture", PIXELS_AS_CSV),
    (b"GIF89a", "a GIF picture", PIXELS_AS_CSV),
    (b"%PDF-", "a PDF document", DATA_AS_CSV),
    (b"\xfd7zXZ\0", "an xz file", UNPACK),
    (b"BZh", "a bzip2 file", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"\x04\x22\x4d\x18", "an lz4 file", UNPACK),
];

const CONFIG: &str = "a config";
const MODEL: &str = "a model file";
const THE_ROWS: &str = "give the CSV file with the rows";
const PICKLE: &str = "a Python pickle";
const ONNX: &str = "an ONNX model";
const DATA_AS_CSV: &str = "give the data as CSV";
const PIXELS_AS_CSV: &str = "give the pixels as CSV";

/// What a file is that is neither text nor one of ours, by its first bytes.
fn format(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let is_long = |start: &[u8]| start != b"BZh" || bytes.get(4..10) == Some(b"1AY&SY");
    let known = FORMATS.into_iter().find(|(start, ..)| bytes.starts_with(start) && is_long(start));
    known.map(|(_, kind, advice)| (kind, advice)).or_else(|| is_onnx(bytes).then_some((ONNX, DATA_AS_CSV)))
}

/// ONNX has no mark, but starts with its version and the name of the program that wrote it.
fn is_onnx(bytes: &[u8]) -> bool {
    let [0x08, 1..=31, 0x12, length, rest @ ..] = bytes else { return false };
    let name = rest.get(..usize::from(*length));
    name.is_some_and(|name| !name.is_empty() && name.iter().all(|byte| (b' '..=b'~').contains(byte)))
}

/// What a file is that is not a model file: its format, where the first bytes tell it.
pub(crate) fn known_format(bytes: &[u8]) -> Option<&'static str> {
    const PACKED: [(&[u8], &str); 2] = [(b"\x1f\x8b", "a gzip file"), (b"\x28\xb5\x2f\xfd", "a zstd file")];
    // A model file has its header there.
    if bytes.get(8) == Some(&b'{') {
        return None;
    }
    let packed = PACKED.into_iter().find(|(start, _)| bytes.starts_with(start));
    packed.map(|(_, kind)| kind).or_else(|| format(bytes).map(|(kind, _)| kind))
}

/// Recognises a file by its first bytes. Compressed files can be renamed, standard input cannot.
pub(crate) fn signature(bytes: &[u8], is_standard_input: bool) -> Option<FileSignature> {
    let compressed = |of_file, of_input| if is_standard_input { of_input } else { of_file };
    let gzip = compressed("give it a name that ends in .gz", "pipe it through `gzip -d`");
    let zstd = compressed("give it a name that ends in .zst", "pipe it through `zstd -d`");
    let signatures: [(&[u8], &str, &str); 4] = [
        (b"\xff\xfe\0\0", "UTF-32 (little-endian, by its byte order mark)", "save it as UTF-8"),
        (b"\0\0\xfe\xff", "UTF-32 (big-endian, by its byte order mark)", "save it as UTF-8"),
        (b"\x1f\x8b", "a gzip file", gzip),
        (b"\x28\xb5\x2f\xfd", "a zstd file", zstd),
    ];
    let by_start = signatures.into_iter().find(|(start, ..)| bytes.starts_with(start));
    let found = by_start.map(|(_, kind, advice)| (kind, advice)).or_else(|| format(bytes));
    let ours = || {
        let kind = if is_model(bytes) { Some(MODEL) } else { is_config(bytes).then_some(CONFIG) };
        kind.map(|kind| (kind, THE_ROWS))
    };
    let found = found.or_else(ours);
    found.map(|(kind, advice)| FileSignature { kind, advice }).or_else(|| utf16_without_mark(bytes))
}

/// A config has a line `[data]` near its start.
pub(crate) fn is_config(bytes: &[u8]) -> bool {
    const START: usize = 4096;
    let mut lines = bytes[..bytes.len().min(START)].split(|&byte| byte == b'\n');
    lines.any(|line| line.trim_ascii() == b"[data]")
}

/// A safetensors file: the length of its header in 8 bytes, and the header, which is JSON.
pub(crate) fn is_model(bytes: &[u8]) -> bool {
    bytes.get(8..10) == Some(b"{\"") && bytes[7] == 0 && bytes[6] == 0
}

/// Whether a file is text, by its first bytes.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    const START: usize = 256;
    let start = &bytes[..bytes.len().min(START)];
    let is_control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    // The last character may be cut off.
    let is_utf8 = std::str::from_utf8(start).map_or_else(|error| error.error_len().is_none(), |_| true);
    is_utf8 && !start.is_empty() && !start.iter().any(|&byte| is_control(byte) || byte == 0x7f)
}

/// UTF-16 without byte order mark: half of the bytes of Latin letters, digits and delimiters are
/// NUL.
fn utf16_without_mark(bytes: &[u8]) -> Option<FileSignature> {
    const SAMPLE: usize = 64;
    let pairs = bytes[..bytes.len().min(SAMPLE)].chunks_exact(2);
    let count = pairs.len();
    let (mut first, mut second) = (0, 0);
    for pair in pairs {
        first += usize::from(pair[0] == 0);
        second += usize::from(pair[1] == 0);
    }
    match (first, second) {
        (0, zeros) if count >= 3 && 2 * zeros > count => Some(FileSignature {
            kind: "UTF-16 (little-endian, by its NUL bytes)",
            advice: "save it as UTF-8, for example with `iconv -f UTF-16LE -t UTF-8 OLD > NEW`",
        }),
        (zeros, 0) if count >= 3 && 2 * zeros > count => Some(FileSignature {
            kind: "UTF-16 (big-endian, by its NUL bytes)",
            advice: "save it as UTF-8, for example with `iconv -f UTF-16BE -t UTF-8 OLD > NEW`",
        }),
        _ => None,
    }
}
