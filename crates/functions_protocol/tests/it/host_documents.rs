//! host.json: strict where we write, tolerant and never silent where we read.

use functions_protocol::function_json::DocumentError;
use functions_protocol::host_json::{
    CustomHandler, ExtensionBundle, Extensions, FunctionTimeout, HttpSettings, QueueSettings,
};
use functions_protocol::{HostJson, MessageEncoding, TimeSpan};
use serde_json::json;

fn every_setting() -> HostJson {
    HostJson {
        custom_handler: Some(CustomHandler {
            default_executable_path: "scan_mirrors".to_owned(),
            ..CustomHandler::default()
        }),
        extension_bundle: Some(ExtensionBundle::default()),
        function_timeout: Some(FunctionTimeout::After(TimeSpan::from_seconds(600))),
        extensions: Extensions {
            http: HttpSettings {
                route_prefix: Some(String::new()),
                ..HttpSettings::default()
            },
            queues: QueueSettings {
                batch_size: Some(32),
                new_batch_threshold: Some(16),
                max_dequeue_count: Some(3),
                visibility_timeout: Some(TimeSpan::from_seconds(30)),
                max_polling_interval: Some(TimeSpan::new(std::time::Duration::from_millis(2500))),
                message_encoding: Some(MessageEncoding::Base64),
            },
            ..Extensions::default()
        },
        retry: None,
        logging: Some(json!({"logLevel": {"default": "Information", "Host.Results": "Warning"}})),
        other: [("singleton".to_owned(), json!({"lockPeriod": "00:00:15"}))].into(),
    }
}

#[test]
fn host_settings_are_rendered_in_one_form_and_read_back() {
    let text = every_setting().render().unwrap();
    assert_eq!(
        text,
        r#"{
  "version": "2.0",
  "customHandler": {
    "description": {
      "defaultExecutablePath": "scan_mirrors"
    },
    "enableForwardingHttpRequest": false
  },
  "extensionBundle": {
    "id": "Microsoft.Azure.Functions.ExtensionBundle",
    "version": "[4.*, 5.0.0)"
  },
  "functionTimeout": "00:10:00",
  "extensions": {
    "http": {
      "routePrefix": ""
    },
    "queues": {
      "batchSize": 32,
      "newBatchThreshold": 16,
      "maxDequeueCount": 3,
      "visibilityTimeout": "00:00:30",
      "maxPollingInterval": "00:00:02.5000000",
      "messageEncoding": "base64"
    }
  },
  "logging": {
    "logLevel": {
      "Host.Results": "Warning",
      "default": "Information"
    }
  },
  "singleton": {
    "lockPeriod": "00:00:15"
  }
}
"#
    );
    let read = HostJson::read(&text).unwrap();
    assert_eq!(read.document, every_setting());
    assert_eq!(read.warnings, []);
}

