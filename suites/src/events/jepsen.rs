//! Histories of Jepsen's kafka workload.
