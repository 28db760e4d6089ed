//! function.json: strict where we write, tolerant and never silent where we read.

use functions_protocol::function_json::{AuthLevel, Binding, BindingKind, DataType, Direction, Retry};
use functions_protocol::{FunctionJson, TimeSpan};

fn queue_trigger(queue_name: &str) -> Binding {
    let connection = Some("STORAGE".to_owned());
    Binding::new(
        "msg",
        BindingKind::QueueTrigger {
            queue_name: queue_name.to_owned(),
            connection,
        },
    )
}

fn every_binding() -> FunctionJson {
    let connection = || Some("STORAGE".to_owned());
    FunctionJson {
        bindings: vec![
            queue_trigger("mirror-request-queue").with_data_type(DataType::Binary),
            Binding::new(
                "in",
                BindingKind::BlobInput {
                    path: "static-data/mirrors.json".to_owned(),
                    connection: None,
                },
            ),
            Binding::new(
                "page",
                BindingKind::BlobOutput {
                    path: "%Container%/{id}.json".to_owned(),
                    connection: connection(),
                },
            ),
            Binding::new(
                "msgout",
                BindingKind::QueueOutput {
                    queue_name: "%ResultsQueueName%".to_owned(),
                    connection: connection(),
                },
            ),
        ],
        retry: Some(Retry::FixedDelay {
            max_retry_count: 4,
            delay_interval: TimeSpan::from_seconds(10),
        }),
    }
}

#[test]
fn a_function_is_rendered_in_one_form_and_read_back() {
    let text = every_binding().render().unwrap();
    assert_eq!(
        text,
        r#"{
  "bindings": [
    {
      "name": "msg",
      "type": "queueTrigger",
      "direction": "in",
      "queueName": "mirror-request-queue",
      "connection": "STORAGE",
      "dataType": "binary"
    },
    {
      "name": "in",
      "type": "blob",
      "direction": "in",
      "path": "static-data/mirrors.json"
    },
    {
      "name": "page",
      "type": "blob",
      "direction": "out",
      "path": "%Container%/{id}.json",
      "connection": "STORAGE"
    },
    {
      "name": "msgout",
      "type": "queue",
      "direction": "out",
      "queueName": "%ResultsQueueName%",
      "connection": "STORAGE"
    }
  ],
  "retry": {
    "strategy": "fixedDelay",
    "maxRetryCount": 4,
    "delayInterval": "00:00:10"
  }
}
"#
    );
    let read = FunctionJson::read(&text).unwrap();
    assert_eq!(read.document, every_binding());
    assert_eq!(read.warnings, []);
}

#[test]
fn http_and_timer_functions_are_read_back_too() {
    let http = BindingKind::HttpTrigger {
        auth_level: AuthLevel::Anonymous,
        methods: vec!["get".to_owned()],
        route: Some("items/{id:int?}".to_owned()),
    };
    let timer = BindingKind::TimerTrigger {
        schedule: "%Schedule%".to_owned(),
        run_on_startup: true,
        use_monitor: false,
    };
    for function in [
        FunctionJson::new(vec![
            Binding::new("req", http),
            Binding::new("res", BindingKind::HttpOutput),
        ]),
        FunctionJson::new(vec![Binding::new("timer", timer)]),
    ] {
        assert_eq!(
            FunctionJson::read(&function.render().unwrap()).unwrap().document,
            function
        );
    }
}

#[test]
fn a_function_is_not_rendered_when_the_host_or_storage_would_refuse_it() {
    let timer = |schedule: &str| {
        let schedule = schedule.to_owned();
        Binding::new(
            "timer",
            BindingKind::TimerTrigger {
                schedule,
                run_on_startup: false,
                use_monitor: true,
            },
        )
    };
    let output = |name: &str, path: &str| {
        Binding::new(
            name,
            BindingKind::BlobOutput {
                path: path.to_owned(),
                connection: None,
            },
        )
    };
    let http = |route: &str| {
        let (auth_level, methods, route) = (AuthLevel::Function, vec![], Some(route.to_owned()));
        Binding::new(
            "req",
            BindingKind::HttpTrigger {
                auth_level,
                methods,
                route,
            },
        )
    };
    let answer = || Binding::new("res", BindingKind::HttpOutput);
    let unknown = BindingKind::Unknown {
        binding_type: "eventHub".to_owned(),
        direction: Direction::Out,
    };
    for (bindings, place) in [
        (vec![], "bindings[0]"),
        (vec![output("out", "c/x")], "trigger"),
        (vec![timer("%S%"), timer("%S%")], "bindings[1].name"),
        (vec![timer("%S%"), queue_trigger("work")], "bindings[1].type"),
        (vec![timer("*/5 * * * *")], "bindings[0].schedule"),
        (vec![timer("often")], "bindings[0].schedule"),
        (vec![queue_trigger("No_Queue")], "bindings[0].queueName"),
        (vec![queue_trigger(&"q".repeat(57))], "bindings[0].queueName"),
        (
            vec![queue_trigger("work"), output("out_put", "c/x")],
            "bindings[1].name",
        ),
        (
            vec![queue_trigger("work"), output("$return", "container/x")],
            "bindings[1].name",
        ),
        (
            vec![queue_trigger("work"), output("out", "container")],
            "bindings[1].path",
        ),
        (
            vec![
                queue_trigger("work"),
                output("out", "container/x").with_data_type(DataType::Binary),
            ],
            "bindings[1].dataType",
        ),
        (vec![queue_trigger("work"), answer()], "bindings"),
        (
            vec![queue_trigger("work"), Binding::new("hub", unknown)],
            "bindings[1].type",
        ),
        (vec![http("items")], "bindings[].type `http`"),
        (vec![http("administrators"), answer()], "bindings[0].route"),
    ] {
        let error = FunctionJson::new(bindings).render().unwrap_err().to_string();
        assert!(error.contains(place), "{place}: {error}");
    }
}

#[test]
fn a_function_of_others_is_read_with_warnings() {
    let read = FunctionJson::read(
        r#"{
            // comments are read over
            "disabled": true,
            "surprise": 1,
            "bindings": [
                {"type": "QUEUETRIGGER", "name": "msg", "QueueName": "work", "conection": "X"},
                {"type": "eventHub", "direction": "out", "name": "hub", "eventHubName": "h"},
            ],
        }"#,
    )
    .unwrap();
    let kind = BindingKind::QueueTrigger {
        queue_name: "work".to_owned(),
        connection: None,
    };
    assert_eq!(read.document.bindings[0], Binding::new("msg", kind));
    assert_eq!(read.document.bindings[0].kind.connection(), Some("AzureWebJobsStorage"));
    assert_eq!(read.document.bindings[1].kind.type_name(), "eventHub");
    let warnings: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "`bindings[0].conection` is unknown and has no effect",
            "`disabled` is not read by the host; disable a function by the setting AzureWebJobs.<function>.Disabled",
            "`surprise` is unknown and has no effect",
        ]
    );
}
