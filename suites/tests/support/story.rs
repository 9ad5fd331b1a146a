//! Tiny histories, written as stories: what each call did, in milliseconds after its start.

use meshproof_model::{
    AttemptEnded, AttemptStarted, ChangeRecord, ChangeStep, FaultRecord, FaultStep, LoadEnded,
    Mark, Method, Nanos, Noise, Outcome, Phase, Record, Side,
};
use meshproof_suites::history::{Arm, Header, SCHEMA};
use meshproof_suites::{Case, Judgement, PROBER, judge};

/// The load starts here.
pub(crate) const START: Nanos = 10_000_000_000;

pub(crate) const fn ms(millis: u64) -> Nanos {
    millis * 1_000_000
}

pub(crate) fn answered(status: u16, by: Option<&str>) -> Outcome {
    Outcome::Answered {
        status,
        by: by.map(str::to_owned),
    }
}

/// One try at a callee: replica, start, end, outcome.
#[derive(Debug, Clone)]
pub(crate) struct Try(pub String, pub u64, pub Option<u64>, pub Outcome);

/// One call: its tries, and its end for the caller.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) tries: Vec<Try>,
    pub(crate) end: Option<(u64, Outcome)>,
}

/// A history in the making.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) case: Case,
    pub(crate) arm: Arm,
    pub(crate) budget: Option<meshproof_model::BudgetKind>,
    pub(crate) lag: Nanos,
    pub(crate) records: Vec<Record>,
    ids: u64,
    requests: u64,
    last: Nanos,
}

impl Story {
    pub(crate) fn of(case: &Case) -> Self {
        Self {
            case: case.clone(),
            arm: Arm::Mesh,
            budget: Some(meshproof_model::BudgetKind::Rate),
            lag: ms(1),
            records: Vec::new(),
            ids: 0,
            requests: 0,
            last: START,
        }
    }

    /// Tells the load of the case: each request's number and time (in milliseconds from the start
    /// of the load) to what becomes of its call over `caller`'s edge to `peer`.
    pub(crate) fn load(
        mut self,
        caller: &str,
        peer: &str,
        mut told: impl FnMut(u64, u64) -> Told,
    ) -> Self {
        for (nth, at) in self.schedule() {
            let call = told(nth, at);
            self.call(nth, ms(at) + ms(1) / 2, caller, peer, &call);
        }
        self
    }

    /// The prober's own calls: how long each took and what came of it.
    pub(crate) fn probed(mut self, mut told: impl FnMut(u64, u64) -> (u64, Outcome)) -> Self {
        let on = self.case.load.on.clone();
        for (nth, at) in self.schedule() {
            let end = told(nth, at);
            let tries = vec![Try(format!("{on}-0"), 0, Some(end.0), answered(200, None))];
            let call = Told {
                tries,
                end: Some(end),
            };
            self.call(nth, ms(at), PROBER, &on, &call);
        }
        self.requests = self.schedule().len() as u64;
        self
    }

    pub(crate) fn schedule(&self) -> Vec<(u64, u64)> {
        let load = &self.case.load;
        let gap = 1000.0 / load.rate.hertz();
        let count = (load.length.as_millis() as f64 / gap) as u64;
        (0..count)
            .map(|nth| (nth, (nth as f64 * gap) as u64))
            .collect()
    }

    /// One call of the request `nth`, beginning `at` after the start of the load.
    pub(crate) fn call(&mut self, nth: u64, at: Nanos, caller: &str, peer: &str, told: &Told) {
        let call = format!("{caller}.{}", self.ids);
        let methods = &self.case.load.methods;
        let method = match methods.len() {
            0 => Method::Get,
            count => methods[nth as usize % count],
        };
        let begin = START + at;
        let mut attempt =
            |replica: &str, side, peer: &str, from: Nanos, end: Option<(Nanos, Outcome)>| {
                self.ids += 1;
                let id = self.ids;
                self.records.push(Record::AttemptStarted(AttemptStarted {
                    at: from,
                    id,
                    replica: replica.to_owned(),
                    side,
                    peer: peer.to_owned(),
                    call: call.clone(),
                    trace: format!("load.{nth}"),
                    method,
                    intended: (replica == PROBER).then_some(from),
                }));
                self.last = self.last.max(from);
                if let Some((at, outcome)) = end {
                    self.last = self.last.max(at);
                    self.records.push(Record::AttemptEnded(AttemptEnded {
                        at,
                        id,
                        replica: replica.to_owned(),
                        side,
                        outcome,
                        sent: None,
                        received: None,
                    }));
                }
            };
        let end = told
            .end
            .clone()
            .map(|(after, outcome)| (begin + ms(after) + 1000, outcome));
        attempt(caller, Side::Caller, peer, begin, end);
        for Try(replica, from, until, outcome) in &told.tries {
            let from = begin + ms(*from) + 100;
            let end = until.map(|until| (begin + ms(until) + 500, outcome.clone()));
            attempt(replica, Side::Callee, "", from, end);
        }
    }

    /// The header and the records in time order, with marks, faults, noise and the load's report.
    pub(crate) fn told(self) -> (Header, Vec<Record>) {
        let end = self.last + ms(10);
        let mark = |at, phase| Record::Mark(Mark { at, phase });
        let mut records = vec![
            mark(START - ms(900), Phase::PolicyApplied),
            mark(START - ms(850), Phase::PolicyActs),
            mark(START - 1, Phase::LoadStarted),
            mark(end, Phase::LoadEnded),
        ];
        let mut at = START;
        while at < end + ms(100) {
            records.push(Record::Noise(Noise {
                at,
                lag: self.lag,
                steal: 0.0,
                foreign: 0.0,
                pressure: None,
            }));
            at += ms(100);
        }
        for (nth, fault) in self.case.faults.iter().enumerate() {
            let step = |at, step| {
                Record::Fault(FaultRecord {
                    at,
                    fault: nth as u32,
                    step,
                })
            };
            let from = (START + fault.from.as_nanos()).saturating_sub(ms(50));
            records.push(step(from, FaultStep::Applied));
            records.push(step(end, FaultStep::Bit { times: 3 }));
            let until = (START + fault.until.as_nanos()).min(end);
            records.push(step(until, FaultStep::Reverted));
        }
        for (nth, change) in self.case.changes.iter().enumerate() {
            let begun = START + change.at.as_nanos();
            let steps = [
                (0, ChangeStep::Begun),
                (5, ChangeStep::Acts),
                (10, ChangeStep::Done),
            ];
            records.extend(steps.map(|(after, step)| {
                Record::Change(ChangeRecord {
                    at: begun + ms(after),
                    change: nth as u32,
                    step,
                })
            }));
        }
        records.push(Record::LoadEnded(LoadEnded {
            at: end,
            scheduled: self.requests,
            sent: self.requests,
            max_lag: 0,
            intended: String::new(),
            actual: String::new(),
        }));
        records.extend(self.records);
        records.sort_by_key(Record::at);
        let header = Header {
            schema: SCHEMA.to_owned(),
            case: self.case,
            mesh: "story".to_owned(),
            budget: self.budget,
            repetition: 1,
            seed: 7,
            arm: self.arm,
        };
        (header, records)
    }

    pub(crate) fn judged(self) -> Judgement {
        let (header, records) = self.told();
        judge(&header, records.into_iter().map(Ok))
    }
}

/// Takes a turn among replicas of `b`, as an even balancer does.
pub(crate) fn turn(nth: u64, of: u64) -> String {
    format!("b-{}", nth % of)
}
