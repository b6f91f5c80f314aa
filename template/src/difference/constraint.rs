//! What a value must fulfil, one rule at a time, and when one rule follows from another.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::coverage::{Coverage, coverage};
use crate::bounds::Magnitude;
use crate::storage_path::is_for_google_storage;
use crate::type_rules::{TypeRule, type_rule};
use crate::{EnumOption, Parameter, ParameterType, Pass, Pattern, Rule, ValueFormat};

/// One rule for values that are not empty.
#[derive(Debug, Clone, Copy)]
pub(super) enum Constraint<'a> {
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A form, but not that of a choice.
    Format(ValueFormat),
    /// One of these.
    OneOf(&'a [EnumOption]),
    /// Some of these, with commas between them.
    Choices(&'a [EnumOption]),
    /// Not less than this.
    Least(Bound<'a>),
    /// Not more than this.
    Most(Bound<'a>),
    /// A path of storage.
    StoragePath,
    /// What the type says.
    Type(&'static TypeRule),
    /// A regex, which takes paths of other storage for Google's if the parameter is one.
    Regex { pattern: &'a Pattern, of_storage: bool },
    /// Not longer than an argument can be.
    ///
    /// The few bytes by which the names of options and variables shorten a value are not looked at.
    Short,
}

/// A bound and how values are compared with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound<'a> {
    magnitude: Magnitude,
    parameter: &'a Parameter,
}

impl Bound<'_> {
    /// How values get the magnitude that is compared: numbers of both kinds get theirs in the same way.
    fn order(&self) -> Option<ValueFormat> {
        self.parameter.format().filter(|format| *format != ValueFormat::Integer)
    }

    /// Where a value that has a magnitude lies.
    fn compare(&self, value: &str) -> Option<Ordering> {
        let is_number = *self.parameter.parameter_type() == ParameterType::Number;
        Magnitude::of(value, self.parameter.format(), is_number)?.compare(self.magnitude)
    }

    /// Whether everything on one side of this bound is on the same side of another one.
    fn is_beyond(&self, other: &Self, outwards: Ordering) -> bool {
        // Between these, whole numbers are exact as decimals too.
        const EXACT: i128 = 1 << 53;
        if self.order() != other.order() {
            return false;
        }
        match self.magnitude.compare(other.magnitude) {
            Some(Ordering::Equal) => match (self.magnitude, other.magnitude) {
                (Magnitude::Decimal(_), Magnitude::Integer(whole)) => (-EXACT..=EXACT).contains(&whole),
                _ => true,
            },
            found => found == Some(outwards),
        }
    }
}

impl<'a> Constraint<'a> {
    /// What values of a parameter must fulfil if they are not empty. Nothing is known of what a secret leads to.
    pub(super) fn all_of(parameter: &'a Parameter) -> Vec<Self> {
        if parameter.secret() {
            return Vec::new();
        }
        let mut all = Self::of_kind(parameter);
        let of_storage = parameter.parameter_type().is_storage_path();
        all.extend(parameter.regexes.iter().map(|pattern| Self::Regex { pattern, of_storage }));
        if matches!(parameter.pass(), Pass::Argument | Pass::Environment { .. }) {
            all.push(Self::Short);
        }
        all
    }

    fn of_kind(parameter: &'a Parameter) -> Vec<Self> {
        let kind = parameter.parameter_type();
        let options = parameter.enum_options.as_slice();
        if parameter.pass() == Pass::Switch || *kind == ParameterType::Boolean {
            return vec![Self::Boolean];
        }
        let mut all = Vec::new();
        if *kind == ParameterType::Number {
            all.push(Self::Number);
        }
        match parameter.format() {
            Some(ValueFormat::MultipleChoice) => all.push(Self::Choices(options)),
            Some(format) => all.push(Self::Format(format)),
            None if *kind == ParameterType::Enum && !options.is_empty() => all.push(Self::OneOf(options)),
            None if parameter.regexes.is_empty() => {
                all.extend(kind.is_storage_path().then_some(Self::StoragePath));
                all.extend(type_rule(kind).map(Self::Type));
            }
            None => {}
        }
        let bound = |(_, magnitude): &(String, Magnitude)| Bound { magnitude: *magnitude, parameter };
        all.extend(parameter.bounds().min.as_ref().map(bound).map(Self::Least));
        all.extend(parameter.bounds().max.as_ref().map(bound).map(Self::Most));
        all
    }

    /// Whether every value that fulfils this certainly fulfils the other.
    pub(super) fn implies(&self, other: &Constraint<'_>) -> bool {
        match (self, other) {
            (Self::Boolean, Constraint::Boolean)
            | (Self::Number | Self::Format(ValueFormat::Integer), Constraint::Number)
            | (Self::StoragePath, Constraint::StoragePath)
            | (Self::Short, Constraint::Short) => true,
            (Self::Format(own), Constraint::Format(other)) => own == other,
            (Self::Choices(own), Constraint::Choices(other)) => {
                let known: HashSet<_> = other.iter().map(EnumOption::value).collect();
                own.iter().all(|option| known.contains(option.value()))
            }
            (Self::Least(own), Constraint::Least(other)) => own.is_beyond(other, Ordering::Greater),
            (Self::Most(own), Constraint::Most(other)) => own.is_beyond(other, Ordering::Less),
            (Self::Type(own), Constraint::Type(other)) => std::ptr::eq(*own, *other),
            (Self::Regex { pattern, of_storage }, Constraint::Regex { pattern: other, of_storage: also }) => {
                let is_elsewhere = *of_storage && is_for_google_storage(pattern.text());
                pattern.text() == other.text()
                    && (pattern.is_whole() || !other.is_whole())
                    && (*also || !is_elsewhere)
            }
            _ => false,
        }
    }

    /// Whether no value can break this.
    pub(super) fn holds_always(&self) -> bool {
        matches!(self, Self::Regex { pattern, .. } if coverage(pattern) == Coverage::Everything)
    }

    /// Whether no value of one line can break this.
    pub(super) fn holds_in_one_line(&self) -> bool {
        matches!(self, Self::Regex { pattern, .. } if coverage(pattern) != Coverage::Unknown)
    }

    /// Whether values that fulfil this have one line.
    pub(super) fn is_one_line(&self) -> bool {
        match self {
            Self::Boolean
            | Self::Number
            | Self::Format(ValueFormat::Integer)
            | Self::StoragePath
            | Self::Type(_) => true,
            Self::Regex { pattern, of_storage } => !of_storage && coverage(pattern) == Coverage::OneLine,
            _ => false,
        }
    }

    /// Whether a rule that a value broke is this one.
    pub(super) fn is_broken(&self, value: &str, rule: &Rule) -> bool {
        match (self, rule) {
            (Self::Boolean, Rule::Boolean)
            | (Self::Number, Rule::Number)
            | (Self::OneOf(_) | Self::Choices(_), Rule::Enumeration { .. })
            | (Self::StoragePath, Rule::StoragePath)
            | (Self::Type(_), Rule::Type { .. })
            | (Self::Short, Rule::Length { .. }) => true,
            (Self::Format(own), Rule::Format { format }) => own == format,
            (Self::Least(bound), Rule::Range { .. }) => bound.compare(value) == Some(Ordering::Less),
            (Self::Most(bound), Rule::Range { .. }) => bound.compare(value) == Some(Ordering::Greater),
            (Self::Regex { pattern, .. }, Rule::Regex { regex, whole }) => {
                pattern.text() == regex && pattern.is_whole() == *whole
            }
            _ => false,
        }
    }
}
