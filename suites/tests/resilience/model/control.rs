//! The control plane: what happens without it, and how fast it acts.

use meshproof_model::{Outcome, Record, Toward, WireRecord, WireSeen};
use meshproof_suites::Case;

use super::{b0, begun, failing, on_b, tries};
use crate::story::{START, Story, Try, answered, ms};

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    Some(match case.id.as_str() {
        "resilience.control.invalid" => on_b(case, |nth, _| {
            let leaks = bad == "leakToZeroWeight" && nth % 20 == 0;
            failing(1, 0, 1, 200, |_| {
                if leaks { "b-0" } else { "b-next-0" }.to_owned()
            })
        }),
        "resilience.control.propagation" => {
            let mut story = begun(case);
            for (nth, at) in story.schedule() {
                let caller = nth % 3;
                let stays = at < 503 || bad == "oneProxyNeverUpdated" && caller == 1;
                let leaks = bad == "leakToZeroWeight" && nth % 20 == 0;
                let replica = if stays || leaks { "b-0" } else { "b-next-0" };
                let told = failing(1, 0, 1, 200, |_| replica.to_owned());
                story.call(nth, ms(at), &format!("a-{caller}"), "b", &told);
            }
            story
        }
        "resilience.control.back-older" => {
            let mut story = begun(case);
            for (nth, at) in story.schedule() {
                let caller = nth % 2;
                let stays = match bad {
                    _ if at < 1003 => true,
                    "neverReturnToControl" => true,
                    "oneProxyNeverUpdated" => caller == 1,
                    "leakToZeroWeight" => nth % 20 == 0,
                    _ => false,
                };
                let replica = if stays { "b-0" } else { "b-next-0" };
                let told = failing(1, 0, 1, 200, |_| replica.to_owned());
                story.call(nth, ms(at), &format!("a-{caller}"), "b", &told);
            }
            story
        }
        "resilience.control.sidecar-restarted" => on_b(case, |nth, at| {
            let back = if bad.is_empty() || bad == "leakToZeroWeight" {
                640
            } else {
                9000
            };
            let leaks = bad == "leakToZeroWeight" && nth % 20 == 0;
            match (600..back).contains(&at) {
                true => tries(Vec::new(), 1, Outcome::Refused),
                false => failing(1, 0, 1, 200, |_| {
                    if leaks { "b-0" } else { "b-next-0" }.to_owned()
                }),
            }
        }),
        "resilience.control.back-empty" => {
            let first = match bad {
                "plaintextOnWire" => WireSeen::Http,
                _ => WireSeen::Tls,
            };
            let mut story = begun(case)
                .load("a-0", "b", |nth, at| match (bad, at) {
                    (_, 300..400) => tries(Vec::new(), 1, Outcome::Reset),
                    ("forgetWhenControlEmpty", 600..) | ("refuseNewWithoutControl", 400..) => {
                        tries(Vec::new(), 1, Outcome::Refused)
                    }
                    ("leakToZeroWeight", _) if nth % 20 == 0 => failing(1, 0, 1, 200, b0),
                    _ => failing(1, 0, 1, 200, |_| "b-next-0".to_owned()),
                })
                .load("a-0", "c", |_, at| {
                    let (end, status) = match bad {
                        "ignoreRequestTimeout" => (1000, 200),
                        "forgetPolicyWithoutControl" if at >= 200 => (1000, 200),
                        "timeoutAlways" => (100, 504),
                        _ => (401, 504),
                    };
                    let one = Try("c-0".to_owned(), 0, Some(end), Outcome::Cancelled);
                    tries(vec![one], end, answered(status, None))
                });
            for connection in 1..4 {
                story.records.push(Record::Wire(WireRecord {
                    at: START + ms(connection),
                    call: "a->b".parse().expect("this is a call"),
                    link: "a-0->b-next-0@wire".to_owned(),
                    connection,
                    toward: Toward::Callee,
                    seen: first,
                }));
            }
            story
        }
        "resilience.control.dies" => begun(case)
            .load("a-0", "b", |nth, at| match (bad, at >= 300) {
                ("forgetPolicyWithoutControl", true) => failing(1, 0, 1, 200, b0),
                ("leakToZeroWeight", _) if nth % 20 == 0 => failing(1, 0, 1, 200, b0),
                _ => failing(1, 0, 1, 200, |_| "b-next-0".to_owned()),
            })
            .load("a-0", "c", |_, at| {
                let (end, status) = match (bad, at >= 300) {
                    ("ignoreRequestTimeout", _) => (1000, 200),
                    ("timeoutAlways", _) => (100, 504),
                    ("refuseNewWithoutControl", true) => (1, 503),
                    _ => (151, 504),
                };
                let one = Try("c-0".to_owned(), 0, Some(end), Outcome::Cancelled);
                tries(vec![one], end, answered(status, None))
            }),
        "resilience.control.reconnect" => on_b(case, |_, at| {
            let refused = !bad.is_empty() && (700..1200).contains(&at);
            match (600..700).contains(&at) || refused {
                true => tries(Vec::new(), 1, Outcome::Reset),
                false => failing(1, 0, 1, 200, b0),
            }
        }),
        _ => return None,
    })
}
