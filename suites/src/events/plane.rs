//! Two bits an event, in memory that stays small: segments in which all events came to the same,
//! or all but a few, are kept as just that.

/// How many events a segment holds.
pub const SEGMENT: u32 = 512;
const WORDS: usize = SEGMENT as usize / 32;
/// So many events that differ from the rest of their segment are kept one by one.
const FEW: usize = 24;
/// Every other bit: the lower bit of each event's two.
const LOWER: u64 = 0x5555_5555_5555_5555;

/// An event by its lane (one of a producer's epochs) and its sequence in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The lane.
    pub lane: u32,
    /// The sequence.
    pub sequence: u32,
}

impl Slot {
    /// As one number.
    #[must_use]
    pub const fn packed(self) -> u64 {
        (self.lane as u64) << 32 | self.sequence as u64
    }

    /// The inverse of [`Slot::packed`].
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "each part is cut out")]
    pub const fn unpacked(packed: u64) -> Self {
        Self {
            lane: (packed >> 32) as u32,
            sequence: packed as u32,
        }
    }
}

/// A number from 0 to 3 for every event.
#[derive(Debug, Clone, Default)]
pub struct Plane {
    lanes: Vec<Lane>,
}

/// The newest segment of a lane lies where the lane itself does: nearly all that happens happens
/// there, and what a thousand lanes touch is close together.
#[derive(Debug, Clone, Default)]
struct Lane {
    newest: u32,
    words: [u64; WORDS],
    older: Vec<Segment>,
}

#[derive(Debug, Clone)]
enum Segment {
    /// All events have this value.
    Even(u8),
    /// All but these have this value: the place in the segment, and the value above its 12 bits.
    Few(u8, Box<[u16]>),
    Open(Box<[u64; WORDS]>),
}

impl Plane {
    /// An event's number; 0 where none was set.
    #[must_use]
    #[inline]
    pub fn get(&self, slot: Slot) -> u8 {
        let Some(lane) = self.lanes.get(slot.lane as usize) else {
            return 0;
        };
        let (index, within) = (slot.sequence / SEGMENT, slot.sequence % SEGMENT);
        if index == lane.newest {
            return value_in(&lane.words, within);
        }
        let segment = lane.older.get(index as usize);
        segment.map_or(0, |segment| segment.get(within))
    }

    /// Sets an event's number and returns the one before.
    #[inline]
    pub fn set(&mut self, slot: Slot, value: u8) -> u8 {
        let lane = slot.lane as usize;
        if lane >= self.lanes.len() {
            self.lanes.resize_with(lane + 1, Lane::default);
        }
        let lane = &mut self.lanes[lane];
        let (index, within) = (slot.sequence / SEGMENT, slot.sequence % SEGMENT);
        if index > lane.newest {
            lane.begin(index);
        }
        if index == lane.newest {
            return set_in(&mut lane.words, within, value);
        }
        lane.older[index as usize].set(within, value)
    }

    /// How many lanes have a number set.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// How many segments a lane has.
    #[must_use]
    pub fn segments(&self, lane: u32) -> usize {
        let lane = self.lanes.get(lane as usize);
        lane.map_or(0, |lane| lane.newest as usize + 1)
    }

    /// The words of a segment, 32 events each.
    #[must_use]
    pub fn words(&self, lane: u32, segment: usize) -> [u64; WORDS] {
        match self.lanes.get(lane as usize) {
            Some(lane) if lane.newest as usize == segment => lane.words,
            Some(lane) => lane.older.get(segment).map_or([0; WORDS], Segment::words),
            None => [0; WORDS],
        }
    }

    /// The number that all events of a segment have, where that is known without looking.
    #[must_use]
    pub fn even(&self, lane: u32, segment: usize) -> Option<u8> {
        match self.lanes.get(lane as usize) {
            Some(lane) if lane.newest as usize == segment => None,
            Some(lane) => match lane.older.get(segment) {
                None => Some(0),
                Some(Segment::Even(value)) => Some(*value),
                Some(_) => None,
            },
            None => Some(0),
        }
    }
}

impl Lane {
    /// Begins a newer segment; the newest becomes an older one, and those that are left behind are sealed.
    #[cold]
    fn begin(&mut self, index: u32) {
        let newest = self.newest as usize;
        self.older.resize(index as usize, Segment::Even(0));
        self.older[newest] = Segment::Open(Box::new(self.words));
        for segment in &mut self.older[newest.saturating_sub(8)..=newest] {
            segment.seal();
        }
        self.newest = index;
        self.words = [0; WORDS];
    }
}

