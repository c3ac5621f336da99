//! Every way in which data can be wrong, with its message: the value, what is allowed, what to do.

use std::io;
use std::path::PathBuf;

use crate::data::dates::date_format::DateFormat;
use crate::data::error::phrases::{
    Advice, ManyTexts, NonRegularFile, OtherColumns, also_missing, converter, did_you_mean, in_all,
    may_be_value, names_missing, no_match, not_a_date, same_number, spelled, tells_rows_apart,
};
use crate::data::limits::{MAX_BLANK_LINES, MAX_CATEGORIES, MAX_CLASSES, MAX_COLUMNS};
use crate::data::schema::look_alikes::looks_like;
use crate::data::schema::problem::ColumnProblem;
use crate::data::source::file_signature::FileSignature;
use crate::data::source::paths::{INPUT_AMONG_FILES, MAX_FILES};
use crate::data::spec_check::SpecProblem;
use crate::data::split::problem::SplitProblem;
use crate::data::table::byte_size::Bytes;
use crate::text::{Count, DisplayPath, Quoted, QuotedNames, toml_text};

/// What is wrong; the place is added by [`DataError`](crate::data::DataError).
#[derive(Debug, thiserror::Error)]
pub(crate) enum ErrorKind {
    // The config does not fit the columns.
    #[error("{0}")]
    Spec(SpecProblem),
    #[error(transparent)]
    Split(#[from] SplitProblem),
    #[error(transparent)]
    Column(#[from] ColumnProblem),
    #[error("data.column_names has {names} names, but there are {found} columns")]
    NamesForColumns { names: usize, found: usize },
    #[error(
        "training.class_weights names {}, which is not a class; the classes are {}",
        Quoted(.class),
        QuotedNames(.classes)
    )]
    UnknownClass { class: String, classes: Vec<String> },
    #[error("no training row has a weight greater than 0")]
    NoRowCounts,
    #[error("no row has a weight greater than 0")]
    NoRowCountsHere,
    #[error("no feature column is left besides {} and the columns under data.ignore", QuotedNames(.0))]
    NoFeatures(Vec<String>),

