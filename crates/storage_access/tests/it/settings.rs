//! Settings, and what is said about wrong ones.

use std::collections::BTreeMap;

use proptest::prelude::*;
use storage_access::{Connection, ConnectionError, Storage, Transport};

const KEY: &str = "c2VjcmV0LWtleS1vZi1hbi1hY2NvdW50";

fn read(settings: &[(&str, &str)]) -> Result<Connection, ConnectionError> {
    let settings: BTreeMap<String, String> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Connection::from_settings("Store", &|name| settings.get(name).cloned())
}

fn shown(settings: &[(&str, &str)]) -> String {
    format!("{:?}", read(settings).unwrap())
}

#[test]
fn an_account_key_opens_the_public_cloud_and_others() {
    let plain =
        format!("DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={KEY};EndpointSuffix=core.windows.net");
    assert_eq!(
        shown(&[("Store", &plain)]),
        r#"Connection { name: "Store", blob_endpoint: Some("https://acme.blob.core.windows.net/"), queue_endpoint: Some("https://acme.queue.core.windows.net/"), authorization: "key of account acme" }"#
    );
    let china = format!("accountname=acme;ACCOUNTKEY={KEY};EndpointSuffix=core.chinacloudapi.cn;");
    assert!(shown(&[("Store", &china)]).contains("https://acme.queue.core.chinacloudapi.cn/"));
}

#[test]
fn the_emulator_is_known_by_its_short_form() {
    let shown = shown(&[("Store", "UseDevelopmentStorage=true")]);
    assert!(shown.contains("http://127.0.0.1:10000/devstoreaccount1"), "{shown}");
    assert!(shown.contains("http://127.0.0.1:10001/devstoreaccount1"), "{shown}");
    let proxy = self::shown(&[(
        "Store",
        "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://storage",
    )]);
    assert!(proxy.contains("http://storage:10000/devstoreaccount1"), "{proxy}");
}

#[test]
fn a_signature_opens_the_named_endpoints_only() {
    let text = "BlobEndpoint=https://acme.blob.core.windows.net/;SharedAccessSignature=?sv=2022-11-02&sig=hidden%3D";
    let connection = read(&[("Store", text)]).unwrap();
    let shown = format!("{connection:?}");
    assert!(
        shown.contains("queue_endpoint: None") && !shown.contains("hidden"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_service_without_an_address_is_named_when_it_is_used() {
    let text = "BlobEndpoint=https://acme.blob.core.windows.net/;SharedAccessSignature=sv=2022-11-02&sig=hidden%3D";
    let storage = Storage::connect(&read(&[("Store", text)]).unwrap(), Transport::http()).unwrap();
    let error = storage.queue("work").clear().await.unwrap_err();
    assert_eq!(
        error.cause().to_string(),
        "connection Store has no address for the queue service"
    );
}

#[test]
fn the_connection_string_goes_first_and_the_host_s_prefix_is_known() {
    let identity = ("Store__accountName", "other");
    assert!(shown(&[("Store", "UseDevelopmentStorage=true"), identity]).contains("127.0.0.1"));
    assert!(shown(&[("Store", ""), identity]).contains("https://other.blob.core.windows.net/"));
    assert!(shown(&[("AzureWebJobsStore", "UseDevelopmentStorage=true")]).contains("127.0.0.1"));
}

#[test]
fn identities_are_chosen_by_settings_and_place() {
    let identity = |more: &[(&str, &str)]| {
        let mut settings = vec![("Store__accountName", "acme")];
        settings.extend_from_slice(more);
        shown(&settings)
    };
    assert!(identity(&[]).contains("Developer"));
    assert!(identity(&[("IDENTITY_ENDPOINT", "http://127.0.0.1:1")]).contains("Managed { client_id: None }"));
    let managed = identity(&[("Store__credential", "managedIdentity"), ("Store__clientId", "id")]);
    assert!(managed.contains(r#"Managed { client_id: Some(\"id\") }"#), "{managed}");
    let parts = shown(&[
        ("Store__queueServiceUri", "https://q.example/"),
        ("Store__credential", "managedidentity"),
    ]);
    assert!(
        parts.contains("blob_endpoint: None") && parts.contains("https://q.example/"),
        "{parts}"
    );
}

#[test]
fn a_refusal_names_setting_and_fault_and_no_secret() {
    let account = format!("AccountName=acme;AccountKey={KEY}");
    for (settings, expected) in [
        (
            vec![],
            "connection Store is not set: give Store a connection string, or set Store__accountName (or \
             Store__blobServiceUri and Store__queueServiceUri) to use an identity",
        ),
        (
            vec![("Store", "AccountName=acme;hunter2")],
            "connection Store: part 2 of the connection string is not of the form key=value",
        ),
        (
            vec![("Store", "hunter2")],
            "connection Store: part 1 of the connection string is not of the form key=value",
        ),
        (
            vec![("Store", "AccountName=acme;AccountKey=hunter2!")],
            "connection Store: AccountKey is not base64",
        ),
        (
            vec![("Store", "AccountName=acme")],
            "connection Store: the connection string needs AccountKey with AccountName, or SharedAccessSignature",
        ),
        (
            vec![("Store", "SharedAccessSignature=sv=1&sig=hunter2")],
            "connection Store: the connection string needs AccountName, BlobEndpoint or QueueEndpoint",
        ),
        (
            vec![("Store", "AccountName=acme;SharedAccessSignature=hunter2")],
            "connection Store: SharedAccessSignature has no sig parameter",
        ),
        (
            vec![("Store", "UseDevelopmentStorage=yes")],
            "connection Store: UseDevelopmentStorage can only be true",
        ),
        (
            vec![("Store", "AccountName=acme;AccountName=acme")],
            "connection Store: AccountName stands in the connection string more than once",
        ),
        (
            vec![("Store__accountName", "ac-me")],
            "connection Store: Store__accountName is not 3 to 24 lower-case letters and digits",
        ),
        (
            vec![("Store__blobServiceUri", "http://acme.example/")],
            "connection Store: Store__blobServiceUri must be https: a token is never sent in the clear",
        ),
        (
            vec![("Store__accountName", "acme"), ("Store__credential", "password")],
            "connection Store: Store__credential can only be managedidentity",
        ),
        (
            vec![("Store__accountName", "acme"), ("Store__clientSecret", "hunter2")],
            "connection Store: Store__clientSecret is not supported; use a managed identity or the Azure CLI's sign-in",
        ),
    ] {
        let error = read(&settings).unwrap_err().to_string();
        assert_eq!(error, expected);
        assert!(!error.contains("hunter2"));
    }
    for endpoint in [
        "blob",
        "ftp://acme/",
        "https://acme/?sig=hunter2",
        "https://me:hunter2@acme/",
    ] {
        let text = format!("{account};BlobEndpoint={endpoint}");
        let error = read(&[("Store", &text)]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

proptest! {
    #[test]
    fn foreign_connection_strings_never_panic_nor_show_their_key(
        text in "((AccountName|AccountKey|BlobEndpoint|SharedAccessSignature|EndpointSuffix|x)=[ -~]{0,20};){0,6}\\PC{0,10}",
    ) {
        let text = format!("AccountKey={KEY};{text}");
        let shown = match read(&[("Store", &text)]) {
            Ok(connection) => format!("{connection:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!shown.contains(KEY), "{}", shown);
    }
}
