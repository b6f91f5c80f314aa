//! The id and the name of a new job.

use jiff::Timestamp;
use tmpl_template::{JobId, JobName, TemplateName};

/// What a new job is called.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) id: JobId,
    /// The name, where nobody gives one.
    pub(crate) name: JobName,
}

impl Identity {
    /// The identity of a job that begins now.
    pub(crate) fn new(template: &TemplateName, now: Timestamp) -> Self {
        let mut random = [0_u8; 10];
        // Without randomness an id could be used twice: accepting it would then fail, and nothing would be lost.
        let _ = getrandom::fill(&mut random);
        let (id_part, name_part) = random.split_at(8);
        let id_random = u64::from_le_bytes(id_part.try_into().unwrap_or_default());
        let name_random = u16::from_le_bytes(name_part.try_into().unwrap_or_default());
        Self {
            id: JobId::new(now, digits(now, id_random)),
            name: JobName::for_template(template, now, name_random),
        }
    }
}

/// The digits of an id: nanoseconds, so that the ids of one second sort by time too, then ten random ones.
fn digits(now: Timestamp, random: u64) -> u64 {
    const RANDOM: u64 = 10_000_000_000;
    u64::try_from(now.subsec_nanosecond()).unwrap_or(0) * RANDOM + random % RANDOM
}
