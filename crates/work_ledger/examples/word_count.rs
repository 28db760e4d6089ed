//! Counts the words of many generated texts: a job whose own code is its work, and nothing else.
//!
//! ```text
//! curl -X POST 'http://localhost:7071/api/word_count?id=first' -d '{"texts": 1000, "words": 5000}'
//! ```

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use custom_handler::{Context, FunctionApp, QueueFailure, Rng, Settings, SettingsError};
use serde::{Deserialize, Serialize};
use storage_access::{Access, BlobHeaders, Condition, Container};
use work_ledger::{FinalUnit, JobType, Ledger, LedgerOptions, LedgerPlace, UnitContext};

const PLACE: LedgerPlace = LedgerPlace {
    container: "word-count-ledger",
    queue: "word-count-units",
};
const VOCABULARY: [&str; 6] = ["ledger", "unit", "claim", "commit", "sweep", "manifest"];
/// Texts that one unit hands to children; more go through intermediate units.
const SHARE: u32 = 100;

pub(crate) struct Deps {
    pub(crate) ledger: Ledger,
    pub(crate) texts: Container,
}

/// Texts `first..first + texts`, with so many words each.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Texts {
    #[serde(default)]
    first: u32,
    texts: u32,
    words: u32,
}

pub(crate) fn functions() -> FunctionApp<Deps> {
    let job = JobType::new("word_count", PLACE, |deps: &Deps| &deps.ledger);
    let job = job.unit("split", split).unit("count", count).last(total);
    job.add_to(FunctionApp::new("word_count"))
}

/// Hands each text to a unit of its own, or ranges of them to units like this one.
async fn split(context: Context<Deps>, unit: Arc<UnitContext>, all: Texts) -> Result<(), QueueFailure> {
    context.deps().texts.create_if_absent(Access::Private).await?;
    let share = all.texts.div_ceil(SHARE).max(1);
    let end = all.first + all.texts;
    for first in (all.first..end).step_by(share as usize) {
        let texts = share.min(end - first);
        let kind = if texts == 1 { "count" } else { "split" };
        unit.child(kind, &Texts { first, texts, ..all })?;
    }
    Ok(())
}

/// Counts the words of one text, which is written first unless it is there.
async fn count(context: Context<Deps>, unit: Arc<UnitContext>, one: Texts) -> Result<(), QueueFailure> {
    let document = context.deps().texts.document(&format!("{}.txt", one.first));
    let rng = Rng::seeded(one.first.into());
    let words = (0..one.words).map(|_| VOCABULARY[rng.below(VOCABULARY.len() as u64) as usize]);
    let text = words.collect::<Vec<_>>().join(" ").into();
    let _ = document.put(text, Condition::IfAbsent, BlobHeaders::default()).await?;
    let stored = document.get().await?.map(|found| found.bytes).unwrap_or_default();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for word in std::str::from_utf8(&stored)?.split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    unit.output_json(&counts).await?;
    unit.count(1, 0);
    Ok(())
}

/// Adds up what the units counted.
async fn total(_: Context<Deps>, last: Arc<FinalUnit>) -> Result<BTreeMap<String, u64>, QueueFailure> {
    let mut total: BTreeMap<String, u64> = BTreeMap::new();
    last.for_each_output(|_, content| {
        let counts: BTreeMap<String, u64> = serde_json::from_slice(&content).unwrap_or_default();
        counts
            .into_iter()
            .for_each(|(word, count)| *total.entry(word).or_default() += count);
    })
    .await?;
    Ok(total)
}

async fn connect(settings: &Settings) -> Result<Deps, SettingsError> {
    let options = LedgerOptions::for_function_timeout(Some(Duration::from_secs(300)));
    let (ledger, storage) = Ledger::connect(settings, "AzureWebJobsStorage", PLACE, options)?;
    let texts = storage.container("texts");
    Ok(Deps { ledger, texts })
}

#[tokio::main]
async fn main() -> ExitCode {
    custom_handler::run(functions(), connect).await
}
