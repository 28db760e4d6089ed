//! What the app is told, and what it makes of it.

use std::time::Duration;

use custom_handler::{Clock, Setting, SettingProblem, Settings, SettingsError, all_settings};
use package_repos::mirror::Limits;
use repo_client::{AddressMap, ClientSettings, ExtraRoots, RepoClient, TimeLimits};
use storage_access::{Connection, Storage, Transport};

use crate::authority::Authorities;
use crate::observe::LONGEST_CHECK;

/// The connection of the storage account that holds the list and the queues.
pub(crate) const PRIMARY: &str = "pmcstatusprimary_CONNECTION";

const EXTRA_TRUST_ROOTS: &str = "ExtraTrustRoots";
const ADDRESS_MAP: &str = "AddressMap";
const CONTACT: &str = "UserAgentContact";
const CHECK_TIMEOUT: &str = "CheckTimeoutSeconds";
const REQUEST_MAX_AGE: &str = "RequestMaxAgeSeconds";
const LAG_HOURS: &str = "LagWarningHours";
const LAG_GRACE: &str = "LagGraceMinutes";
const CERTIFICATE_DAYS: &str = "CertificateWarningDays";
const SLOW_SECONDS: &str = "SlowWarningSeconds";

/// What the functions work with.
#[derive(Debug)]
pub struct Deps {
    pub(crate) client: RepoClient,
    pub(crate) authorities: Authorities,
    pub(crate) limits: Limits,
    pub(crate) request_max_age: Duration,
    storage: Storage,
}

impl Deps {
    /// Clients over the network. Sends nothing yet.
    ///
    /// # Errors
    ///
    /// All settings that are missing or wrong.
    pub async fn connect(settings: &Settings) -> Result<Self, SettingsError> {
        Self::with_transport(settings, Transport::http())
    }

    /// As [`Deps::connect`], with requests to storage going over `transport`.
    ///
    /// # Errors
    ///
    /// All settings that are missing or wrong.
    pub fn with_transport(settings: &Settings, transport: Transport) -> Result<Self, SettingsError> {
        let storage = Connection::from_settings(PRIMARY, &|name| settings.get(name).map(str::to_owned))
            .and_then(|connection| Storage::connect(&connection, transport))
            .map_err(|error| SettingProblem::new(PRIMARY, error.reason()));
        let (storage, client, limits, request_max_age) = all_settings((
            storage,
            client_settings(settings),
            limits(settings),
            seconds(settings, REQUEST_MAX_AGE, 360),
        ))?;
        Ok(Self {
            client: RepoClient::new(client, Clock::system()),
            authorities: Authorities::default(),
            limits,
            request_max_age,
            storage,
        })
    }

    pub(crate) fn storage(&self) -> &Storage {
        &self.storage
    }
}

/// The settings that the app reads itself.
pub(crate) fn declared() -> [Setting; 9] {
    [
        Setting::optional(CHECK_TIMEOUT)
            .default("10")
            .describe("Time for one exchange with a mirror, in seconds, 1 to 45; names, connections and handshakes get half of it. A check as a whole has 90 seconds.")
            .checked(|text| match text.trim().parse() {
                Ok(seconds) => check_timeout(seconds).map(drop),
                Err(_) => Err("it is no number of seconds".to_owned()),
            }),
        Setting::optional(REQUEST_MAX_AGE)
            .default("360")
            .describe("Requests that waited longer than this many seconds are skipped: a newer one for the same mirror waits behind them.")
            .of_type::<u32>(),
        Setting::optional(LAG_HOURS)
            .default("24")
            .describe("Hours by which a mirror may be older than its authority.")
            .of_type::<u32>(),
        Setting::optional(LAG_GRACE)
            .default("120")
            .describe("Minutes that a mirror has to fetch what the authority has just published.")
            .of_type::<u32>(),
        Setting::optional(CERTIFICATE_DAYS)
            .default("14")
            .describe("Days before its end from which a certificate is reported.")
            .of_type::<u32>(),
        Setting::optional(SLOW_SECONDS)
            .default("5")
            .describe("Seconds that the first byte may take.")
            .of_type::<u32>(),
        Setting::optional(EXTRA_TRUST_ROOTS)
            .describe("Certificates in PEM form that are trusted beside the system's, or the path of a file with them.")
            .checked(|text| extra_roots(text).map(drop)),
        Setting::optional(ADDRESS_MAP)
            .describe("Addresses of names that are not asked of the name servers: `{\"mirror.example\": [\"192.0.2.1\", \"[2001:db8::1]:8080\"]}`.")
            .checked(|text| AddressMap::from_json(text).map(drop).map_err(|error| error.to_string())),
        Setting::optional(CONTACT)
            .describe("Where mirror operators can ask about the scanner (a web or mail address); it stands in the User-Agent.")
            .checked(|text| check_contact(text).map(drop)),
    ]
}

