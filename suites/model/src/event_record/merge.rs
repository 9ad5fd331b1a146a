//! A history in several files, such as one a process, merged by time.

use super::{
    Actor, EventHeader, EventReadError, EventRecord, EventSource, Hole, Identity, NONE, Names,
    SUBSCRIPTIONS, Table, guard,
};

/// Merges histories with the same header by time. Names mean the same in all of them; numbers need not.
pub struct MergedReader {
    parts: Vec<Part>,
    header: EventHeader,
    names: Names,
    holes: Vec<Hole>,
    current: Option<EventRecord>,
}

/// One of the histories, its next record, and what its numbers are in the merged one.
struct Part {
    name: String,
    source: Box<dyn EventSource>,
    head: Option<EventRecord>,
    producers: Vec<Option<u32>>,
    keys: Vec<Option<u32>>,
    nodes: Vec<Option<u32>>,
    actors: Vec<Option<u32>>,
}

impl MergedReader {
    /// Merges histories, each with the name that errors call it.
    ///
    /// # Errors
    /// When their headers differ, or the first record of one cannot be read.
    pub fn open(sources: Vec<(String, Box<dyn EventSource>)>) -> Result<Self, EventReadError> {
        let mut merged = Self {
            parts: Vec::new(),
            header: EventHeader::default(),
            names: Names::default(),
            holes: Vec::new(),
            current: None,
        };
        for (index, (name, source)) in sources.into_iter().enumerate() {
            if index == 0 {
                merged.header = source.header().clone();
                for subscription in merged.header.subscriptions.keys() {
                    merged
                        .names
                        .subscriptions
                        .number(subscription, SUBSCRIPTIONS);
                }
            } else if *source.header() != merged.header {
                return Err(EventReadError::Text {
                    place: name,
                    wanted: "a file of the same history",
                    why: "all files of a history begin with the same header".to_owned(),
                });
            }
            let mut part = Part {
                name,
                source,
                head: None,
                producers: Vec::new(),
                keys: Vec::new(),
                nodes: Vec::new(),
                actors: Vec::new(),
            };
            part.advance(&merged.header, &mut merged.names)?;
            merged.parts.push(part);
        }
        Ok(merged)
    }
}

impl EventSource for MergedReader {
    fn header(&self) -> &EventHeader {
        &self.header
    }

    fn names(&self) -> &Names {
        &self.names
    }

    fn holes(&self) -> &[Hole] {
        &self.holes
    }

    fn next(&mut self) -> Result<Option<(&EventRecord, &Names)>, EventReadError> {
        let heads = self.parts.iter().enumerate();
        let times = heads.filter_map(|(index, part)| Some((part.head.as_ref()?.at, index)));
        let Some((_, first)) = times.min() else {
            let holes = self.parts.iter().flat_map(|part| part.source.holes());
            self.holes = holes.cloned().collect();
            return Ok(None);
        };
        let part = &mut self.parts[first];
        self.current = part.head.take();
        if let Err(error) = part.advance(&self.header, &mut self.names) {
            self.parts.clear();
            return Err(error);
        }
        Ok(self.current.as_ref().map(|record| (record, &self.names)))
    }
}

impl Part {
    /// Reads the next record and turns its numbers into those of the merged history.
    fn advance(&mut self, header: &EventHeader, names: &mut Names) -> Result<(), EventReadError> {
        let Some((record, known)) = self.source.next()? else {
            self.head = None;
            return Ok(());
        };
        let mut record = record.clone();
        let limits = &header.limits;
        let beyond = |what: &str, limit: u32| EventReadError::Limit {
            place: self.name.clone(),
            what: format!("the number of {what} in all files together"),
            limit: u64::from(limit),
        };
        let most = (limits.producers, limits.keys);
        let producer = |map: &mut Vec<Option<u32>>, names: &mut Names, event: &mut Identity| {
            let old = u32::from(event.producer);
            let from = (&known.producers, "producer");
            let new = renumber(map, old, from, &mut names.producers, most.0);
            let new = new.and_then(|new| u16::try_from(new).ok());
            event.producer = new.ok_or_else(|| beyond("producers", most.0))?;
            Ok::<(), EventReadError>(())
        };
        if record.event.is_some() {
            producer(&mut self.producers, names, &mut record.event)?;
        }
        for cause in &mut record.detail.causes {
            producer(&mut self.producers, names, cause)?;
        }
        if record.key != NONE {
            let from = (&known.keys, "key");
            let key = renumber(&mut self.keys, record.key, from, &mut names.keys, most.1);
            record.key = key.ok_or_else(|| beyond("keys", most.1))?;
        }
        if let Some(node) = record.detail.node {
            let from = (&known.nodes, "node");
            let most = u32::from(u16::MAX);
            let node = renumber(
                &mut self.nodes,
                u32::from(node),
                from,
                &mut names.nodes,
                most,
            );
            record.detail.node = node.and_then(|node| u16::try_from(node).ok());
        }
        let slot = record.actor as usize;
        if slot >= self.actors.len() {
            self.actors.resize(slot + 1, None);
        }
        record.actor = match self.actors[slot] {
            Some(number) => number,
            None => {
                let actor = known.actors[slot];
                let process = known.processes.word(actor.process, "process");
                let process = names.processes.number(&process, guard::PROCESSES);
                let subscription = actor.subscription.map(|number| {
                    let word = known.subscriptions.word(number, "subscription");
                    let number = names.subscriptions.number(&word, SUBSCRIPTIONS);
                    number.ok_or_else(|| beyond("subscriptions", SUBSCRIPTIONS))
                });
                let number = names.actor(Actor {
                    process: process.ok_or_else(|| beyond("processes", guard::PROCESSES))?,
                    subscription: subscription.transpose()?,
                    incarnation: actor.incarnation,
                });
                self.actors[slot] = Some(number);
                number
            }
        };
        self.head = Some(record);
        Ok(())
    }
}

/// The number that a word has in the merged history.
fn renumber(
    map: &mut Vec<Option<u32>>,
    old: u32,
    (from, kind): (&Table, &str),
    to: &mut Table,
    most: u32,
) -> Option<u32> {
    let slot = old as usize;
    if slot >= map.len() {
        map.resize(slot + 1, None);
    }
    if map[slot].is_none() {
        map[slot] = to.number(&from.word(old, kind), most);
    }
    map[slot]
}
