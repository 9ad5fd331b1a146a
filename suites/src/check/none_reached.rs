//! Nobody who calls a sidecar on the wire without the right identity reaches the application.

use std::collections::BTreeSet;

use meshproof_model::{
    AttemptStarted, ChangeStep, Edge, Excerpt, IntruderSaw, Intrusion, Operation, Record, Side,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Check, Finding, Params};
use crate::{Case, Scene};

/// Nobody who calls a sidecar on the wire without the right identity reaches the application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NoneReached {}

impl Params for NoneReached {
    fn start<'a>(&'a self, scene: Scene<'a>) -> Box<dyn Check + 'a> {
        Box::new(Doors {
            scene,
            tried: Vec::new(),
            recorded: BTreeSet::new(),
        })
    }

    fn flaw(&self, case: &Case, _: &Edge) -> Option<String> {
        let intrudes = |operation: &Operation| matches!(operation, Operation::Intrude(_));
        let any = case
            .changes
            .iter()
            .any(|change| intrudes(&change.operation));
        (!any).then(|| "nobody intrudes: the case has no change `intrude`".to_owned())
    }
}

#[derive(Debug)]
struct Doors<'a> {
    scene: Scene<'a>,
    tried: Vec<Intrusion>,
    /// The traces of requests that callees recorded, but for the load's.
    recorded: BTreeSet<String>,
}

impl Doors<'_> {
    fn reached(&self, intrusion: &Intrusion) -> bool {
        let answered = matches!(&intrusion.saw, IntruderSaw::Answered { by: Some(_), .. });
        answered || self.recorded.contains(&intrusion.trace)
    }

    /// How many calls of intruders the case asks for.
    fn wanted(&self) -> usize {
        let of_change = |operation: &Operation| match operation {
            Operation::Intrude(intrude) => {
                let replicas = usize::try_from(self.scene.replicas(&intrude.into)).unwrap_or(0);
                intrude.by.len() * replicas
            }
            _ => 0,
        };
        let changes = self.scene.case.changes.iter();
        changes.map(|change| of_change(&change.operation)).sum()
    }
}

impl Check for Doors<'_> {
    fn see(&mut self, record: &Record) {
        match record {
            Record::AttemptStarted(start) if start.side == Side::Callee && is_ours(start) => {
                self.recorded.insert(start.trace.clone());
            }
            Record::Change(change) => {
                if let ChangeStep::Intruded(intrusion) = &change.step {
                    self.tried.push(intrusion.clone());
                }
            }
            _ => {}
        }
    }

    fn finish(self: Box<Self>) -> Finding {
        let is_guest = |intrusion: &&Intrusion| intrusion.trace.starts_with("guest.");
        let (guests, intruders): (Vec<_>, Vec<_>) = self.tried.iter().partition(is_guest);
        let known: BTreeSet<_> = intruders.iter().map(|one| one.trace.as_str()).collect();
        let inside: Vec<_> = intruders.iter().filter(|one| self.reached(one)).collect();
        let strangers = self
            .recorded
            .iter()
            .find(|trace| trace.starts_with("intruder.") && !known.contains(trace.as_str()));
        if let Some(first) = inside.first() {
            let evidence = inside.iter().take(3).map(|one| excerpt(one)).collect();
            return Finding::fail(
                format!(
                    "{} of {} intruders reached the application, the first {} at {}",
                    inside.len(),
                    intruders.len(),
                    first.intruder.describe(),
                    first.replica
                ),
                evidence,
            );
        }
        if let Some(trace) = strangers {
            return Finding::fail(
                format!("the application recorded {trace}, whose caller was not told of"),
                Vec::new(),
            );
        }
        if intruders.len() < self.wanted() {
            return Finding::inconclusive(format!(
                "{} of {} intrusions were tried",
                intruders.len(),
                self.wanted()
            ));
        }
        let unreached = intruders.iter().find_map(|one| match &one.saw {
            IntruderSaw::NoConnection { error } => Some((&one.replica, error)),
            _ => None,
        });
        if let Some((replica, error)) = unreached {
            return Finding::inconclusive(format!(
                "nobody could knock at {replica}'s sidecar: {error}"
            ));
        }
        let outside = |guest: &&&Intrusion| !self.recorded.contains(&guest.trace);
        match guests.iter().find(outside) {
            _ if guests.is_empty() => Finding::inconclusive(
                "nobody who may was sent in, so that the doors may have been the wrong ones",
            ),
            Some(guest) => Finding::inconclusive(format!(
                "a caller {} who may was not let in at {} ({}), so that nothing is proven",
                guest.intruder.describe(),
                guest.replica,
                saw(&guest.saw)
            )),
            None => Finding::pass(format!(
                "{} intruders reached nothing; {} who may were let in",
                intruders.len(),
                guests.len()
            )),
        }
    }
}

