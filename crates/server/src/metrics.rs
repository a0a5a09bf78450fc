//! What this node counted and what the database tells, as text for Prometheus.
//!
//! Requests are counted as they are answered; everything else is asked for when it is scraped, so that no node tells
//! what another has changed.

use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};

/// The content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper ends of the buckets, in seconds: a page wants tenths, a slow report may take some.
const SECONDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    /// The pattern of the route, never what stands in its place.
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InvariantLabel {
    invariant: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

/// The counters of this node.
pub struct Metrics {
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(SECONDS)),
        }
    }
}

/// What the database and the node tell at the moment of a scrape.
#[derive(Debug, Default)]
pub struct Facts {
    pub version: &'static str,
    /// Name, whether it held, and when it was checked, in seconds since 1970.
    pub invariants: Vec<(String, bool, i64)>,
    pub ledger_transactions: i64,
    pub jobs_waiting: i64,
    pub jobs_dead: i64,
    pub notifications_waiting: i64,
    /// Those that wait for a person.
    pub notifications_held: i64,
    /// What may have moved money and nobody knows yet: its kind, how many, and since when, in seconds since 1970.
    pub undecided: Vec<(&'static str, i64, Option<i64>)>,
    pub open_sockets: i64,
}

impl Metrics {
    /// Counts an answered request.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        // A stranger may send any word as a method.
        let known = ["GET", "HEAD", "POST", "PATCH", "DELETE"];
        let method = known.into_iter().find(|name| *name == method).unwrap_or("other");
        let route = route.to_owned();
        let request = Request {
            method,
            route: route.clone(),
            status,
        };
        self.requests.get_or_create(&request).inc();
        self.durations
            .get_or_create(&Route { route })
            .observe(took.as_secs_f64());
    }

    /// The whole text of a scrape.
    pub fn render(&self, facts: &Facts) -> String {
        let mut registry = Registry::with_prefix("capecontrol");
        registry.register(
            "build",
            "What this program is",
            Info::new(vec![("version", facts.version)]),
        );
        let holds = Family::<InvariantLabel, Gauge>::default();
        let checked = Family::<InvariantLabel, Gauge>::default();
        for (invariant, held, at) in &facts.invariants {
            let label = InvariantLabel {
                invariant: invariant.clone(),
            };
            holds.get_or_create(&label).set(i64::from(*held));
            checked.get_or_create(&label).set(*at);
        }
        registry.register(
            "books_invariant_holds",
            "1 when the invariant held at its last check, 0 when it did not",
            holds,
        );
        registry.register(
            "books_checked_timestamp_seconds",
            "When the invariant was checked last",
            checked,
        );
        gauge(
            &mut registry,
            "ledger_transactions",
            "Entries in the books",
            facts.ledger_transactions,
        );
        let jobs = [("waiting", facts.jobs_waiting), ("dead", facts.jobs_dead)];
        by_state(&mut registry, "jobs", "Jobs that are not done", &jobs);
        let notifications = [
            ("waiting", facts.notifications_waiting),
            ("held", facts.notifications_held),
        ];
        let help = "Notifications of PayFast that are not applied: not checked yet, or held for a person";
        by_state(&mut registry, "notifications", help, &notifications);
        let undecided = Family::<Kind, Gauge>::default();
        let since = Family::<Kind, Gauge>::default();
        for (kind, count, oldest) in &facts.undecided {
            undecided.get_or_create(&Kind { kind }).set(*count);
            if let Some(oldest) = oldest {
                since.get_or_create(&Kind { kind }).set(*oldest);
            }
        }
        registry.register(
            "undecided",
            "Payments and refunds of which PayFast has not said whether money moved",
            undecided,
        );
        registry.register(
            "undecided_since_timestamp_seconds",
            "When the oldest of them began; nothing when there is none",
            since,
        );
        gauge(
            &mut registry,
            "open_sockets",
            "Sockets that are open on this node",
            facts.open_sockets,
        );
        registry.register("http_requests", "Answered requests", self.requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time from the head of a request to the head of its answer",
            self.durations.clone(),
        );
        let mut rendered = String::new();
        text::encode(&mut rendered, &registry).expect("writing to a string does not fail");
        rendered
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn by_state(registry: &mut Registry, name: &str, help: &str, values: &[(&'static str, i64)]) {
    let family = Family::<State, Gauge>::default();
    for (state, value) in values {
        family.get_or_create(&State { state }).set(*value);
    }
    registry.register(name, help, family);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_tells_what_was_counted() {
        let metrics = Metrics::default();
        let took = Duration::from_millis(30);
        metrics.answered("GET", "/api/v1/invoices/{id}", 200, took);
        metrics.answered("GET", "/api/v1/invoices/{id}", 200, took);
        metrics.answered("BREW", "other", 404, took);
        let text = metrics.render(&Facts {
            version: "1.2.3",
            invariants: vec![("I1".to_owned(), true, 1_795_000_000), ("I2".to_owned(), false, 7)],
            ledger_transactions: 12,
            jobs_dead: 3,
            undecided: vec![("payment", 2, Some(1_795_000_000)), ("refund", 0, None)],
            ..Facts::default()
        });
        for line in [
            "capecontrol_build_info{version=\"1.2.3\"} 1",
            "capecontrol_books_invariant_holds{invariant=\"I1\"} 1",
            "capecontrol_books_invariant_holds{invariant=\"I2\"} 0",
            "capecontrol_books_checked_timestamp_seconds{invariant=\"I1\"} 1795000000",
            "capecontrol_ledger_transactions 12",
            "capecontrol_jobs{state=\"dead\"} 3",
            "capecontrol_jobs{state=\"waiting\"} 0",
            "capecontrol_undecided{kind=\"payment\"} 2",
            "capecontrol_undecided{kind=\"refund\"} 0",
            "capecontrol_undecided_since_timestamp_seconds{kind=\"payment\"} 1795000000",
            "capecontrol_http_requests_total{method=\"GET\",route=\"/api/v1/invoices/{id}\",status=\"200\"} 2",
            "capecontrol_http_requests_total{method=\"other\",route=\"other\",status=\"404\"} 1",
            "capecontrol_http_request_duration_seconds_bucket{le=\"0.025\",route=\"/api/v1/invoices/{id}\"} 0",
            "capecontrol_http_request_duration_seconds_bucket{le=\"0.05\",route=\"/api/v1/invoices/{id}\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert!(!text.contains("since_timestamp_seconds{kind=\"refund\"}"));
        assert!(text.ends_with("# EOF\n"));
    }
}
