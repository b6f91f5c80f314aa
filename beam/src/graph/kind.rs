//! What a step does, by what the pipeline says of it.

/// What a step does. What is not known keeps its words in [`Step::urn`](super::Step::urn).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// Begins: makes the first element.
    Impulse,
    /// Reads from outside.
    Read,
    /// Writes to the outside.
    Write,
    /// A function for each element.
    ParDo,
    /// Brings equal keys together.
    GroupByKey,
    /// Brings equal keys together and makes one value of each.
    Combine,
    /// Makes one of several.
    Flatten,
    /// Puts elements into windows.
    Window,
    /// Distributes elements anew.
    Reshuffle,
    /// Plays elements for a test.
    TestStream,
    /// Several steps under one name.
    Group,
    /// Does nothing: a name without parts.
    Empty,
    /// Something else.
    Other,
}

impl StepKind {
    /// The kind that a step's URN says, for a step with parts or without.
    pub(super) fn of(urn: &str, has_parts: bool) -> Self {
        let known = match urn {
            "beam:transform:impulse:v1" => Some(Self::Impulse),
            "beam:transform:read:v1" | "beam:transform:pubsub_read:v1" => Some(Self::Read),
            "beam:transform:write_files:v1"
            | "beam:transform:pubsub_write:v1"
            | "beam:transform:pubsub_write:v2" => Some(Self::Write),
            "beam:transform:pardo:v1"
            | "beam:transform:sdf_pair_with_restriction:v1"
            | "beam:transform:sdf_split_and_size_restrictions:v1"
            | "beam:transform:sdf_process_sized_element_and_restrictions:v1"
            | "beam:transform:sdf_truncate_sized_restrictions:v1" => Some(Self::ParDo),
            "beam:transform:group_by_key:v1" => Some(Self::GroupByKey),
            "beam:transform:combine_per_key:v1"
            | "beam:transform:combine_globally:v1"
            | "beam:transform:combine_grouped_values:v1"
            | "beam:transform:combine_per_key_precombine:v1"
            | "beam:transform:combine_per_key_merge_accumulators:v1"
            | "beam:transform:combine_per_key_extract_outputs:v1"
            | "beam:transform:combine_per_key_convert_to_accumulators:v1" => Some(Self::Combine),
            "beam:transform:flatten:v1" => Some(Self::Flatten),
            "beam:transform:window_into:v1" => Some(Self::Window),
            "beam:transform:reshuffle:v1"
            | "beam:transform:redistribute_arbitrarily:v1"
            | "beam:transform:redistribute_by_key:v1" => Some(Self::Reshuffle),
            "beam:transform:teststream:v1" => Some(Self::TestStream),
            _ => None,
        };
        match known {
            Some(kind) => kind,
            None if has_parts => Self::Group,
            None => Self::Other,
        }
    }

    /// Its word for people: `ParDo`, `group`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Impulse => "impulse",
            Self::Read => "read",
            Self::Write => "write",
            Self::ParDo => "ParDo",
            Self::GroupByKey => "GroupByKey",
            Self::Combine => "combine",
            Self::Flatten => "flatten",
            Self::Window => "window",
            Self::Reshuffle => "reshuffle",
            Self::TestStream => "test stream",
            Self::Group => "group",
            Self::Empty => "nothing",
            Self::Other => "other",
        }
    }

    /// Its word for programs: `parDo`, `group`.
    pub fn key(self) -> &'static str {
        match self {
            Self::ParDo => "parDo",
            Self::GroupByKey => "groupByKey",
            Self::TestStream => "testStream",
            Self::Empty => "empty",
            _ => self.word(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_group_if_it_has_parts() {
        assert_eq!(StepKind::of("beam:transform:pardo:v1", false), StepKind::ParDo);
        assert_eq!(StepKind::of("beam:transform:combine_per_key:v1", true), StepKind::Combine);
        assert_eq!(StepKind::of("beam:transform:generic_composite:v1", true), StepKind::Group);
        assert_eq!(StepKind::of("", true), StepKind::Group);
        assert_eq!(StepKind::of("beam:transform:of_tomorrow:v1", false), StepKind::Other);
    }
}
