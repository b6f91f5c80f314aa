//! Windows and triggers of `beam_runner_api.proto`, and what a `ParDo` says of state and timers, as far as engines differ in them.

use prost::{Message, Oneof};

use super::FunctionSpec;

#[derive(Clone, PartialEq, Message)]
pub struct WindowingStrategy {
    #[prost(message, optional, tag = "1")]
    pub window_fn: Option<FunctionSpec>,
    /// 1: never merged, 2: to be merged, 3: merged already.
    #[prost(int32, tag = "2")]
    pub merge_status: i32,
    #[prost(message, optional, tag = "4")]
    pub trigger: Option<Trigger>,
    /// 1: discarding, 2: accumulating, 3: retracting.
    #[prost(int32, tag = "5")]
    pub accumulation_mode: i32,
    #[prost(int64, tag = "8")]
    pub allowed_lateness: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Trigger {
    #[prost(oneof = "TriggerKind", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12")]
    pub trigger: Option<TriggerKind>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum TriggerKind {
    #[prost(message, tag = "1")]
    AfterAll(Subtriggers),
    #[prost(message, tag = "2")]
    AfterAny(Subtriggers),
    #[prost(message, tag = "3")]
    AfterEach(Subtriggers),
    #[prost(message, tag = "4")]
    AfterEndOfWindow(AfterEndOfWindow),
    #[prost(message, tag = "5")]
    AfterProcessingTime(()),
    #[prost(message, tag = "6")]
    AfterSynchronizedProcessingTime(()),
    #[prost(message, tag = "7")]
    Default(()),
    #[prost(message, tag = "8")]
    ElementCount(()),
    #[prost(message, tag = "9")]
    Never(()),
    #[prost(message, tag = "10")]
    OrFinally(OrFinally),
    #[prost(message, tag = "11")]
    Repeat(Repeat),
    #[prost(message, tag = "12")]
    Always(()),
}

#[derive(Clone, PartialEq, Message)]
pub struct Subtriggers {
    #[prost(message, repeated, tag = "1")]
    pub subtriggers: Vec<Trigger>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AfterEndOfWindow {
    #[prost(message, optional, boxed, tag = "1")]
    pub early_firings: Option<Box<Trigger>>,
    #[prost(message, optional, boxed, tag = "2")]
    pub late_firings: Option<Box<Trigger>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct OrFinally {
    #[prost(message, optional, boxed, tag = "1")]
    pub main: Option<Box<Trigger>>,
    #[prost(message, optional, boxed, tag = "2")]
    pub finally: Option<Box<Trigger>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Repeat {
    #[prost(message, optional, boxed, tag = "1")]
    pub subtrigger: Option<Box<Trigger>>,
}

/// What a function keeps between elements.
#[derive(Clone, PartialEq, Message)]
pub struct StateSpec {
    #[prost(message, optional, tag = "7")]
    pub protocol: Option<FunctionSpec>,
}

impl StateSpec {
    /// A bag: all that most states are made of.
    pub const BAG: &'static str = "beam:user_state:bag:v1";
    pub const MULTIMAP: &'static str = "beam:user_state:multimap:v1";
    pub const ORDERED_LIST: &'static str = "beam:user_state:ordered_list:v1";
}

impl WindowingStrategy {
    pub const GLOBAL: &'static str = "beam:window_fn:global_windows:v1";
    pub const SESSIONS: &'static str = "beam:window_fn:session_windows:v1";

    /// The kind of the windows, in Beam's words.
    pub fn window_urn(&self) -> &str {
        self.window_fn.as_ref().map_or("", |window_fn| &window_fn.urn)
    }

    /// Whether windows are merged.
    pub fn merges(&self) -> bool {
        self.merge_status == 2
    }
}

impl Trigger {
    /// The triggers that this one is made of.
    pub fn parts(&self) -> Vec<&Self> {
        match &self.trigger {
            Some(TriggerKind::AfterAll(all) | TriggerKind::AfterAny(all) | TriggerKind::AfterEach(all)) => {
                all.subtriggers.iter().collect()
            }
            Some(TriggerKind::AfterEndOfWindow(end)) => {
                [&end.early_firings, &end.late_firings].into_iter().flatten().map(AsRef::as_ref).collect()
            }
            Some(TriggerKind::OrFinally(either)) => {
                [&either.main, &either.finally].into_iter().flatten().map(AsRef::as_ref).collect()
            }
            Some(TriggerKind::Repeat(repeat)) => repeat.subtrigger.iter().map(AsRef::as_ref).collect(),
            _ => Vec::new(),
        }
    }
}
