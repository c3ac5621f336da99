//! The part of TensorBoard's protocol buffers that event files use.
//!
//! Field numbers are those of `event.proto`, `summary.proto`, `histogram.proto` and
//! `plugins/hparams/plugin_data.proto` at <https://github.com/tensorflow/tensorboard>.

use std::collections::BTreeMap;

use prost::{Enumeration, Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EventProto {
    #[prost(double, tag = "1")]
    pub(crate) wall_time: f64,
    #[prost(int64, tag = "2")]
    pub(crate) step: i64,
    #[prost(oneof = "What", tags = "3, 5, 7")]
    pub(crate) what: Option<What>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(SummaryProto),
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SessionLog {
    #[prost(enumeration = "SessionStatus", tag = "1")]
    pub(crate) status: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub(crate) enum SessionStatus {
    Unspecified = 0,
    Start = 1,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SummaryProto {
    #[prost(message, repeated, tag = "1")]
    pub(crate) value: Vec<SummaryValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SummaryValue {
    #[prost(string, tag = "1")]
    pub(crate) tag: String,
    #[prost(message, optional, tag = "9")]
    pub(crate) metadata: Option<SummaryMetadata>,
    #[prost(oneof = "SummaryContent", tags = "2, 5, 8")]
    pub(crate) value: Option<SummaryContent>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum SummaryContent {
    #[prost(float, tag = "2")]
    Simple(f32),
    #[prost(message, tag = "5")]
    Histogram(Histogram),
    #[prost(message, tag = "8")]
    Tensor(SummaryTensor),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Histogram {
    #[prost(double, tag = "1")]
    pub(crate) min: f64,
    #[prost(double, tag = "2")]
    pub(crate) max: f64,
    #[prost(double, tag = "3")]
    pub(crate) num: f64,
    #[prost(double, tag = "4")]
    pub(crate) sum: f64,
    #[prost(double, tag = "5")]
    pub(crate) sum_squares: f64,
    /// The upper end of each bucket, whose lower end is that of the one before.
    #[prost(double, repeated, tag = "6")]
    pub(crate) bucket_limit: Vec<f64>,
    #[prost(double, repeated, tag = "7")]
    pub(crate) bucket: Vec<f64>,
}

/// A tensor in single precision.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SummaryTensor {
    /// 1 is single precision.
    #[prost(int32, tag = "1")]
    pub(crate) dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub(crate) shape: Option<SummaryShape>,
    #[prost(float, repeated, tag = "5")]
    pub(crate) float_val: Vec<f32>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SummaryShape {
    #[prost(message, repeated, tag = "2")]
    pub(crate) dim: Vec<SummaryDimension>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SummaryDimension {
    #[prost(int64, tag = "1")]
    pub(crate) size: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SummaryMetadata {
    #[prost(message, optional, tag = "1")]
    pub(crate) plugin_data: Option<PluginData>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PluginData {
    #[prost(string, tag = "1")]
    pub(crate) plugin_name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) content: Vec<u8>,
}

/// What the plugin `hparams` knows of a run.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HparamsData {
    #[prost(int32, tag = "1")]
    pub(crate) version: i32,
    #[prost(oneof = "HparamsPart", tags = "3, 4")]
    pub(crate) part: Option<HparamsPart>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum HparamsPart {
    #[prost(message, tag = "3")]
    Start(HparamsStart),
    #[prost(message, tag = "4")]
    End(HparamsEnd),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct HparamsStart {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(crate) hparams: BTreeMap<String, HparamValue>,
    #[prost(string, tag = "4")]
    pub(crate) group_name: String,
    #[prost(double, tag = "5")]
    pub(crate) start_time_secs: f64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct HparamsEnd {
    #[prost(enumeration = "HparamsStatus", tag = "1")]
    pub(crate) status: i32,
    #[prost(double, tag = "2")]
    pub(crate) end_time_secs: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub(crate) enum HparamsStatus {
    Unknown = 0,
    Success = 1,
    Failure = 2,
}

/// `google.protobuf.Value`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HparamValue {
    #[prost(oneof = "HparamKind", tags = "2, 3, 4")]
    pub(crate) kind: Option<HparamKind>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum HparamKind {
    #[prost(double, tag = "2")]
    Number(f64),
    #[prost(string, tag = "3")]
    Text(String),
    #[prost(bool, tag = "4")]
    Bool(bool),
}
