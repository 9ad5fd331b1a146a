//! What stands behind the numbers in records.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Words and their numbers, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Table {
    words: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32, BuildHasherDefault<Quick>>,
}

impl Table {
    /// The number of a word, a new one if it is new and fewer than `most` are known.
    pub fn number(&mut self, word: &str, most: u32) -> Option<u32> {
        if let Some(number) = self.numbers.get(word) {
            return Some(*number);
        }
        let number = u32::try_from(self.words.len()).ok()?;
        if number >= most {
            return None;
        }
        self.words.push(word.into());
        self.numbers.insert(word.into(), number);
        Some(number)
    }

    /// The number of a word that is known.
    #[must_use]
    pub fn get(&self, word: &str) -> Option<u32> {
        self.numbers.get(word).copied()
    }

    /// The word of a number; its kind and the number itself where it has none.
    #[must_use]
    pub fn word(&self, number: u32, kind: &str) -> Cow<'_, str> {
        match self.words.get(number as usize) {
            Some(word) if !word.is_empty() => Cow::Borrowed(word),
            _ => Cow::Owned(format!("{kind}-{number}")),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Gives the next number, which must be `number`, to a word.
    fn define(&mut self, number: u32, word: &str) -> bool {
        if self.numbers.contains_key(word) || self.words.len() != number as usize {
            return false;
        }
        self.words.push(word.into());
        self.numbers.insert(word.into(), number);
        true
    }
}

/// Who records: a process in one of its lives, with the subscription it consumes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Actor {
    /// Its process, by its number in [`Names::processes`].
    pub process: u32,
    /// Its subscription or group, by its number in [`Names::subscriptions`].
    pub subscription: Option<u32>,
    /// Counts the lives of the process, or its connections.
    pub incarnation: u32,
}

/// What stands behind the numbers in records.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Producers.
    pub producers: Table,
    /// Keys.
    pub keys: Table,
    /// Processes.
    pub processes: Table,
    /// Subscriptions, those of the header first.
    pub subscriptions: Table,
    /// Nodes of the broker.
    pub nodes: Table,
    /// Actors.
    pub actors: Vec<Actor>,
    by_actor: HashMap<Actor, u32, BuildHasherDefault<Quick>>,
}

impl Names {
    /// The number of an actor, a new one if it is new.
    pub fn actor(&mut self, actor: Actor) -> u32 {
        let next = u32::try_from(self.actors.len()).unwrap_or(u32::MAX);
        let number = *self.by_actor.entry(actor).or_insert(next);
        if number == next {
            self.actors.push(actor);
        }
        number
    }

    /// How a person calls an actor.
    #[must_use]
    pub fn actor_name(&self, number: u32) -> String {
        let Some(actor) = self.actors.get(number as usize) else {
            return format!("actor-{number}");
        };
        let process = self.processes.word(actor.process, "process");
        match actor.incarnation {
            0 => process.into_owned(),
            life => format!("{process}#{life}"),
        }
    }

    /// How a person calls an event.
    #[must_use]
    pub fn event(&self, event: super::Identity) -> String {
        let producer = self.producers.word(u32::from(event.producer), "producer");
        format!("{producer}/{}/{}", event.epoch, event.sequence)
    }

    /// Takes over what a definition of the binary form says; false where it fits nothing before it.
    pub(super) fn define(&mut self, definition: &super::binary::Definition) -> bool {
        use super::binary::Definition;
        match definition {
            Definition::Producer { id, name } => self.producers.define(*id, name),
            Definition::Key { id, name } => self.keys.define(*id, name),
            Definition::Node { id, name } => self.nodes.define(*id, name),
            Definition::Actor {
                id,
                process,
                subscription,
                incarnation,
            } => {
                let most = super::guard::PROCESSES;
                let Some(process) = self.processes.number(process, most) else {
                    return false;
                };
                let subscription = match subscription {
                    None => None,
                    Some(name) => match self.subscriptions.number(name, super::SUBSCRIPTIONS) {
                        None => return false,
                        known => known,
                    },
                };
                let next = self.actors.len();
                *id as usize == next
                    && self.actor(Actor {
                        process,
                        subscription,
                        incarnation: *incarnation,
                    }) as usize
                        == next
            }
        }
    }
}

/// A quick hash for words that nobody chooses in order to collide: a history is a file of one's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.write_u64(u64::from_le_bytes(chunk.try_into().unwrap_or_default()));
        }
        for byte in chunks.remainder() {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }
}
