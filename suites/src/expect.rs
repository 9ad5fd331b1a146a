//! The table of checks: one variant each.

use meshproof_model::Edge;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{self, Check, Params};
use crate::{Case, Scene};

macro_rules! checks {
    ($($variant:ident($params:path) = $name:literal: $about:literal,)*) => {
        /// What a case expects to be seen: a check and its parameters.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub enum Expect {
            $(#[doc = $about] $variant($params),)*
        }

        impl Expect {
            /// Every check: its name in cases, and what it demands.
            pub const CATALOGUE: &[(&str, &str)] = &[$(($name, $about),)*];

            /// The check's name in cases.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                }
            }

            fn params(&self) -> &dyn Params {
                match self {
                    $(Self::$variant(params) => params,)*
                }
            }
        }
    };
}

checks! {
    EndsIn(check::ends_in::EndsIn) = "endsIn":
        "Every call ends at this time after its start, by an error that the mesh made.",
    UpstreamCancelled(check::upstream_cancelled::UpstreamCancelled) = "upstreamCancelled":
        "Every try is seen to be cancelled by its callee before this time after the call's start.",
    TryLength(check::try_length::TryLength) = "tryLength":
        "Every try is over at its callee within this time.",
    DeadlineKept(check::deadline_kept::DeadlineKept) = "deadlineKept":
        "Every call is over within this time whatever the retries, and none of its tries starts later.",
    AnsweredByUpstream(check::answered_by_upstream::AnsweredByUpstream) = "answeredByUpstream":
        "Every call gets its answer from the upstream: none is cut.",
    Intact(check::intact::Intact) = "intact":
        "An answer that its caller takes for whole is, byte for byte, what its upstream sent, and so is the request.",
    Succeed(check::succeed::Succeed) = "succeed":
        "At least this share of calls succeed.",
    Latency(check::latency::Latency) = "latency":
        "The 99th percentile of latency, from the intended sending where there is one, is at most this.",
    AttemptsPerCall(check::attempts_per_call::AttemptsPerCall) = "attemptsPerCall":
        "No call reaches its upstream more often than this.",
    RetriesSeen(check::retries_seen::RetriesSeen) = "retriesSeen":
        "At least so many retries reach the upstream.",
    RetriedOnly(check::retried_only::RetriedOnly) = "retriedOnly":
        "Only answers with these statuses are followed by another try.",
    RetriesElsewhere(check::retries_elsewhere::RetriesElsewhere) = "retriesElsewhere":
        "At most this share of second tries reach the replica that failed the first.",
    RetryBudget(check::retry_budget::RetryBudget) = "retryBudget":
        "Retries stay within the policy's budget, counted in the way that the mesh declares.",
    Amplification(check::amplification::Amplification) = "amplification":
        "Attempts at a service for each user request lie between these bounds.",
    Ejected(check::ejected::Ejected) = "ejected":
        "A replica that keeps failing gets no traffic after its last permitted error, and not before.",
    Readmitted(check::readmitted::Readmitted) = "readmitted":
        "An ejected replica gets traffic again when its ejection time is over, and not before.",
    InFlight(check::in_flight::InFlight) = "inFlight":
        "Requests in flight at the callee reach the policy's limit and never exceed it.",
    OverflowFailsFast(check::overflow::OverflowFailsFast) = "overflowFailsFast":
        "Calls that never reach the upstream fail within this time, and at least so many do.",
    Encrypted(check::encrypted::Encrypted) = "encrypted":
        "Connections of the call begin with TLS, each way, and nothing secret is seen in clear.",
    NoneReached(check::none_reached::NoneReached) = "noneReached":
        "Nobody who calls a sidecar on the wire without the right identity reaches the application.",
    Split(check::split::Split) = "split":
        "First attempts are divided by the policy's weights; a weight of 0 gets none.",
    Backoff(check::backoff::Backoff) = "backoff":
        "Before a retry there is a pause, told by the policy's base: in the mean, or each time.",
    FailuresTold(check::failures_told::FailuresTold) = "failuresTold":
        "A call whose tries all failed at their upstream is a failure for its caller too.",
    Balanced(check::balanced::Balanced) = "balanced":
        "Equal replicas get about equal shares, and a slow one never gets more than its own.",
    Goodput(check::goodput::Goodput) = "goodput":
        "Under overload the places that a limit gives stay taken by calls that succeed.",
    Recovers(check::recovers::Recovers) = "recovers":
        "So long after the last fault is gone, calls succeed as they did before the first one.",
    EjectedCount(check::ejected_count::EjectedCount) = "ejectedCount":
        "Of many failing replicas as many are ejected as the policy's percentage allows, and no more.",
    ServedAgain(check::served_again::ServedAgain) = "servedAgain":
        "A replica whose fault is gone serves again within this time.",
    Propagated(check::propagated::Propagated) = "propagated":
        "A change of weights moves the traffic of every data plane within this time.",
    EveryEdge(check::every_edge::EveryEdge) = "everyEdge":
        "Every call of the world is made, and answered by the service that was meant.",
    ReachesAll(check::reaches_all::ReachesAll) = "reachesAll":
        "A deadline that a change brings acts in every data plane within this time.",
    Withdrawn(check::membership::Withdrawn) = "withdrawn":
        "A replica that is withdrawn or drained gets no attempt later than this after.",
    Joined(check::membership::Joined) = "joined":
        "A replica that is admitted gets its first attempt within this time, and none before.",
    ToldTruly(check::told_truly::ToldTruly) = "toldTruly":
        "What the sidecars' metrics say of calls, errors, tries and retries is what applications recorded.",
}

impl Expect {
    /// Begins the check's fold.
    #[must_use]
    pub fn start<'a>(&'a self, scene: Scene<'a>) -> Box<dyn Check + 'a> {
        self.params().start(scene)
    }

    /// The call that the case names for the check, if it does.
    #[must_use]
    pub fn call(&self) -> Option<&Edge> {
        self.params().call()
    }

    /// The call whose wire has to be tapped for the check, if it judges that.
    #[must_use]
    pub fn taps(&self, case: &Case) -> Option<Edge> {
        let params = self.params();
        let scene = Scene { case, budget: None };
        params.reads_wire().then(|| scene.call(params.call()))
    }

    /// The call whose sidecars' metrics have to be read for the check, if it judges those.
    #[must_use]
    pub fn meters(&self, case: &Case) -> Option<Edge> {
        let params = self.params();
        let scene = Scene { case, budget: None };
        params.reads_metrics().then(|| scene.call(params.call()))
    }

    /// What keeps the check from judging this case, in words.
    pub(crate) fn flaw(&self, case: &Case) -> Option<String> {
        let params = self.params();
        let named = params.call();
        if params.needs_call() && named.is_none() && case.only_policy_edge().is_none() {
            return Some(
                "name the call it judges, as `call: a->b`: the case has not exactly one policy"
                    .to_owned(),
            );
        }
        let scene = Scene { case, budget: None };
        let edge: Edge = scene.call(named);
        params.flaw(case, &edge)
    }
}
