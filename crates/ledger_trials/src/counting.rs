//! A job that counts items: small, and cut differently by every attempt.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use work_ledger::{Ended, FinalUnit, LedgerError, UnitContext, Work};

/// The items of a unit: `first..last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Items {
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// An item at which every attempt fails for good.
    pub(crate) poison: Option<u32>,
}

/// Writes one output for each item.
pub(crate) struct Counting;

impl Counting {
    async fn unit(unit: &UnitContext) -> Result<(), Problem> {
        let items: Items = unit.input()?;
        if items.last - items.first <= 1 {
            if items.poison == Some(items.first) {
                return Err(Problem::Poison);
            }
            unit.output_json(&items.first).await?;
            unit.count(1, 0);
            return Ok(());
        }
        // An even attempt does its first item itself and cuts in two, an odd one cuts in three.
        let parts = if unit.attempt().is_multiple_of(2) { 2 } else { 3 };
        let mut from = items.first;
        if parts == 2 && items.poison != Some(from) {
            unit.output_json(&from).await?;
            unit.count(1, 0);
            from += 1;
        }
        let share = (items.last - from).div_ceil(parts).max(1);
        while from < items.last {
            let to = (from + share).min(items.last);
            unit.child(
                "count",
                &Items {
                    first: from,
                    last: to,
                    poison: items.poison,
                },
            )?;
            from = to;
        }
        Ok(())
    }
}

enum Problem {
    Poison,
    Ledger(LedgerError),
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl Work for Counting {
    fn unit(&self, unit: Arc<UnitContext>) -> BoxFuture<'_, Ended> {
        async move {
            match Self::unit(&unit).await {
                Ok(()) => Ended::Finished,
                Err(Problem::Poison) => Ended::Permanent("a poison item".to_owned()),
                Err(Problem::Ledger(error)) => Ended::Retryable(error.to_string()),
            }
        }
        .boxed()
    }

    fn last(&self, last: Arc<FinalUnit>) -> BoxFuture<'_, Result<serde_json::Value, Ended>> {
        async move {
            let mut seen = 0_u32;
            let read = last.for_each_output(|_, _| seen += 1).await;
            read.map_err(|error| Ended::Retryable(error.to_string()))?;
            Ok(serde_json::json!({ "items": seen }))
        }
        .boxed()
    }
}
