//! Seeded randomness.

use std::sync::{Arc, Mutex, PoisonError};

/// A shared, seeded random number generator. Clones draw from the same sequence. Not for secrets.
#[derive(Clone, Debug)]
pub struct Rng(Arc<Mutex<fastrand::Rng>>);

impl Rng {
    /// A generator that repeats the sequence of `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))))
    }

    /// A generator seeded by the operating system.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that turns entropy into a passed value"
    )]
    pub fn from_entropy() -> Self {
        Self(Arc::new(Mutex::new(fastrand::Rng::new())))
    }

    /// A generator of its own, seeded from this one: parts of a program can draw without disturbing each other's order.
    pub fn fork(&self) -> Self {
        Self::seeded(self.next_u64())
    }

    /// The next 64 bits.
    pub fn next_u64(&self) -> u64 {
        self.with(|rng| rng.u64(..))
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            0
        } else {
            self.with(|rng| rng.u64(..bound))
        }
    }

    /// A number in `low..high`, in floating point.
    pub fn between(&self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.with(fastrand::Rng::f64)
    }

    /// True with the given probability (0.0 never, 1.0 always).
    pub fn chance(&self, probability: f64) -> bool {
        self.with(fastrand::Rng::f64) < probability
    }

    /// Puts the slice into a random order.
    pub fn shuffle<T>(&self, slice: &mut [T]) {
        self.with(|rng| rng.shuffle(slice));
    }

    /// A version 4 UUID in its usual text form, lower case.
    pub fn uuid(&self) -> String {
        let (high, low) = self.with(|rng| (rng.u64(..), rng.u64(..)));
        let high = (high & !0xf000) | 0x4000;
        let low = (low & !(0b11 << 62)) | (0b10 << 62);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }

    fn with<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn the_same_seed_repeats_the_sequence() {
        let draw = |seed| {
            let rng = Rng::seeded(seed);
            (rng.next_u64(), rng.uuid(), rng.below(10), rng.between(0.8, 1.2))
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn uuids_have_the_version_and_variant_bits() {
        let rng = Rng::seeded(1);
        for _ in 0..100 {
            let uuid = rng.uuid();
            assert_eq!(uuid.len(), 36);
            assert_eq!(uuid.as_bytes()[14], b'4', "{uuid}");
            assert!(matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{uuid}");
        }
    }
}
