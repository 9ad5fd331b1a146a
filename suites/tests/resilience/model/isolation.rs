//! A report that dies, hangs or hogs.

use meshproof_model::Outcome;
use meshproof_suites::Case;

use crate::story::{Story, answered};

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    Some(match case.id.as_str() {
        "resilience.isolation.report" => {
            let hurt = bad == "ignoreRequestTimeout" || bad == "no mesh";
            Story::of(case).probed(|_, at| match (at < 500, hurt) {
                (true, _) => (3, answered(200, Some("payments-0"))),
                (false, false) => (105, answered(200, Some("payments-0"))),
                (false, true) => (1000, Outcome::GaveUp),
            })
        }
        "resilience.isolation.report-dies" | "resilience.isolation.report-hogs" => {
            Story::of(case).probed(|_, _| (3, answered(200, Some("payments-0"))))
        }
        _ => return None,
    })
}