/// Whether one of the calls that a change `intrude` makes caused this.
fn is_ours(start: &AttemptStarted) -> bool {
    start.trace.starts_with("intruder.") || start.trace.starts_with("guest.")
}

fn excerpt(intrusion: &Intrusion) -> Excerpt {
    Excerpt {
        subject: format!("intruder {}", intrusion.intruder.describe()),
        lines: vec![
            format!(
                "called {}'s sidecar as {}",
                intrusion.replica, intrusion.trace
            ),
            saw(&intrusion.saw),
        ],
    }
}

fn saw(saw: &IntruderSaw) -> String {
    match saw {
        IntruderSaw::NoConnection { error } => format!("no connection: {error}"),
        IntruderSaw::TurnedAway { error } => format!("turned away: {error}"),
        IntruderSaw::Answered {
            status,
            by: Some(by),
        } => format!("{status} by {by}"),
        IntruderSaw::Answered { status, by: None } => format!("{status} by the mesh"),
    }
}

#[cfg(test)]
mod tests {
    use meshproof_model::{ChangeRecord, Intruder, Method};

    use super::*;

    const CASE: &str = r#"{
        "id": "t.t", "level": "must", "statement": "t", "sources": ["t"],
        "world": {"services": {"a": {"calls": ["b"]}, "b": {}}},
        "load": {"on": "a", "rate": "10/s", "for": "1s"},
        "changes": [{"at": "0ms", "do": {"intrude": {"into": "b", "by": ["clearText", "noCertificate"]}}}],
        "expect": []
    }"#;

    fn away() -> IntruderSaw {
        IntruderSaw::TurnedAway {
            error: "closed".to_owned(),
        }
    }

    fn answered(by: Option<&str>) -> IntruderSaw {
        let by = by.map(str::to_owned);
        IntruderSaw::Answered { status: 403, by }
    }

    fn finding(calls: &[(&str, IntruderSaw)], recorded: &[&str]) -> Finding {
        let case: Case = serde_json::from_str(CASE).unwrap();
        let scene = Scene {
            case: &case,
            budget: None,
        };
        let params = NoneReached {};
        let mut check = params.start(scene);
        for (trace, saw) in calls {
            check.see(&Record::Change(ChangeRecord {
                at: 1,
                change: 0,
                step: ChangeStep::Intruded(Intrusion {
                    trace: (*trace).to_owned(),
                    intruder: Intruder::ClearText,
                    replica: "b-0".to_owned(),
                    saw: saw.clone(),
                }),
            }));
        }
        for trace in recorded {
            check.see(&Record::AttemptStarted(AttemptStarted {
                at: 1,
                id: 1,
                replica: "b-0".to_owned(),
                side: Side::Callee,
                peer: String::new(),
                call: "-".to_owned(),
                trace: (*trace).to_owned(),
                method: Method::Get,
                intended: None,
            }));
        }
        check.finish()
    }

    #[test]
    fn only_intruders_inside_fail_and_only_tried_doors_pass() {
        let guest = ("guest.0-3", answered(Some("b-0")));
        let one = ("intruder.0-1", away());
        let two = ("intruder.0-2", answered(None));
        let all = [one.clone(), two.clone(), guest.clone()];
        let is_fail = |found: &Finding| matches!(found, Finding::Fail { .. });
        let is_open = |found: &Finding| matches!(found, Finding::Inconclusive { .. });
        let found = finding(&all, &["guest.0-3", "load.1"]);
        assert!(matches!(found, Finding::Pass { .. }), "{found:?}");
        for inside in ["intruder.0-1", "intruder.0-2", "intruder.0-9"] {
            let found = finding(&all, &["guest.0-3", inside]);
            assert!(is_fail(&found), "{inside}: {found:?}");
        }
        let marked = [
            one.clone(),
            ("intruder.0-2", answered(Some("b-0"))),
            guest.clone(),
        ];
        assert!(
            is_fail(&finding(&marked, &["guest.0-3"])),
            "answered by the application"
        );
        let no_door = IntruderSaw::NoConnection {
            error: "refused".to_owned(),
        };
        let nobody = &[][..];
        let welcome = &["guest.0-3"][..];
        let no_door = [one.clone(), ("intruder.0-2", no_door), guest.clone()];
        let rows = [
            ("nothing", &[][..], nobody),
            ("one of two", &[one.clone(), guest.clone()], welcome),
            ("no door", &no_door, welcome),
            ("no guest", &[one.clone(), two.clone()], nobody),
            ("guest refused", &all, nobody),
        ];
        for (row, calls, recorded) in rows {
            let found = finding(calls, recorded);
            assert!(is_open(&found), "{row}: {found:?}");
        }
    }
}
