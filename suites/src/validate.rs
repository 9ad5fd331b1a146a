//! Finds what keeps a case from being run or from proving anything, before it is run.

use indexmap::IndexMap;
use meshproof_model::{Edge, Fault, FaultKind, LinkSide, Policy, Target, WorldError};
use meshproof_yaml::{Malformed, nearest};

use crate::suite::id_line;
use crate::{Case, PROBER};

mod changes;

pub(crate) use changes::name as operation_name;

/// How many calls are named in advice.
const SHOWN: usize = 8;

/// A flaw in words, the words that lead to it in the case's text, and advice.
struct Flaw {
    message: String,
    path: Vec<String>,
    help: Option<String>,
}

/// Refuses a case that cannot be run or cannot prove anything.
pub(crate) fn validate(case: &Case, file: &str, text: &str) -> Result<(), Malformed> {
    let Some(flaw) = find_flaw(case) else {
        return Ok(());
    };
    let malformed = Malformed::new(file, text, format!("case `{}`: {}", case.id, flaw.message));
    let malformed = match place(text, &case.id, &flaw.path) {
        Some((at, length)) => malformed.at(at, length),
        None => malformed,
    };
    Err(match flaw.help {
        Some(help) => malformed.advise(help),
        None => malformed,
    })
}

/// Follows the words of `path`, each behind the one before it, from the case's id on as far as they
/// are there.
fn place(text: &str, id: &str, path: &[String]) -> Option<(usize, usize)> {
    let id = id_line(id);
    let mut found = (text.find(&id)?, id.trim_end().len());
    for word in path {
        let from = found.0 + found.1;
        match find_word(&text[from..], word) {
            Some(at) => found = (from + at, word.len()),
            None => break,
        }
    }
    Some(found)
}

/// Where `word` stands as a whole word, not as a part of another.
fn find_word(text: &str, word: &str) -> Option<usize> {
    let inside = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '.';
    text.match_indices(word)
        .map(|(at, _)| at)
        .find(|at| !text[..*at].ends_with(inside) && !text[at + word.len()..].starts_with(inside))
}

fn find_flaw(case: &Case) -> Option<Flaw> {
    id_flaw(case)
        .or_else(|| world_flaw(case))
        .or_else(|| policy_flaw(case))
        .or_else(|| load_flaw(case))
        .or_else(|| case.faults.iter().find_map(|fault| fault_flaw(case, fault)))
        .or_else(|| changes::find(case))
        .or_else(|| expect_flaw(case))
}

fn id_flaw(case: &Case) -> Option<Flaw> {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if case.id.split('.').count() < 2 || !case.id.split('.').all(part) {
        return flaw("the id is not dotted", &[])
            .advise("write it as `area.topic.name` in lower-case letters, digits and `-`");
    }
    if case.statement.trim().is_empty() {
        return flaw("the statement is empty", &["statement"]);
    }
    if case.sources.is_empty() {
        return flaw("there are no sources", &["sources"])
            .advise("name the documents that the demand comes from under `sources`");
    }
    None
}

fn world_flaw(case: &Case) -> Option<Flaw> {
    if case.world.services.contains_key(PROBER) {
        return flaw(
            format!("`{PROBER}` is the name of the load driver"),
            &["world", PROBER],
        );
    }
    let error = case.world.validate().err()?;
    let name = match &error {
        WorldError::Empty | WorldError::Both => "services",
        WorldError::Layered(error) => error.field(),
        WorldError::Name(name) | WorldError::Replicas(name) => name,
        WorldError::UnknownCallee { callee, .. } | WorldError::OptionalNotCalled { callee, .. } => {
            callee
        }
        WorldError::Cycle(names) => names.first().map_or("services", String::as_str),
    };
    flaw(error.to_string(), &["world", name])
}

fn policy_flaw(case: &Case) -> Option<Flaw> {
    policies_flaw(case, &case.policy)
}

