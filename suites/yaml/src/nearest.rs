//! The known word that a misspelt one was probably meant to be.

/// The known word nearest to `word`, if any is near enough to be worth suggesting.
///
/// ```
/// assert_eq!(meshproof_yaml::nearest("atmost", ["atLeast", "atMost"]), Some("atMost"));
/// assert_eq!(meshproof_yaml::nearest("banana", ["atLeast", "atMost"]), None);
/// ```
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (likeness(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Jaro-Winkler rewards a common beginning, as misspelt field names have; case does not count.
fn likeness(word: &str, candidate: &str) -> f64 {
    strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase())
}
