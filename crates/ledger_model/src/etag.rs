//! Versions, and fingerprints that do not depend on how they were counted.

use std::hash::{Hash, Hasher};

/// The version of a stored document. Each write draws a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Etag(pub(crate) u32);

impl Hash for Etag {
    /// Nothing else in a world hashes 128 bits at once: so a [`Fingerprint`] knows a version when it sees one.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(u128::from(self.0));
    }
}

/// A hash in which a version counts only as current or not. A version that was overwritten never comes back, so two
/// worlds that differ in nothing but their numbers behave alike.
pub(crate) struct Fingerprint<'c> {
    state: u64,
    current: &'c [Etag],
}

impl<'c> Fingerprint<'c> {
    /// With the versions that are stored now, in ascending order.
    pub(crate) fn new(current: &'c [Etag]) -> Self {
        Self {
            state: 0x9e37_79b9_7f4a_7c15,
            current,
        }
    }

    pub(crate) fn of(current: &'c [Etag], value: &impl Hash) -> u64 {
        let mut hasher = Self::new(current);
        value.hash(&mut hasher);
        hasher.finish()
    }

    fn mix(&mut self, value: u64) {
        // The two halves of a full product, as in wyhash: fast, and good enough for 64 bits over 10⁷ worlds.
        let product = u128::from(self.state ^ value) * 0xa076_1d64_78bd_642f_u128;
        let (low, high) = (product as u64, (product >> 64) as u64);
        self.state = (low ^ high).wrapping_add(0xe703_7ed1_a0b4_28db).rotate_left(23);
    }
}

impl Hasher for Fingerprint<'_> {
    fn finish(&self) -> u64 {
        self.state
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.mix(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    fn write_u128(&mut self, value: u128) {
        let is_current = u32::try_from(value).is_ok_and(|number| self.current.binary_search(&Etag(number)).is_ok());
        self.mix(u64::from(is_current));
    }

    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_counts_as_current_or_not() {
        let of = |current: &[Etag], etag| Fingerprint::of(current, &etag);
        assert_eq!(of(&[Etag(7)], Etag(7)), of(&[Etag(3), Etag(9)], Etag(9)));
        assert_eq!(of(&[], Etag(7)), of(&[Etag(3)], Etag(4)));
        assert_ne!(of(&[Etag(7)], Etag(7)), of(&[], Etag(7)));
    }

    #[test]
    fn small_changes_give_other_fingerprints() {
        let mut seen = std::collections::HashSet::new();
        for first in 0..200_u64 {
            for second in 0..200_u64 {
                assert!(seen.insert(Fingerprint::of(&[], &(first, second))));
            }
        }
    }
}
