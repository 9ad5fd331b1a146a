//! CPU pressure: the time in which something that could run had to wait for a core.
//!
//! <https://docs.kernel.org/accounting/psi.html>

/// Microseconds since the machine started in which some task waited for a core; none where the
/// kernel does not tell.
pub(super) fn waited() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/pressure/cpu").ok()?)
}

fn parse(text: &str) -> Option<u64> {
    let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let total = some
        .split_whitespace()
        .find_map(|word| word.strip_prefix("total="))?;
    total.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_some_is_read() {
        let text = "some avg10=0.33 avg60=0.66 avg300=0.20 total=837612\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n";
        assert_eq!(parse(text), Some(837_612));
        for text in ["", "full total=5", "some avg10=0.33", "some total=x"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
