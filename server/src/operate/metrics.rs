//! Figures of the server, in Prometheus' text form.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use jiff::Timestamp;

/// Upper bounds of the histogram, in seconds.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// The route of an address that leads nowhere: whoever tries many of them makes no further figures.
const NOWHERE: &str = "none";

/// What the server has counted since it began.
#[derive(Debug)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(String, &'static str, u16), u64>>,
    durations: Mutex<BTreeMap<String, Histogram>>,
    begun: Timestamp,
    pub(crate) connections: Gauge,
    pub(crate) streams: Gauge,
    pub(crate) launched: Counter,
    pub(crate) refused: Counter,
    pub(crate) unwritten_log_lines: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Mutex::default(),
            durations: Mutex::default(),
            begun: Timestamp::now(),
            connections: Gauge::default(),
            streams: Gauge::default(),
            launched: Counter::default(),
            refused: Counter::default(),
            unwritten_log_lines: Counter::default(),
        }
    }
}

/// Something that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Something that there is more or less of.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicI64);

impl Gauge {
    pub(crate) fn change(&self, by: i64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Clone, Debug, Default)]
struct Histogram {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

impl Metrics {
    /// Counts a request.
    pub(crate) fn request(&self, route: Option<&str>, method: &Method, status: StatusCode, took: Duration) {
        let route = route.unwrap_or(NOWHERE);
        if let Ok(mut requests) = self.requests.lock() {
            *requests.entry((route.to_owned(), word(method), status.as_u16())).or_default() += 1;
        }
        if let Ok(mut durations) = self.durations.lock() {
            let seconds = took.as_secs_f64();
            let histogram = durations.entry(route.to_owned()).or_default();
            histogram.count += 1;
            histogram.sum += seconds;
            for (bucket, bound) in histogram.buckets.iter_mut().zip(BOUNDS) {
                *bucket += u64::from(seconds <= bound);
            }
        }
    }

    /// All figures.
    pub(crate) fn text(&self, watched_jobs: usize) -> String {
        let mut text = String::new();
        // Writing into a text can't fail.
        let _ = self.write(&mut text, watched_jobs);
        text
    }

    fn write(&self, text: &mut String, watched_jobs: usize) -> std::fmt::Result {
        head(text, "tmpl_build_info", "gauge", "The version that runs.")?;
        writeln!(text, "tmpl_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))?;
        head(text, "process_start_time_seconds", "gauge", "When the server began.")?;
        writeln!(text, "process_start_time_seconds {}", self.begun.as_second())?;
        let requests = self.requests.lock().map(|requests| requests.clone()).unwrap_or_default();
        head(text, "tmpl_http_requests_total", "counter", "Requests, by route, method and status.")?;
        for ((route, method, status), count) in requests {
            let route = escaped(&route);
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            writeln!(text, "tmpl_http_requests_total{{{labels}}} {count}")?;
        }
        let durations = self.durations.lock().map(|durations| durations.clone()).unwrap_or_default();
        let name = "tmpl_http_request_duration_seconds";
        head(text, name, "histogram", "How long it took until a request was answered, by route.")?;
        for (route, histogram) in durations {
            let route = escaped(&route);
            for (bucket, bound) in histogram.buckets.iter().zip(BOUNDS) {
                writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"{bound}\"}} {bucket}")?;
            }
            let Histogram { count, sum, .. } = histogram;
            writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {count}")?;
            writeln!(text, "{name}_sum{{route=\"{route}\"}} {sum}")?;
            writeln!(text, "{name}_count{{route=\"{route}\"}} {count}")?;
        }
        for (name, gauge, help) in [
            ("tmpl_http_connections", self.connections.now(), "Connections that are open."),
            ("tmpl_live_streams", self.streams.now(), "People who watch a job."),
            ("tmpl_live_jobs", watched_jobs.try_into().unwrap_or(i64::MAX), "Jobs that somebody watches."),
        ] {
            head(text, name, "gauge", help)?;
            writeln!(text, "{name} {gauge}")?;
        }
        for (name, counter, help) in [
            ("tmpl_jobs_launched_total", &self.launched, "Jobs that were launched here."),
            ("tmpl_refused_total", &self.refused, "Requests of people who may not do what they asked for."),
            (
                "tmpl_access_log_dropped_total",
                &self.unwritten_log_lines,
                "Lines of the access log that nobody took in time.",
            ),
        ] {
            head(text, name, "counter", help)?;
            writeln!(text, "{name} {}", counter.0.load(Ordering::Relaxed))?;
        }
        Ok(())
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

/// A value of a label.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A method that anybody may have made up is none.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route() {
        let metrics = Metrics::default();
        let millis = Duration::from_millis;
        metrics.request(Some("/jobs/{id}"), &Method::GET, StatusCode::OK, millis(3));
        metrics.request(Some("/jobs/{id}"), &Method::GET, StatusCode::OK, millis(300));
        metrics.request(None, &Method::from_bytes(b"BREW").unwrap(), StatusCode::NOT_FOUND, millis(1));
        metrics.launched.add();
        metrics.streams.change(2);
        metrics.streams.change(-1);
        let text = metrics.text(3);
        for line in [
            r#"tmpl_http_requests_total{route="/jobs/{id}",method="GET",status="200"} 2"#,
            r#"tmpl_http_requests_total{route="none",method="other",status="404"} 1"#,
            r#"tmpl_http_request_duration_seconds_bucket{route="/jobs/{id}",le="0.0025"} 0"#,
            r#"tmpl_http_request_duration_seconds_bucket{route="/jobs/{id}",le="0.005"} 1"#,
            r#"tmpl_http_request_duration_seconds_bucket{route="/jobs/{id}",le="+Inf"} 2"#,
            r#"tmpl_http_request_duration_seconds_count{route="/jobs/{id}"} 2"#,
            "tmpl_jobs_launched_total 1",
            "tmpl_live_streams 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.lines().all(|line| line.starts_with('#') || line.split(' ').count() == 2), "{text}");
    }
}
