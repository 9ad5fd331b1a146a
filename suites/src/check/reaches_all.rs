//! A deadline that a change brings acts in every data plane within a given time.

use std::collections::BTreeMap;

use meshproof_model::units::Duration;
use meshproof_model::{Edge, Nanos, Operation, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{excerpts, millis};
use super::{Check, Finding, Params, window};
use crate::calls::Call;
use crate::estate::Estate;
use crate::{Case, Scene};

/// A deadline that a change brings acts in every data plane within a given time. The callees take
/// longer than that deadline, so that each call tells by which policy it went: it is answered late
/// by the one before, and cut by the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReachesAll {
    /// The number of the change, from 0. It brings `timeouts.request`.
    pub change: u32,
    /// How long after its beginning the last call may begin that goes by the policy before.
    pub within: Duration,
}

impl Params for ReachesAll {
    fn start<'a>(&'a self, scene: Scene<'a>) -> Box<dyn Check + 'a> {
        Box::new(Reach {
            params: self,
            scene,
            estate: Estate::of(scene.case),
        })
    }

    fn flaw(&self, case: &Case, _: &Edge) -> Option<String> {
        let change = case.changes.get(place(self.change));
        let Some(Operation::Policy(policies)) = change.map(|change| &change.operation) else {
            return Some(format!(
                "change {} brings no policy; changes count from 0",
                self.change
            ));
        };
        let policies = case.spread(policies);
        let bare = case.world.edges().find(|edge| {
            let timeouts = policies
                .get(edge)
                .and_then(|policy| policy.timeouts.as_ref());
            timeouts.is_none_or(|timeouts| timeouts.request.is_none())
        });
        bare.map(|edge| {
            format!(
                "change {} brings no `timeouts.request` for {edge}",
                self.change
            )
        })
    }
}

#[derive(Debug)]
struct Reach<'a> {
    params: &'a ReachesAll,
    scene: Scene<'a>,
    estate: Estate,
}

/// What was seen of one data plane after the change.
#[derive(Debug, Default)]
struct Plane<'a> {
    /// The last call by the policy before, and how long after the change it began.
    last: Option<(Nanos, &'a Call)>,
    /// Calls by the new policy after that one.
    cut: u32,
}

impl Check for Reach<'_> {
    fn see(&mut self, record: &Record) {
        self.estate.see(record);
    }

    fn finish(self: Box<Self>) -> Finding {
        let ReachesAll { change, within } = *self.params;
        let life = self.estate.lives().change(place(change));
        let Some(begun) = life.begun else {
            return Finding::inconclusive(format!("change {change} was never begun"));
        };
        let planes = self.planes(begun);
        let mut took: Vec<_> = planes.values().filter_map(|plane| plane.last).collect();
        took.sort_by_key(|(length, _)| *length);
        let seen = format!(
            "the last call by the policy before began {} after the change, over {} data planes",
            millis(took.last().map_or(0, |(length, _)| *length)),
            planes.len()
        );
        let late = |(length, _): &&(Nanos, &Call)| *length > within.as_nanos();
        if let Some((longest, _)) = took.last().filter(late) {
            let stale: Vec<_> = took.iter().rev().take_while(late).collect();
            return Finding::Fail {
                why: format!(
                    "wanted: within {within}; {} of {} data planes went by the policy before for longer: {seen}",
                    stale.len(),
                    planes.len()
                ),
                evidence: excerpts(stale.iter().map(|(_, call)| *call)),
                slack: Some(std::time::Duration::from_nanos(longest - within.as_nanos())),
            };
        }
        let untold = planes.iter().filter(|(_, plane)| plane.cut == 0);
        let untold: Vec<_> = untold.map(|(name, _)| name.as_str()).collect();
        match untold.first() {
            Some(first) => Finding::inconclusive(format!(
                "{} of {} data planes showed no call by the new policy, {first}'s for one",
                untold.len(),
                planes.len()
            )),
            None => Finding::pass(seen),
        }
    }
}

