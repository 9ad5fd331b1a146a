//! Attempts at a service for each user request lie between given bounds.

use std::collections::HashMap;

use meshproof_model::{Edge, Excerpt, Outcome, Record, Side};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Check, Finding, Params, share};
use crate::scene::{PROBER, load_start, service_of};
use crate::{Case, Scene};

/// Attempts at a service for each user request lie between given bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Amplification {
    /// The service whose attempts are counted.
    pub of: String,
    /// The greatest number for any user request: the product of 1 + attempts over the layers.
    pub at_most: u32,
    /// The least mean over all user requests, which shows that every layer does retry.
    pub at_least: u32,
}

impl Params for Amplification {
    fn start<'a>(&'a self, _: Scene<'a>) -> Box<dyn Check + 'a> {
        Box::new(Tally {
            params: self,
            requests: 0,
            attempts: HashMap::new(),
            given_up: 0,
        })
    }

    fn flaw(&self, case: &Case, _: &Edge) -> Option<String> {
        let known = case.world.services.contains_key(&self.of);
        (!known).then(|| format!("the service `{}` is not in the world", self.of))
    }
}

#[derive(Debug)]
struct Tally<'a> {
    params: &'a Amplification,
    requests: usize,
    attempts: HashMap<String, u32>,
    given_up: usize,
}

impl Check for Tally<'_> {
    fn see(&mut self, record: &Record) {
        let Some(start) = load_start(record) else {
            if let Record::AttemptEnded(end) = record {
                let given_up = end.replica == PROBER && end.outcome == Outcome::GaveUp;
                self.given_up += usize::from(given_up);
            }
            return;
        };
        match start.side {
            Side::Caller if start.replica == PROBER => self.requests += 1,
            Side::Callee if service_of(&start.replica) == self.params.of => {
                *self.attempts.entry(start.trace.clone()).or_default() += 1;
            }
            _ => {}
        }
    }

    fn finish(self: Box<Self>) -> Finding {
        let Amplification {
            of,
            at_most,
            at_least,
        } = self.params;
        let mut attempts: Vec<_> = self.attempts.into_iter().collect();
        attempts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let Some((_, most)) = attempts.first().filter(|_| self.requests > 0) else {
            return Finding::inconclusive(format!("no attempt reached {of}"));
        };
        let all: usize = attempts
            .iter()
            .map(|(_, n)| usize::try_from(*n).unwrap_or(0))
            .sum();
        let mean = share(all, self.requests);
        let seen = format!(
            "{mean:.1} attempts at {of} for each of {} user requests, at most {most}",
            self.requests
        );
        if most <= at_most && mean >= f64::from(*at_least) {
            return Finding::pass(seen);
        }
        if most <= at_most && self.given_up > 0 {
            return Finding::inconclusive(format!(
                "{seen}, and the prober gave up on {} of them before all was tried",
                self.given_up
            ));
        }
        let told = attempts.iter().take(3).map(|(trace, attempts)| Excerpt {
            subject: format!("user request {trace}"),
            lines: vec![format!("{attempts} attempts reached {of}")],
        });
        Finding::fail(
            format!(
                "wanted: at most {at_most} for any and at least {at_least} in the mean; got {seen}"
            ),
            told.collect(),
        )
    }
}
