//! Place `process`: the launcher is this program, started again, and a conversation with it over a socket.

use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::ExitCode;

use tmpl_bucket::{Bucket, FinalRecord, JobRecord};
use tmpl_launcher::accept::{self, LaunchRequest};
use tmpl_launcher::admission::{self, Standing};
use tmpl_launcher::begin::{self, Begun, Means, Milestone};
use tmpl_launcher::this_process::executable;
use tmpl_launcher::{FromClient, FromLauncher};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::signals::Signals;
use super::{
    Launching, dry_run, elsewhere, goes_on, introduce, leave, patience, plan, report, tell_end, write_id,
};
use crate::arguments::OnSignal;
use crate::context::Context;
use crate::follow;
use crate::printer::Printer;
use crate::report::{CONTACT_LOST, Failure, TEMPORARY, WAIT_TIMEOUT, signalled};

/// Launches a template as a process on this machine. `known` is the job that the launch became before, and that nobody has begun with.
pub(super) async fn run(
    context: &Context<'_>,
    launching: &Launching<'_>,
    bucket: &Bucket,
    request: LaunchRequest,
    known: Option<JobRecord>,
) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    let cache = context.settings.cache()?;
    let runners = &context.settings.runners;
    if launching.options.dry_run {
        let checked = accept::check(bucket, &cache, runners, request).await?;
        tell_warnings(printer, checked.warnings());
        return match checked.job().profile {
            None => plan::print(printer, &checked.plan(bucket, &cache)),
            Some(_) => dry_run::run(printer, &checked, bucket, &cache).await,
        };
    }
    let mut notices = context.settings.notices.clone();
    notices.targets.extend(launching.options.notify.iter().filter(|target| !target.is_web()).cloned());
    let executable = executable()?;
    let means =
        Means { bucket, cache: &cache, runners, notices: &notices, executable: &executable, withheld: &[] };
    let checked = begin::check(&means, request, known.as_ref()).await?;
    tell_warnings(printer, checked.warnings());
    let begun = begin::go_on(&means, checked, known, |milestone| {
        match milestone {
            Milestone::Reserved(record) => write_id(launching, record)?,
            Milestone::Accepted(record) => introduce(printer, record),
        }
        Ok::<(), Failure>(())
    });
    let Begun { record, launcher, .. } = begun.await?;
    let Some(launcher) = launcher else {
        return elsewhere::attend(context, launching, bucket, &record).await;
    };
    if launching.options.detach {
        launcher.leave();
        return leave(printer, &record);
    }
    let conversation = Conversation::begin(launcher.socket)?;
    attend(context, launching, bucket, &record, conversation).await
}

fn tell_warnings(printer: &Printer, warnings: &[String]) {
    for warning in warnings {
        printer.warn(warning);
    }
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
    context: &Context<'_>,
    launching: &Launching<'_>,
    bucket: &Bucket,
    record: &JobRecord,
    mut conversation: Conversation,
) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    let mut signals = Signals::listen()?;
    let mut received = None;
    let mut ended = None;
    let time_over = tokio::time::sleep(patience(launching));
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
            () = &mut time_over, if launching.options.wait_timeout.is_some() && ended.is_none() => {
                conversation.say(&FromClient::Detach).await;
                return Err(goes_on(record, WAIT_TIMEOUT, "the time to wait is over"));
            }
            number = signals.next() => number,
        };
        if launching.options.on_signal == OnSignal::Detach {
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
        None if record.launch_key.is_some() => match admission::standing(bucket, record).await? {
            Standing::Ended(ended) => *ended,
            // Another launcher has it, one of two that were started for one key; or ours was killed, and the lease will tell.
            Standing::Begun => return elsewhere::attend(context, launching, bucket, record).await,
            Standing::Waiting => return Err(not_begun(record)),
        },
        None => lost_contact(context, bucket, record).await?,
    };
    report(printer, bucket, record, &ended, received).await
}

/// The launcher was gone before it began with a job of a launch key: that waits for whoever asks for it again.
fn not_begun(record: &JobRecord) -> Failure {
    Failure::new(TEMPORARY, format!("the launcher of job {} ended before it began with it", record.id))
        .hint("run the same command again: under its launch key the job goes on")
}

/// The launcher is gone without having said how the job ended. The bucket knows, or will once the lease has run out.
async fn lost_contact(
    context: &Context<'_>,
    bucket: &Bucket,
    record: &JobRecord,
) -> Result<FinalRecord, Failure> {
    context.printer.say("the launcher is gone; waiting for its lease to run out …");
    let patience = bucket.lease(record).length * 3;
    let patience = jiff::SignedDuration::try_from(patience).unwrap_or(jiff::SignedDuration::ZERO);
    match follow::wait(bucket, &record.id, Some(patience)).await {
        Ok(Some(ended)) => {
            tell_end(context, bucket, record, &ended).await;
            Ok(ended)
        }
        _ => {
            Err(Failure::new(CONTACT_LOST, format!("contact with the launcher of job {} is lost", record.id))
                .hint(format!("`tmpl jobs show {}` tells what is known of it", record.id)))
        }
    }
}
