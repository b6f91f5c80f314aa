//! `tmpl run`: check, write down, start, wait, say how it ended.

use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use tmpl_bucket::{Bucket, FinalRecord, JobRecord};
use tmpl_launcher::accept::{self, LaunchRequest};
use tmpl_launcher::this_process::executable;
use tmpl_launcher::{FromClient, FromLauncher, Plan};
use tmpl_launcher::{launch, place};
use tmpl_template::JobState;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{OnSignal, RunArguments};
use crate::context::Context;
use crate::outcome::report_end;
use crate::printer::{Printer, size};
use crate::report::{CONTACT_LOST, ENVIRONMENT, Failure, USAGE, WAIT_TIMEOUT, signalled};
use crate::{follow, parameters, submitter};

/// A wait without a limit, as far as timers go: ten years.
const LONGEST_WAIT: Duration = Duration::from_hours(10 * 365 * 24);

pub(crate) async fn run(context: &Context<'_>, arguments: RunArguments) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    let (bucket, template) = arguments.template.for_launch(context).await?;
    let cache = context.settings.cache()?;
    let request = LaunchRequest {
        template,
        parameters: parameters::gather(&arguments.parameters)?,
        environment: arguments.environment.environment()?,
        job_name: arguments.job_name.clone(),
        python: arguments.python.clone(),
        timeout: arguments.timeout,
        overwrite: arguments.overwrite,
        submitter: submitter::submitter(),
        working_directory: follow::working_directory()?,
    };
    let checked = accept::check(&bucket, &cache, request).await?;
    for warning in checked.warnings() {
        printer.warn(warning);
    }
    if arguments.dry_run {
        return print_plan(printer, &checked.plan(&bucket, &cache));
    }
    let record = checked.job();
    if let Some(file) = &arguments.id_file {
        let written = fs_err::write(file, format!("{}\n", record.id));
        written.map_err(|error| Failure::new(USAGE, format!("--id-file: {error}")))?;
    }
    let executable = executable()?;
    checked.stage(&bucket).await?;
    bucket.accept_job(&record).await?;
    printer.say(&format!("job {} ({})", record.id, record.name));
    let launcher = match place::start_process(&executable, &bucket, &record.id, &cache) {
        Ok(launcher) => launcher,
        Err(error) => {
            // What was accepted has an end, also when it has no beginning. The error is told in any case.
            let _ = bucket.finish_job(&record.id, &launch::failed(&error)).await;
            return Err(error.into());
        }
    };
    let mut conversation = Conversation::begin(launcher.socket)?;
    if arguments.detach {
        conversation.say(&FromClient::Detach).await;
        let data = json!({ "id": record.id, "name": record.name });
        let told = if printer.is_json() { printer.json(&data) } else { printer.data(record.id.as_str()) };
        return told.map(|()| ExitCode::SUCCESS);
    }
    attend(context.printer, &bucket, &record, &arguments, conversation).await
}

/// Our end of the conversation with a launcher.
struct Conversation {
    orders: tokio::net::unix::OwnedWriteHalf,
    news: tokio::io::Lines<BufReader<tokio::net::unix::OwnedReadHalf>>,
}

impl Conversation {
    fn begin(socket: StdUnixStream) -> Result<Self, Failure> {
        socket.set_nonblocking(true)?;
        let (news, orders) = UnixStream::from_std(socket)?.into_split();
        Ok(Self { orders, news: BufReader::new(news).lines() })
    }

    /// Tells the launcher something. One that is gone is found out by its silence.
    async fn say(&mut self, order: &FromClient) {
        if let Ok(mut line) = serde_json::to_vec(order) {
            line.push(b'\n');
            let _ = self.orders.write_all(&line).await;
        }
    }

    /// The next thing the launcher says; nothing when it is gone.
    async fn next(&mut self) -> Option<FromLauncher> {
        loop {
            let line = self.news.next_line().await.ok()??;
            // A launcher of another version may say more than this one understands.
            if let Ok(message) = serde_json::from_str(&line) {
                return Some(message);
            }
        }
    }
}

/// Waits for a job, passing on what it writes and the signals that come.
async fn attend(
    printer: &Printer,
    bucket: &Bucket,
    record: &JobRecord,
    arguments: &RunArguments,
    mut conversation: Conversation,
) -> Result<ExitCode, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut received = None;
    let mut ended = None;
    let limit = arguments.wait_timeout.map_or(Duration::MAX, jiff::SignedDuration::unsigned_abs);
    let time_over = tokio::time::sleep(limit.min(LONGEST_WAIT));
    tokio::pin!(time_over);
    loop {
        let signal = tokio::select! {
            news = conversation.next() => match news {
                Some(FromLauncher::Line(line)) => { printer.log_line(&line); continue }
                Some(FromLauncher::State(state)) => { printer.say(&Printer::state(state)); continue }
                Some(FromLauncher::Message(text)) => { printer.say(&text); continue }
                Some(FromLauncher::Ended(end)) => { ended = Some(end); continue }
                None => break,
            },
            () = &mut time_over, if arguments.wait_timeout.is_some() && ended.is_none() => {
                conversation.say(&FromClient::Detach).await;
                return Err(goes_on(record, WAIT_TIMEOUT, "the time to wait is over"));
            }
            _ = terminate.recv() => SignalKind::terminate(),
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = hang_up.recv() => SignalKind::hangup(),
        };
        let number = signal.as_raw_value();
        if arguments.on_signal == OnSignal::Detach {
            conversation.say(&FromClient::Detach).await;
            return Err(goes_on(record, signalled(number), "this command was told to leave it"));
        }
        if received.replace(number).is_none() {
            printer.say("cancelling the job …");
        }
        conversation.say(&FromClient::Cancel(number)).await;
    }
    let ended = match ended {
        Some(ended) => ended,
        None => lost_contact(printer, bucket, record).await?,
    };
    let code = match received {
        Some(signal) if ended.state == JobState::Cancelled => signalled(signal),
        _ => ended.exit_code,
    };
    report_end(printer, record, &ended, code)
}

/// The launcher is gone without having said how the job ended. The bucket knows, or will once the lease has run out.
async fn lost_contact(
    printer: &Printer,
    bucket: &Bucket,
    record: &JobRecord,
) -> Result<FinalRecord, Failure> {
    printer.say("the launcher is gone; waiting for its lease to run out …");
    let patience =
        jiff::SignedDuration::try_from(tmpl_bucket::LEASE * 3).unwrap_or(jiff::SignedDuration::ZERO);
    let found = follow::wait(bucket, &record.id, Some(patience)).await;
    found.ok().flatten().ok_or_else(|| {
        Failure::new(CONTACT_LOST, format!("contact with the launcher of job {} is lost", record.id))
            .hint(format!("`tmpl jobs show {}` tells what is known of it", record.id))
    })
}

fn goes_on(record: &JobRecord, code: u8, why: &str) -> Failure {
    Failure::new(code, format!("job {} goes on: {why}", record.id))
        .hint(format!("`tmpl wait {}` waits for it, `tmpl jobs cancel {}` ends it", record.id, record.id))
}

fn print_plan(printer: &Printer, plan: &Plan) -> Result<ExitCode, Failure> {
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
    for line in lines {
        printer.data(&crate::printer::printable(&line))?;
    }
    Ok(ExitCode::SUCCESS)
}
