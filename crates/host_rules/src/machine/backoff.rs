use determinism::Rng;
use jiff::SignedDuration;

/// The WebJobs SDK's randomized exponential back-off: the minimum, then minimum + minimum x 2^(n-2) x random(0.8..1.2),
/// until the maximum is reached, then exactly the maximum.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    minimum: SignedDuration,
    maximum: SignedDuration,
    current: SignedDuration,
    exponent: u32,
}

impl Backoff {
    pub(super) fn new(minimum: SignedDuration, maximum: SignedDuration) -> Self {
        Self {
            minimum,
            maximum,
            current: SignedDuration::ZERO,
            exponent: 0,
        }
    }

    /// The next wait. After a success it starts over.
    pub(super) fn next(&mut self, succeeded: bool, rng: &Rng) -> SignedDuration {
        if succeeded {
            self.current = self.minimum;
            self.exponent = 1;
        } else if self.current != self.maximum {
            let mut next = self.minimum;
            if self.exponent > 0 {
                // Doubling 30 times takes the shortest minimum, 100 ms, to three years: more than any maximum.
                let doubled = f64::from(1_u32 << (self.exponent - 1).min(30));
                let seconds = self.minimum.as_secs_f64() * doubled * rng.between(0.8, 1.2);
                next = next.saturating_add(SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX));
            }
            if next < self.maximum {
                self.current = next;
                self.exponent += 1;
            } else {
                self.current = self.maximum;
            }
        }
        self.current
    }
}

#[cfg(test)]
mod tests {
    use determinism::Rng;
    use jiff::SignedDuration;

    use super::Backoff;

    #[test]
    fn waits_double_up_to_the_maximum_and_start_over_after_a_success() {
        let rng = Rng::seeded(1);
        let maximum = SignedDuration::from_mins(1);
        let mut backoff = Backoff::new(SignedDuration::from_millis(100), maximum);
        assert_eq!(backoff.next(false, &rng), SignedDuration::from_millis(100));
        for exponent in 0..9 {
            let increment = backoff.next(false, &rng).as_secs_f64() - 0.1;
            let expected = 0.1 * f64::from(1 << exponent);
            assert!(
                (0.8 * expected..=1.2 * expected + 1e-9).contains(&increment),
                "{exponent}: {increment}"
            );
        }
        backoff.next(false, &rng);
        assert_eq!(backoff.next(false, &rng), maximum);
        assert_eq!(backoff.next(false, &rng), maximum);
        assert_eq!(backoff.next(true, &rng), SignedDuration::from_millis(100));
        assert!(backoff.next(false, &rng) < SignedDuration::from_millis(221));
    }
}
