//! The ledger of one edge: starts paired with ends, calls joined with the tries that reached the callee.

use std::collections::HashMap;

use meshproof_model::{AttemptEnded, AttemptStarted, Edge, Method, Nanos, Outcome, Record, Side};

use crate::lives::Lives;
use crate::scene::{load_start, service_of};

/// One call as its caller saw it, and the tries of it that reached a callee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The call's id, the same at both ends.
    pub id: String,
    /// The replica that called, or the prober.
    pub caller: String,
    /// The service that was called.
    pub callee: String,
    /// The request's method.
    pub method: Method,
    /// When the prober meant to send it.
    pub intended: Option<Nanos>,
    /// When it was sent.
    pub start: Nanos,
    /// When and how it ended for the caller; none: it is open.
    pub end: Option<(Nanos, Outcome)>,
    /// What reached a callee, in the order of arrival.
    pub tries: Vec<Try>,
    /// The bodies as the caller saw them.
    pub bodies: Bodies,
}

/// One try of a call, as the callee's replica saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// The replica that received it.
    pub replica: String,
    /// When it arrived.
    pub start: Nanos,
    /// When and how it ended for the callee; none: it is open.
    pub end: Option<(Nanos, Outcome)>,
    /// The bodies as the callee saw them.
    pub bodies: Bodies,
}

/// The digests of a try's bodies as one end saw them; none where a body was empty or not whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bodies {
    /// Of the body that this end sent.
    pub sent: Option<String>,
    /// Of the body that this end received.
    pub received: Option<String>,
}

impl Call {
    /// Whether the caller got a whole answer with a status below 400.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        matches!(&self.end, Some((_, Outcome::Answered { status, .. })) if *status < 400)
    }

    /// Whether it ended in an error that the mesh made: an answer of its own, also where it follows on
    /// what a replica began and never ended, or a broken connection.
    #[must_use]
    pub fn failed_by_mesh(&self) -> bool {
        match &self.end {
            Some((_, Outcome::Answered { status, by })) => {
                let told = |one: &Try| Some(&one.replica) == by.as_ref() && one.status().is_some();
                *status >= 400 && !self.tries.iter().any(told)
            }
            Some((_, Outcome::Reset | Outcome::Cut | Outcome::Refused)) => true,
            _ => false,
        }
    }

    /// Whether it ended in an answer with this status.
    #[must_use]
    pub fn answered_with(&self, wanted: u16) -> bool {
        matches!(&self.end, Some((_, Outcome::Answered { status, .. })) if *status == wanted)
    }

    /// How long it took the caller from sending to the end.
    #[must_use]
    pub fn took(&self) -> Option<Nanos> {
        self.end
            .as_ref()
            .map(|(at, _)| at.saturating_sub(self.start))
    }
}

impl Try {
    /// The status that the callee answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.end {
            Some((_, Outcome::Answered { status, .. })) => Some(*status),
            _ => None,
        }
    }
}

/// Where an attempt's end belongs.
#[derive(Debug, Clone, Copy)]
enum Place {
    Call(usize),
    Try(usize, usize),
}

/// A fold over a history that keeps the load's calls over one edge.
#[derive(Debug)]
pub struct Calls {
    edge: Edge,
    calls: Vec<Call>,
    by_id: HashMap<String, usize>,
    open: HashMap<(String, Side, u64), Place>,
    last: Nanos,
    lives: Lives,
}

impl Calls {
    /// Begins the ledger of `edge`; its caller may be the prober.
    #[must_use]
    pub fn of(edge: Edge) -> Self {
        Self {
            edge,
            calls: Vec::new(),
            by_id: HashMap::new(),
            open: HashMap::new(),
            last: 0,
            lives: Lives::default(),
        }
    }

    /// Takes the next record, in time order.
    pub fn see(&mut self, record: &Record) {
        self.last = self.last.max(record.at());
        self.lives.see(record);
        if let Some(start) = load_start(record) {
            match start.side {
                Side::Caller => self.call_started(start),
                Side::Callee => self.try_started(start),
            }
        } else if let Record::AttemptEnded(end) = record {
            self.ended(end);
        }
    }

    /// The edge.
    #[must_use]
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// The calls in the order in which they were sent.
    #[must_use]
    pub fn all(&self) -> &[Call] {
        &self.calls
    }

    /// When faults and changes came and went.
    #[must_use]
    pub fn lives(&self) -> &Lives {
        &self.lives
    }

    /// The time of the last record of any kind: how far this history can see.
    #[must_use]
    pub fn last(&self) -> Nanos {
        self.last
    }

    fn call_started(&mut self, start: &AttemptStarted) {
        if start.peer != self.edge.callee || service_of(&start.replica) != self.edge.caller {
            return;
        }
        let index = self.calls.len();
        self.by_id.insert(start.call.clone(), index);
        self.open.insert(
            (start.replica.clone(), Side::Caller, start.id),
            Place::Call(index),
        );
        self.calls.push(Call {
            id: start.call.clone(),
            caller: start.replica.clone(),
            callee: start.peer.clone(),
            method: start.method,
            intended: start.intended,
            start: start.at,
            end: None,
            tries: Vec::new(),
            bodies: Bodies::default(),
        });
    }

    fn try_started(&mut self, start: &AttemptStarted) {
        let Some(&call) = self.by_id.get(&start.call) else {
            return;
        };
        let tries = &mut self.calls[call].tries;
        self.open.insert(
            (start.replica.clone(), Side::Callee, start.id),
            Place::Try(call, tries.len()),
        );
        tries.push(Try {
            replica: start.replica.clone(),
            start: start.at,
            end: None,
            bodies: Bodies::default(),
        });
    }

    fn ended(&mut self, end: &AttemptEnded) {
        let key = (end.replica.clone(), end.side, end.id);
        let Some(place) = self.open.remove(&key) else {
            return;
        };
        let ended = Some((end.at, end.outcome.clone()));
        let seen = Bodies {
            sent: end.sent.clone(),
            received: end.received.clone(),
        };
        let (end, bodies) = match place {
            Place::Call(call) => {
                let call = &mut self.calls[call];
                (&mut call.end, &mut call.bodies)
            }
            Place::Try(call, nth) => {
                let one = &mut self.calls[call].tries[nth];
                (&mut one.end, &mut one.bodies)
            }
        };
        (*end, *bodies) = (ended, seen);
    }
}
