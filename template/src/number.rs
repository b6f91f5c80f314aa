//! What is a number to Google's templates.

/// Whether a text is a number to Google's templates: `-?[0-9]+`, or a decimal with a fraction or an exponent whose
/// whole part has no superfluous zeros.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if digits(unsigned) {
        return true;
    }
    let (decimal, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((decimal, exponent)) => (decimal, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match decimal.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (decimal, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for text in [
            "0",
            "7",
            "-7",
            "007",
            "1.5",
            "-0.25",
            "1e5",
            "1E+5",
            "2.5e-10",
            "123456789012345678901234567890",
        ] {
            assert!(is_number(text), "{text}");
        }
        for text in [
            "", "-", "+1", "1.", ".5", "01.5", "1e", "1e+", "e5", "0x1", "1_000", "1,5", " 1", "NaN", "--1",
            "١",
        ] {
            assert!(!is_number(text), "{text}");
        }
    }
}