/// What keeps policies from being handed to a mesh: those of the case, or those that a change brings.
fn policies_flaw(case: &Case, policies: &IndexMap<Edge, Policy>) -> Option<Flaw> {
    policies.iter().find_map(|(edge, policy)| {
        if *edge != Edge::every() && !case.world.edges().any(|known| known == *edge) {
            return unknown_call(case, edge, "policy", "the policy is for the call");
        }
        let stranger = policy
            .backend_refs
            .iter()
            .find(|backend| !case.world.services.contains_key(&backend.name));
        if let Some(stranger) = stranger {
            return unknown_service(
                case,
                &stranger.name,
                "policy",
                "the policy sends traffic to",
            );
        }
        let weights: u64 = policy
            .backend_refs
            .iter()
            .map(|b| u64::from(b.weight))
            .sum();
        if !policy.backend_refs.is_empty() && weights == 0 {
            return flaw(
                format!("all weights of {edge} are 0"),
                &["policy", "backendRefs"],
            );
        }
        None
    })
}

fn load_flaw(case: &Case) -> Option<Flaw> {
    let load = &case.load;
    if !load.on_every() && !case.world.services.contains_key(&load.on) {
        return unknown_service(case, &load.on, "load", "the load is on");
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~".contains(&b);
    let path = load.path.as_deref().unwrap_or("/");
    if !path.starts_with('/') || !path.bytes().all(plain) {
        return flaw(format!("`{path}` is not a plain path"), &["load", "path"])
            .advise("write it as `/Words`, in letters, digits, `/`, `-`, `.`, `_` and `~`");
    }
    if load.rate.hertz() <= 0.0 || load.length.as_nanos() == 0 {
        return flaw("the load sends nothing", &["load"]);
    }
    let seconds = load.length.std().as_secs_f64();
    if load.rate.hertz() * seconds < 1.0 {
        return flaw(
            "the load is over before its first request is due",
            &["load"],
        );
    }
    None
}

fn fault_flaw(case: &Case, fault: &Fault) -> Option<Flaw> {
    let kind = fault.kind.name();
    if fault.until <= fault.from {
        return flaw(
            format!(
                "fault `{kind}` ends at {} and begins at {}",
                fault.until, fault.from
            ),
            &["faults"],
        )
        .advise("`until` counts from the start of the load, as `from` does, and is later");
    }
    if fault.from >= case.load.length {
        return flaw(
            format!("fault `{kind}` begins when the load is over"),
            &["faults"],
        );
    }
    let fits = matches!(
        (&fault.kind, &fault.on),
        (
            FaultKind::Latency { .. }
                | FaultKind::Blackhole
                | FaultKind::Reset
                | FaultKind::Refuse
                | FaultKind::SynBlackhole
                | FaultKind::HalfOpen
                | FaultKind::HalfClose { .. }
                | FaultKind::Cut { .. }
                | FaultKind::Bandwidth { .. },
            Target::Link(_),
        ) | (
            FaultKind::Kill | FaultKind::Stop | FaultKind::Restart | FaultKind::SlowStart { .. },
            Target::Service(_) | Target::Replica(_) | Target::Sidecar(_) | Target::ControlPlane,
        ) | (FaultKind::ComesBack(_), Target::ControlPlane)
            | (
                FaultKind::Respond(_) | FaultKind::Hog,
                Target::Service(_) | Target::Replica(_)
            )
    );
    if !fits {
        let (_, on, _) = FaultKind::CATALOGUE
            .iter()
            .find(|(name, ..)| *name == kind)
            .expect("every kind is in the catalogue");
        return flaw(
            format!("fault `{kind}` does not fit its target"),
            &["faults", kind],
        )
        .advise(format!("`{kind}` sits on: {on}"));
    }
    if fault.kind == FaultKind::Hog && !case.alone {
        return flaw(
            "fault `hog` takes a core from every other case",
            &["faults", kind],
        )
        .advise("give the case `alone: true`");
    }
    target_flaw(case, &fault.on)
}

fn target_flaw(case: &Case, target: &Target) -> Option<Flaw> {
    match target {
        Target::ControlPlane => None,
        Target::Service(name) if case.world.services.contains_key(name) => None,
        Target::Service(name) => unknown_service(case, name, "faults", "a fault sits on"),
        Target::Replica(name) | Target::Sidecar(name) => replica_flaw(case, name),
        Target::Link(link) => {
            if !case.world.edges().any(|known| known == link.call) {
                return unknown_call(case, &link.call, "faults", "a fault sits on the call");
            }
            let replica = link.replica.as_deref()?;
            if link.side == LinkSide::AppOut {
                return flaw(
                    "an `app-out` link leads to no replica",
                    &["faults", "app-out"],
                );
            }
            let receives = receivers(case, &link.call);
            if !receives
                .iter()
                .any(|service| *service == crate::service_of(replica))
            {
                return flaw(
                    format!("{} never reaches the replica `{replica}`", link.call),
                    &["faults", replica],
                );
            }
            replica_flaw(case, replica)
        }
    }
}

/// The services that calls over `edge` may reach: the callee, or the backends of its split.
fn receivers<'a>(case: &'a Case, edge: &'a Edge) -> Vec<&'a str> {
    match case.policy.get(edge) {
        Some(policy) if !policy.backend_refs.is_empty() => policy
            .backend_refs
            .iter()
            .map(|b| b.name.as_str())
            .collect(),
        _ => vec![edge.callee.as_str()],
    }
}

fn expect_flaw(case: &Case) -> Option<Flaw> {
    if case.expect.is_empty() {
        return flaw("nothing is expected", &["expect"])
            .advise("a case without checks proves nothing: see `meshproof list checks`");
    }
    case.expect.iter().find_map(|expect| {
        let name = expect.name();
        if let Some(edge) = expect.call() {
            let by_prober = edge.caller == PROBER && edge.callee == case.load.on;
            if !by_prober && !case.world.edges().any(|known| known == *edge) {
                return unknown_call(case, edge, "expect", &format!("`{name}` judges the call"));
            }
        }
        expect
            .flaw(case)
            .and_then(|message| flaw(format!("`{name}`: {message}"), &["expect", name]))
    })
}

/// What keeps `replica` from being one of this world's.
pub(crate) fn replica_problem(case: &Case, replica: &str) -> Option<String> {
    let service = crate::service_of(replica);
    let known = case.world.services.get(service).is_some_and(|found| {
        (0..found.replicas).any(|number| format!("{service}-{number}") == replica)
    });
    (!known).then(|| format!("the replica `{replica}` is not in the world"))
}

fn replica_flaw(case: &Case, replica: &str) -> Option<Flaw> {
    let problem = replica_problem(case, replica)?;
    flaw(problem, &["faults", replica])
        .advise("replicas are named `<service>-0`, `<service>-1` and so on")
}

fn unknown_service(case: &Case, name: &str, under: &str, what: &str) -> Option<Flaw> {
    let known = case.world.services.keys().map(String::as_str);
    let near = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
    Some(Flaw {
        message: format!("{what} `{name}`, which is not in the world"),
        path: vec![under.to_owned(), name.to_owned()],
        help: near,
    })
}

fn unknown_call(case: &Case, edge: &Edge, under: &str, what: &str) -> Option<Flaw> {
    let edges: Vec<_> = case.world.edges().map(|edge| edge.to_string()).collect();
    let help = match edges.as_slice() {
        [] => "the world has no calls".to_owned(),
        edges if edges.len() > SHOWN => format!(
            "the world has {} calls, such as {}",
            edges.len(),
            edges[..SHOWN].join(", ")
        ),
        edges => format!("the world's calls: {}", edges.join(", ")),
    };
    Some(Flaw {
        message: format!("{what} `{edge}`, which is not in the world"),
        path: vec![under.to_owned(), edge.to_string()],
        help: Some(help),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "it ends a chain of options")]
fn flaw(message: impl Into<String>, path: &[&str]) -> Option<Flaw> {
    Some(Flaw {
        message: message.into(),
        path: path.iter().map(|word| (*word).to_owned()).collect(),
        help: None,
    })
}

trait Advise {
    fn advise(self, help: impl Into<String>) -> Self;
}

impl Advise for Option<Flaw> {
    fn advise(mut self, help: impl Into<String>) -> Self {
        if let Some(flaw) = &mut self {
            flaw.help = Some(help.into());
        }
        self
    }
}
