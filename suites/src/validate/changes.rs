//! Finds what keeps a case's changes from being made, and a capability that it needs and does not require.

use meshproof_model::{Capability, Change, Expire, Intrude, Operation, Policy, Protocol};

use super::{Advise, Flaw, flaw, policies_flaw, replica_problem, unknown_service};
use crate::Case;

/// What keeps the changes from being made, or the mesh from being asked for them.
pub(super) fn find(case: &Case) -> Option<Flaw> {
    absent_flaw(case)
        .or_else(|| (0..case.changes.len()).find_map(|nth| change_flaw(case, nth)))
        .or_else(|| capability_flaw(case))
}

fn absent_flaw(case: &Case) -> Option<Flaw> {
    case.world.services.iter().find_map(|(name, service)| {
        let stranger = service.absent.iter().find(|replica| {
            crate::service_of(replica) != name || replica_problem(case, replica).is_some()
        });
        if let Some(stranger) = stranger {
            return flaw(
                format!("`{stranger}` is absent from `{name}`, which has no such replica"),
                &["world", "absent", stranger],
            );
        }
        let all = usize::try_from(service.replicas) == Ok(service.absent.len());
        all.then(|| {
            flaw(
                format!("every replica of `{name}` is absent"),
                &["world", "absent"],
            )
        })
        .flatten()
    })
}

fn change_flaw(case: &Case, nth: usize) -> Option<Flaw> {
    let change = &case.changes[nth];
    let name = name(&change.operation);
    if change.at >= case.load.length {
        return flaw(
            format!("change `{name}` begins when the load is over"),
            &["changes"],
        );
    }
    if nth > 0 && case.changes[nth - 1].at > change.at {
        return flaw(
            format!(
                "change `{name}` at {} is later than the one after it",
                case.changes[nth - 1].at
            ),
            &["changes"],
        )
        .advise("changes are listed in the order of their times");
    }
    match &change.operation {
        Operation::Policy(policies) if policies.is_empty() => {
            flaw("change `policy` brings no policy", &["changes", name])
        }
        Operation::Policy(policies)
            if policies
                .values()
                .any(|policy| policy.mtls.is_some() || policy.allow.is_some()) =>
        {
            flaw(
                "change `policy` brings `mtls` or `allow`",
                &["changes", name],
            )
            .advise("who may call whom is settled when the world starts: say it under `policy`")
        }
        Operation::Policy(policies) => policies_flaw(case, policies),
        Operation::Intrude(intrude) => intrude_flaw(case, intrude),
        Operation::Impostor(replica)
        | Operation::Expire(Expire { replica, .. })
        | Operation::DrainSidecar(replica) => replica_problem(case, replica).and_then(|problem| {
            flaw(problem, &["changes", replica])
                .advise("replicas are named `<service>-0`, `<service>-1` and so on")
        }),
        Operation::Withdraw(replica) | Operation::Drain(replica) => {
            member_flaw(case, nth, name, replica, true)
        }
        Operation::Admit(replica) => member_flaw(case, nth, name, replica, false),
        Operation::RollingRestart(service) if !case.world.services.contains_key(service) => {
            unknown_service(case, service, "changes", "a change restarts")
        }
        Operation::Invalid(_) | Operation::RollingRestart(_) | Operation::Rotate => None,
    }
}

/// An intruder speaks HTTP/1.1 or TCP to a sidecar that some caller of its service may call.
fn intrude_flaw(case: &Case, intrude: &Intrude) -> Option<Flaw> {
    let into = &intrude.into;
    let Some(service) = case.world.services.get(into) else {
        return unknown_service(case, into, "changes", "an intruder calls");
    };
    if !matches!(service.protocol, Protocol::Http1 | Protocol::Tcp) {
        return flaw(
            "an intruder speaks HTTP/1.1 and TCP only",
            &["changes", into],
        );
    }
    if intrude.by.is_empty() {
        return flaw(
            "change `intrude` says nothing under `by`",
            &["changes", "intrude"],
        );
    }
    let secured = case
        .policy
        .values()
        .any(|policy| policy.mtls.is_some() || policy.allow.is_some());
    if !secured {
        return flaw(
            "no policy asks for `mtls`: nobody is an intruder",
            &["changes", "intrude"],
        );
    }
    let called = case.world.edges().any(|edge| edge.callee == *into);
    (!called)
        .then(|| {
            flaw(
                format!("nobody calls `{into}`, so everybody intrudes"),
                &["changes", into],
            )
        })
        .flatten()
}

