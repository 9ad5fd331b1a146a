//! The window of a case: load, faults and changes on one schedule. Pure: time comes in, actions go
//! out.

use meshproof_model::{Change, Fault, Nanos};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// The window opens; the policy acts.
    Open,
    /// The first request is about to be sent.
    LoadStarted,
    /// The last answer is in, or given up.
    LoadEnded,
    /// A fault is in place.
    Applied(usize),
    /// A fault was taken back.
    Reverted(usize),
    /// A change is over, done or not.
    Changed(usize),
    /// The time asked for by [`Action::WakeAt`] has come.
    Clock,
}

/// What shall be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Put a fault in place.
    Apply(usize),
    /// Take a fault back.
    Revert(usize),
    /// Begin a change.
    Change(usize),
    /// Begin to send.
    StartLoad,
    /// Report [`Input::Clock`] then; a later wish replaces an earlier one.
    WakeAt(Nanos),
    /// The window is closed: the load is over, and so is every fault and change.
    Close,
}

/// The state of a window.
#[derive(Debug)]
pub(crate) struct Window {
    faults: Vec<Slot>,
    changes: Vec<(Nanos, Progress)>,
    load: Load,
    closed: bool,
}

#[derive(Debug)]
struct Slot {
    from: Nanos,
    /// None: until the load is over.
    until: Option<Nanos>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Applying,
    Active,
    Reverting,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    UnderWay,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    Waiting,
    Starting,
    Running { since: Nanos },
    Over,
}

impl Window {
    /// A window with the faults and changes of a case whose load sends for so many nanoseconds.
    pub(crate) fn new(faults: &[Fault], changes: &[Change], load: Nanos) -> Self {
        let slot = |fault: &Fault| Slot {
            from: fault.from.as_nanos(),
            // What ends with the sending stays until the last answer, which is still under its spell.
            until: Some(fault.until.as_nanos()).filter(|until| *until < load),
            state: State::Waiting,
        };
        Self {
            faults: faults.iter().map(slot).collect(),
            changes: changes
                .iter()
                .map(|change| (change.at.as_nanos(), Progress::Waiting))
                .collect(),
            load: Load::Waiting,
            closed: false,
        }
    }

    /// Takes in what happened and says what to do.
    pub(crate) fn step(&mut self, now: Nanos, input: Input) -> Vec<Action> {
        match input {
            Input::Open | Input::Clock => {}
            Input::LoadStarted => self.load = Load::Running { since: now },
            Input::LoadEnded => self.load = Load::Over,
            Input::Applied(fault) => self.faults[fault].state = State::Active,
            Input::Reverted(fault) => self.faults[fault].state = State::Over,
            Input::Changed(change) => self.changes[change].1 = Progress::Over,
        }
        let mut actions = Vec::new();
        match self.load {
            Load::Waiting => self.before_load(&mut actions),
            Load::Starting => {}
            Load::Running { since } => self.under_load(now - since, since, &mut actions),
            Load::Over => self.after_load(&mut actions),
        }
        actions
    }

    /// Faults from `0s` are in place before the first request is sent.
    fn before_load(&mut self, actions: &mut Vec<Action>) {
        for (index, slot) in self.faults.iter_mut().enumerate() {
            if slot.from == 0 && slot.state == State::Waiting {
                slot.state = State::Applying;
                actions.push(Action::Apply(index));
            }
        }
        if self.faults.iter().all(|slot| slot.state != State::Applying) {
            self.load = Load::Starting;
            actions.push(Action::StartLoad);
        }
    }

    fn under_load(&mut self, elapsed: Nanos, since: Nanos, actions: &mut Vec<Action>) {
        let mut next = u64::MAX;
        for (index, (at, progress)) in self.changes.iter_mut().enumerate() {
            if *progress == Progress::Waiting && *at <= elapsed {
                *progress = Progress::UnderWay;
                actions.push(Action::Change(index));
            } else if *progress == Progress::Waiting {
                next = next.min(*at);
            }
        }
        for (index, slot) in self.faults.iter_mut().enumerate() {
            match (slot.state, slot.until) {
                (State::Waiting, _) if slot.from <= elapsed => {
                    slot.state = State::Applying;
                    actions.push(Action::Apply(index));
                }
                (State::Waiting, _) => next = next.min(slot.from),
                (State::Active, Some(until)) if until <= elapsed => {
                    slot.state = State::Reverting;
                    actions.push(Action::Revert(index));
                }
                (State::Active, Some(until)) => next = next.min(until),
                _ => {}
            }
        }
        if next != u64::MAX {
            actions.push(Action::WakeAt(since + next));
        }
    }

