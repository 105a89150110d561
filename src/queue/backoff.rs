//! How long to wait before the next try.

use std::time::Duration;

use rand::RngExt as _;

/// The longest wait, whatever the number of tries or the site asks.
const MAX_DELAY: Duration = Duration::from_secs(3_600);

/// The wait after try number `attempts` (from 1): `base` doubled for each try after the first, and of that a random
/// share between a half and the whole, so that jobs that failed together do not come back together. A site that asks
/// for more gets it.
pub fn retry_delay(base: Duration, attempts: u32, retry_after: Option<Duration>) -> Duration {
    let doubled = base.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
    let delay = doubled.min(MAX_DELAY).mul_f64(rand::rng().random_range(0.5..=1.0));
    delay.max(retry_after.unwrap_or_default().min(MAX_DELAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_about_twice_as_long_as_the_one_before_and_never_over_an_hour() {
        let base = Duration::from_secs(10);
        for (attempts, most) in [(1, 10), (2, 20), (3, 40), (10, 3_600), (u32::MAX, 3_600)] {
            let most = Duration::from_secs(most);
            for _ in 0..100 {
                let delay = retry_delay(base, attempts, None);
                assert!(delay >= most / 2 && delay <= most, "{attempts}: {delay:?}");
            }
        }
    }

    #[test]
    fn a_site_that_asks_for_more_gets_it_within_an_hour() {
        let base = Duration::from_secs(1);
        assert_eq!(retry_delay(base, 1, Some(Duration::from_secs(90))), Duration::from_secs(90));
        assert_eq!(retry_delay(base, 1, Some(Duration::from_secs(90_000))), Duration::from_secs(3_600));
    }
}
