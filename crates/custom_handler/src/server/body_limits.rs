//! How much request body the process holds at once.
//!
//! The host sends bodies chunked, so their size is unknown until they are read. A reader first reserves the smallest
//! tier; a body that outgrows it reserves the next one, which has a pool of its own. Reservations only go up from tier
//! to tier, so no two readers can wait for each other, and once a body is complete the surplus is given back.
//! Excess waits: the host would count a 413 or 429 as a failed delivery.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use determinism::{Clock, Elapsed};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// No body cap may be larger: it has to fit into the last tier.
pub(crate) const LARGEST_BODY: usize = 128 * MIB;

/// The cap of a trigger whose input is small by nature: a queue message holds 64 KiB, which escaping multiplies.
pub(crate) const SMALL_BODY: usize = MIB;

struct Tier {
    body: usize,
    pool: usize,
}

/// All pools together: 256 MiB. Only the largest bodies go one by one; of those up to 8 MiB, eight are read at a time.
const TIERS: [Tier; 4] = [
    Tier {
        body: 64 * KIB,
        pool: 32 * MIB,
    },
    Tier {
        body: MIB,
        pool: 32 * MIB,
    },
    Tier {
        body: 8 * MIB,
        pool: 64 * MIB,
    },
    Tier {
        body: LARGEST_BODY,
        pool: 128 * MIB,
    },
];

/// Reserves memory for request bodies. Clones share the pools.
#[derive(Clone)]
pub(crate) struct BodyLimits([Arc<Semaphore>; TIERS.len()]);

/// A complete body, and its share of the pool for as long as it is held; none for a body that came without a socket.
#[derive(Default)]
pub(crate) struct HeldBody {
    pub(crate) bytes: Bytes,
    _reserved: Option<OwnedSemaphorePermit>,
}

impl From<Bytes> for HeldBody {
    fn from(bytes: Bytes) -> Self {
        Self { bytes, _reserved: None }
    }
}

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the request body is larger than the limit of this function, {cap} bytes")]
    TooLarge { cap: usize },
    #[error("the request body ended early")]
    Interrupted(#[source] axum::Error),
    #[error("other requests took up all memory for request bodies")]
    NoMemory(#[source] Elapsed),
}

impl BodyError {
    /// The status that the caller of an HTTP function gets to see.
    pub(crate) fn status_for_callers(&self) -> u16 {
        match self {
            Self::TooLarge { .. } => 413,
            Self::Interrupted(_) => 400,
            Self::NoMemory(_) => 503,
        }
    }
}

impl BodyLimits {
    pub(crate) fn new() -> Self {
        Self(TIERS.map(|tier| Arc::new(Semaphore::new(tier.pool / KIB))))
    }

    /// Reads `body` up to `cap` bytes, waiting for memory at most as long as `wait` says. A larger one is read to its end but not kept: a caller that is cut off while it
    /// sends would see a broken connection and not the answer that names the cap.
    pub(crate) async fn read(
        &self,
        mut body: Body,
        cap: usize,
        wait: Option<(&Clock, Duration)>,
    ) -> Result<HeldBody, BodyError> {
        let mut tier = 0;
        let mut reserved = self.reserve(tier, wait).await?;
        let mut first: Option<Bytes> = None;
        let mut collected = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(BodyError::Interrupted)?.into_data() else {
                continue;
            };
            let length = first.as_ref().map_or(0, Bytes::len) + collected.len() + data.len();
            if length > cap {
                drop((reserved, first, collected));
                drain(body).await?;
                return Err(BodyError::TooLarge { cap });
            }
            while length > TIERS[tier].body {
                tier += 1;
                // The lower reservation is kept until the higher one is there: the bytes read so far are in memory.
                reserved = self.reserve(tier, wait).await?;
            }
            // Most bodies are one frame, which needs no copy.
            if first.is_none() && collected.is_empty() {
                first = Some(data);
            } else {
                if let Some(first) = first.take() {
                    collected.extend_from_slice(&first);
                }
                collected.extend_from_slice(&data);
            }
        }
        let bytes = first.unwrap_or_else(|| collected.freeze());
        let surplus = reserved.num_permits().saturating_sub(bytes.len().div_ceil(KIB));
        drop(reserved.split(surplus));
        Ok(HeldBody {
            bytes,
            _reserved: Some(reserved),
        })
    }

    async fn reserve(&self, tier: usize, wait: Option<(&Clock, Duration)>) -> Result<OwnedSemaphorePermit, BodyError> {
        let permits = u32::try_from(TIERS[tier].body / KIB).expect("a tier is far smaller than 4 TiB");
        if let Ok(reserved) = Arc::clone(&self.0[tier]).try_acquire_many_owned(permits) {
            return Ok(reserved);
        }
        let reserving = Arc::clone(&self.0[tier]).acquire_many_owned(permits);
        let reserved = match wait {
            None => reserving.await,
            Some((clock, limit)) => clock.timeout(limit, reserving).await.map_err(BodyError::NoMemory)?,
        };
        Ok(reserved.expect("the semaphores are never closed"))
    }
}

async fn drain(mut body: Body) -> Result<(), BodyError> {
    while let Some(frame) = body.frame().await {
        frame.map_err(BodyError::Interrupted)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt, stream};

    use super::*;

    fn chunked(length: usize) -> Body {
        let chunks = std::iter::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 16 * KIB])));
        Body::from_stream(stream::iter(chunks.take(length.div_ceil(16 * KIB))))
    }

    #[tokio::test]
    async fn a_body_comes_back_whole_and_gives_its_surplus_back() {
        let limits = BodyLimits::new();
        for length in [16 * KIB, 80 * KIB, 2 * MIB] {
            let held = limits.read(chunked(length), LARGEST_BODY, None).await.unwrap();
            assert_eq!(held.bytes.len(), length);
            assert_eq!(held._reserved.unwrap().num_permits(), length / KIB);
        }
        assert!(
            limits
                .0
                .iter()
                .zip(TIERS)
                .all(|(pool, tier)| pool.available_permits() == tier.pool / KIB)
        );
    }

    #[tokio::test]
    async fn a_body_over_the_cap_is_read_to_its_end_and_refused() {
        let limits = BodyLimits::new();
        let refused = limits.read(chunked(3 * MIB), SMALL_BODY, None).await.err().unwrap();
        assert_eq!(
            refused.to_string(),
            "the request body is larger than the limit of this function, 1048576 bytes"
        );
    }

    #[tokio::test]
    async fn excess_waits_until_a_held_body_is_let_go() {
        let limits = BodyLimits::new();
        let held = limits.read(chunked(100 * MIB), LARGEST_BODY, None).await.unwrap();
        let mut second = Box::pin(limits.read(chunked(40 * MIB), LARGEST_BODY, None));
        assert!(
            second.as_mut().now_or_never().is_none(),
            "it must wait for the last tier"
        );
        let others = stream::iter(0..100).then(|each| {
            let length = if each % 10 == 0 { 2 * MIB } else { 16 * KIB };
            limits.read(chunked(length), LARGEST_BODY, None)
        });
        assert!(
            others.all(|read| async move { read.is_ok() }).await,
            "smaller bodies go on"
        );
        drop(held);
        assert_eq!(second.await.unwrap().bytes.len(), 40 * MIB);
    }

    #[tokio::test]
    async fn bodies_of_some_mebibytes_are_held_side_by_side() {
        let limits = BodyLimits::new();
        let mut held = Vec::new();
        for _ in 0..8 {
            let body = limits.read(chunked(7 * MIB), LARGEST_BODY, None).now_or_never();
            held.push(body.expect("there is room for eight").unwrap());
        }
    }
}
