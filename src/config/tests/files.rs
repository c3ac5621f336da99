//! Whole files: unreadable ones, broken ones, hostile ones, and many problems at once.

use std::fs;

use crate::config::schema::words::alternatives;
use crate::config::tests::{at_home, plan, problems};
use crate::config::{ConfigErrorKind, load, parse};
use crate::nn::LayerSpec;
use crate::optim::OptimizerSpec;

/// A file with these bytes and what is said about it, without its directory.
#[track_caller]
fn refusal(bytes: &[u8]) -> (ConfigErrorKind, String) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("c.toml");
    fs::write(&path, bytes).expect("a file in it");
    let error = load(&path, &[]).expect_err("the file is refused");
    (error.kind(), error.to_string().replace(&format!("{}/", directory.path().display()), ""))
}

/// The kinds of layers, as messages list them.
fn layers() -> String {
    alternatives(LayerSpec::every_kind().iter().map(|spec| format!("\"{}\"", spec.kind())))
}

/// The kinds of optimisers, as messages list them.
fn optimizers() -> String {
    alternatives(OptimizerSpec::every_kind().iter().map(|spec| format!("\"{}\"", spec.kind())))
}

#[test]
fn unreadable_files_are_named() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let shown = directory.path().display();
    for (path, message) in [
        (directory.path().join("no.toml"), format!("{shown}/no.toml not found")),
        (directory.path().to_owned(), format!("{shown} is a directory, not a config file")),
    ] {
        let error = load(&path, &[]).expect_err("there is no file");
        assert_eq!((error.kind(), error.to_string()), (ConfigErrorKind::Io, message));
    }
}

/// Its name could not be written into the run directory.
#[cfg(unix)]
#[test]
fn a_directory_with_a_name_that_is_not_utf8_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let path = std::path::Path::new(std::ffi::OsStr::from_bytes(b"/home/\xff/c.toml"));
    let grid = format!("{}[compare.grid]\ndata.path = ['a', 'b']\n", super::SHORT);
    for text in [super::SHORT, &grid] {
        let error = parse(text, path, &[]).expect_err("the directory has no name");
        let message = "data (line 1): the directory of the config has a name that is not UTF-8";
        assert!(error.to_string().ends_with(message), "{error}");
    }
}

#[test]
fn a_file_must_be_utf8_and_may_have_a_byte_order_mark() {
    let not_utf8 = "c.toml is not UTF-8, from byte offset";
    for (bytes, message) in [
        (&b"a = 1\nb = '\xe9'\n"[..], format!("{not_utf8} 11 on; save it as UTF-8")),
        (&b"\xff\xfea\x00=\x001\x00"[..], format!("{not_utf8} 0 on; save it as UTF-8")),
    ] {
        assert_eq!(refusal(bytes), (ConfigErrorKind::Config, message));
    }
    let with_mark = format!("\u{feff}{}", super::SHORT);
    assert_eq!(plan(&with_mark, &[]), plan(super::SHORT, &[]));
}

#[test]
fn a_file_above_the_size_limit_is_not_read() {
    let (kind, message) = refusal(&vec![b'#'; (1 << 20) + 1]);
    assert_eq!(kind, ConfigErrorKind::Limit);
    assert_eq!(message, "c.toml is longer than 1048576 bytes, the limit for a config");
}

#[test]
fn an_empty_file_reports_all_required_keys() {
    assert_eq!(
        problems("", &[]),
        [
            "data: missing key `path`, a path or a list of at least one, each a path: CSV file, or several as one table, by \
             a pattern such as `part-*.csv` or a list; `.gz` and `.zst` are decompressed, `-` is standard input",
            &format!("optimizer: missing key `type`: {}", optimizers()),
            "data: missing key `label`, a column name, or an index from 0 (-1 is the last): the column with \
             the class (or `target`, for values)",
            "top level: missing [model] or [[layers]], the description of the network",
        ]
    );
}

#[test]
fn a_syntax_error_has_line_column_and_the_line() {
    let (kind, message) = refusal(b"[data]\npath = 'x'\nlabel = \n");
    assert_eq!(kind, ConfigErrorKind::Config);
    assert_eq!(
        message,
        "c.toml:3:9: string values must be quoted, expected literal string\n  3 | label = \n              ^"
    );
}

