use std::time::Duration;

/// A wait that ran out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: not within {bound:?}")]
pub struct Late {
    /// What was waited for.
    pub what: String,
    /// How long.
    pub bound: Duration,
}

/// Waits for `work`, at most for `bound`.
///
/// # Errors
/// [`Late`], which names the wait, when the bound is over; `work` is dropped then.
///
/// # Examples
/// ```
/// # async fn listen() {}
/// # async fn example() -> Result<(), meshproof_clock::Late> {
/// use std::time::Duration;
/// meshproof_clock::within(Duration::from_secs(5), "a-0 listening", listen()).await
/// # }
/// ```
pub async fn within<T>(
    bound: Duration,
    what: impl Into<String>,
    work: impl Future<Output = T>,
) -> Result<T, Late> {
    match tokio::time::timeout(bound, work).await {
        Ok(value) => Ok(value),
        Err(_) => Err(Late {
            what: what.into(),
            bound,
        }),
    }
}

/// Asks `condition` at once and then `every` so often, until it answers `Some`.
///
/// # Errors
/// [`Late`], which names the wait, when the bound is over; a question that is still open is
/// dropped then.
pub async fn poll<T, F: Future<Output = Option<T>>>(
    bound: Duration,
    every: Duration,
    what: impl Into<String>,
    mut condition: impl FnMut() -> F,
) -> Result<T, Late> {
    within(bound, what, async {
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            pause(every).await;
        }
    })
    .await
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pause between two questions to a condition that cannot wake us"
)]
async fn pause(wait: Duration) {
    tokio::time::sleep(wait).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_secs(10);
    const EVERY: Duration = Duration::from_millis(3);

    #[tokio::test(start_paused = true)]
    async fn a_late_wait_tells_its_name_and_bound() {
        let late = within(BOUND, "envoy ready", std::future::pending::<()>()).await;
        let late = late.expect_err("nothing can be ready");
        assert_eq!(late.to_string(), "envoy ready: not within 10s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_condition_is_asked_until_it_holds() {
        let asked = std::cell::Cell::new(0);
        let value = poll(BOUND, EVERY, "third time", async || {
            asked.set(asked.get() + 1);
            (asked.get() == 3).then_some("held")
        })
        .await;
        assert_eq!((value, asked.get()), (Ok("held"), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_condition_that_hangs_is_late_too() {
        let late = poll(BOUND, EVERY, "peer", async || std::future::pending().await).await;
        let late: Result<(), Late> = late;
        assert_eq!(late.map_err(|late| late.what), Err("peer".to_owned()));
    }
}
