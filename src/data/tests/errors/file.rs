use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress};

use crate::data::csv::dialect::ReadOptions;
use crate::data::tests::*;
use crate::data::{ColumnSpec, ColumnType, ErrorCategory};

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}

fn refused(path: &Path, limit: u64) -> (ErrorCategory, String) {
    let spec = DataSpec { path: path.into(), ..spec() };
    let error = Dataset::load_as(&spec, ReadOptions { limit, ..ReadOptions::default() })
        .expect_err("the file cannot be used");
    let name = path.file_name().expect("the tests name files").to_string_lossy();
    let message = error.to_string();
    assert!(message.starts_with(&*path.to_string_lossy()), "{message}");
    (error.category(), message.replace(&*path.to_string_lossy(), &name))
}

#[test]
fn only_regular_files_are_read() {
    let files = Files::new();
    let io = |message: &str| (ErrorCategory::Io, message.to_owned());
    let directory = files.0.path().join("d.csv");
    std::fs::create_dir(&directory).expect("a directory can be made");
    assert_eq!(
        refused(&directory, 100),
        io("d.csv: is a directory, not a regular file; to read the files in it, give a pattern: d.csv/*.csv")
    );
    assert_eq!(refused(&files.0.path().join("no.csv"), 100), io("no.csv: not found"));
    let file = files.write("t.csv", "x,y\n");
    assert_eq!(refused(&file.join("u.csv"), 100), io("u.csv: not found"));
    #[cfg(unix)]
    {
        let socket = files.0.path().join("s.csv");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket can be made");
        assert_eq!(refused(&socket, 100), io("s.csv: is a socket, not a regular file"));
        let zero = Path::new("/dev/zero");
        assert_eq!(refused(zero, 100), io("zero: is a character device, not a regular file"));
    }
}

#[test]
fn size_limits_are_checked_before_and_after_decompression() {
    let files = Files::new();
    let limit = |message: &str| (ErrorCategory::Limit, message.to_owned());
    let path = files.write("t.csv", "x,y\n1,a\n2,b\n");
    assert_eq!(refused(&path, 11), limit("t.csv: has 12 bytes, limit 11; use fewer rows or columns"));
    let rows = "1,a\n2,b\n".repeat(100_000);
    let bomb = files.write("t.csv.gz", packed(format!("x,y\n{rows}").as_bytes()));
    assert!(std::fs::metadata(&bomb).expect("it was written").len() < 10_000);
    assert_eq!(
        refused(&bomb, 100_000),
        limit(
            "t.csv.gz: has more than 100000 bytes when decompressed, limit 100000; use fewer rows or columns"
        )
    );
}

#[test]
fn record_and_column_limits_are_checked() {
    let files = Files::new();
    let refusal = |content: &str| refused(&files.write("t.csv", content), 1 << 30);
    let limit = |message: &str| (ErrorCategory::Limit, message.to_owned());
    let megabyte = 1 << 20;
    // A record of exactly 1 MiB is not too long, only not a number.
    let long = "5".repeat(megabyte - 2);
    assert!(refusal(&format!("x,y\n{long},a\n")).1.contains("outside f32 range"));
    let too_long = limit("t.csv:2:1: record longer than 1 MiB; is this a CSV file?");
    assert_eq!(refusal(&format!("x,y\n{long}5,a\n2,b\n")), too_long);
    // Found while reading, before all of it is in memory.
    assert_eq!(refusal(&format!("x,y\n1,a\n{}", "5".repeat(3 * megabyte))).1, too_long.1.replace(":2", ":3"));
    assert_eq!(
        refusal(&format!("x,y\n1,a\n2,\"{}\"\n", "b\n".repeat(megabyte))),
        limit("t.csv:3:3: record longer than 1 MiB; is the quote that opens here closed where it should be?")
    );
    let wide = limit("t.csv:1: more than 65536 columns, which is the limit");
    assert_eq!(refusal(&format!("{}y\n", "x,".repeat(65_536))), wide);
    assert_eq!(refusal(&",".repeat(3 * megabyte)), wide);
    assert!(refusal(&format!("{}y\n", "x,".repeat(65_535))).1.contains("column name \"x\""));
}

#[test]
fn damaged_gzip_is_refused() {
    let files = Files::new();
    let whole = packed(b"x,y\n1,a\n2,b\n");
    let spec = |path: PathBuf| DataSpec { path: path.into(), ..spec() };
    assert!(Dataset::load(&spec(files.write("t.csv.gz", &whole))).is_ok());
    // Also with an upper-case extension, and with two members.
    let members = [packed(b"x,y\n1,a\n"), packed(b"2,b\n")].concat();
    assert_eq!(Dataset::load(&spec(files.write("t.CSV.GZ", &members))).expect("it is whole").rows(), 2);

    for length in 0..whole.len() {
        let (kind, message) = refused(&files.write("t.csv.gz", &whole[..length]), 100);
        assert_eq!(kind, ErrorCategory::Data);
        let is_empty = message == "t.csv.gz: empty";
        assert!(
            is_empty == (length == 0) && (is_empty || message.contains("the gzip data are damaged: ")),
            "{message}"
        );
    }
    for (position, byte) in [(0, b'x'), (whole.len() - 8, !whole[whole.len() - 8])] {
        let mut damaged = whole.clone();
        damaged[position] = byte;
        let (_, message) = refused(&files.write("t.csv.gz", &damaged), 100);
        assert!(message.contains("the gzip data are damaged: "), "{message}");
    }
}

