//! One call through a mesh, and what the applications recorded of it.

use std::sync::Arc;

use meshproof_clock::{Timers, now};
use meshproof_fixtures::Running;
use meshproof_model::units::{Duration, Rate};
use meshproof_model::{Arrival, AttemptEnded, AttemptStarted, Load, Nanos, Outcome, Record, Side};
use meshproof_probes::{DriveOptions, drive, merge};
use tokio_util::sync::CancellationToken;

/// Why a call was not answered.
pub(super) enum CallError {
    /// The mesh did not bring it there and back.
    Answer(String),
    /// It could not be made, or what came of it could not be read.
    Environment(String),
}

/// Has the prober call `a` once, which calls `b` through the mesh. Returns what was seen, in words.
pub(super) async fn call(world: &Running, timers: &Timers) -> Result<String, CallError> {
    let began = now();
    let load = Load {
        on: "a".to_owned(),
        path: None,
        rate: Rate::per_second(10),
        length: Duration::from_millis(100),
        arrival: Arrival::Constant,
        methods: Vec::new(),
        body: None,
        give_up: Duration::from_millis(5000),
    };
    let options = DriveOptions {
        seed: 1,
        records: world.prober_segment(),
        timers: timers.clone(),
        cancel: CancellationToken::new(),
        started: began,
        progress: Arc::default(),
    };
    let environment =
        |error: &dyn std::error::Error| CallError::Environment(crate::run::explain(error));
    let driven = drive(&load, &world.entries(&load), options).await;
    driven.map_err(|error| environment(&error))?;
    let mut segments = world.segments();
    segments.push(world.prober_segment());
    segments.retain(|segment| segment.exists());
    let mut seen = Seen::default();
    for record in merge(segments, Vec::new()).map_err(|error| environment(&error))? {
        seen.take(began, &record.map_err(|error| environment(&error))?);
    }
    seen.judge()
}

/// What was recorded of the call.
#[derive(Default)]
struct Seen {
    /// What the prober, and what `a` got.
    prober: Option<Outcome>,
    caller: Option<Outcome>,
    /// The replicas of `b` that it reached.
    reached: Vec<String>,
}

impl Seen {
    fn take(&mut self, began: Nanos, record: &Record) {
        match record {
            _ if record.at() < began => {}
            Record::AttemptStarted(AttemptStarted {
                side: Side::Callee,
                replica,
                ..
            }) if replica.starts_with("b-") => self.reached.push(replica.clone()),
            Record::AttemptEnded(AttemptEnded {
                side: Side::Caller,
                replica,
                outcome,
                ..
            }) if replica == "prober" => self.prober = Some(outcome.clone()),
            Record::AttemptEnded(AttemptEnded {
                side: Side::Caller,
                outcome,
                ..
            }) => self.caller = Some(outcome.clone()),
            _ => {}
        }
    }

    fn judge(self) -> Result<String, CallError> {
        let answered = |outcome: &Option<Outcome>| {
            matches!(outcome, Some(Outcome::Answered { status: 200, .. }))
        };
        let reached = match self.reached.as_slice() {
            [] => "no replica of b saw it".to_owned(),
            [replica] => format!("{replica} saw it once"),
            replicas => format!(
                "b saw it {} times ({})",
                replicas.len(),
                replicas.join(", ")
            ),
        };
        if answered(&self.prober) && answered(&self.caller) && !self.reached.is_empty() {
            return Ok(format!("a called b: 200, {reached}"));
        }
        let got = |outcome: &Option<Outcome>| outcome.as_ref().map_or("nothing".to_owned(), told);
        Err(CallError::Answer(format!(
            "a called b and got {}; {reached}; the prober, which called a, got {}",
            got(&self.caller),
            got(&self.prober)
        )))
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered {
            status,
            by: Some(by),
        } => format!("{status} from {by}"),
        Outcome::Answered { status, by: None } => format!("{status} that no application gave"),
        Outcome::Refused => "a refused connection".to_owned(),
        Outcome::Reset => "a reset connection".to_owned(),
        Outcome::Cut => "a response that was cut".to_owned(),
        Outcome::Cancelled => "a cancellation".to_owned(),
        Outcome::GaveUp => "no answer in time".to_owned(),
        Outcome::Unanswered => "no answer".to_owned(),
        Outcome::Broken { error } => error.clone(),
    }
}
