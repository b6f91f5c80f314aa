//! The bars of a build. They are drawn on a terminal only; what was done is said in lines at the end.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tmpl_builder::{Phase, Progress};

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(100);

/// Draws what a build tells of itself.
pub(crate) struct Bars {
    all: MultiProgress,
    running: Mutex<HashMap<(Phase, String), ProgressBar>>,
}

impl Bars {
    /// Bars on standard error, or none where nobody wants them or it is no terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self { all: MultiProgress::with_draw_target(target), running: Mutex::default() }
    }

    /// Takes every bar away, so that lines can be printed.
    pub(crate) fn clear(&self) {
        // A terminal that can't be drawn on has nothing to take away.
        let _ = self.all.clear();
    }

    fn with<T>(&self, change: impl FnOnce(&mut HashMap<(Phase, String), ProgressBar>) -> T) -> Option<T> {
        self.running.lock().ok().map(|mut running| change(&mut running))
    }
}

impl Progress for Bars {
    fn started(&self, phase: Phase, title: &str, total: Option<u64>) {
        let (bar, template) = match total {
            Some(total) => {
                (ProgressBar::new(total), "{prefix:>8.cyan} {bar:25} {bytes:>10}/{total_bytes:10} {wide_msg}")
            }
            // How large a layer gets is known when it is done; how large it is so far is worth seeing.
            None if phase == Phase::Layer => {
                (ProgressBar::new_spinner(), "{prefix:>8.cyan} {spinner} {elapsed:>4} {bytes:>10} {wide_msg}")
            }
            None => (ProgressBar::new_spinner(), "{prefix:>8.cyan} {spinner} {elapsed:>4} {wide_msg}"),
        };
        let bar = self.all.add(bar);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(phase.to_string());
        bar.set_message(title.to_owned());
        bar.enable_steady_tick(TURN);
        self.with(|running| running.insert((phase, title.to_owned()), bar));
    }

    fn advanced(&self, phase: Phase, title: &str, bytes: u64) {
        self.with(|running| {
            if let Some(bar) = running.get(&(phase, title.to_owned())) {
                bar.inc(bytes);
            }
        });
    }

    fn finished(&self, phase: Phase, title: &str) {
        if let Some(Some(bar)) = self.with(|running| running.remove(&(phase, title.to_owned()))) {
            bar.finish_and_clear();
        }
    }
}
