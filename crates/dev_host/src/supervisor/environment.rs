//! The environment of a handler: what the real host gives, and one variable more.

use std::collections::BTreeMap;
use std::path::Path;

use crate::settings::AppSettings;

/// What a handler is told about where and how it runs.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The app's folder.
    pub app_root: &'a Path,
    /// The port on 127.0.0.1 that the handler must listen on.
    pub handler_port: u16,
    /// The port of the app's HTTP front.
    pub front_port: u16,
    /// New for every start.
    pub worker_id: &'a str,
}

/// All variables of the handler process: the settings (the machine's environment is part of them), those that Core
/// Tools adds, those of the custom-handler contract, and `DEV_HOST=1`, by which an app may honour a moved clock.
pub fn environment(settings: &AppSettings, place: &Place<'_>) -> BTreeMap<String, String> {
    let mut variables: BTreeMap<String, String> = settings
        .iter()
        .filter(|(name, _)| !crate::build::is_from_cargo_run(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let root = place.app_root.display().to_string();
    let port = place.handler_port.to_string();
    for (name, value) in [
        ("FUNCTIONS_CORETOOLS_ENVIRONMENT", "true"),
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ("AzureWebJobsScriptRoot", root.as_str()),
        ("FUNCTIONS_WORKER_RUNTIME", "custom"),
    ] {
        variables.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    for (name, value) in [
        ("WEBSITE_HOSTNAME", format!("localhost:{}", place.front_port)),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", port.clone()),
        ("FUNCTIONS_HTTPWORKER_PORT", port),
        ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", place.worker_id.to_owned()),
        ("FUNCTIONS_HTTPWORKER_ID", place.worker_id.to_owned()),
        ("FUNCTIONS_APP_ROOT_PATH", root),
        ("DEV_HOST", "1".to_owned()),
    ] {
        variables.insert(name.to_owned(), value);
    }
    keep_loopback_off_proxies(&mut variables);
    variables
}

/// A machine behind a proxy has `HTTP_PROXY` set. Handlers reach storage and demo mirrors on loopback addresses, which no
/// proxy elsewhere can; the apps have no reason to know that, so their exceptions are completed here.
fn keep_loopback_off_proxies(variables: &mut BTreeMap<String, String>) {
    let is_proxy = |name: &String| name.to_ascii_lowercase().ends_with("_proxy");
    if !variables.keys().any(is_proxy) {
        return;
    }
    // Programs read the one or the other spelling.
    for name in ["NO_PROXY", "no_proxy"] {
        let other = if name == "NO_PROXY" { "no_proxy" } else { "NO_PROXY" };
        let written = variables.get(name).or_else(|| variables.get(other));
        let mut exceptions: Vec<String> = written
            .iter()
            .flat_map(|text| text.split(','))
            .map(str::to_owned)
            .collect();
        for address in ["localhost", "127.0.0.1", "::1"] {
            if !exceptions.iter().any(|known| known.trim() == address) {
                exceptions.push(address.to_owned());
            }
        }
        exceptions.retain(|text| !text.trim().is_empty());
        variables.insert(name.to_owned(), exceptions.join(","));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::LocalSettings;

    #[test]
    fn loopback_is_kept_off_proxies() {
        let of = |pairs: &[(&str, &str)]| {
            let mut variables = pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            keep_loopback_off_proxies(&mut variables);
            ["NO_PROXY", "no_proxy"].map(|name| variables.get(name).cloned().unwrap_or_default())
        };
        let loopback = "localhost,127.0.0.1,::1";
        assert_eq!(of(&[("HTTP_PROXY", "http://p:3128")]), [loopback, loopback]);
        let both = "intranet,127.0.0.1,localhost,::1";
        assert_eq!(
            of(&[("https_proxy", "http://p"), ("no_proxy", "intranet,127.0.0.1")]),
            [both, both]
        );
        assert_eq!(of(&[("PATH", "/bin")]), ["", ""]);
    }

    #[test]
    fn the_handler_gets_what_the_host_gives_and_nothing_of_cargo() {
        let machine = [
            ("PATH", "/bin"),
            ("CARGO_MANIFEST_DIR", "/w"),
            ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"),
        ];
        let machine = machine.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let local = LocalSettings {
            values: [("Schedule".to_owned(), "0 * * * * *".to_owned())].into(),
        };
        let settings = AppSettings::merge(&machine, &local, &LocalSettings::default(), &BTreeMap::new(), "S=1");
        let place = Place {
            app_root: Path::new("/apps/a"),
            handler_port: 4567,
            front_port: 7071,
            worker_id: "w",
        };
        let variables = environment(&settings, &place);
        for (name, value) in [
            ("PATH", "/bin"),
            ("Schedule", "0 * * * * *"),
            ("AzureWebJobsStorage", "S=1"),
            ("FUNCTIONS_CUSTOMHANDLER_PORT", "4567"),
            ("FUNCTIONS_HTTPWORKER_PORT", "4567"),
            ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "w"),
            ("FUNCTIONS_APP_ROOT_PATH", "/apps/a"),
            ("FUNCTIONS_WORKER_RUNTIME", "custom"),
            ("WEBSITE_HOSTNAME", "localhost:7071"),
            ("DEV_HOST", "1"),
        ] {
            assert_eq!(variables.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert!(!variables.contains_key("CARGO_MANIFEST_DIR"));
    }
}
