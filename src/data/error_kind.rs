//! Every way in which data can be wrong, with its message.

use std::io;
use std::path::PathBuf;

use crate::data::error::DataErrorKind;
use crate::data::limits::{MAX_BLANK_LINES, MAX_CATEGORIES, MAX_CLASSES, MAX_COLUMNS};
use crate::data::phrases::{
    ManyTexts, also_missing, constant_of, converter, did_you_mean, differences, instead, name_of, spelled,
    tells_rows_apart,
};
use crate::data::schema::column::{Kind, Role, role_name};
use crate::data::spec::ColumnRef;
use crate::data::table::byte_size::Bytes;
use crate::text::{Count, DisplayPath, Quoted, QuotedNames};

/// What is wrong; the place is added by [`DataError`](crate::data::DataError).
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    // The config asks for what is not there.
    #[error(
        "data.delimiter = {0:?} cannot separate fields; use one ASCII character that is no letter, no digit \
         and none of + - . # \" and the line ends"
    )]
    Delimiter(char),
    #[error(
        "data.{key} = {char:?} cannot be used; use one ASCII punctuation character other than + - . and \
         leave it empty for none"
    )]
    Mark { key: &'static str, char: char },
    #[error("data.{key} and data.{other} are both {char:?}; they must differ")]
    SameMark { key: &'static str, other: &'static str, char: char },
    #[error("data.column_names is for files without header; set `header = false` in [data], or take it out")]
    NamesTwice,
    #[error("data.column_names has {names} names, but there are {found} columns")]
    NamesForColumns { names: usize, found: usize },
    #[error("data.{key} = {share} is not allowed; it must be at least 0 and less than 1")]
    Share { key: &'static str, share: f64 },
    #[error(
        "data.valid = {valid} and data.test = {test} leave no row to train on; their sum must be less than 1"
    )]
    Shares { valid: f64, test: f64 },
    #[error("data.{key} and data.{key}_path are both set; use one of them")]
    ShareAndFile { key: &'static str },
    #[error("data.{key} = {wanted}: there is no such column{hint}")]
    NoSuchColumn { key: &'static str, wanted: ColumnRef, hint: String },
    #[error("the column {} is to be learnt and also in data.ignore; take it out of one of them", Quoted(.0))]
    LearntIgnored(String),
    #[error("nothing to learn; set data.label, or data.target for values")]
    NothingToLearn,
    #[error("the columns {} and {} are both the {}; only one can be", Quoted(.1), Quoted(.2), role_name(*.0))]
    TwoOfARole(Role, String, String),
    #[error(
        "the column {} is the label and {} a target; learn classes or values, not both",
        Quoted(.label),
        Quoted(.target)
    )]
    LabelAndTarget { label: String, target: String },
    #[error(
        "the column {} has one role in [data] and another in [data.columns]; take it out of one of them",
        Quoted(.0)
    )]
    TwoRoles(String),
    #[error(
        "data.columns.{}: `missing` and `indicator` are for features, and the column is none (but a label, \
         target or weight can have missing = \"drop_row\")",
        Quoted(.0)
    )]
    GapsOfNoFeature(String),
    #[error(
        "data.columns.{}: the constant for missing values must be {} in a {} column",
        Quoted(.column),
        constant_of(*.kind),
        name_of(*.kind)
    )]
    ConstantOfOtherKind { column: String, kind: Kind },
    #[error(
        "the column {} says which rows are held back, so data.valid, data.test, data.split_by and a group column \
         must not",
        Quoted(.0)
    )]
    SplitTwice(String),
    #[error("the column {} says which rows are held back; take out data.{key}, or ignore the column", Quoted(.column))]
    SplitAndFile { column: String, key: &'static str },
    #[error(
        "data.split_by: rows of a group of {} could come apart; hash the group column alone",
        Quoted(.0)
    )]
    GroupAndHash(String),
    #[error("data.split_by: {} is to be learnt; rows must not be held back by what is to be learnt", Quoted(.0))]
    KeyIsLearnt(String),
    #[error(
        "{} cannot be divided among {parts} parts, as rows of a group stay together",
        Count(*.groups, "group")
    )]
    TooFewGroups { groups: usize, parts: usize },
    #[error(
        "data.{key} = {share} leaves 0 rows for it, by the hash of their keys; use a larger share or more rows"
    )]
    NoRowOfKeys { key: &'static str, share: f64 },
    #[error("by the hash of their keys no row is left to train on; use smaller shares or more rows")]
    NoTrainRowOfKeys,
    #[error(
        "training.class_weights names {}, which is no class; the classes are {}",
        Quoted(.class),
        QuotedNames(.classes)
    )]
    UnknownClass { class: String, classes: Vec<String> },
    #[error("no training row has a weight greater than 0")]
    NoRowCounts,
    #[error("no row has a weight greater than 0")]
    NoRowCountsHere,
    #[error("no {0} row has a weight greater than 0")]
    NoHeldBackRowCounts(&'static str),
    #[error("no feature column is left beside {} and the columns under data.ignore", QuotedNames(.0))]
    NoFeatures(Vec<String>),
    #[error(
        "data.{key} = {share} of {} leaves 0 rows for it, since every class keeps a row to train on; \
         use a larger share or more rows",
        Count(*.rows, "row")
    )]
    EmptySplit { key: &'static str, share: f64, rows: usize },

    // The file cannot be read.
    #[error("not found")]
    NotFound,
    #[error("is {}; a regular file is needed{}", .0, instead(.0))]
    NotAFile(&'static str),
    #[error("cannot be read: {0}")]
    Read(io::Error),

    // The file is too large.
    #[error("has {needs} bytes, limit {limit}; use fewer rows or columns")]
    TooLarge { needs: u64, limit: u64 },
    #[error("has more than {limit} bytes when decompressed, limit {limit}; use fewer rows or columns")]
    TooLargeUnpacked { limit: u64 },
    #[error(
        "more than {limit} bytes, which is the limit for standard input; save it to a file, or raise data.memory"
    )]
    TooLargeSpooled { limit: u64 },
    #[error(
        "needs {needs} bytes for {} of {}, limit {limit}; use fewer of them",
        Count(*.rows, "row"),
        Count(*.features, "feature")
    )]
    TooManyCells { needs: u64, rows: usize, features: usize, limit: u64 },
    #[error("its rows need more than data.memory = \"{memory}\"; save it to a file, or raise data.memory")]
    TooManyRows { memory: Bytes },
    #[error(
        "its rows need more than data.memory = \"{memory}\", and {} cannot be written for them: {error}; make \
         that possible, or raise data.memory",
        DisplayPath(.path)
    )]
    CacheNotWritten { memory: Bytes, path: PathBuf, error: io::Error },
    #[error(
        "its rows need more than data.memory = \"{memory}\", and {} has the name of the file for them but was not \
         written by bntrain; rename or delete it, or raise data.memory",
        DisplayPath(.path)
    )]
    CacheForeign { memory: Bytes, path: PathBuf },
    #[error("{} was changed while it was in use", DisplayPath(.0))]
    CacheLost(PathBuf),
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
    #[error("not UTF-8 but {0}")]
    Disguised(&'static str),
    #[error("not UTF-8: byte 0x{byte:02X} at byte {offset} of the file; save it as UTF-8{}", converter(*.guess))]
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
    #[error("blank line; remove it, as only the end of the file may have some")]
    BlankLine,
    #[error(
        "comment line; set `comment = \"#\"` in [data] to skip such lines, or `comment = \"\"` if the # \
         belongs to the first field"
    )]
    Comment,

    // The table is not one.
    #[error("1 column found; is the delimiter {0:?}? set data.delimiter")]
    OtherDelimiter(char),
    #[error(
        "{} with {usual:?}, and {with_other} with {other:?}; is the delimiter {other:?}? set data.delimiter to the \
         one that is right",
        Count(*.found, "column")
    )]
    LikelierDelimiter { usual: char, found: usize, other: char, with_other: usize },
    #[error(
        "1 column found; its fields look separated by {0:?}, and those of the training file were not: \
         convert the file"
    )]
    DelimiterOfNoModel(char),
    #[error("1 column found; a label and at least one feature are needed")]
    OneColumn,
    #[error("expected {} as in line {first_line}, found {found}{hint}", Count(*.expected, "field"))]
    Ragged { expected: usize, found: usize, first_line: u64, hint: &'static str },
    #[error(
        "{} names no part; it must be train, valid (or validation) or test",
        Quoted(.0)
    )]
    NotAPart(String),
    #[error("no row to train on: the column {} says \"train\" nowhere", Quoted(.0))]
    NoTrainRows(String),
    #[error("more than 4294967295 groups or keys")]
    TooManyKeys,
    #[error("no data rows")]
    NoRows,
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
    #[error("{}; {kind} needs the columns of the training file", differences(.missing, .extra))]
    OtherColumns { kind: &'static str, missing: Vec<String>, extra: Vec<String> },
    #[error("{found} columns where the training file has {expected}")]
    OtherWidth { expected: usize, found: usize },

    #[error("the column {} has no value to learn from; put it under data.ignore", Quoted(.0))]
    NoValues(String),
    #[error("{}", tells_rows_apart(.many, *.rows))]
    TellsRowsApart { many: Vec<ManyTexts>, rows: usize },
    #[error(
        "the categorical column {} has more than {MAX_CATEGORIES} categories, which is the limit; put it under \
         data.ignore",
        Quoted(.0)
    )]
    TooManyCategories(String),
    #[error("every row has a missing value, so that none of {0} is left")]
    AllDropped(usize),

    // A cell cannot be used.
    #[error(
        "missing value{}; fill it in, or set `missing` in [data] (or for this column in [data.columns]) to \
         \"median\", \"mean\", \"most_frequent\", \"drop_row\" or {{ constant = .. }}{}",
        spelled(.text),
        also_missing(.columns)
    )]
    MissingValue {
        text: String,
        /// Those with missing values, and how many, where that was counted.
        columns: Vec<(String, usize)>,
    },
    #[error("the weight {} is negative; 0 leaves a row without effect", Quoted(.0))]
    NegativeWeight(String),
    #[error("the target {} is the same in all training rows; there is nothing to learn", Quoted(.0))]
    ConstantTarget(String),
    #[error("{} is neither true nor false, yes nor no, t nor f, y nor n, 1 nor 0", Quoted(.0))]
    NotBoolean(String),
    #[error(
        "missing value{}; fill it in, remove the row, or set missing = \"drop_row\" for this column in \
         [data.columns]",
        spelled(.0)
    )]
    Missing(String),
    #[error("{} is not finite; only finite numbers can be trained on (if it means a missing value, put it under \
         data.missing_markers)", Quoted(.0))]
    NotFinite(String),
    #[error("{} is outside f32 range; at most 3.4028235e38 is allowed, positive or negative", Quoted(.0))]
    OutOfRange(String),
    #[error("{} is not a number: {why}", Quoted(.text))]
    NotANumber { text: String, why: &'static str },
    #[error(
        "the label {} is a number with decimals; to learn values instead of classes, set data.target in place \
         of data.label",
        Quoted(.0)
    )]
    Regression(String),
    #[error("classes {} and {} are the same number in two spellings; use one", Quoted(.0), Quoted(.1))]
    SameNumber(String, String),
    #[error("only one class, {}, in {}; at least 2 are needed", Quoted(.class), Count(*.rows, "row"))]
    OneClass { class: String, rows: usize },
    #[error("{0} distinct values in {0} rows; is this the label column? each class needs several rows")]
    OwnClasses(usize),
    #[error("more than {MAX_CLASSES} distinct values; is this the label column?")]
    TooManyClasses,
    #[error(
        "class {} does not occur in the training file; its classes are {}",
        Quoted(.class),
        QuotedNames(.known)
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
        "missing {}, which the model needs{} the columns of the file are {}",
        QuotedNames(.missing),
        did_you_mean(.near),
        QuotedNames(.found)
    )]
    MissingColumns {
        missing: Vec<String>,
        /// Columns that the model does not know, spelt like them.
        near: Vec<String>,
        found: Vec<String>,
    },
    #[error("column {} at index {first} and again at index {second}; rename or remove one", Quoted(.name))]
    ColumnTwice { name: String, first: usize, second: usize },
    #[error("missing value{}; the model knows nothing to put in its place: fill it in", spelled(.0))]
    NothingToFillIn(String),
    #[error("{} is not a class of the model; its classes are {}", Quoted(.class), QuotedNames(.known))]
    ForeignClass { class: String, known: Vec<String> },
    #[error("missing value{}, so the answer is not known", spelled(.0))]
    MissingAnswer(String),
    #[error("comment line; the training file had none: remove it")]
    CommentOfNoModel,
    #[error("none of {} can be evaluated; the first, line {line}: {first}", Count(*.rows as usize, "row"))]
    NothingToEvaluate { rows: u64, line: u64, first: String },
    #[error("{value:?} is so far from the training rows that it is outside {dtype} range when scaled")]
    ScaledTooFar { value: f64, dtype: &'static str },
    #[error("the scores of the network are not finite; are the values far from those of the training rows?")]
    ScoresNotFinite,
}

