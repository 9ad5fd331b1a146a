//! What the runner itself does on the wire: it plays intruders, and looks at what sidecars show.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::try_join_all;
use meshproof_clock::{now, poll};
use meshproof_fixtures::{Credentials, Running, change};
use meshproof_model::{ChangeRecord, ChangeStep, Intrude, Intruder, Intrusion, Operation};
use meshproof_probes::{Disguise, certificate_shown, intrude as call};

use super::CaseError;
use crate::plan::Planned;

/// Between two looks at what a sidecar shows.
const LOOK: Duration = Duration::from_millis(10);

/// Makes a change, whoever's affair it is.
pub(super) async fn operate(
    world: &Running,
    planned: &Planned,
    number: u32,
    operation: &Operation,
) -> Result<Vec<ChangeRecord>, CaseError> {
    match operation {
        Operation::Intrude(intrude) => intrusions(world, planned, number, intrude).await,
        Operation::Rotate | Operation::Impostor(_) | Operation::Expire(_) => {
            renew(world, planned, number, operation).await
        }
        _ => handed_over(world, planned, number, operation).await,
    }
}

async fn handed_over(
    world: &Running,
    planned: &Planned,
    number: u32,
    operation: &Operation,
) -> Result<Vec<ChangeRecord>, CaseError> {
    let bound = planned.case.acts.within.std();
    let done = change(world, number, operation, bound).await;
    done.map_err(|source| CaseError::Deploy {
        case: planned.case.id.clone(),
        source,
    })
}

/// Calls each replica's sidecar in each of the ways, and once as somebody who may: without an
/// answer to that one, nobody knows whether the others knocked at a door.
async fn intrusions(
    world: &Running,
    planned: &Planned,
    number: u32,
    intrude: &Intrude,
) -> Result<Vec<ChangeRecord>, CaseError> {
    let told = |step| ChangeRecord {
        at: now(),
        change: number,
        step,
    };
    let mut records = vec![told(ChangeStep::Begun)];
    let guest = world.guest(&intrude.into);
    let protocol = planned.case.world.services[&intrude.into].protocol;
    let intruders = intrude.by.iter().map(|intruder| ("intruder", intruder));
    let all: Vec<_> = intruders
        .chain(guest.iter().map(|guest| ("guest", guest)))
        .collect();
    for (replica, at) in world.inbounds(&intrude.into) {
        for (role, intruder) in &all {
            let trace = format!("{role}.{number}-{}", records.len());
            let shown = world.credentials(intruder, &intrude.into);
            let shown = shown.map_err(|source| CaseError::Deploy {
                case: planned.case.id.clone(),
                source,
            })?;
            let called = call(at, protocol, disguise(intruder, shown.as_ref()), &trace).await;
            let saw = called.map_err(|source| CaseError::Intrude {
                case: planned.case.id.clone(),
                source,
            })?;
            records.push(told(ChangeStep::Intruded(Intrusion {
                trace,
                intruder: (*intruder).clone(),
                replica: replica.clone(),
                saw,
            })));
        }
    }
    records.push(told(ChangeStep::Done));
    Ok(records)
}

fn disguise<'a>(intruder: &Intruder, shown: Option<&'a Credentials>) -> Disguise<'a> {
    match (intruder, shown) {
        (Intruder::ClearText, _) => Disguise::ClearText,
        (_, None) => Disguise::NoCertificate,
        (_, Some(Credentials { cert, key })) => Disguise::Certificate { cert, key },
    }
}

/// Replaces certificates and looks, as a caller would, whether every sidecar shows its new one.
async fn renew(
    world: &Running,
    planned: &Planned,
    number: u32,
    operation: &Operation,
) -> Result<Vec<ChangeRecord>, CaseError> {
    let meant = |replica: &str| match operation {
        Operation::Impostor(name) => name == replica,
        Operation::Expire(expire) => expire.replica == replica,
        _ => true,
    };
    let services = planned.case.world.services.keys();
    let doors: Vec<(String, SocketAddr)> = services
        .flat_map(|service| world.inbounds(service))
        .filter(|(replica, _)| meant(replica))
        .collect();
    let begun = now();
    let before = try_join_all(doors.iter().map(|(_, at)| shown(planned, *at))).await?;
    let mut records = handed_over(world, planned, number, operation).await?;
    if let Some(first) = records.first_mut() {
        first.at = begun;
    }
    let done = records.pop_if(|record| record.step == ChangeStep::Done);
    let mut acts = done.is_some();
    for ((replica, at), before) in doors.iter().zip(&before) {
        let what = format!("{replica}'s sidecar showing its new certificate");
        let changed = async || match shown(planned, *at).await {
            Ok(Some(now)) => (Some(&now) != before.as_ref()).then_some(Ok(())),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        };
        match poll(planned.case.acts.within.std(), LOOK, what, changed).await {
            Ok(seen) => seen?,
            Err(_late) => {
                acts = false;
                break;
            }
        }
    }
    let step = match acts {
        true => ChangeStep::Acts,
        false => ChangeStep::NeverActed,
    };
    let seen = ChangeRecord {
        at: now(),
        change: number,
        step,
    };
    records.push(seen);
    records.extend(
        done.filter(|_| acts)
            .map(|done| ChangeRecord { at: now(), ..done }),
    );
    Ok(records)
}

async fn shown(planned: &Planned, at: SocketAddr) -> Result<Option<Vec<u8>>, CaseError> {
    let shown = certificate_shown(at).await;
    shown.map_err(|source| CaseError::Intrude {
        case: planned.case.id.clone(),
        source,
    })
}