#[test]
fn zstd_is_read_and_damaged_zstd_is_refused() {
    let files = Files::new();
    let pack = |content: &[u8]| {
        let mut packed = Vec::new();
        compress(content, &mut packed, CompressionLevel::Fastest);
        packed
    };
    let rows: String = (0..30_000_u64).map(|row| format!("{},{}\n", row * row % 9_973, row % 3)).collect();
    let text = format!("x,y\n{rows}");
    let spec = |path: PathBuf| DataSpec { path: path.into(), ..spec() };
    let plain = Dataset::load(&spec(files.write("t.csv", &text))).expect("it is whole");
    let half = text.len() / 2;
    // Several frames, with a skippable one between them.
    let skipped: &[u8] = b"\x50\x2a\x4d\x18\x03\0\0\0xyz";
    let frames =
        [&pack(&text.as_bytes()[..half]), skipped, &pack(&text.as_bytes()[half..]), skipped].concat();
    for packed in [pack(text.as_bytes()), frames] {
        let table = Dataset::load(&spec(files.write("t.csv.zst", &packed))).expect("it is whole");
        assert_eq!(numbers(&table.main), numbers(&plain.main));
        assert_eq!(table.main.labels(), plain.main.labels());
        assert_eq!(table.main.source.files[0].bytes, packed.len() as u64);
        for length in [1, 3, 7, packed.len() / 2, packed.len() - 1] {
            let (kind, message) = refused(&files.write("t.csv.zst", &packed[..length]), 1 << 30);
            assert_eq!(kind, ErrorCategory::Data);
            assert_eq!(message, "t.csv.zst: the zstd data are damaged: the file ends too early", "{length}");
        }
    }
    let whole = pack(text.as_bytes());
    let flipped = |place: usize| {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        damaged
    };
    for (damaged, expected) in [
        (flipped(whole.len() / 2), "corrupted Zstandard frame"),
        (flipped(whole.len() - 1), "the checksum does not match"),
        ([&whole[..], b"text"].concat(), "not a valid Zstandard frame header"),
        (b"x,y\n1,a\n".to_vec(), "not a valid Zstandard frame header"),
    ] {
        let (_, message) = refused(&files.write("t.csv.zst", &damaged), 1 << 30);
        assert_eq!(message, format!("t.csv.zst: the zstd data are damaged: {expected}"));
    }
    let small = pack(b"x,y\n1,a\n2,b\n");
    // A frame of one raw block that declares its size in a byte: the right one, and others.
    for (declared, is_right) in [(12, true), (11, false), (13, false), (0, false)] {
        let block = [&[12 << 3 | 1, 0, 0][..], b"x,y\n1,a\n2,b\n"].concat();
        let frame = [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, declared][..], &block].concat();
        let loaded =
            Dataset::load(&spec(files.write("t.zst", &frame))).map_err(|error| files.message_of(&error));
        assert_eq!(loaded.is_ok(), is_right, "{declared}: {loaded:?}");
        if declared == 13 {
            let size = "the content does not have the size that the frame header declares";
            assert_eq!(loaded.err(), Some(format!("t.zst: the zstd data are damaged: {size}")));
        }
    }
    assert_eq!(refused(&files.write("t.zst", b""), 100).1, "t.zst: empty");
    for place in 0..small.len() {
        for bit in 0..8 {
            let mut damaged = small.clone();
            damaged[place] ^= 1 << bit;
            // Some bits of the header say nothing about the content.
            if let Ok(table) = Dataset::load(&spec(files.write("t.zst", &damaged))) {
                assert_eq!(numbers(&table.main), ndarray::array![[1.0], [2.0]], "byte {place}, bit {bit}");
                assert_eq!(table.classes(), ["a", "b"], "byte {place}, bit {bit}");
            } else {
                let (_, message) = refused(&files.write("t.zst", &damaged), 1 << 30);
                assert!(!message.contains(['{', '(']), "byte {place}, bit {bit}: {message}");
            }
        }
    }
    let limit = refused(&files.write("t.zst", pack(text.as_bytes())), 100_000);
    assert!(limit.1.contains("has more than 100000 bytes when decompressed"), "{limit:?}");
}

#[test]
fn later_damage_is_reported_instead_of_an_earlier_error() {
    let files = Files::new();
    // Rows that do not repeat, so that the compressed file has many blocks.
    let rows: String = (0..100_000_u64).map(|row| format!("{},{}\n", row * row % 99_991, row % 3)).collect();
    // The last column has words, so that the file is surveyed first.
    for start in ["x,y\nbad,1\n", "x\n1,2\n", "x,y\n1,\0\n", "x,y\nred,1,2\n"] {
        let whole = packed(format!("{start}{rows}").as_bytes());
        assert!(!refused(&files.write("t.csv.gz", &whole), 1 << 30).1.contains("damaged"));
        let cut = &whole[..whole.len() - 100];
        let (_, message) = refused(&files.write("t.csv.gz", cut), 1 << 30);
        assert!(message.contains("the gzip data are damaged: "), "{start:?}: {message}");
        let (_, message) = refused(&files.write("t.csv.gz", &whole), 400_000);
        assert!(message.contains("has more than 400000 bytes when decompressed"), "{start:?}: {message}");
    }
    // Where columns are declared the file is read only once.
    let number = ColumnSpec { column_type: Some(ColumnType::Numeric), ..ColumnSpec::default() };
    let whole = packed(format!("x,y\nbad,1\n{rows}").as_bytes());
    let path = files.write("t.csv.gz", &whole[..whole.len() - 100]);
    let spec = DataSpec { path: path.into(), columns: [("x".to_owned(), number)].into(), ..spec() };
    let message = Dataset::load(&spec).expect_err("it is damaged").to_string();
    assert!(message.contains("the gzip data are damaged: "), "{message}");
}