impl Fault {
    pub(crate) fn kind(&self) -> DataErrorKind {
        match self {
            Self::Delimiter(_)
            | Self::Mark { .. }
            | Self::SameMark { .. }
            | Self::NamesTwice
            | Self::NamesForColumns { .. }
            | Self::Share { .. }
            | Self::Shares { .. }
            | Self::ShareAndFile { .. }
            | Self::NoSuchColumn { .. }
            | Self::LearntIgnored(_)
            | Self::NothingToLearn
            | Self::LabelAndTarget { .. }
            | Self::TwoOfARole(..)
            | Self::SplitTwice(_)
            | Self::SplitAndFile { .. }
            | Self::GroupAndHash(_)
            | Self::KeyIsLearnt(_)
            | Self::TooFewGroups { .. }
            | Self::NoRowOfKeys { .. }
            | Self::NoTrainRowOfKeys
            | Self::TwoRoles(_)
            | Self::GapsOfNoFeature(_)
            | Self::ConstantOfOtherKind { .. }
            | Self::UnknownClass { .. }
            | Self::NoRowCounts
            | Self::NoHeldBackRowCounts(_)
            | Self::NoFeatures(_)
            | Self::EmptySplit { .. } => DataErrorKind::Config,
            Self::NotFound
            | Self::NotAFile(_)
            | Self::Read(_)
            | Self::CacheNotWritten { .. }
            | Self::CacheForeign { .. }
            | Self::CacheLost(_) => DataErrorKind::Io,
            Self::TooLarge { .. }
            | Self::TooLargeUnpacked { .. }
            | Self::TooLargeSpooled { .. }
            | Self::TooManyCells { .. }
            | Self::TooManyRows { .. }
            | Self::OutOfMemory { .. }
            | Self::RecordTooLong
            | Self::QuotedTooLong
            | Self::TooManyBlankLines
            | Self::TooManyCategories(_)
            | Self::TooManyColumns
            | Self::TooManyKeys => DataErrorKind::Limit,
            _ => DataErrorKind::Data,
        }
    }