/// A replica leaves when it is a member, and joins when it is none.
fn member_flaw(case: &Case, nth: usize, name: &str, replica: &str, leaves: bool) -> Option<Flaw> {
    if let Some(problem) = replica_problem(case, replica) {
        return flaw(problem, &["changes", replica])
            .advise("replicas are named `<service>-0`, `<service>-1` and so on");
    }
    let mut member = !case.world.absent().contains(replica);
    for Change { operation, .. } in &case.changes[..nth] {
        match operation {
            Operation::Withdraw(other) | Operation::Drain(other) if other == replica => {
                member = false;
            }
            Operation::Admit(other) if other == replica => member = true,
            _ => {}
        }
    }
    (member != leaves)
        .then(|| {
            let is = if member { "a" } else { "no" };
            flaw(
                format!("change `{name}`: `{replica}` is {is} member by then"),
                &["changes", replica],
            )
        })
        .flatten()
}

/// What a case uses it has to require, or a mesh without it would be failed for what it never claimed.
fn capability_flaw(case: &Case) -> Option<Flaw> {
    let operations = case.changes.iter().map(|change| &change.operation);
    let of_changes = operations.clone().filter_map(|operation| {
        let needed = match operation {
            Operation::Withdraw(_) | Operation::Admit(_) => Capability::Endpoints,
            Operation::Drain(_) | Operation::DrainSidecar(_) | Operation::RollingRestart(_) => {
                Capability::Drain
            }
            Operation::Rotate
            | Operation::Impostor(_)
            | Operation::Expire(_)
            | Operation::Intrude(_) => Capability::Mtls,
            Operation::Policy(_) | Operation::Invalid(_) => return None,
        };
        Some((needed, name(operation)))
    });
    let services = case.world.services.values();
    let of_protocols = services.filter_map(|service| {
        let needed = match service.protocol {
            Protocol::Http1 => return None,
            Protocol::Http2 => Capability::Http2,
            Protocol::Grpc => Capability::Grpc,
            Protocol::Tcp => Capability::Tcp,
        };
        Some((needed, "protocol"))
    });
    let brought = operations.filter_map(|operation| match operation {
        Operation::Policy(policies) => Some(policies.values()),
        _ => None,
    });
    let policies = case.policy.values().chain(brought.flatten());
    let of_policies = policies.flat_map(needed_by).chain(of_changes);
    let metered = case
        .expect
        .iter()
        .filter(|check| check.meters(case).is_some());
    let of_checks = metered.map(|check| (Capability::Telemetry, check.name()));
    let (missing, for_what) = of_policies
        .chain(of_protocols)
        .chain(of_checks)
        .find(|(needed, _)| !case.requires.contains(needed))?;
    flaw(
        format!("`{for_what}` needs the capability `{missing}`, which the case does not require"),
        &["requires"],
    )
    .advise(format!("add `{missing}` to `requires`"))
}

fn needed_by(policy: &Policy) -> Vec<(Capability, &'static str)> {
    let timeouts = policy.timeouts.clone().unwrap_or_default();
    let uses = [
        (
            timeouts.request.is_some(),
            Capability::TimeoutRequest,
            "timeouts.request",
        ),
        (
            timeouts.backend_request.is_some(),
            Capability::TimeoutBackendRequest,
            "timeouts.backendRequest",
        ),
        (policy.retry.is_some(), Capability::Retry, "retry"),
        (
            policy.retry_constraint.is_some(),
            Capability::RetryConstraint,
            "retryConstraint",
        ),
        (
            !policy.backend_refs.is_empty(),
            Capability::Split,
            "backendRefs",
        ),
        (policy.outlier.is_some(), Capability::Outlier, "outlier"),
        (policy.limits.is_some(), Capability::Limits, "limits"),
        (policy.mtls.is_some(), Capability::Mtls, "mtls"),
        (policy.allow.is_some(), Capability::Allow, "allow"),
    ];
    let used = uses.into_iter().filter(|(used, ..)| *used);
    used.map(|(_, needed, name)| (needed, name)).collect()
}

/// An operation's name as it stands in a case.
pub(crate) const fn name(operation: &Operation) -> &'static str {
    match operation {
        Operation::Policy(_) => "policy",
        Operation::Invalid(_) => "invalid",
        Operation::Withdraw(_) => "withdraw",
        Operation::Admit(_) => "admit",
        Operation::Drain(_) => "drain",
        Operation::DrainSidecar(_) => "drainSidecar",
        Operation::RollingRestart(_) => "rollingRestart",
        Operation::Rotate => "rotate",
        Operation::Impostor(_) => "impostor",
        Operation::Expire(_) => "expire",
        Operation::Intrude(_) => "intrude",
    }
}