    fn after_load(&mut self, actions: &mut Vec<Action>) {
        for (index, slot) in self.faults.iter_mut().enumerate() {
            match slot.state {
                // Too late to prove anything: the checks will find that it never was in place.
                State::Waiting => slot.state = State::Over,
                State::Active => {
                    slot.state = State::Reverting;
                    actions.push(Action::Revert(index));
                }
                State::Applying | State::Reverting | State::Over => {}
            }
        }
        for (_, progress) in &mut self.changes {
            // Never begun: the judge finds that it was not done.
            if *progress == Progress::Waiting {
                *progress = Progress::Over;
            }
        }
        let over = self.faults.iter().all(|slot| slot.state == State::Over)
            && self
                .changes
                .iter()
                .all(|(_, progress)| *progress == Progress::Over);
        if over && !self.closed {
            self.closed = true;
            actions.push(Action::Close);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meshproof_model::units::Duration;
    use meshproof_model::{FaultKind, Operation, Target};

    const MS: Nanos = 1_000_000;

    fn fault(from: u64, until: u64) -> Fault {
        Fault {
            on: Target::Service("b".to_owned()),
            kind: FaultKind::Stop,
            from: Duration::from_millis(from),
            until: Duration::from_millis(until),
        }
    }

    #[test]
    fn without_faults_it_is_the_load_alone() {
        let mut window = Window::new(&[], &[], 1000 * MS);
        assert_eq!(window.step(5, Input::Open), [Action::StartLoad]);
        assert_eq!(window.step(6, Input::LoadStarted), []);
        assert_eq!(window.step(7, Input::LoadEnded), [Action::Close]);
        assert_eq!(window.step(8, Input::Clock), [], "closed once only");
    }

    #[test]
    fn a_fault_from_the_start_precedes_the_load_and_outlasts_it() {
        let mut window = Window::new(&[fault(0, 1000)], &[], 1000 * MS);
        assert_eq!(window.step(0, Input::Open), [Action::Apply(0)]);
        assert_eq!(window.step(1, Input::Applied(0)), [Action::StartLoad]);
        assert_eq!(window.step(2, Input::LoadStarted), []);
        assert_eq!(window.step(1500 * MS, Input::Clock), []);
        assert_eq!(
            window.step(1600 * MS, Input::LoadEnded),
            [Action::Revert(0)]
        );
        assert_eq!(window.step(1601 * MS, Input::Reverted(0)), [Action::Close]);
    }

    #[test]
    fn a_fault_in_the_middle_comes_and_goes_on_time() {
        let mut window = Window::new(&[fault(100, 300)], &[], 1000 * MS);
        assert_eq!(window.step(0, Input::Open), [Action::StartLoad]);
        let start = 10 * MS;
        assert_eq!(
            window.step(start, Input::LoadStarted),
            [Action::WakeAt(start + 100 * MS)]
        );
        assert_eq!(
            window.step(start + 100 * MS, Input::Clock),
            [Action::Apply(0)]
        );
        assert_eq!(
            window.step(start + 120 * MS, Input::Applied(0)),
            [Action::WakeAt(start + 300 * MS)]
        );
        assert_eq!(
            window.step(start + 300 * MS, Input::Clock),
            [Action::Revert(0)]
        );
        assert_eq!(window.step(start + 310 * MS, Input::Reverted(0)), []);
        assert_eq!(
            window.step(start + 1000 * MS, Input::LoadEnded),
            [Action::Close]
        );
    }

    #[test]
    fn a_fault_that_was_slow_to_come_is_still_taken_back() {
        let mut window = Window::new(&[fault(100, 300)], &[], 1000 * MS);
        window.step(0, Input::Open);
        window.step(0, Input::LoadStarted);
        assert_eq!(window.step(100 * MS, Input::Clock), [Action::Apply(0)]);
        assert_eq!(
            window.step(1000 * MS, Input::LoadEnded),
            [],
            "waits for what is under way"
        );
        assert_eq!(
            window.step(1001 * MS, Input::Applied(0)),
            [Action::Revert(0)]
        );
        assert_eq!(window.step(1002 * MS, Input::Reverted(0)), [Action::Close]);
    }

    #[test]
    fn a_change_has_its_time_and_the_window_waits_for_it() {
        let change = Change {
            at: Duration::from_millis(200),
            operation: Operation::RollingRestart("b".to_owned()),
        };
        let mut window = Window::new(&[], &[change], 1000 * MS);
        window.step(0, Input::Open);
        assert_eq!(
            window.step(0, Input::LoadStarted),
            [Action::WakeAt(200 * MS)]
        );
        assert_eq!(window.step(200 * MS, Input::Clock), [Action::Change(0)]);
        assert_eq!(window.step(1000 * MS, Input::LoadEnded), []);
        assert_eq!(window.step(1500 * MS, Input::Changed(0)), [Action::Close]);
    }
}
