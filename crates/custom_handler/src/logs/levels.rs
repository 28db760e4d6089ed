//! Which lines are written: levels by module, and a lid on what dependencies write about their own work.

use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};

use super::BadLogSetting;

/// Beginnings of the modules of clients and protocols that apps stand on. At `info` the Azure clients report every failed
/// request with its address, whose query can be a signature or a pop receipt, and at `debug` HTTP and TLS report each
/// connection. Their callers report failures anyway, so these modules tell warnings only, unless the setting names them.
const DEPENDENCIES: [&str; 10] = [
    "azure_core",
    "azure_identity",
    "azure_storage",
    "typespec",
    "h2",
    "hickory",
    "hyper",
    "reqwest",
    "rustls",
    "tower",
];

/// Levels by module, as in `info,repo_client=debug`.
#[derive(Clone, Debug)]
pub(super) struct LogLevels(Targets);

impl LogLevels {
    /// `level` for everything but [`DEPENDENCIES`].
    pub(super) fn only(level: LevelFilter) -> Self {
        Self::of(level, &[])
    }

    fn of(default: LevelFilter, named: &[(&str, LevelFilter)]) -> Self {
        // A name covers all modules that begin with it, and the longest one decides: without this condition `hyper`
        // would take `hyper_util` from somebody who asks for `hyp`.
        let quiet = DEPENDENCIES
            .into_iter()
            .filter(|dependency| !named.iter().any(|(name, _)| dependency.starts_with(name)))
            .map(|dependency| (dependency, default.min(LevelFilter::WARN)));
        let targets = Targets::new().with_default(default).with_targets(quiet);
        Self(targets.with_targets(named.iter().copied()))
    }

    pub(super) fn into_filter(self) -> Targets {
        self.0
    }
}

impl FromStr for LogLevels {
    type Err = BadLogSetting;

    fn from_str(text: &str) -> Result<Self, BadLogSetting> {
        let mut default = LevelFilter::OFF;
        let mut named = Vec::new();
        for directive in text.split(',').map(str::trim) {
            let (target, level) = directive
                .split_once('=')
                .map_or((None, directive), |(target, level)| (Some(target), level));
            // By names only: the parser would also take numbers, and nothing at all for `error`.
            let known = !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_alphabetic());
            let level = level
                .parse::<LevelFilter>()
                .ok()
                .filter(|_| known)
                .ok_or(BadLogSetting::Level)?;
            match target {
                Some(target) => named.push((target, level)),
                None => default = level,
            }
        }
        Ok(Self::of(default, &named))
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[track_caller]
    fn check(setting: &str, target: &str, most: Option<Level>) {
        let filter = setting.parse::<LogLevels>().unwrap().into_filter();
        for level in [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE] {
            let expected = most.is_some_and(|most| level <= most);
            assert_eq!(
                filter.would_enable(target, &level),
                expected,
                "{setting}: {target} at {level}"
            );
        }
    }

    #[test]
    fn dependencies_tell_warnings_only_unless_they_are_named() {
        let azure = "typespec_client_core::http::policies::logging";
        check("info", "repo_client::trust", Some(Level::INFO));
        check("info", azure, Some(Level::WARN));
        check("trace", "repo_client::trust", Some(Level::TRACE));
        check("trace", "hyper_util::client", Some(Level::WARN));
        check("error", azure, Some(Level::ERROR));
        check("off", azure, None);
        check("info,typespec_client_core=debug", azure, Some(Level::DEBUG));
        check("info,typespec=debug", azure, Some(Level::DEBUG));
        check("warn,hyp=trace", "hyper_util::client", Some(Level::TRACE));
        check(
            "info,hyper_util::client=debug",
            "hyper_util::client",
            Some(Level::DEBUG),
        );
        check("info,hyper_util::client=debug", "hyper_util::server", Some(Level::WARN));
    }

    #[test]
    fn without_a_default_only_named_modules_write() {
        check("repo_client=debug", "repo_client", Some(Level::DEBUG));
        check("repo_client=debug", "scan_mirrors", None);
    }

    #[test]
    fn misspelt_levels_are_refused() {
        for text in ["", "loud", "3", "info,", "repo_client=loud", "repo_client=3"] {
            assert!(text.parse::<LogLevels>().is_err(), "{text}");
        }
    }
}
