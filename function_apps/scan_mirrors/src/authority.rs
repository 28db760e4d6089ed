//! What the authorities have published, remembered for a while: a thousand mirrors of one authority must not make a
//! thousand requests to it each round.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use custom_handler::Clock;
use futures::FutureExt;
use futures::future::join_all;
use jiff::Timestamp;
use package_repos::mirror::{Authority, Content, Generation, Target};
use repo_client::{Failure, Family, RepoClient};
use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use crate::observe::{CheckTime, wanted};

/// How long an answer counts.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The most generations of a file that are remembered, to tell since when a mirror lacks one.
const MOST_GENERATIONS: usize = 64;

/// The most files that are remembered. Far above any real list; it only bounds the memory.
const MOST_FILES: usize = 4096;

/// The memory of the process.
#[derive(Debug, Default)]
pub(crate) struct Authorities {
    files: Mutex<HashMap<Url, Arc<AsyncMutex<File>>>>,
}

#[derive(Debug, Default)]
struct File {
    asked_at: Option<Timestamp>,
    /// Dates of the generations seen, oldest first.
    dates: Vec<Timestamp>,
    /// Why the last request did not tell the date.
    problem: Option<String>,
}

impl Authorities {
    /// What is known of the authority's copies of `targets`.
    pub(crate) async fn generations(
        &self,
        client: &RepoClient,
        time: &CheckTime<'_>,
        base: &str,
        targets: &[Target],
    ) -> Authority {
        let generations = targets.iter().map(|target| async {
            let generation = match target.url_below(base) {
                Some(url) => time
                    .spend(self.generation(client, time.clock(), &url, target).boxed())
                    .await
                    .unwrap_or_else(|| Generation::Unknown("there was no time left to ask the authority".to_owned())),
                None => Generation::Unknown("the authority's address cannot be used".to_owned()),
            };
            (target.path().to_owned(), generation)
        });
        Authority(join_all(generations).await.into_iter().collect::<BTreeMap<_, _>>())
    }

    async fn generation(&self, client: &RepoClient, clock: &Clock, url: &Url, target: &Target) -> Generation {
        let file = self.file(url);
        // Held while asking: whoever comes meanwhile waits for the same answer.
        let mut file = file.lock().await;
        if !file.is_fresh(clock.now()) {
            file.keep(ask(client, url, target).await, clock.now());
        }
        match &file.problem {
            None => Generation::Known(file.dates.clone()),
            Some(problem) => Generation::Unknown(problem.clone()),
        }
    }

    fn file(&self, url: &Url) -> Arc<AsyncMutex<File>> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.len() >= MOST_FILES && !files.contains_key(url) {
            files.clear();
        }
        Arc::clone(files.entry(url.clone()).or_default())
    }
}

impl File {
    fn is_fresh(&self, now: Timestamp) -> bool {
        let age = self.asked_at.map(|asked_at| now.duration_since(asked_at));
        age.is_some_and(|age| Duration::try_from(age).is_ok_and(|age| age < REMEMBERED))
    }

    fn keep(&mut self, answer: Result<Timestamp, String>, now: Timestamp) {
        self.asked_at = Some(now);
        match answer {
            Ok(date) => {
                self.problem = None;
                // What the authority took back is not its generation any more.
                self.dates.retain(|known| *known < date);
                self.dates.push(date);
                let surplus = self.dates.len().saturating_sub(MOST_GENERATIONS);
                self.dates.drain(..surplus);
            }
            Err(problem) => self.problem = Some(problem),
        }
    }
}

/// The date of the authority's copy, over IPv4 where it has that.
async fn ask(client: &RepoClient, url: &Url, target: &Target) -> Result<Timestamp, String> {
    let addresses = client.resolve(url).await.map_err(|failure| failure.to_string())?;
    let family = if addresses.ipv4.is_empty() {
        Family::Ipv6
    } else {
        Family::Ipv4
    };
    let fetch = client.get(url, &addresses, family, wanted(target.kind())).await;
    let answer = fetch.outcome.map_err(|failure: Failure| failure.to_string())?;
    if !(200..300).contains(&answer.status) {
        return Err(format!("the authority answered {}", answer.status));
    }
    match Content::read(target.kind(), &answer.body) {
        Content::Release(Err(error)) => Err(error.to_string()),
        Content::Repomd(Err(error)) => Err(error.to_string()),
        content => content
            .date()
            .ok_or_else(|| "the authority's copy has no date".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn generations_are_remembered_and_those_taken_back_forgotten() {
        let now = moment("2026-11-20T12:00:00Z");
        let mut file = File::default();
        for date in [
            "2026-11-20T08:00:00Z",
            "2026-11-20T09:00:00Z",
            "2026-11-20T10:00:00Z",
            "2026-11-20T09:30:00Z",
        ] {
            file.keep(Ok(moment(date)), now);
        }
        let kept = ["2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z", "2026-11-20T09:30:00Z"];
        assert_eq!(file.dates, kept.map(moment));
        file.keep(Err("gone".into()), now);
        assert_eq!(file.problem.as_deref(), Some("gone"));
        assert_eq!(
            file.dates.len(),
            3,
            "an authority that is down for a while keeps its past"
        );
    }

    #[test]
    fn an_answer_counts_for_a_minute() {
        let mut file = File::default();
        assert!(!file.is_fresh(moment("2026-11-20T12:00:00Z")));
        file.keep(Ok(moment("2026-11-20T08:00:00Z")), moment("2026-11-20T12:00:00Z"));
        assert!(file.is_fresh(moment("2026-11-20T12:00:59Z")));
        assert!(!file.is_fresh(moment("2026-11-20T12:01:00Z")));
        assert!(!file.is_fresh(moment("2026-11-20T11:00:00Z")), "the clock was set back");
    }

    #[test]
    fn the_memory_of_generations_is_bounded() {
        let mut file = File::default();
        for second in 0..1000 {
            file.keep(Ok(Timestamp::from_second(second).unwrap()), Timestamp::UNIX_EPOCH);
        }
        assert_eq!(file.dates.len(), MOST_GENERATIONS);
        assert_eq!(file.dates.last(), Some(&Timestamp::from_second(999).unwrap()));
    }
}
