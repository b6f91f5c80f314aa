//! Why a card can't be saved, and what to do about it.

use thiserror::Error;

/// Why a card can't be saved, as far as the card alone tells.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CardError {
    /// It has no title.
    #[error("the card has no title")]
    NoTitle,
    /// A text for people is too long.
    #[error("{length} characters are too many for the card's {key}: at most {longest} are kept")]
    Long {
        /// Which text.
        key: &'static str,
        /// How long it is.
        length: usize,
        /// How long it may be.
        longest: usize,
    },
    /// A text for people has characters that nobody sees.
    #[error("the card's {key} can't have the control character {character:?}")]
    Control {
        /// Which text.
        key: &'static str,
        /// The first of them.
        character: char,
    },
    /// There are too many of something.
    #[error("the card has {count} {what}, and at most {most} are kept")]
    Many {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// Its values are too long together.
    #[error("the values of the card have {bytes} bytes together, and at most {most} are kept")]
    Large {
        /// How many there are.
        bytes: usize,
        /// How many there may be.
        most: usize,
    },
}

impl CardError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoTitle => Some("say in a few words what people get when they run it".to_owned()),
            Self::Long { .. } | Self::Control { .. } | Self::Many { .. } => None,
            Self::Large { .. } => {
                Some("put the long ones into files, and have the template read those".to_owned())
            }
        }
    }
}
