//! Names that nobody else makes.

/// Sixteen random hexadecimal digits.
pub(crate) fn hex() -> String {
    let mut random = [0_u8; 8];
    if getrandom::fill(&mut random).is_err() {
        // Without randomness, the process and the time are different for any two that could meet.
        let now = jiff::Timestamp::now().as_nanosecond();
        random =
            (now ^ i128::from(std::process::id()) << 40).to_le_bytes()[..8].try_into().unwrap_or_default();
    }
    format!("{:016x}", u64::from_le_bytes(random))
}