impl Reach<'_> {
    /// Every replica that calls somebody, by its name.
    fn planes(&self, begun: Nanos) -> BTreeMap<String, Plane<'_>> {
        let mut planes: BTreeMap<String, Plane<'_>> = BTreeMap::new();
        let mut later = Vec::new();
        for calls in self.estate.ledgers() {
            let edge = calls.edge();
            for nth in 0..self.scene.replicas(&edge.caller) {
                planes.entry(format!("{}-{nth}", edge.caller)).or_default();
            }
            let policy = window::policy(&self.scene, edge, Some(self.params.change));
            let deadline = policy.timeouts.and_then(|timeouts| timeouts.request);
            let deadline = deadline.map_or(0, Duration::as_nanos);
            let calls = calls.all().iter().filter(|call| call.start >= begun);
            later.extend(calls.map(|call| (call, deadline)));
        }
        later.sort_by_key(|(call, _)| call.start);
        for (call, deadline) in later {
            let plane = planes.entry(call.caller.clone()).or_default();
            if call.failed_by_mesh() {
                plane.cut += 1;
            } else if call.succeeded() && call.took() > Some(deadline.saturating_mul(2)) {
                *plane = Plane {
                    last: Some((call.start - begun, call)),
                    cut: 0,
                };
            }
        }
        planes
    }
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use meshproof_model::{
        AttemptEnded, AttemptStarted, ChangeRecord, ChangeStep, Method, Outcome, Side,
    };

    use super::*;

    const CASE: &str = r#"{
        "id": "t.t", "level": "must", "statement": "t", "sources": ["t"],
        "world": {"layered": {"layers": 2, "width": 2, "fanout": 1, "behaviour": {"delay": "200ms"}}},
        "load": {"on": "*", "rate": "10/s", "for": "4s", "path": "/hops/1"},
        "changes": [{"at": "1s", "do": {"policy": {"*->*": {"timeouts": {"request": "50ms"}}}}}],
        "expect": []
    }"#;
    const MS: Nanos = 1_000_000;

    /// One call: the caller, when it began and ended, and whether the mesh cut it.
    type Told<'a> = (&'a str, u64, u64, bool);

    fn finding(begun: bool, told: &[Told<'_>]) -> Finding {
        let case: Case = serde_json::from_str(CASE).unwrap();
        let params = ReachesAll {
            change: 0,
            within: Duration::from_millis(500),
        };
        let scene = Scene {
            case: &case,
            budget: None,
        };
        assert_eq!(params.flaw(&case, &Edge::every()), None);
        let mut check = params.start(scene);
        if begun {
            check.see(&Record::Change(ChangeRecord {
                at: 1000 * MS,
                change: 0,
                step: ChangeStep::Begun,
            }));
        }
        for (id, (caller, from, until, cut)) in (0..).zip(told) {
            let callee = caller.replace("l0", "l1");
            check.see(&Record::AttemptStarted(AttemptStarted {
                at: from * MS,
                id,
                replica: format!("{caller}-0"),
                side: Side::Caller,
                peer: callee.clone(),
                call: format!("{id}"),
                trace: "load.1".to_owned(),
                method: Method::Get,
                intended: None,
            }));
            let (status, by) = match cut {
                true => (504, None),
                false => (200, Some(format!("{callee}-0"))),
            };
            check.see(&Record::AttemptEnded(AttemptEnded {
                at: until * MS,
                id,
                replica: format!("{caller}-0"),
                side: Side::Caller,
                outcome: Outcome::Answered { status, by },
                sent: None,
                received: None,
            }));
        }
        check.finish()
    }

    #[test]
    fn every_data_plane_goes_by_the_new_policy_in_time() {
        let before = ("l0-s00", 500, 700, false);
        let soon = ("l0-s00", 1100, 1300, false);
        let first = ("l0-s00", 1600, 1650, true);
        let second = ("l0-s01", 1700, 1750, true);
        let found = finding(true, &[before, soon, first, second]);
        assert!(matches!(found, Finding::Pass { .. }), "{found:?}");

        // One that was answered at once says nothing of any deadline.
        let quick = ("l0-s01", 2000, 2001, false);
        let found = finding(true, &[first, second, quick]);
        assert!(matches!(found, Finding::Pass { .. }), "{found:?}");

        let deaf = ("l0-s01", 2000, 2200, false);
        let found = finding(true, &[soon, first, second, deaf]);
        let missed = std::time::Duration::from_millis(500);
        assert!(
            matches!(&found, Finding::Fail { slack: Some(slack), why, .. }
                if *slack == missed && why.contains("1 of 2 data planes")),
            "{found:?}"
        );

        for (row, begun, told) in [
            ("no change", false, &[first, second][..]),
            ("one is silent", true, &[first][..]),
            ("one shows nothing", true, &[first, quick][..]),
        ] {
            let found = finding(begun, told);
            assert!(
                matches!(found, Finding::Inconclusive { .. }),
                "{row}: {found:?}"
            );
        }
    }

    #[test]
    fn a_change_without_a_deadline_for_every_call_is_told() {
        let flaw = |change: &str| {
            let text = CASE.replace(r#"{"*->*": {"timeouts": {"request": "50ms"}}}"#, change);
            let case: Case = serde_json::from_str(&text).unwrap();
            let params = ReachesAll {
                change: 0,
                within: Duration::from_millis(500),
            };
            params.flaw(&case, &Edge::every())
        };
        let one = r#"{"l0-s00->l1-s00": {"timeouts": {"request": "50ms"}}}"#;
        assert!(flaw(one).unwrap().ends_with("for l0-s01->l1-s01"));
        assert!(flaw(r#"{"*->*": {}}"#).is_some());
    }
}