    // The file cannot be read.
    #[error("not found")]
    NotFound,
    #[error(
        "not found; the path has a control character, as which TOML reads `\\n` or `\\t` in double quotes: write it \
         in single quotes"
    )]
    NotFoundEscaped,
    #[error("is {0}")]
    NotAFile(NonRegularFile),
    #[error("is a directory, not a regular file; to read the files in it, give a pattern: {}", DisplayPath(.pattern))]
    Directory { pattern: PathBuf },
    #[error("no file matches this pattern; {}", no_match(.folder, .names.as_deref()))]
    NoMatch { folder: PathBuf, names: Option<Vec<String>> },
    #[error(
        "not a pattern: {0}; * is any text, ** any directories, ? one character, [a-c] one of several, and [*], [?] \
         and [[] are these characters"
    )]
    Pattern(&'static str),
    #[error("is there twice, so that its rows would count twice; name it once")]
    FileTwice,
    #[error("is the same file as {}, so that its rows would count twice; name it once", DisplayPath(.0))]
    SameFile(PathBuf),
    #[error("{INPUT_AMONG_FILES}")]
    InputAmongFiles,
    #[error("more than {MAX_FILES} files, which is the limit")]
    TooManyFiles,
    #[error("cannot be read: {0}")]
    Read(io::Error),

    #[error("changed while it was read; try again when nothing writes to it")]
    Changed,

    // The file is too large.
    #[error("has {needs} bytes, limit {limit}; use fewer rows or columns")]
    TooLarge { needs: u64, limit: u64 },
    #[error("has more than {limit} bytes when decompressed, limit {limit}; use fewer rows or columns")]
    TooLargeUnpacked { limit: u64 },
    #[error(
        "more than {limit} bytes, which is the limit for standard input; save it to a file, or raise \
         data.memory"
    )]
    TooLargeSpooled { limit: u64 },
    #[error(
        "needs {needs} bytes for {} of {}, limit {limit}; use fewer of them",
        Count(*.rows, "row"),
        Count(*.features, "feature")
    )]
    TooManyCells { needs: u64, rows: usize, features: usize, limit: u64 },
    #[error("its rows exceed data.memory = \"{memory}\"; save it to a file, or raise data.memory")]
    TooManyRows { memory: Bytes },
    #[error(
        "its rows exceed data.memory = \"{memory}\", and the temporary file for them in {} cannot be written: {error}; \
         make room there, or raise data.memory",
        DisplayPath(.folder)
    )]
    SpillFailed { memory: Bytes, folder: PathBuf, error: io::Error },
    #[error(
        "its distinct values need more than {limit} bytes, which is the limit; use fewer rows or columns"
    )]
    TooManyTexts { limit: u64 },
    #[error("needs {needs} bytes of memory, which are not available; use fewer rows or columns")]
    OutOfMemory { needs: u64 },
    #[error("record longer than 1 MiB; is this a CSV file?")]
    RecordTooLong,
    #[error("record longer than 1 MiB; is the quote that opens here closed where it should be?")]
    QuotedTooLong,
    #[error("more than {MAX_BLANK_LINES} blank lines from here on, which is the limit; remove them")]
    TooManyBlankLines,
    #[error("more than {MAX_COLUMNS} columns, which is the limit")]
    TooManyColumns,

    // The file is not text, or its records are not well-formed.
    #[error("empty")]
    Empty,
    #[error("the {0} data are damaged: {1}")]
    Unpack(&'static str, io::Error),
    #[error("{0}")]
    NotCsv(FileSignature),
    #[error(
        "not UTF-8: byte 0x{byte:02X} at byte {offset} of the file; save it as UTF-8{}",
        converter(*.guess)
    )]
    NotUtf8 { byte: u8, offset: usize, guess: Option<&'static str> },
    #[error("NUL byte; is this a text file, in UTF-8?")]
    Nul,
    #[error("the quote that opens here is never closed")]
    OpenQuote,
    #[error(
        "quote inside an unquoted field; put quotes around the whole field, right next to its delimiters, \
         and double those inside (if quotes are plain characters here, set `quote = \"\"` in [data])"
    )]
    StrayQuote,
    #[error(
        "characters after the closing quote of the field that opened in line {opened_in}; a quote inside a \
         quoted field must be doubled"
    )]
    AfterQuote { opened_in: u64 },
    #[error("blank line; remove it (only the end of the file may have blank lines)")]
    BlankLine,
    #[error(
        "the line starts with #; set `comment = \"\"` in [data] if the # belongs to the first cell, or `comment = \
         \"#\"` to skip all such lines"
    )]
    Comment,

    // The records do not make a table.
    #[error("1 column found; is the delimiter {0:?}? set data.delimiter")]
    OtherDelimiter(char),
    #[error(
        "{} with {usual:?}, and {with_other} with {other:?}; is the delimiter {other:?}? set \
         data.delimiter to the \
         one that is right",
        Count(*.found, "column")
    )]
    LikelierDelimiter { usual: char, found: usize, other: char, with_other: usize },
    #[error(
        "1 column found; its fields look separated by {0:?}, and those of the training file were not: \
         convert the file"
    )]
    DelimiterOfNoModel(char),
    #[error(
        "the line `sep={0}` is for Excel; set skip_rows = {line} and delimiter = \"{0}\" in [data]",
        .delimiter.escape_debug()
    )]
    SepLine { delimiter: char, line: u64 },
    #[error(
        "1 column found here, and {width} from line {} on; set skip_rows = {lines} in [data], which skips the lines \
         before{}",
        .lines + 1,
        .delimiter.map_or(String::new(), |delimiter| format!(", and delimiter = {delimiter:?}"))
    )]
    LinesBefore { lines: usize, width: usize, delimiter: Option<char> },
    #[error("the table seems to begin in line {0}, and earlier in the first file; remove the lines above it")]
    LaterStart(u64),
    #[error("1 column found; a label and at least one feature are needed")]
    OneColumn,
    #[error("expected {} as in line {first_line}, found {found}{hint}", Count(*.expected, "field"))]
    Ragged { expected: usize, found: usize, first_line: u64, hint: &'static str },
    #[error(
        "{} is not a part of the split; use train, valid (or validation) or test",
        Quoted(.0)
    )]
    NotAPart(String),
    #[error("no training rows: column {} never says \"train\"", Quoted(.0))]
    NoTrainRows(String),
    #[error(
        "{} cannot be put in order, as data.split_by asks for; use numbers, or dates and times such as 2024-01-31 or \
         2024-01-31 23:59:59",
        Quoted(.0)
    )]
    NotInOrder(String),
    #[error("more than 4294967295 groups or keys")]
    TooManyKeys,
    #[error("no data rows")]
    NoRows,
    #[error("data.skip_rows = {skip_rows} leaves out the whole file, which has {}", Count(*.lines, "line"))]
    NoLineLeft { skip_rows: usize, lines: usize },
    #[error("only 1 row; at least 2 are needed to train on")]
    OneRow,
    #[error(
        "the header line has numbers for names; if the file has no header, set `header = false` in [data], \
         else give the label by its name"
    )]
    HeaderOfNumbers,
    #[error(
        "column name {} at index {first} and again at index {second}; rename one, or put its index under \
         data.ignore (if the file has no header, set `header = false` in [data])",
        Quoted(.name)
    )]
    DuplicateName { name: String, first: usize, second: usize },
    #[error("the column at index {0} has no name; name it, or put {0} under data.ignore")]
    EmptyName(usize),
    #[error("{found} columns where the training file has {expected}")]
    OtherWidth { expected: usize, found: usize },
    #[error("{0}")]
    OtherColumns(OtherColumns),
    #[error("{found} columns where {} has {expected}", DisplayPath(.first_file))]
    OtherWidthHere { expected: usize, found: usize, first_file: PathBuf },
    #[error("no data rows in any of its {0} files")]
    NoRowsAnywhere(usize),

    #[error("column {} has no values; put it under data.ignore", Quoted(.0))]
    NoValues(String),
    #[error(
        "the cells of column {} are in single quotes; set `quote = \"'\"` in [data] if they are quotes, or its type \
         to \"categorical\" in [data.columns] if they belong to the values",
        Quoted(.0)
    )]
    QuotedCells(String),
    #[error("{}", tells_rows_apart(.many, *.rows))]
    TellsRowsApart { many: Vec<ManyTexts>, rows: usize },
    #[error(
        "the categorical column {} has more than {MAX_CATEGORIES} categories, which is the limit; put it \
         under \
         data.ignore",
        Quoted(.0)
    )]
    TooManyCategories(String),
    #[error("all {0} rows have a missing value; none is left")]
    AllDropped(usize),

    // A cell cannot be used.
    #[error(
        "missing value{}; {}fill it in, or set `missing` in [data] (or for this column in [data.columns]) to \
         \"median\", \"mean\", \"most_frequent\" or {{ constant = .. }}, which replace it, or to \"drop_row\", \
         which leaves the row out{}",
        spelled(.text),
        may_be_value(.text),
        also_missing(.columns)
    )]
    MissingValue {
        text: String,
        /// Those with missing values, and how many, where that was counted.
        columns: Vec<(String, usize)>,
    },
    #[error("negative weight {}; use 0 to ignore a row", Quoted(.0))]
    NegativeWeight(String),
    #[error("the target {} is the same in all training rows; there is nothing to learn", Quoted(.0))]
    ConstantTarget(String),
    #[error("{} is not a boolean; {advice}", Quoted(.text))]
    NotBoolean { text: String, advice: Advice },
    #[error("{}", not_a_date(.text, .format, .advice))]
    NotADate { text: String, format: DateFormat, advice: Advice },
    #[error(
        "missing value{}; {}fill it in, or set missing = \"drop_row\" for this column in [data.columns], which leaves \
         the row out{}",
        spelled(.text),
        may_be_value(.text),
        in_all(*.rows)
    )]
    Missing {
        text: String,
        /// The number of such rows, where that was counted.
        rows: usize,
    },
    #[error("{} is not finite; only finite numbers can be trained on (if it means a missing value, put it \
     under \
         data.missing_markers)", Quoted(.0))]
    NotFinite(String),
    #[error("{} is outside f32 range; at most 3.4028235e38 is allowed, positive or negative", Quoted(.0))]
    OutOfRange(String),
    #[error("{} is not a number: {advice}", Quoted(.text))]
    NotANumber { text: String, advice: Advice },
    #[error(
        "the label {} is a number with decimals; to learn values instead of classes, set data.target in \
         place \
         of data.label",
        Quoted(.0)
    )]
    Regression(String),
    #[error("{}", same_number(.0, .1))]
    SameNumber(String, String),
    #[error("only one class, {}, in {}; at least 2 are needed", Quoted(.class), Count(*.rows, "row"))]
    OneClass { class: String, rows: usize },
    #[error("{0} distinct values in {0} rows; is this the label column? each class needs several rows")]
    OwnClasses(usize),
    #[error("more than {MAX_CLASSES} distinct values; is this the label column?")]
    TooManyClasses,
    #[error(
        "class {} does not occur in the training file; its classes are {}{}",
        Quoted(.class),
        QuotedNames(.known),
        looks_like(.class, .known, |class, known| format!("set label_names = {{ {} = {} }} in [data]", toml_text(class), toml_text(known)))
    )]
    UnseenClass { class: String, known: Vec<String> },
    #[error(
        "feature {}: {value:?} in data row {row} becomes {scaled:.3e} when scaled, which is outside \
         {dtype} range",
        Quoted(.feature)
    )]
    ScaledOutOfRange { feature: String, row: usize, value: f64, scaled: f64, dtype: &'static str },

    // A file does not fit what a network was trained on.
    #[error(
        "missing {}, which {needed_by} needs{} the columns of the file are {}{}",
        QuotedNames(.missing),
        did_you_mean(.near),
        QuotedNames(.found),
        names_missing(.missing, .found, *.skipped)
    )]
    MissingColumns {
        needed_by: &'static str,
        missing: Vec<String>,
        /// Columns that the model does not know, spelt like them.
        near: Vec<String>,
        found: Vec<String>,
        /// Lines above its names that were skipped because the training file had them.
        skipped: usize,
    },
    #[error("column {} at index {first} and again at index {second}; rename or remove one", Quoted(.name))]
    ColumnTwice { name: String, first: usize, second: usize },
    #[error(
        "missing value{}; the model was trained without imputation for this column: fill it in",
        spelled(.0)
    )]
    NothingToFillIn(String),
    #[error(
        "{} is not a class of the model; its classes are {}{}",
        Quoted(.class),
        QuotedNames(.known),
        looks_like(.class, .known, |class, known| format!("use --label-name '{class}={known}'"))
    )]
    ForeignClass { class: String, known: Vec<String> },
    #[error("missing label or target{}", spelled(.0))]
    MissingAnswer(String),
    #[error("comment line; the training file had none: remove it")]
    CommentOfNoModel,
    #[error("none of {} can be evaluated; the first, {place}: {first}", Count(*.rows as usize, "row"))]
    NothingToEvaluate { rows: u64, place: String, first: String },
    #[error("{value:?} is so far from the training rows that it is outside {dtype} range when scaled")]
    ScaledTooFar { value: f64, dtype: &'static str },
    #[error("the outputs of the network are not finite; are the values far from those of the training rows?")]
    ScoresNotFinite,
}