fn client_settings(settings: &Settings) -> Result<ClientSettings, SettingsError> {
    let wrong = |name: &'static str| move |reason: String| SettingProblem::new(name, format!("unusable: {reason}"));
    let roots = settings
        .get(EXTRA_TRUST_ROOTS)
        .map(extra_roots)
        .transpose()
        .map_err(wrong(EXTRA_TRUST_ROOTS));
    let map = settings.get(ADDRESS_MAP).map(AddressMap::from_json).transpose();
    let map = map.map_err(|error| wrong(ADDRESS_MAP)(error.to_string()));
    let contact = settings
        .get(CONTACT)
        .map(check_contact)
        .transpose()
        .map_err(wrong(CONTACT));
    let (extra_roots, address_map, contact, total) = all_settings((roots, map, contact, timeout(settings)))?;
    let contact = contact.map(|contact| format!(" (+{contact})")).unwrap_or_default();
    Ok(ClientSettings {
        user_agent: format!("scan_mirrors/{}{contact}", env!("CARGO_PKG_VERSION")),
        address_map: address_map.unwrap_or_default(),
        extra_roots: extra_roots.unwrap_or_default(),
        times: TimeLimits {
            dns: total / 2,
            connect: total / 2,
            tls: total / 2,
            first_byte: total,
            total,
        },
        ..ClientSettings::default()
    })
}

fn limits(settings: &Settings) -> Result<Limits, SettingsError> {
    let (lag, grace, certificate, first_byte) = all_settings((
        settings.parsed_or::<u32>(LAG_HOURS, 24),
        settings.parsed_or::<u32>(LAG_GRACE, 120),
        settings.parsed_or::<u32>(CERTIFICATE_DAYS, 14),
        seconds(settings, SLOW_SECONDS, 5),
    ))?;
    Ok(Limits {
        lag: Duration::from_secs(u64::from(lag) * 3600),
        lag_grace: Duration::from_secs(u64::from(grace) * 60),
        certificate: Duration::from_secs(u64::from(certificate) * 24 * 3600),
        first_byte,
        ..Limits::default()
    })
}

/// The longest exchange. With resolving the name, which gets half as long, it must fit into a check.
const LONGEST_TIMEOUT: u32 = 45;

const _: () = assert!(LONGEST_TIMEOUT as u64 * 3 / 2 < LONGEST_CHECK.as_secs());

fn timeout(settings: &Settings) -> Result<Duration, SettingProblem> {
    let seconds = settings.parsed_or::<u32>(CHECK_TIMEOUT, 10)?;
    check_timeout(seconds).map_err(|reason| SettingProblem::new(CHECK_TIMEOUT, format!("unusable: {reason}")))
}

fn check_timeout(seconds: u32) -> Result<Duration, String> {
    if (1..=LONGEST_TIMEOUT).contains(&seconds) {
        Ok(Duration::from_secs(seconds.into()))
    } else {
        Err(format!(
            "it must be 1 to {LONGEST_TIMEOUT}: a check as a whole has {} seconds",
            LONGEST_CHECK.as_secs()
        ))
    }
}

fn seconds(settings: &Settings, name: &str, default: u32) -> Result<Duration, SettingProblem> {
    let seconds = settings.parsed_or::<u32>(name, default)?;
    if seconds == 0 {
        return Err(SettingProblem::new(name, "unusable: it must be at least 1"));
    }
    Ok(Duration::from_secs(seconds.into()))
}

/// Certificates as text, or in a file. Places that keep settings on one line write `\n` for the line's end.
fn extra_roots(text: &str) -> Result<ExtraRoots, String> {
    let pem = if text.contains("-----BEGIN") {
        text.replace("\\n", "\n")
    } else {
        std::fs::read_to_string(text.trim())
            .map_err(|error| format!("neither PEM text nor a readable file: {error}"))?
    };
    ExtraRoots::from_pem(&pem).map_err(|error| error.to_string())
}

fn check_contact(text: &str) -> Result<&str, String> {
    let text = text.trim();
    if text.len() <= 200
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"()".contains(&byte))
    {
        Ok(text)
    } else {
        Err("it must be at most 200 visible ASCII characters, without parentheses".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn problems(values: &[(&str, &str)]) -> Vec<String> {
        let settings: Settings = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let error = Deps::connect(&settings).await.err().unwrap();
        error.problems().iter().map(ToString::to_string).collect()
    }

    #[tokio::test]
    async fn all_wrong_settings_are_named_at_once() {
        let problems = problems(&[
            (EXTRA_TRUST_ROOTS, "/no/such/file"),
            (ADDRESS_MAP, r#"{"a": ["b"]}"#),
            (CONTACT, "a\nb"),
            (CHECK_TIMEOUT, "0"),
            (LAG_HOURS, "-1"),
        ])
        .await;
        let names: Vec<_> = problems
            .iter()
            .map(|problem| problem.split(':').next().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                PRIMARY,
                EXTRA_TRUST_ROOTS,
                ADDRESS_MAP,
                CONTACT,
                CHECK_TIMEOUT,
                LAG_HOURS
            ],
            "{problems:#?}"
        );
    }

    #[test]
    fn certificates_on_one_line_are_read() {
        let reason = extra_roots("-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----")
            .err()
            .unwrap();
        assert!(reason.starts_with("certificate 0 cannot be a trust root"), "{reason}");
    }
}
