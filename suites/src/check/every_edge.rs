//! Every call of the world is made, and answered by the service that was meant.

use meshproof_model::{Edge, Nanos, Outcome, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Breaches, millis, name};
use super::{Check, Finding, Params};
use crate::calls::Call;
use crate::estate::Estate;
use crate::{Case, Scene, service_of};

/// Every call of the world is made, and answered by the service that was meant: its caller got a
/// status below 400 with the mark of a replica that recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EveryEdge {
    /// A service that the case itself makes fail: calls to it need not be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub but: Option<String>,
}

impl Params for EveryEdge {
    fn start<'a>(&'a self, scene: Scene<'a>) -> Box<dyn Check + 'a> {
        Box::new(Walk {
            params: self,
            estate: Estate::of(scene.case),
        })
    }

    fn flaw(&self, case: &Case, _: &Edge) -> Option<String> {
        if case.world.edges().next().is_none() {
            return Some("nobody calls anybody in this world".to_owned());
        }
        let stranger = self.but.as_ref();
        let stranger = stranger.filter(|name| !case.world.services.contains_key(*name))?;
        Some(format!("`{stranger}` is not in the world"))
    }
}

#[derive(Debug)]
struct Walk<'a> {
    params: &'a EveryEdge,
    estate: Estate,
}

impl Check for Walk<'_> {
    fn see(&mut self, record: &Record) {
        self.estate.see(record);
    }

    fn finish(self: Box<Self>) -> Finding {
        let spared = |edge: &Edge| Some(&edge.callee) == self.params.but.as_ref();
        let ledgers = self.estate.ledgers().iter();
        let judged: Vec<_> = ledgers.filter(|calls| !spared(calls.edge())).collect();
        let made = judged.iter().map(|calls| calls.all().len()).sum();
        let mut breaches = Breaches::default();
        for call in judged.iter().flat_map(|calls| calls.all()) {
            match seen(call) {
                Seen::Answered => {}
                Seen::Wrong(what) => breaches.hard(call, what),
                Seen::Waited(length) => breaches.late(
                    call,
                    length,
                    format!("{} waited {} for nothing", call.caller, millis(length)),
                ),
            }
        }
        let demand = format!("each of {} calls answered by its callee", judged.len());
        if let Some(fail) = breaches.finding(made, &demand) {
            return fail;
        }
        let mut unmade = judged.iter().filter(|calls| calls.all().is_empty());
        if let Some(first) = unmade.next() {
            return Finding::inconclusive(format!(
                "{} of {} calls were never made, {} for one",
                unmade.count() + 1,
                judged.len(),
                first.edge()
            ));
        }
        let starts = judged.iter().filter_map(|calls| calls.all().first());
        let walked = judged
            .iter()
            .filter_map(|calls| ended(calls.all().first()?));
        let begun = starts.map(|call| call.start).min().unwrap_or_default();
        let took = walked.max().unwrap_or_default().saturating_sub(begun);
        Finding::pass(format!(
            "{} calls of the world were made in {}, {made} times in all, and answered by their callees",
            judged.len(),
            millis(took)
        ))
    }
}

/// What came of a call.
enum Seen {
    Answered,
    /// It came to something else, which no lag explains.
    Wrong(String),
    /// Its own caller's caller gave up on it after so long.
    Waited(Nanos),
}

fn seen(call: &Call) -> Seen {
    match &call.end {
        None => Seen::Wrong(format!("{} had no answer to the end", call.caller)),
        Some((at, Outcome::Cancelled)) => Seen::Waited(at.saturating_sub(call.start)),
        Some((_, outcome)) => match outcome {
            Outcome::Answered {
                status,
                by: Some(by),
            } if *status < 400 && service_of(by) == call.callee => {
                match call.tries.iter().any(|one| one.replica == *by) {
                    true => Seen::Answered,
                    false => Seen::Wrong(format!("{by} answered what it never received")),
                }
            }
            other => Seen::Wrong(format!(
                "{} called {}: {}",
                call.caller,
                call.callee,
                name(other)
            )),
        },
    }
}

