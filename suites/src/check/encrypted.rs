//! What a call says on the wire is TLS, and nothing of it is seen in clear.

use std::collections::BTreeMap;

use meshproof_model::{Edge, Excerpt, Nanos, Phase, Record, Toward, WireRecord, WireSeen};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Check, Finding, Params, millis};
use crate::Scene;

/// How many connections are shown.
const SHOWN: usize = 3;

/// Every connection of a call that is opened once the policy acts begins with TLS, each way, and
/// nothing that must be secret is seen on it in clear.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Encrypted {
    /// At least so many connections must be seen.
    #[serde(default = "one")]
    pub at_least: u32,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

fn one() -> u32 {
    1
}

impl Params for Encrypted {
    fn start<'a>(&'a self, scene: Scene<'a>) -> Box<dyn Check + 'a> {
        Box::new(Wire {
            at_least: self.at_least.max(1),
            call: scene.call(self.call.as_ref()),
            acts: None,
            connections: BTreeMap::new(),
        })
    }

    fn call(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn needs_call(&self) -> bool {
        true
    }

    fn reads_wire(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Wire {
    at_least: u32,
    call: Edge,
    acts: Option<Nanos>,
    /// By link and number: what was seen, in order of time.
    connections: BTreeMap<(String, u64), Vec<WireRecord>>,
}

impl Check for Wire {
    fn see(&mut self, record: &Record) {
        match record {
            Record::Mark(mark) if mark.phase == Phase::PolicyActs => self.acts = Some(mark.at),
            Record::Wire(wire) if wire.call == self.call => {
                let key = (wire.link.clone(), wire.connection);
                self.connections.entry(key).or_default().push(wire.clone());
            }
            _ => {}
        }
    }

    fn finish(self: Box<Self>) -> Finding {
        // Where no policy is meant to act, every connection counts.
        let acts = self.acts.unwrap_or(0);
        let later = |seen: &&Vec<WireRecord>| seen.first().is_some_and(|first| first.at >= acts);
        let judged: Vec<_> = self.connections.values().filter(later).collect();
        let bare = |seen: &&&Vec<WireRecord>| seen.iter().any(|wire| wire.seen != WireSeen::Tls);
        let bare: Vec<_> = judged.iter().filter(bare).collect();
        if !bare.is_empty() {
            let evidence = bare.iter().take(SHOWN).map(|seen| excerpt(seen, self.acts));
            return Finding::fail(
                format!(
                    "{} of {} connections of {} are not TLS, or show in clear what must be secret",
                    bare.len(),
                    judged.len(),
                    self.call
                ),
                evidence.collect(),
            );
        }
        let asked =
            |seen: &&&Vec<WireRecord>| seen.iter().any(|wire| wire.toward == Toward::Callee);
        let count = judged.iter().filter(asked).count();
        let seen = format!("{count} connections of {} begin with TLS", self.call);
        if u32::try_from(count).unwrap_or(u32::MAX) < self.at_least {
            return Finding::inconclusive(format!("{seen}, of {} wanted", self.at_least));
        }
        Finding::pass(seen)
    }
}

/// Times count from the moment when the policy acts; from the first record where there is none.
fn excerpt(seen: &[WireRecord], acts: Option<Nanos>) -> Excerpt {
    let from = acts.or_else(|| seen.first().map(|first| first.at));
    let from = from.unwrap_or_default();
    let line = |wire: &WireRecord| {
        let end = match wire.toward {
            Toward::Caller => "the caller",
            Toward::Callee => "the callee",
            Toward::Both => "both ends",
        };
        let what = match wire.seen {
            WireSeen::Tls => "TLS begins",
            WireSeen::Http => "HTTP in clear begins",
            WireSeen::Other => "something that is not TLS begins",
            WireSeen::Clear => "what must be secret, in clear",
        };
        format!(
            "{} toward {end}: {what}",
            millis(wire.at.saturating_sub(from))
        )
    };
    let subject = seen.first().map_or_else(String::new, |first| {
        format!("connection {} of {}", first.connection, first.link)
    });
    Excerpt {
        subject,
        lines: seen.iter().map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use meshproof_model::Mark;

    use super::*;

    type Seen = (Nanos, u64, Toward, WireSeen);

    fn finding(seen: &[Seen]) -> Finding {
        finding_after(Some(100), seen)
    }

    fn finding_after(acts: Option<Nanos>, seen: &[Seen]) -> Finding {
        let params = Encrypted {
            at_least: 2,
            call: None,
        };
        let call: Edge = "a->b".parse().unwrap();
        let mut check = Wire {
            at_least: params.at_least,
            call: call.clone(),
            acts: None,
            connections: BTreeMap::new(),
        };
        if let Some(at) = acts {
            let phase = Phase::PolicyActs;
            check.see(&Record::Mark(Mark { at, phase }));
        }
        for (at, connection, toward, seen) in seen {
            check.see(&Record::Wire(WireRecord {
                at: *at,
                call: call.clone(),
                link: "a-0->b-0@wire".to_owned(),
                connection: *connection,
                toward: *toward,
                seen: *seen,
            }));
        }
        Box::new(check).finish()
    }

    #[test]
    fn what_is_seen_decides() {
        use Toward::{Callee, Caller};
        use WireSeen::{Clear, Http, Other, Tls};
        let sound = [
            (101, 1, Callee, Tls),
            (102, 1, Caller, Tls),
            (103, 2, Callee, Tls),
        ];
        let with = |more: &[Seen]| finding(&[&sound, more].concat());
        assert!(matches!(with(&[]), Finding::Pass { .. }));
        let old = (50, 9, Callee, Http);
        assert!(
            matches!(with(&[old]), Finding::Pass { .. }),
            "before the policy acts"
        );
        let without_policy = finding_after(None, &[&sound[..], &[old]].concat());
        assert!(matches!(without_policy, Finding::Fail { .. }));
        for (toward, seen) in [(Callee, Http), (Caller, Other), (Callee, Clear)] {
            let found = with(&[(110, 2, toward, seen)]);
            assert!(matches!(found, Finding::Fail { .. }), "{seen:?}: {found:?}");
        }
        for few in [&sound[..0], &sound[..2]] {
            assert!(matches!(finding(few), Finding::Inconclusive { .. }));
        }
        let answers_only = [(101, 1, Callee, Tls), (102, 2, Caller, Tls)];
        assert!(matches!(
            finding(&answers_only),
            Finding::Inconclusive { .. }
        ));
    }
}
