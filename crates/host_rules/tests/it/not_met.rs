//! The one table of captured cases that are not met, with the reason.

/// A listed case.
pub(crate) struct NotMet {
    /// File below the fixtures folder.
    pub(crate) file: &'static str,
    /// Name of the case; a `*` at the end stands for any rest.
    pub(crate) name: &'static str,
    /// Why.
    pub(crate) reason: &'static str,
}

impl NotMet {
    pub(crate) fn covers(&self, file: &str, name: &str) -> bool {
        let same_name = self
            .name
            .strip_suffix('*')
            .map_or(name == self.name, |prefix| name.starts_with(prefix));
        self.file == file && same_name
    }
}

const GERMAN_CULTURE: &str =
    "the German culture's decimal comma and dates: our host runs in the invariant culture, as in Azure";
const AMERICAN_CULTURE: &str =
    "the American culture's 12-hour clock: our host runs in the invariant culture, as in Azure";

const DOTNET_OUTPUT: &str = ".NET objects and nulls: a custom handler's output reaches the collector as bytes";
const BATCHES: &str = "batches and typed values of event triggers: a queue trigger is one text or one byte array";
const OTHER_TRIGGERS: &str = "blob and Event Grid triggers come with the app that needs them";

pub(crate) const NOT_MET: &[NotMet] = &[
    NotMet {
        file: "host/values.json",
        name: "all_kinds_as_metadata/JValueNull",
        reason: "a JSON null wrapped in a .NET object differs from no value only as metadata, where no trigger puts one",
    },
    NotMet {
        file: "host/http_answers.json",
        name: "return_object_xml_accept",
        reason: "content negotiation to XML would need .NET's data contract serializer; the host is asked for it only by \
                 `enableContentNegotiation`, which our SDK never sends",
    },
    NotMet {
        file: "host/culture_and_zone.json",
        name: "utc_en_us/iso_utc_to_queue",
        reason: AMERICAN_CULTURE,
    },
    NotMet {
        file: "host/culture_and_zone.json",
        name: "utc_en_us/iso_offset_to_queue",
        reason: AMERICAN_CULTURE,
    },
    NotMet {
        file: "host/culture_and_zone.json",
        name: "utc_en_us/array_dates_floats_to_queue",
        reason: AMERICAN_CULTURE,
    },
    NotMet {
        file: "host/culture_and_zone.json",
        name: "berlin_de_de/iso_utc_to_queue",
        reason: GERMAN_CULTURE,
    },
    NotMet {
        file: "host/culture_and_zone.json",
        name: "berlin_de_de/iso_offset_to_queue",
        reason: GERMAN_CULTURE,
    },
    NotMet {
        file: "host/culture_and_zone.json",
        name: "berlin_de_de/float_to_queue",
        reason: GERMAN_CULTURE,
    },
    NotMet {
        file: "host/culture_and_zone.json",
        name: "berlin_de_de/array_dates_floats_to_queue",
        reason: GERMAN_CULTURE,
    },
    NotMet {
        file: "host/readiness.json",
        name: "ping_*",
        reason: "pings of the host's monitor have no effect; ours makes none",
    },
    NotMet {
        file: "host/queue_output.json",
        name: "jobject_*",
        reason: DOTNET_OUTPUT,
    },
    NotMet {
        file: "host/queue_output.json",
        name: "poco_*",
        reason: DOTNET_OUTPUT,
    },
    NotMet {
        file: "host/queue_output.json",
        name: "null_bytes_*",
        reason: DOTNET_OUTPUT,
    },
    NotMet {
        file: "host/queue_output.json",
        name: "null_string_*",
        reason: DOTNET_OUTPUT,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "event_conversion jobject*",
        reason: BATCHES,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "event_conversion object*",
        reason: BATCHES,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "event_conversion bytes[]*",
        reason: BATCHES,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "event_conversion string[]*",
        reason: BATCHES,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "default_type Object[] *",
        reason: BATCHES,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "default_type string[] *",
        reason: BATCHES,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "default_type byte[][] *",
        reason: BATCHES,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "default_type Stream \"in (trigger)\"*",
        reason: "no listener hands over a stream: what the function gets is base64 either way (host/queue_trigger.json, binary_data_type_stream)",
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "blob_conversion stream*",
        reason: "no listener hands over a stream; the bytes are those of `dataType: binary`",
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "default_type Object \"in (trigger)\"\"trigger bound through a typed*",
        reason: OTHER_TRIGGERS,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "default_type Object \"in (trigger)\"\"Event Grid*",
        reason: OTHER_TRIGGERS,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "default_type string \"in (trigger)\"\"trigger bound through a typed*",
        reason: OTHER_TRIGGERS,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "default_type string \"in (trigger)\"\"Event Grid*",
        reason: OTHER_TRIGGERS,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "default_type byte[] \"in (trigger)\"\"trigger bound through a typed*",
        reason: OTHER_TRIGGERS,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "default_type byte[] \"in (trigger)\"\"Event Grid*",
        reason: OTHER_TRIGGERS,
    },
    NotMet {
        file: "host/sdk_binding_rules.json",
        name: "event_grid_conversion*",
        reason: OTHER_TRIGGERS,
    },
    NotMet {
        file: "host/forwarding.json",
        name: "*",
        reason: "`enableForwardingHttpRequest` is the legacy mode: the development host refuses it by name",
    },
];
