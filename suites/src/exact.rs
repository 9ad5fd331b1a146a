//! The exact binomial test, by sums of exact probabilities.

/// The probabilities of 0 to `n` successes in `n` draws of probability `p`.
///
/// # Panics
/// When `p` is not between 0 and 1.
#[must_use]
pub fn binomial(n: u64, p: f64) -> Vec<f64> {
    assert!(
        (0.0..=1.0).contains(&p),
        "a probability lies between 0 and 1"
    );
    let size = usize::try_from(n).expect("a sample fits in memory");
    if p == 0.0 || p == 1.0 {
        let certain = if p == 0.0 { 0 } else { size };
        return (0..=size)
            .map(|k| f64::from(u8::from(k == certain)))
            .collect();
    }
    let mut log_factorial = vec![0.0; size + 1];
    for k in 1..=size {
        log_factorial[k] = log_factorial[k - 1] + real(k).ln();
    }
    (0..=size)
        .map(|k| {
            let choose = log_factorial[size] - log_factorial[k] - log_factorial[size - k];
            (choose + real(k) * p.ln() + real(size - k) * (1.0 - p).ln()).exp()
        })
        .collect()
}

/// For each count from 0 to `n`, whether the exact two-sided test rejects `p` at `alpha`: whether
/// counts as improbable as this one have together at most that probability.
#[must_use]
pub fn rejected(n: u64, p: f64, alpha: f64) -> Vec<bool> {
    let probabilities = binomial(n, p);
    let mut rarest: Vec<usize> = (0..probabilities.len()).collect();
    rarest.sort_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
    let mut rejected = vec![false; probabilities.len()];
    let mut sum = 0.0;
    for group in rarest.chunk_by(|a, b| probabilities[*b] <= probabilities[*a] * (1.0 + 1e-7)) {
        sum += group.iter().map(|k| probabilities[*k]).sum::<f64>();
        if sum > alpha {
            break;
        }
        for k in group {
            rejected[*k] = true;
        }
    }
    rejected
}

/// The probability of at least `k` successes in `n` draws of probability `p`.
#[must_use]
pub fn at_least(k: u64, n: u64, p: f64) -> f64 {
    let from = usize::try_from(k).unwrap_or(usize::MAX);
    binomial(n, p).iter().skip(from).sum::<f64>().min(1.0)
}

#[expect(clippy::cast_precision_loss, reason = "samples are far below 2^52")]
fn real(k: usize) -> f64 {
    k as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn probabilities_sum_to_one(n in 0u64..2000, p in 0.0..=1.0f64) {
            let sum: f64 = binomial(n, p).iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        }

        #[test]
        fn a_rejection_is_at_most_alpha(n in 1u64..500, p in 0.0..=1.0f64, alpha in 1e-9..0.2f64) {
            let probabilities = binomial(n, p);
            let rejected = rejected(n, p, alpha);
            let size: f64 = probabilities.iter().zip(&rejected).filter(|(_, r)| **r).map(|(p, _)| p).sum();
            prop_assert!(size <= alpha * (1.0 + 1e-6));
        }
    }

    #[test]
    fn known_values() {
        // Ten fair coins: 0 or 10 heads have probability 2/1024, 1 or 9 bring it to 22/1024.
        let rejected = rejected(10, 0.5, 0.0215);
        let counts: Vec<_> = (0..=10).filter(|k| rejected[*k]).collect();
        assert_eq!(counts, [0, 1, 9, 10]);
        assert!((at_least(9, 10, 0.5) - 11.0 / 1024.0).abs() < 1e-12);
        assert!((at_least(0, 10, 0.5) - 1.0).abs() < 1e-12);
        assert!(super::rejected(10, 0.0, 1e-6)[1]);
    }
}
