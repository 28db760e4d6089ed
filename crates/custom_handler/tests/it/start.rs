//! Starting: settings, exit codes, the port.

use std::sync::Arc;

use custom_handler::{RunError, SettingProblem, Settings, SettingsError, serve};

use crate::app::{Deps, PRIMARY, app};

fn settings(values: &[(&str, &str)]) -> Settings {
    values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

async fn connect_fails(_: &Settings) -> Result<Arc<Deps>, SettingsError> {
    Err([
        SettingProblem::new("Secret", "is expired"),
        SettingProblem::new("Region", "missing"),
        SettingProblem::new(PRIMARY, "missing: set the connection string of the account"),
    ]
    .into_iter()
    .collect())
}

#[tokio::test]
async fn all_missing_and_wrong_settings_are_listed_at_once() {
    let given = settings(&[
        ("Limit", "ten"),
        ("ListSchedule", "* * *"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ]);
    let error = serve(app(), given, connect_fails).await.unwrap_err();
    assert_eq!(error.exit_code(), 64);
    insta::assert_snapshot!(error.to_string(), @r"
    settings are missing or wrong:
    AzureWebJobsStorage: missing
    FUNCTIONS_CUSTOMHANDLER_PORT: missing; the Functions host sets it, so start the app by `cargo dev` or `func start`
    LOG_FORMAT: unusable: write text or json
    LOG_LEVEL: unusable: write error, warn, info, debug, trace or off; for one module, module=level
    Limit: unusable: invalid digit found in string
    ListSchedule: has 3 fields; a schedule has six (second minute hour day month weekday), or is a time span like 00:05:00
    Primary_CONNECTION: missing: set the connection string of the account
    Region: missing
    Secret: is expired
    ");
}

#[tokio::test]
async fn a_taken_port_is_named_and_ends_with_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let given = settings(&[
        ("FUNCTIONS_CUSTOMHANDLER_PORT", &port),
        ("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
        (PRIMARY, "UseDevelopmentStorage=true"),
        ("ListSchedule", "0 0 * * * *"),
        ("Region", "westeurope"),
    ]);
    let error = serve(app(), given, async |settings: &Settings| {
        assert_eq!(settings.get("Limit"), Some("10"), "declared defaults apply");
        Ok(Arc::default())
    });
    let error = error.await.unwrap_err();
    assert!(
        matches!(&error, RunError::Bind { address, .. } if address.port().to_string() == port),
        "{error}"
    );
    assert_eq!(error.exit_code(), 1);
}
