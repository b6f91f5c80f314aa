//! Place `process`: the launcher is this program, started again, and a conversation with it over a socket.

use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::ExitCode;

use tmpl_bucket::{Bucket, FinalRecord, JobRecord};
use tmpl_launcher::accept::{self, LaunchRequest};
use tmpl_launcher::this_process::executable;
use tmpl_launcher::{FromClient, FromLauncher};
use tmpl_launcher::{launch, place};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::signals::Signals;
use super::{goes_on, leave, patience, plan, report, write_id};
use crate::arguments::{OnSignal, RunArguments};
use crate::context::Context;
use crate::follow;
use crate::printer::Printer;
use crate::report::{CONTACT_LOST, Failure, WAIT_TIMEOUT, signalled};

/// Launches a template as a process on this machine.
pub(super) async fn run(
    context: &Context<'_>,
    arguments: &RunArguments,
    bucket: &Bucket,
    request: LaunchRequest,
) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    let cache = context.settings.cache()?;
    let checked = accept::check(bucket, &cache, request).await?;
    for warning in checked.warnings() {
        printer.warn(warning);
    }
    if arguments.dry_run {
        return plan::print(printer, &checked.plan(bucket, &cache));
    }
    let record = checked.job();
    write_id(arguments, &record)?;
    let executable = executable()?;
    checked.stage(bucket).await?;
    super::accept(printer, bucket, &record).await?;
    let launcher = match place::start_process(&executable, bucket, &record.id, &cache) {
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
        return leave(printer, &record);
    }
    attend(printer, bucket, &record, arguments, conversation).await
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
    let mut signals = Signals::listen()?;
    let mut received = None;
    let mut ended = None;
    let time_over = tokio::time::sleep(patience(arguments));
    tokio::pin!(time_over);
    loop {
        let number = tokio::select! {
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
            number = signals.next() => number,
        };
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
    report(printer, record, &ended, received)
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
