//! Replicas that are ejected and come back.

use meshproof_suites::Case;

use super::{b0, failing, on_b, tries};
use crate::story::{Story, answered, turn};

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    Some(match case.id.as_str() {
        "resilience.outlier.ejects" | "resilience.outlier.returns" => {
            let after = match bad {
                "neverEject" => u64::MAX,
                "ejectAtFirstError" => 1,
                _ => 5,
            };
            let returns = case.id.ends_with("returns") && bad != "neverReadmit";
            let (mut errors, mut ejected) = (0, None);
            on_b(case, |nth, at| {
                let out = ejected.is_some_and(|since| at < since + 720 || !returns);
                let replica = match nth % 3 {
                    0 if out => turn(nth / 3 % 2 + 1, 3),
                    turned => turn(turned, 3),
                };
                let failing_until = case.faults[0].until.as_millis();
                let status = if replica == "b-0" && at < failing_until {
                    500
                } else {
                    200
                };
                if status == 500 {
                    errors += 1;
                    if errors == after {
                        ejected = Some(at);
                    }
                }
                failing(1, 0, 1, status, |_| replica.clone())
            })
        }
        "resilience.outlier.floor" => on_b(case, |nth, at| {
            let out = match bad {
                "neverEject" => 0,
                "ejectAll" => 3,
                _ => 2,
            };
            let replica = match at {
                0..200 => nth % 4,
                _ => out + nth % (4 - out),
            };
            failing(1, 0, 1, if replica == 3 { 200 } else { 500 }, |_| {
                turn(replica, 4)
            })
        }),
        "resilience.outlier.all-bad" => on_b(case, |nth, at| {
            let back = at >= 1100 && bad != "neverReadmit";
            match (at < 250, back) {
                (true, _) => failing(1, 0, 1, 500, |_| turn(nth, 3)),
                (false, true) => failing(1, 0, 1, 200, b0),
                (false, false) => tries(Vec::new(), 1, answered(503, None)),
            }
        }),
        "resilience.outlier.policy-change" => {
            let after = match bad {
                "neverEject" => u64::MAX,
                "ejectAtFirstError" => 1,
                _ => 5,
            };
            let mut errors = 0;
            on_b(case, |nth, at| {
                let forgotten = bad == "forgetEjectionsOnPolicy" && at >= 805;
                let out = errors >= after && !forgotten;
                let replica = match nth % 3 {
                    0 if out => turn(nth / 3 % 2 + 1, 3),
                    turned => turn(turned, 3),
                };
                let status = if replica == "b-0" { 500 } else { 200 };
                errors += u64::from(status == 500);
                failing(1, 0, 1, status, |_| replica.clone())
            })
        }
        _ => return None,
    })
}