fn ended(call: &Call) -> Option<Nanos> {
    call.end.as_ref().map(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use meshproof_model::{AttemptEnded, AttemptStarted, Method, Side};

    use super::*;

    const CASE: &str = r#"{
        "id": "t.t", "level": "must", "statement": "t", "sources": ["t"],
        "world": {"layered": {"layers": 2, "width": 2, "fanout": 1}},
        "load": {"on": "*", "rate": "10/s", "for": "1s", "path": "/hops/1"},
        "expect": []
    }"#;

    /// One call: caller, callee, who received it, and what the caller saw.
    type Told<'a> = (&'a str, &'a str, Option<&'a str>, Option<Outcome>);

    fn by(replica: &str) -> Option<Outcome> {
        answered(200, Some(replica))
    }

    fn answered(status: u16, by: Option<&str>) -> Option<Outcome> {
        let by = by.map(str::to_owned);
        Some(Outcome::Answered { status, by })
    }

    fn started(id: u64, replica: &str, side: Side, peer: &str, call: &str) -> Record {
        Record::AttemptStarted(AttemptStarted {
            at: id,
            id,
            replica: replica.to_owned(),
            side,
            peer: peer.to_owned(),
            call: call.to_owned(),
            trace: "load.1".to_owned(),
            method: Method::Get,
            intended: None,
        })
    }

    fn finding(but: Option<&str>, told: &[Told<'_>]) -> Finding {
        let case: Case = serde_json::from_str(CASE).unwrap();
        let params = EveryEdge {
            but: but.map(str::to_owned),
        };
        let scene = Scene {
            case: &case,
            budget: None,
        };
        let mut check = params.start(scene);
        for (id, (caller, callee, received, saw)) in (0..).step_by(10).zip(told) {
            let call = format!("{caller}.{id}");
            check.see(&started(id, caller, Side::Caller, callee, &call));
            if let Some(replica) = received {
                check.see(&started(id + 1, replica, Side::Callee, "", &call));
            }
            if let Some(outcome) = saw {
                check.see(&Record::AttemptEnded(AttemptEnded {
                    at: id + 9,
                    id,
                    replica: (*caller).to_owned(),
                    side: Side::Caller,
                    outcome: outcome.clone(),
                    sent: None,
                    received: None,
                }));
            }
        }
        check.finish()
    }

    #[test]
    fn every_call_is_made_and_answered_by_whom_it_meant() {
        let first = ("l0-s00-0", "l1-s00", Some("l1-s00-0"), by("l1-s00-0"));
        let second = ("l0-s01-0", "l1-s01", Some("l1-s01-0"), by("l1-s01-0"));
        let found = finding(None, &[first.clone(), second.clone()]);
        assert!(matches!(found, Finding::Pass { .. }), "{found:?}");

        let wrong = |received, saw| ("l0-s01-0", "l1-s01", received, saw);
        for (row, wrong) in [
            ("by the mesh", wrong(None, answered(503, None))),
            ("by another", wrong(Some("l1-s00-0"), by("l1-s00-0"))),
            ("never received", wrong(None, by("l1-s01-0"))),
            (
                "failed",
                wrong(Some("l1-s01-0"), answered(500, Some("l1-s01-0"))),
            ),
            ("refused", wrong(None, Some(Outcome::Refused))),
            ("given up", wrong(None, Some(Outcome::Cancelled))),
            ("no end", wrong(Some("l1-s01-0"), None)),
        ] {
            let told = [first.clone(), second.clone(), wrong];
            let found = finding(None, &told);
            assert!(matches!(found, Finding::Fail { .. }), "{row}: {found:?}");
            let found = finding(Some("l1-s01"), &told);
            assert!(matches!(found, Finding::Pass { .. }), "{row}: {found:?}");
        }
        for told in [&[][..], &[first]] {
            let found = finding(None, told);
            assert!(matches!(found, Finding::Inconclusive { .. }), "{found:?}");
        }
    }
}
