//! The values that a launch can give under one name.

use super::constraint::Constraint;
use crate::pipeline_options::{PipelineOption, Takes};
use crate::value_rules::{broken_length, broken_rules};
use crate::{EnumOption, Language, Parameter, Pass, Rule, RunnerKind, ValueFormat};

/// The runners that differ in what they accept: all but Dataflow take storage that is not Google's.
pub(super) const RUNNERS: [RunnerKind; 2] = [RunnerKind::Direct, RunnerKind::Dataflow];

/// The values that are accepted under a name.
pub(super) struct Accepted<'a> {
    source: Source<'a>,
    /// What every value but the empty one must fulfil, besides having no NUL.
    pub(super) constraints: Vec<Constraint<'a>>,
}

/// Why values are accepted.
enum Source<'a> {
    /// The template declares the parameter.
    Declared(&'a Parameter),
    /// Every pipeline has such an option.
    Option(&'static PipelineOption),
    /// The template takes anything.
    Argument,
}

impl<'a> Accepted<'a> {
    /// The values of a declared parameter.
    pub(super) fn declared(parameter: &'a Parameter) -> Self {
        Self { source: Source::Declared(parameter), constraints: Constraint::all_of(parameter) }
    }

    /// The values of an option that needs no declaration.
    pub(super) fn option(option: &'static PipelineOption, language: Option<&Language>) -> Self {
        let mut constraints = match option.takes {
            Takes::Value => Vec::new(),
            Takes::Integer => vec![Constraint::Format(ValueFormat::Integer)],
            Takes::Nothing => vec![Constraint::Boolean],
        };
        if option.value(language, "").pass != Pass::Switch {
            constraints.push(Constraint::Short);
        }
        Self { source: Source::Option(option), constraints }
    }

    /// The values of a parameter that is passed on unseen.
    pub(super) fn argument() -> Self {
        Self { source: Source::Argument, constraints: vec![Constraint::Short] }
    }

    /// Whether nothing is declared and nothing is known of the name.
    pub(super) fn is_argument(&self) -> bool {
        matches!(self.source, Source::Argument)
    }

    /// Whether a value is accepted for some runner.
    pub(super) fn takes(&self, value: &str) -> bool {
        RUNNERS.into_iter().any(|runner| self.takes_on(value, runner))
    }

    /// Whether a value is accepted.
    pub(super) fn takes_on(&self, value: &str, runner: RunnerKind) -> bool {
        match self.source {
            Source::Declared(parameter) => broken_rules(parameter, value, runner).is_empty(),
            Source::Option(option) => {
                let has_form = match option.takes {
                    Takes::Value => true,
                    Takes::Integer => ValueFormat::Integer.accepts(value),
                    Takes::Nothing => matches!(value, "true" | "false"),
                };
                has_form && is_short(value)
            }
            Source::Argument => is_short(value),
        }
    }

    /// The rules that a value breaks.
    pub(super) fn broken(&self, value: &str, runner: RunnerKind) -> Vec<Rule> {
        match self.source {
            Source::Declared(parameter) => broken_rules(parameter, value, runner),
            Source::Option(option) => {
                let rule = match option.takes {
                    Takes::Integer => Rule::Format { format: ValueFormat::Integer },
                    _ => Rule::Boolean,
                };
                (!self.takes_on(value, runner)).then_some(rule).into_iter().collect()
            }
            Source::Argument => Vec::new(),
        }
    }

    /// Whether the empty text is accepted by the older of two and refused by the newer.
    pub(super) fn loses_empty(&self, newer: &Self) -> bool {
        RUNNERS.into_iter().any(|runner| self.takes_on("", runner) && !newer.takes_on("", runner))
    }

    /// All values, where they are few.
    pub(super) fn all(&self) -> Option<Vec<&'a str>> {
        self.constraints.iter().find_map(|constraint| match constraint {
            Constraint::Boolean => Some(vec!["true", "false"]),
            Constraint::OneOf(options) => Some(options.iter().map(EnumOption::value).collect()),
            _ => None,
        })
    }

    /// Whether each of these values fulfils a constraint of the newer, as far as they are accepted here.
    fn fulfil(&self, values: &[&str], constraint: &Constraint<'_>, newer: &Self) -> bool {
        let refused = |value: &str, runner| {
            self.takes_on(value, runner)
                && newer.broken(value, runner).iter().any(|rule| constraint.is_broken(value, rule))
        };
        !values.iter().any(|value| RUNNERS.into_iter().any(|runner| refused(value, runner)))
    }

    /// Whether every value but the empty one that is accepted here certainly fulfils a constraint of the newer.
    pub(super) fn implies(&self, constraint: &Constraint<'_>, newer: &Self) -> bool {
        constraint.holds_always()
            || self.constraints.iter().any(|own| own.implies(constraint))
            || (constraint.holds_in_one_line() && self.constraints.iter().any(Constraint::is_one_line))
            || self.all().is_some_and(|values| self.fulfil(&values, constraint, newer))
    }

    /// The first of these values that is accepted here and breaks a constraint of the newer.
    pub(super) fn witness<'v>(
        &self,
        values: impl Iterator<Item = Witness<'v>>,
        constraint: &Constraint<'_>,
        newer: &Self,
    ) -> Option<Witness<'v>> {
        values.into_iter().find(|witness| !self.fulfil(&[witness.value], constraint, newer))
    }
}

fn is_short(value: &str) -> bool {
    !value.contains('\0') && broken_length("", value, &Pass::Argument).is_none()
}

/// A value that was accepted and is refused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Witness<'v> {
    /// The value.
    pub(super) value: &'v str,
    /// What people know it as: `the former default`.
    pub(super) known_as: Option<&'static str>,
}
