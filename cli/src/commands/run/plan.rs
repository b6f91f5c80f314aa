//! A plan as people read it, a line for each thing.

use std::process::ExitCode;

use tmpl_launcher::Plan;
use tmpl_launcher::place::docker::ContainerPlan;

use crate::printer::{Printer, printable, size};
use crate::report::{ENVIRONMENT, Failure};

/// Prints what a launch would start.
pub(super) fn print(printer: &Printer, plan: &Plan) -> Result<ExitCode, Failure> {
    if printer.is_json() {
        printer.json(plan)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = vec![
        format!("template     {}", plan.template),
        format!("runner       {} (place {})", plan.runner, plan.place),
        format!("environment  {}", plan.environment.display()),
    ];
    lines.extend(plan.interpreter.iter().map(|path| format!("interpreter  {}", path.display())));
    for layer in &plan.layers {
        let cached = if layer.cached { "unpacked here" } else { "to unpack" };
        let title = &layer.layer.title;
        lines.push(format!(
            "layer        {} {} {title}, {cached}",
            layer.layer.digest,
            size(layer.layer.size)
        ));
    }
    let invocation = serde_json::to_value(&plan.invocation)
        .map_err(|error| Failure::new(ENVIRONMENT, error.to_string()))?;
    lines.push(format!("program      {}", plan.invocation.program.display()));
    lines.extend(plan.invocation.arguments.iter().map(|argument| format!("argument     {argument}")));
    if let Some(variables) = invocation["environment"].as_object() {
        for (name, value) in variables {
            let shown = value["plain"].as_str().map(str::to_owned);
            let shown =
                shown.unwrap_or_else(|| format!("(secret from {})", value["secret"].as_str().unwrap_or("?")));
            lines.push(format!("variable     {name}={shown}"));
        }
    }
    lines.extend(
        plan.invocation
            .files
            .iter()
            .map(|file| format!("file         {} ({})", file.path.display(), file.parameter)),
    );
    lines.push(format!("folder       {}", plan.invocation.directory.display()));
    lines.push(format!("temporary    {}", plan.temporary));
    lines.push(format!("logs         {}", plan.logs));
    lines.push(format!("results      {}", plan.results));
    print_lines(printer, lines)
}

/// Prints what a launch in a container would start.
pub(super) fn print_container(printer: &Printer, plan: &ContainerPlan) -> Result<ExitCode, Failure> {
    if printer.is_json() {
        printer.json(plan)?;
        return Ok(ExitCode::SUCCESS);
    }
    let present = if plan.present { "the engine has it" } else { "to get" };
    let limit = |limit: Option<String>| limit.unwrap_or_else(|| "no limit".to_owned());
    let network = plan.network.as_deref().unwrap_or("the engine's default");
    let mut lines = vec![
        format!("template     {}", plan.template),
        format!("runner       {} (place {})", plan.runner, plan.place),
        format!("engine       {}", plan.engine),
        format!("image        {}, {present}", plan.image),
        format!("platform     {}", plan.platform),
        format!("user         {}", plan.user),
        format!("network      {network}"),
        format!("memory       {}", limit(plan.memory.map(size))),
        format!("processors   {}", limit(plan.cpus.clone())),
    ];
    lines.extend(plan.devices.iter().map(|device| format!("device       {device}")));
    lines.extend(plan.mounts.iter().map(|mount| format!("mount        {mount}")));
    lines.extend(plan.parameters.iter().map(|(name, value)| format!("parameter    {name}={value}")));
    lines.extend(plan.directory.iter().map(|folder| format!("folder       {}", folder.display())));
    lines.push(format!("temporary    {}", plan.temporary));
    lines.push(format!("logs         {}", plan.logs));
    lines.push(format!("results      {}", plan.results));
    print_lines(printer, lines)
}

fn print_lines(printer: &Printer, lines: Vec<String>) -> Result<ExitCode, Failure> {
    for line in lines {
        printer.data(&printable(&line))?;
    }
    Ok(ExitCode::SUCCESS)
}