#[test]
fn host_settings_without_content_are_the_hosts_defaults() {
    let read = HostJson::read(r#"{"version": "2.0"}"#).unwrap().document;
    assert_eq!(read, HostJson::default());
    let queues = read.extensions.queues;
    assert_eq!((queues.batch_size(), queues.max_dequeue_count()), (16, 5));
    assert_eq!((queues.new_batch_threshold(1), queues.new_batch_threshold(4)), (8, 32));
    assert_eq!(queues.visibility_timeout().as_secs(), 0);
    assert_eq!(
        (
            queues.max_polling_interval(false).as_secs(),
            queues.max_polling_interval(true).as_secs()
        ),
        (60, 2)
    );
    assert_eq!(queues.message_encoding().content_limit(), 49_152);
    assert_eq!(read.extensions.http.route_prefix(), "api");
}

#[test]
fn a_batch_of_one_has_a_threshold_of_zero() {
    let queues = QueueSettings {
        batch_size: Some(1),
        ..QueueSettings::default()
    };
    assert_eq!(queues.new_batch_threshold(8), 0);
}

#[test]
fn keys_ignore_case_and_unknown_ones_are_warned_about() {
    let read = HostJson::read(
        r#"{"VERSION": "2.0", "Extensions": {"Queues": {"BATCHSIZE": "4", "batchsizes": 5}}, "functionTimeout": "-1", "tracing": {}}"#,
    )
    .unwrap();
    assert_eq!(read.document.extensions.queues.batch_size, Some(4));
    assert_eq!(read.document.function_timeout, Some(FunctionTimeout::Unlimited));
    let paths: Vec<&str> = read.warnings.iter().map(|warning| warning.path.as_str()).collect();
    assert_eq!(
        paths,
        ["extensions.Queues.batchsizes", "tracing"].map(|path| path.replace("Queues", "queues"))
    );
}

#[test]
fn app_settings_override_members() {
    let settings = [
        ("AzureFunctionsJobHost__Extensions__queues__batchSize", "1"),
        ("AZUREFUNCTIONSJOBHOST__functionTimeout", "00:02:00"),
        (
            "AzureFunctionsJobHost__customHandler__description__arguments__1",
            "second",
        ),
        ("FUNCTIONS_WORKER_RUNTIME", "custom"),
    ];
    let text = r#"{"version": "2.0", "extensions": {"queues": {"batchSize": 16}},
        "customHandler": {"description": {"defaultExecutablePath": "app", "arguments": ["first"]}}}"#;
    let document = HostJson::read_with_settings(text, settings).unwrap().document;
    assert_eq!(document.extensions.queues.batch_size, Some(1));
    assert_eq!(
        document.function_timeout,
        Some(FunctionTimeout::After(TimeSpan::from_seconds(120)))
    );
    assert_eq!(document.custom_handler.unwrap().arguments, ["first", "second"]);
}

#[test]
fn host_settings_that_the_host_would_not_start_with_are_refused() {
    for (text, place) in [
        ("", "the document is not JSON"),
        ("[]", "`.`"),
        ("{}", "`version` is missing"),
        (r#"{"version": "3.0"}"#, "`version` is `3.0`"),
        (r#"{"version": "2.0", "functionTimeout": "soon"}"#, "`functionTimeout`"),
        (
            r#"{"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}"#,
            "`extensions.queues.batchSize`",
        ),
        (
            r#"{"version": "2.0", "extensions": {"queues": {"batchSize": 0}}}"#,
            "`extensions.queues.batchSize`",
        ),
        (
            r#"{"version": "2.0", "extensions": {"queues": {"maxDequeueCount": 0}}}"#,
            "`extensions.queues.maxDequeueCount`",
        ),
        (
            r#"{"version": "2.0", "extensions": {"queues": {"maxPollingInterval": "00:00:00.0999999"}}}"#,
            "`extensions.queues.maxPollingInterval`",
        ),
        (
            r#"{"version": "2.0", "extensions": {"queues": {"messageEncoding": "utf-8"}}}"#,
            "`extensions.queues.messageEncoding`",
        ),
        (
            r#"{"version": "2.0", "customHandler": {}}"#,
            "`customHandler.description` is missing",
        ),
        (
            r#"{"version": "2.0", "retry": {"strategy": "fixedDelay", "maxRetryCount": -2}}"#,
            "`retry.maxRetryCount`",
        ),
    ] {
        let error = HostJson::read(text).unwrap_err();
        assert!(error.to_string().contains(place), "{text}: {error}");
    }
}

#[test]
fn host_settings_out_of_range_are_not_rendered() {
    let mut document = every_setting();
    document.extensions.queues.batch_size = Some(64);
    assert!(
        matches!(document.render(), Err(DocumentError::Value { path, .. }) if path == "extensions.queues.batchSize")
    );
    let mut document = every_setting();
    document.custom_handler = Some(CustomHandler::default());
    assert!(matches!(document.render(), Err(DocumentError::Missing { .. })));
}
