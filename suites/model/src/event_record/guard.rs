//! What every reader holds every record to, whatever the form.

use super::{EventHeader, EventLimits, EventReadError, EventRecord, NONE, Names, SCHEMA};
use crate::Nanos;

/// The most processes that a history can name.
pub(super) const PROCESSES: u32 = 1_000_000;

/// Records that are known to be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// Who wrote them.
    pub process: String,
    /// The first index that is missing.
    pub from: u64,
    /// The next that is there.
    pub until: u64,
}

/// Holds records to their time order, to the limits of the header, and to what their kind needs.
#[derive(Debug, Default)]
pub struct Guard {
    limits: Limits,
    skew: Nanos,
    latest: Nanos,
    last: Vec<Nanos>,
    index: Vec<u64>,
    holes: Vec<Hole>,
}

#[derive(Debug, Default)]
struct Limits {
    producers: u32,
    keys: u32,
    partitions: u32,
}

impl Guard {
    /// For a history with this header.
    ///
    /// # Errors
    /// When the header is of another format or declares more than can be kept.
    pub fn new(name: &str, header: &EventHeader) -> Result<Self, EventReadError> {
        let place = || format!("{name}: header");
        if header.schema != SCHEMA {
            return Err(EventReadError::Format {
                place: place(),
                found: format!("the format is `{}`", header.schema),
            });
        }
        let (asked, most) = (header.limits, EventLimits::MOST);
        for (what, asked, most) in [
            ("producers", asked.producers, most.producers),
            ("keys", asked.keys, most.keys),
            ("partitions", asked.partitions, most.partitions),
        ] {
            if asked > most {
                return Err(EventReadError::Text {
                    place: place(),
                    wanted: "limits that can be kept",
                    why: format!("{asked} {what} are declared, at most {most} can be"),
                });
            }
        }
        Ok(Self {
            limits: Limits {
                producers: asked.producers,
                keys: asked.keys,
                partitions: asked.partitions,
            },
            skew: header.skew.as_nanos(),
            ..Self::default()
        })
    }

    /// Records that are known to be missing.
    #[must_use]
    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// Holds a record to the rules; `place` tells where it stands.
    ///
    /// # Errors
    /// When it breaks one.
    #[inline]
    pub fn see(
        &mut self,
        record: &EventRecord,
        names: &Names,
        place: impl Fn() -> String,
    ) -> Result<(), EventReadError> {
        if record.kind.names_event() {
            if u32::from(record.event.producer) >= self.limits.producers {
                return Err(self.beyond(record, place));
            }
        } else if record.event.is_some() {
            return Err(EventReadError::Text {
                place: place(),
                wanted: "a record of its kind",
                why: format!("`{}` is not about an event", record.kind),
            });
        }
        if record.key >= self.limits.keys && record.key != NONE
            || record
                .detail
                .partition
                .is_some_and(|partition| partition >= self.limits.partitions)
        {
            return Err(self.beyond(record, place));
        }
        let Some(actor) = names.actors.get(record.actor as usize) else {
            return Err(EventReadError::Text {
                place: place(),
                wanted: "a known actor",
                why: format!("nothing before it introduces actor {}", record.actor),
            });
        };
        let process = actor.process as usize;
        if process >= self.last.len() {
            self.last.resize(process + 1, 0);
        }
        let last = self.last[process];
        if record.at < last {
            return Err(EventReadError::Backwards {
                place: place(),
                process: names.processes.word(actor.process, "process").into_owned(),
                by: last - record.at,
            });
        }
        self.last[process] = record.at;
        if record.at >= self.latest {
            self.latest = record.at;
        } else if self.latest - record.at > self.skew {
            return Err(EventReadError::Unsorted {
                place: place(),
                by: self.latest - record.at,
                skew: self.skew,
            });
        }
        Ok(())
    }

    /// Holds the index of a process's record to what is next; a gap is remembered as a hole.
    ///
    /// # Errors
    /// When the index was used before.
    pub fn index(
        &mut self,
        process: u32,
        index: u64,
        names: &Names,
        place: impl Fn() -> String,
    ) -> Result<(), EventReadError> {
        let slot = process as usize;
        if slot >= self.index.len() {
            self.index.resize(slot + 1, 0);
        }
        let wanted = self.index[slot];
        if index < wanted {
            return Err(EventReadError::Index {
                place: place(),
                process: names.processes.word(process, "process").into_owned(),
                index,
                wanted,
            });
        }
        if index > wanted && self.holes.len() < 1_000 {
            self.holes.push(Hole {
                process: names.processes.word(process, "process").into_owned(),
                from: wanted,
                until: index,
            });
        }
        self.index[slot] = index.saturating_add(1);
        Ok(())
    }

    #[cold]
    fn beyond(&self, record: &EventRecord, place: impl Fn() -> String) -> EventReadError {
        let limits = &self.limits;
        if record.kind.names_event() && !record.event.is_some() {
            return EventReadError::Lacks {
                place: place(),
                kind: record.kind.word(),
                needs: "the event's `producer` and `sequence`",
            };
        }
        let (what, limit) =
            if record.event.is_some() && u32::from(record.event.producer) >= limits.producers {
                (
                    format!("producer {}", record.event.producer),
                    limits.producers,
                )
            } else if record.key != NONE && record.key >= limits.keys {
                (format!("key {}", record.key), limits.keys)
            } else {
                let partition = record.detail.partition.unwrap_or_default();
                (format!("partition {partition}"), limits.partitions)
            };
        EventReadError::Limit {
            place: place(),
            what,
            limit: u64::from(limit),
        }
    }
}
