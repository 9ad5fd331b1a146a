//! The few records that prove an anomaly, picked out by a second reading.

use meshproof_model::event_record::{
    EventKind, EventReadError, EventRecord, EventSource, Identity, Names, Vantage,
};
use meshproof_model::{Excerpt, Nanos};

use super::{Anomaly, Checked, Example};

/// A proof shows at most so many records.
const STEPS: usize = 16;
/// A fault, a drain or an assignment stands with the proofs only where it is one of so few.
const FRAME: usize = 64;

/// The few records that prove one occurrence of an anomaly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What it proves.
    pub anomaly: Anomaly,
    /// In words: the events, the subscription, what exactly.
    pub subject: String,
    /// The records, in time order.
    pub steps: Vec<Step>,
    /// The last vantage point on its way that saw the event, where it was lost.
    pub last_seen: Option<Vantage>,
}

/// A record of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Nanos,
    /// Who recorded it.
    pub who: String,
    /// Where it was seen.
    pub vantage: Vantage,
    /// What happened.
    pub kind: EventKind,
    /// What else tells: the event, offset, attempt, age.
    pub about: String,
}

struct Wanted {
    anomaly: Anomaly,
    example: Example,
    steps: Vec<Step>,
    deepest: Option<Vantage>,
}

/// Reads a history once more and picks out what proves the findings beyond doubt: an anomaly at a
/// time, `each` occurrences at most.
///
/// # Errors
/// When the history cannot be read again.
pub fn prove(
    source: &mut dyn EventSource,
    checked: &Checked,
    anomalies: &[Anomaly],
    each: usize,
) -> Result<Vec<Proof>, EventReadError> {
    let mut wanted = Vec::new();
    for anomaly in anomalies {
        for example in checked.findings.of(*anomaly).examples.iter().take(each) {
            wanted.push(Wanted {
                anomaly: *anomaly,
                example: *example,
                steps: Vec::new(),
                deepest: None,
            });
        }
    }
    let mut events: Vec<Identity> = wanted
        .iter()
        .flat_map(|wanted| [Some(wanted.example.event), wanted.example.other])
        .flatten()
        .collect();
    events.sort_unstable();
    events.dedup();
    let filter = events
        .iter()
        .fold(0_u64, |filter, event| filter | 1 << (event.sequence % 64));
    let mut frame = Vec::new();
    while let Some((record, names)) = source.next()? {
        let about_event = record.kind.names_event();
        if about_event
            && (filter >> (record.event.sequence % 64) & 1 == 0
                || events.binary_search(&record.event).is_err())
        {
            continue;
        }
        if !about_event {
            if frames(record.kind) && frame.len() < FRAME {
                frame.push(step(record, names));
            }
            continue;
        }
        for wanted in &mut wanted {
            wanted.see(record, names);
        }
    }
    let names = source.names();
    let told = wanted.into_iter();
    Ok(told.map(|wanted| wanted.told(&frame, names)).collect())
}

/// Whether records of this kind say why or since when, whatever the event.
const fn frames(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::DrainEnd | EventKind::PowerLoss | EventKind::Fault | EventKind::ReadFailed
    )
}

impl Wanted {
    fn see(&mut self, record: &EventRecord, names: &Names) {
        let own = record.event == self.example.event;
        if !own && self.example.other != Some(record.event) {
            return;
        }
        if own {
            self.deepest = self.deepest.max(Some(record.vantage));
        }
        let subscription = names
            .actors
            .get(record.actor as usize)
            .and_then(|actor| actor.subscription);
        let elsewhere = self
            .example
            .subscription
            .is_some_and(|mine| subscription.is_some_and(|other| other != mine));
        if !elsewhere && self.steps.len() < STEPS {
            self.steps.push(step(record, names));
        }
    }

    fn told(mut self, frame: &[Step], names: &Names) -> Proof {
        let (anomaly, example) = (self.anomaly, self.example);
        let first = self.steps.first().map_or(0, |step| step.at);
        if anomaly.rests_on_absence() {
            let room = STEPS.saturating_sub(self.steps.len()).max(2);
            let since = frame.iter().filter(|step| step.at >= first);
            self.steps.extend(since.take(room).cloned());
        }
        self.steps.sort_by_key(|step| step.at);
        let mut subject = names.event(example.event);
        if let Some(other) = example.other {
            subject.push_str(&format!(" beside {}", names.event(other)));
        }
        if let Some(subscription) = example.subscription
            && names.subscriptions.len() > subscription as usize
        {
            let name = names.subscriptions.word(subscription, "subscription");
            subject.push_str(&format!(" at {name}"));
        }
        if !example.note.is_empty() {
            subject.push_str(&format!(": {}", example.note));
        }
        let lost = matches!(
            anomaly,
            Anomaly::LostAcknowledged | Anomaly::AckBeforeDurable | Anomaly::LostEffect
        );
        Proof {
            anomaly,
            subject,
            steps: self.steps,
            last_seen: self.deepest.filter(|_| lost),
        }
    }
}

fn step(record: &EventRecord, names: &Names) -> Step {
    use meshproof_model::event_record::{NONE, flag};
    let mut about = Vec::new();
    if record.event.is_some() {
        about.push(names.event(record.event));
    }
    if record.key != NONE {
        about.push(format!("key {}", names.keys.word(record.key, "key")));
    }
    let detail = &record.detail;
    match (detail.partition, detail.offset) {
        (Some(partition), Some(offset)) => about.push(format!("at {partition}:{offset}")),
        (Some(partition), None) => about.push(format!("partition {partition}")),
        _ => {}
    }
    if let Some(node) = detail.node {
        about.push(names.nodes.word(u32::from(node), "node").into_owned());
    }
    if record.attempt > 0 {
        about.push(format!("attempt {}", record.attempt));
    }
    if record.age_us != NONE {
        about.push(format!("age {} µs", record.age_us));
    }
    for (flag, word) in [
        (flag::REDELIVERED, "redelivered"),
        (flag::RESEND, "resent"),
        (flag::REPLAY, "replayed"),
        (flag::FORGED, "forged"),
    ] {
        if record.is(flag) {
            about.push(word.to_owned());
        }
    }
    if let Some(digest) = detail.digest {
        about.push(format!("digest {digest:016x}"));
    }
    Step {
        at: record.at,
        who: names.actor_name(record.actor),
        vantage: record.vantage,
        kind: record.kind,
        about: about.join(", "),
    }
}

impl From<&Proof> for Excerpt {
    fn from(proof: &Proof) -> Self {
        Self {
            subject: format!("{}: {}", proof.anomaly, proof.subject),
            lines: super::timeline::text(proof),
        }
    }
}