/// Visits every event of `of` that has the number `is` there and 0 in `not`.
pub fn unmatched(of: &Plane, is: u8, not: &Plane, mut visit: impl FnMut(Slot)) {
    for lane in 0..u32::try_from(of.lanes()).unwrap_or(u32::MAX) {
        for segment in 0..of.segments(lane) {
            let other = not.even(lane, segment);
            let settled = of.even(lane, segment).is_some_and(|value| value != is);
            if settled || other.is_some_and(|value| value != 0) {
                continue;
            }
            let (mine, other) = (of.words(lane, segment), not.words(lane, segment));
            for (word, (mine, other)) in mine.iter().zip(other).enumerate() {
                let mut found = equal(*mine, is) & !(other | other >> 1) & LOWER;
                while found != 0 {
                    let bit = found.trailing_zeros();
                    found &= found - 1;
                    let within = u32::try_from(word).unwrap_or(0) * 32 + bit / 2;
                    let base = u32::try_from(segment).unwrap_or(0) * SEGMENT;
                    visit(Slot {
                        lane,
                        sequence: base + within,
                    });
                }
            }
        }
    }
}

/// The lower bit of each pair that equals `value`.
fn equal(word: u64, value: u8) -> u64 {
    let differs = word ^ (LOWER * u64::from(value));
    !(differs | differs >> 1) & LOWER
}

impl Segment {
    #[inline]
    fn get(&self, within: u32) -> u8 {
        match self {
            Self::Even(value) => *value,
            Self::Open(words) => value_in(words, within),
            Self::Few(value, others) => few(*value, others, within),
        }
    }

    #[inline]
    fn set(&mut self, within: u32, value: u8) -> u8 {
        if let Self::Open(words) = self {
            return set_in(words, within, value);
        }
        let before = self.get(within);
        if before != value {
            let mut words = Box::new(self.words());
            set_in(&mut words, within, value);
            *self = Self::Open(words);
        }
        before
    }

    fn words(&self) -> [u64; WORDS] {
        match self {
            Self::Even(value) => [LOWER * u64::from(*value); WORDS],
            Self::Open(words) => **words,
            Self::Few(value, others) => {
                let mut words = [LOWER * u64::from(*value); WORDS];
                for other in others {
                    set_in(
                        &mut words,
                        u32::from(other & 0xfff),
                        (other >> 12).to_le_bytes()[0],
                    );
                }
                words
            }
        }
    }

    fn seal(&mut self) {
        let Self::Open(words) = self else {
            return;
        };
        let count = |value| -> u32 {
            let ones = words.iter().map(|word| equal(*word, value).count_ones());
            ones.sum()
        };
        let Some((most, value)) = (0..4).map(|value| (count(value), value)).max() else {
            return;
        };
        let others = (SEGMENT - most) as usize;
        if others == 0 {
            *self = Self::Even(value);
        } else if others <= FEW {
            let mut list = Vec::with_capacity(others);
            for within in 0..SEGMENT {
                let other = value_in(words, within);
                if other != value {
                    list.push(u16::try_from(within).unwrap_or(0) | u16::from(other) << 12);
                }
            }
            *self = Self::Few(value, list.into_boxed_slice());
        }
    }
}

fn few(value: u8, others: &[u16], within: u32) -> u8 {
    let place = u16::try_from(within).unwrap_or(0);
    match others.binary_search_by_key(&place, |other| other & 0xfff) {
        Ok(found) => (others[found] >> 12).to_le_bytes()[0],
        Err(_) => value,
    }
}

#[inline]
fn value_in(words: &[u64; WORDS], within: u32) -> u8 {
    (words[(within / 32) as usize] >> (within % 32 * 2)).to_le_bytes()[0] & 3
}

#[inline]
fn set_in(words: &mut [u64; WORDS], within: u32, value: u8) -> u8 {
    let word = &mut words[(within / 32) as usize];
    let shift = within % 32 * 2;
    let before = (*word >> shift).to_le_bytes()[0] & 3;
    *word = *word & !(3 << shift) | u64::from(value) << shift;
    before
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plane_is_a_map(writes in prop::collection::vec((0u32..3, 0u32..40_000, 0u8..4), 0..400), fill in 0u32..20_000) {
            let mut plane = Plane::default();
            let mut map = BTreeMap::new();
            let filled = (0..fill).map(|sequence| (1, sequence, 2));
            for (lane, sequence, value) in filled.chain(writes) {
                let slot = Slot { lane, sequence };
                let before = plane.set(slot, value);
                prop_assert_eq!(before, map.insert(slot, value).unwrap_or(0));
            }
            for (slot, value) in &map {
                prop_assert_eq!(plane.get(*slot), *value);
            }
            let mut found = Vec::new();
            unmatched(&plane, 2, &Plane::default(), |slot| found.push(slot));
            let wanted: Vec<Slot> = map.iter().filter(|(_, value)| **value == 2).map(|(slot, _)| *slot).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
