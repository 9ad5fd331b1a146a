//! The judge of event histories: which delivery guarantee was broken, by which events, as told by
//! [records](meshproof_model::event_record) from the decision to publish to the effect.
//!
//! A history is read once, record by record. What is known of each event is two bits in a
//! [`plane`]; each anomaly is found by its own small check; a [`Guarantee`] is the set of anomalies
//! that break it. Where the evidence does not suffice the answer is *inconclusive*. A second reading
//! picks out the few records that prove a failure.

mod anomaly;
mod check;
mod checker;
mod findings;
mod guarantee;
pub mod jepsen;
mod judge;
mod ledger;
mod partitions;
pub mod plane;
mod proof;
pub mod timeline;

pub use anomaly::Anomaly;
pub use checker::{Checked, Checker};
pub use findings::{Example, Findings, Tally};
pub use guarantee::{Guarantee, UnknownGuarantee};
pub use judge::{Judged, judge};
pub use ledger::Figures;
pub use proof::{Proof, Step, prove};
