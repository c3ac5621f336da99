//! The macros that declare settings.

/// A [`Range`]: `0.0..1.0`, `1..=9`, `1..`; `> 0.0` and `> 0.0..1.0` exclude the lower end.
macro_rules! range {
    (> $low:literal) => { $crate::settings::range!(@ Excluded($low), Unbounded) };
    (> $low:literal .. $high:literal) => { $crate::settings::range!(@ Excluded($low), Excluded($high)) };
    (> $low:literal ..= $high:literal) => { $crate::settings::range!(@ Excluded($low), Included($high)) };
    ($low:literal ..) => { $crate::settings::range!(@ Included($low), Unbounded) };
    ($low:literal .. $high:literal) => { $crate::settings::range!(@ Included($low), Excluded($high)) };
    ($low:literal ..= $high:literal) => { $crate::settings::range!(@ Included($low), Included($high)) };
    (@ $low:ident $(($from:literal))?, $high:ident $(($to:literal))?) => {
        $crate::settings::Range {
            low: std::ops::Bound::$low $(($from as f64))?,
            high: std::ops::Bound::$high $(($to as f64))?,
        }
    };
}
pub(crate) use range;

/// A table with one required key that is written on one line, such as `{ normal = 0.1 }`.
macro_rules! inline_table {
    ($written:literal: $(#[doc = $doc:literal])+ $key:ident: $allowed:expr) => {
        $crate::settings::Allowed::Table(&$crate::settings::Section {
            inline: Some($written),
            default_type: None,
            types: &[$crate::settings::SectionType {
                name: "",
                doc: $crate::settings::Doc(&[]),
                keys: &[$crate::settings::Setting {
                    name: stringify!($key),
                    allowed: $allowed,
                    default: $crate::settings::DefaultValue::Required,
                    doc: $crate::settings::Doc(&[$($doc),+]),
                }],
            }],
        })
    };
}
pub(crate) use inline_table;

/// Declares a table of settings as a struct, the tables of each `type` as an enum of such structs, or
/// words to choose from as an enum.
///
/// ```text
/// settings! {
///     /// Stochastic gradient descent.
///     pub struct Sgd {
///         /// Step size before the schedule.
///         learning_rate: f64 = 0.01, range(> 0.0);       // the default, and what is allowed
///         /// Largest norm of the gradient.
///         clip_norm: Option<f64>, absent("no clipping"), range(> 0.0);
///         /// CSV file.
///         path: PathBuf;                                  // no default: required
///         /// Names of the columns.
///         names: Vec<String> = vec![], is(Allowed::non_empty_list(&NAME));
///     }
/// }
/// settings! {
///     /// How the weights are updated.
///     pub enum OptimizerSpec { Sgd(Sgd) = "sgd"; Adam(Adam) = "adam"; }
/// }
/// settings! {
///     /// The precision of all arithmetic.
///     pub enum Dtype {
///         /// Single.
///         F32 = "f32";
///     }
/// }
/// ```
///
/// The first paragraph of each doc comment is part of the config reference.
macro_rules! settings {
    (
        $(#[doc = $doc:literal])+
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $key_doc:literal])+
                $field:ident $(as $key:literal)?: $type:ty
                    $(= $default:expr)? $(, absent($absent:literal))? $(, range($($range:tt)+))? $(, is($allowed:expr))?;
            )*
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        $vis struct $name {
            $(
                $(#[doc = $key_doc])+
                #[doc = ""]
                $(#[doc = concat!("Default: `", stringify!($default), "`.")])?
                $(
                    #[doc = concat!("If absent: ", $absent, ".")]
                    #[serde(skip_serializing_if = "crate::settings::is_absent")]
                )?
                $(#[doc = concat!("Range: `", stringify!($($range)+), "`.")])?
                $(#[serde(rename = $key)])?
                $vis $field: $type,
            )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $crate::settings::settings!(@default $($default)?),)* }
            }
        }

        impl $name {
            /// Its settings.
            pub(crate) const KEYS: $crate::settings::SectionType = $crate::settings::SectionType {
                name: "",
                doc: $crate::settings::Doc(&[$($doc),+]),
                keys: &[$($crate::settings::Setting {
                    name: $crate::settings::settings!(@name $field $($key)?),
                    allowed: $crate::settings::settings!(@allowed [$type] [$($($range)+)?] [$($allowed)?]),
                    default: $crate::settings::settings!(@absence [$($default)?] [$($absent)?]),
                    doc: $crate::settings::Doc(&[$($key_doc),+]),
                },)*],
            };
        }

        impl $crate::settings::Configurable for $name {
            const ALLOWED: $crate::settings::Allowed = $crate::settings::Allowed::Table(
                &$crate::settings::Section { inline: None, default_type: None, types: &[Self::KEYS] },
            );
        }
    };

    (
        $(#[doc = $doc:literal])+
        $vis:vis enum $name:ident $(, type defaults to $default:literal)? {
            $($variant:ident($spec:ident) = $type:literal;)+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "type")]
        #[non_exhaustive]
        $vis enum $name {
            $(
                #[doc = concat!("`", $type, "`, see [`", stringify!($spec), "`].")]
                #[serde(rename = $type)]
                $variant($spec),
            )+
        }

        impl $name {
            /// The `type` in a config.
            $vis fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $type,)+
                }
            }

            /// One of each type, with its defaults.
            $vis fn every_kind() -> Vec<Self> {
                vec![$(Self::$variant($spec::default()),)+]
            }
        }

        $(impl From<$spec> for $name {
            fn from(spec: $spec) -> Self {
                Self::$variant(spec)
            }
        })+

        impl $crate::settings::Configurable for $name {
            const ALLOWED: $crate::settings::Allowed =
                $crate::settings::Allowed::Table(&$crate::settings::Section {
                    inline: None,
                    default_type: $crate::settings::settings!(@option $($default)?),
                    types: &[$($crate::settings::SectionType { name: $type, ..$spec::KEYS }),+],
                });
        }
    };

    (
        $(#[doc = $doc:literal])+
        $vis:vis enum $name:ident {
            $($(#[doc = $variant_doc:literal])+ $variant:ident = $word:literal;)+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[non_exhaustive]
        $vis enum $name {
            $($(#[doc = $variant_doc])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them.
            $vis const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word in a config.
            $vis fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl $crate::settings::Configurable for $name {
            const ALLOWED: $crate::settings::Allowed = $crate::settings::Allowed::Choice(&[$($word),+]);
        }
    };

    (@default) => { Default::default() };
    (@default $default:expr) => { $default };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $key:literal) => { $key };
    (@allowed [$type:ty] [] []) => { <$type as $crate::settings::Configurable>::ALLOWED };
    (@allowed [$type:ty] [$($range:tt)+] []) => {
        <$type as $crate::settings::Configurable>::ALLOWED.within($crate::settings::range!($($range)+))
    };
    (@allowed [$type:ty] [] [$allowed:expr]) => { $allowed };
    (@absence [] []) => { $crate::settings::DefaultValue::Required };
    (@absence [$default:expr] []) => { $crate::settings::DefaultValue::Value };
    (@absence [$($default:expr)?] [$absent:literal]) => { $crate::settings::DefaultValue::Absent($absent) };
    (@option) => { None };
    (@option $some:literal) => { Some($some) };
}
pub(crate) use settings;
