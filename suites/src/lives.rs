//! When the faults and changes of a case came and went, as its history tells.

use meshproof_model::{ChangeStep, FaultStep, Nanos, Record};

/// A fold over a history that keeps the times of faults and changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lives {
    faults: Vec<FaultLife>,
    changes: Vec<ChangeLife>,
}

/// When a fault came and went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultLife {
    /// When it was in place.
    pub applied: Option<Nanos>,
    /// When it was taken back.
    pub reverted: Option<Nanos>,
}

/// When a change was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeLife {
    /// When it was begun.
    pub begun: Option<Nanos>,
    /// When the mesh showed that it acts; the last of them for a rolling restart.
    pub acts: Option<Nanos>,
    /// When it was given up: it was not shown to act in its bound.
    pub never_acted: Option<Nanos>,
    /// When the first process that it ended was gone.
    pub ended: Option<Nanos>,
    /// When all of it was done.
    pub done: Option<Nanos>,
}

impl Lives {
    /// Takes the next record, in time order.
    pub fn see(&mut self, record: &Record) {
        match record {
            Record::Fault(fault) => {
                let life = nth(&mut self.faults, fault.fault);
                match fault.step {
                    FaultStep::Applied => life.applied = life.applied.or(Some(fault.at)),
                    FaultStep::Reverted => life.reverted = Some(fault.at),
                    FaultStep::Bit { .. } | FaultStep::Lapsed => {}
                }
            }
            Record::Change(change) => {
                let life = nth(&mut self.changes, change.change);
                match &change.step {
                    ChangeStep::Begun => life.begun = life.begun.or(Some(change.at)),
                    ChangeStep::Acts => life.acts = Some(change.at),
                    ChangeStep::NeverActed => life.never_acted = Some(change.at),
                    ChangeStep::Ended { .. } => life.ended = life.ended.or(Some(change.at)),
                    ChangeStep::Done => life.done = Some(change.at),
                    ChangeStep::Intruded(_) => {}
                }
            }
            _ => {}
        }
    }

    /// The life of a case's fault.
    #[must_use]
    pub fn fault(&self, index: usize) -> FaultLife {
        self.faults.get(index).cloned().unwrap_or_default()
    }

    /// The life of a case's change.
    #[must_use]
    pub fn change(&self, index: usize) -> ChangeLife {
        self.changes.get(index).cloned().unwrap_or_default()
    }
}

fn nth<T: Default + Clone>(lives: &mut Vec<T>, index: u32) -> &mut T {
    let index = usize::try_from(index).expect("a case has few of them");
    if lives.len() <= index {
        lives.resize(index + 1, T::default());
    }
    &mut lives[index]
}