    /// The same fault where there is no config that could be changed.
    pub(crate) fn of_prediction(self) -> Self {
        match self {
            Self::MissingValue { text, .. } | Self::Missing(text) => Self::NothingToFillIn(text),
            Self::NotANumber { text, why } if why.contains("[data") => {
                Self::NotANumber { text, why: "the model takes only numbers here" }
            }
            Self::NotFinite(text) => {
                Self::NotANumber { text, why: "the model takes only finite numbers here" }
            }
            Self::OtherDelimiter(found) => Self::DelimiterOfNoModel(found),
            Self::Comment => Self::CommentOfNoModel,
            other => other,
        }
    }

    /// Whether it is a matter of no single line.
    pub(crate) fn is_of_the_file(&self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::NoTrainRows(_)
                | Self::OneRow
                | Self::AllDropped(_)
                | Self::OneClass { .. }
                | Self::OwnClasses(_)
                | Self::TooManyCells { .. }
                | Self::TooManyRows { .. }
                | Self::CacheNotWritten { .. }
                | Self::CacheForeign { .. }
                | Self::CacheLost(_)
                | Self::OutOfMemory { .. }
                | Self::TooLarge { .. }
                | Self::TooLargeUnpacked { .. }
                | Self::TooLargeSpooled { .. }
                | Self::NamesForColumns { .. }
                | Self::Unpack(..)
                | Self::Read(_)
        )
    }

    /// Whether it is a matter of the line that names the columns.
    pub(crate) fn is_of_the_header(&self) -> bool {
        matches!(
            self,
            Self::HeaderOfNumbers
                | Self::DuplicateName { .. }
                | Self::EmptyName(_)
                | Self::ColumnTwice { .. }
                | Self::OtherColumns { .. }
                | Self::MissingColumns { .. }
        )
    }

    /// How much it explains of what else is wrong with a file: one that cannot be read to its end
    /// may have any fault before, and one in another encoding holds NUL bytes.
    pub(crate) fn weight(&self) -> u8 {
        match self {
            Self::TooLarge { .. } | Self::TooLargeUnpacked { .. } | Self::Unpack(..) | Self::Read(_) => 3,
            Self::NotUtf8 { .. } => 2,
            Self::Nul => 1,
            _ => 0,
        }
    }

    /// Whether the character of the line is worth telling.
    pub(crate) fn is_of_a_character(&self) -> bool {
        matches!(
            self,
            Self::OpenQuote
                | Self::StrayQuote
                | Self::AfterQuote { .. }
                | Self::Nul
                | Self::Ragged { .. }
                | Self::RecordTooLong
                | Self::QuotedTooLong
        )
    }
}
