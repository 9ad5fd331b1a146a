//! Latency histograms in the form that other tools read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use meshproof_model::Nanos;

/// Latencies from 1 µs to 60 s in nanoseconds with three digits; what is beyond counts as the bound.
#[derive(Debug)]
pub(super) struct Latency(Histogram<u64>);

impl Latency {
    pub(super) fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1000, 60_000_000_000, 3);
        Self(histogram.expect("the bounds are fixed and valid"))
    }

    pub(super) fn record(&mut self, latency: Nanos) {
        self.0.saturating_record(latency.max(1000));
    }

    /// The V2-deflate form in base64.
    pub(super) fn export(&self) -> String {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.0, &mut bytes)
            .expect("a Vec takes all that is written");
        STANDARD.encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;

    use super::*;

    #[test]
    fn what_is_exported_can_be_read_by_others() {
        let mut latency = Latency::new();
        for nanos in [0, 1_000_000, 1_000_000, u64::MAX] {
            latency.record(nanos);
        }
        let bytes = STANDARD.decode(latency.export()).unwrap();
        let read: Histogram<u64> = Deserializer::new().deserialize(&mut &*bytes).unwrap();
        assert_eq!(read.len(), 4);
        assert!(read.equivalent(read.value_at_quantile(0.5), 1_000_000));
        assert!(read.max() >= 60_000_000_000);
        assert!(read.equivalent(read.min(), 1000));
    }
}