#[test]
fn problems_come_all_at_once_in_the_order_of_the_file() {
    let text = "\
[data]
path = 'd.csv'

[[layers]]
type = 'affine'
units = 4

[[layers]]
type = 'batch_norm'
eps = -1
momentum = 0.9

[[layers]]
type = 'rellu'

[optimizer]
type = 'adam'
learning_rate = -0.1

[training]
batch_size = 'all'
";
    assert_eq!(
        problems(text, &["training.epochs=0"]),
        [
            "data (line 1): missing key `label`, a column name, or an index from 0 (-1 is the last): the \
             column with the class (or `target`, for values)",
            "layers[1].eps (batch_norm, line 10): -1 is not allowed; it must be finite and greater than 0",
            "layers[1] (batch_norm, line 11): unknown key `momentum`; libraries disagree on what `momentum` \
             means here, so it is called `running_update` (PyTorch's momentum m is running_update = m, \
             Keras' momentum m is running_update = 1 - m)",
            &format!(
                "layers[2].type (rellu, line 14): 'rellu' is not allowed; it must be {}; did you mean \"relu\"?",
                layers()
            ),
            "optimizer.learning_rate (line 18): -0.1 is not allowed; it must be finite and greater than 0",
            "training.batch_size (line 21): 'all' is a string; it must be an integer, from 1 to 1000000000",
            "--set training.epochs=0: 0 is not allowed; it must be from 1 to 1000000000",
        ]
    );
}

#[test]
fn user_text_is_escaped_and_shortened() {
    let long = "x".repeat(1000);
    let text = format!("{}\"\\u001b[2J{long}\" = 1\n", super::SHORT);
    let [problem] = &problems(&text, &[])[..] else { panic!("one problem") };
    assert_eq!(
        problem,
        &format!(
            "optimizer (line 10): unknown key `\\u{{1b}}[2J{}...`; known keys: learning_rate, momentum, \
             nesterov, l2",
            "x".repeat(48)
        )
    );
}

#[test]
fn an_invalid_grid_key_is_escaped_and_shortened() {
    let text = format!("{}[compare.grid]\n\"\\u001b{}\" = [1]\n", super::SHORT, "x".repeat(1000));
    let [problem] = &problems(&text, &[])[..] else { panic!("one problem") };
    let place = format!("compare.grid.\\u{{1b}}{}... (line 11): this is not a key;", "x".repeat(98));
    assert!(problem.starts_with(&place), "{problem}");
}

#[test]
fn at_most_fifty_problems_are_shown() {
    let text = format!("{}{}", "[[layers]]\ntype = 'affine'\nx = 1\n".repeat(300), super::SHORT);
    let message = at_home(&text, &[]).expect_err("every layer has an unknown key").to_string();
    assert_eq!(message.lines().count(), 52);
    assert_eq!(message.lines().last(), Some("  and 251 more"));
}

/// On the stack that the main thread of a program has, which is the one that reads configs; a test has a
/// quarter of it, and the frames of a build without optimisation are several times as large.
#[test]
fn nesting_does_not_overflow_the_stack() {
    let dotted = "a.".repeat(70);
    let inner = format!("{{{dotted}a=").repeat(75);
    let texts = [
        "[".repeat(200_000),
        format!("a = {}", "[".repeat(200_000)),
        format!("a = {}", "{a=".repeat(100_000)),
        format!("{}a = 1", "a.".repeat(100_000)),
        // As deep as the parser lets through.
        format!("[{dotted}x]\n{dotted}a = {inner}1{}", "}".repeat(75)),
        format!("[compare.grid]\n{dotted}a = {inner}1{}", "}".repeat(75)),
    ];
    let main_thread = std::thread::Builder::new().stack_size(8 << 20);
    let refuse_all = move || {
        for text in &texts {
            let error = at_home(text, &[]).expect_err("this is not a config");
            assert!(error.to_string().len() < 4000, "{error}");
        }
    };
    main_thread.spawn(refuse_all).expect("a thread").join().expect("no overflow");
}

#[test]
fn a_network_above_the_size_limit_is_refused_before_anything_is_allocated() {
    for (hidden, needs) in
        [("65536, 65536", "51546685484"), ("9223372036854775807, 9223372036854775807", "more than 10^30")]
    {
        let error = at_home(super::SHORT, &[&format!("model.hidden=[{hidden}]")]).expect_err("too large");
        assert_eq!(error.kind(), ConfigErrorKind::Limit);
        let message = format!("the network needs {needs} bytes, limit 4294967296; use fewer units");
        assert!(error.to_string().ends_with(&message), "{error}");
    }
}

#[test]
fn the_size_is_checked_again_when_the_data_are_known() {
    let plan = plan(super::SHORT, &["training.batch_size=1000000"]);
    assert!(plan.check_size(1000, 4, 3).is_ok());
    let error = plan.check_size(1000, 1 << 30, 3).expect_err("a wide file");
    assert_eq!(error.kind(), ConfigErrorKind::Limit);
    // Rows count up to the batch, and a batch has no more rows than there are.
    assert!(plan.check_size(1_000_000, 1000, 3).is_ok());
    assert!(plan.check_size(2_000_000, 1000, 3).is_err());
    assert!(plan.check_memory(1000, 4, 3).is_ok());
    // More than any address space.
    let error = plan.check_memory(1000, 1 << 60, 3).expect_err("there is not as much");
    assert!(error.kind() == ConfigErrorKind::Limit && error.to_string().contains(" of memory, "), "{error}");
}
