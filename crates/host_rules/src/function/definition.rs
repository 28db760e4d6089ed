use serde_json::{Map, Value as Json};

/// A function as its function.json declares it, checked by the host's rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The folder's name, which is also the path of the call to the handler.
    pub name: String,
    /// The bindings in the order of the document.
    pub bindings: Vec<Binding>,
    /// The `retry` section, unread.
    pub retry: Option<Json>,
}

/// One binding.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// `type`, as written.
    pub kind: String,
    /// `name`: the key in `Data` or `Outputs`, or `$return`.
    pub name: String,
    /// `direction`; `in` when absent.
    pub direction: Direction,
    /// `dataType`, if any.
    pub data_type: Option<DataType>,
    properties: Map<String, Json>,
}

/// Which way data flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into the function.
    In,
    /// Out of it.
    Out,
    /// Both.
    InOut,
}

/// `dataType` of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// Text.
    String,
    /// Bytes.
    Binary,
    /// A stream; like absent for a custom handler.
    Stream,
}

/// Why a function fails to index.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// The folder's name is not allowed.
    #[error("'{0}' is not a valid function name")]
    Name(String),
    /// The document is no JSON object.
    #[error("function.json of '{function}' is not valid JSON")]
    Syntax {
        /// Function name.
        function: String,
        /// What the JSON reader met.
        #[source]
        source: serde_json::Error,
    },
    /// `bindings` is absent or empty.
    #[error("function '{0}' has no bindings; at least one is required")]
    NoBindings(String),
    /// A binding is no object or lacks its type.
    #[error("binding {index} of function '{function}' has no type")]
    NoType {
        /// Function name.
        function: String,
        /// Position, from 0.
        index: usize,
    },
    /// A binding's name is not allowed.
    #[error("the binding name '{binding}' of function '{function}' is invalid")]
    BindingName {
        /// Function name.
        function: String,
        /// The name.
        binding: String,
    },
    /// Two bindings with names equal but for case.
    #[error("function '{function}' has several bindings named '{binding}'")]
    DuplicateBinding {
        /// Function name.
        function: String,
        /// The name.
        binding: String,
    },
    /// `direction` is none of in, out, inout, or a trigger that is not `in`.
    #[error("the direction '{direction}' of binding '{binding}' of function '{function}' is invalid")]
    BindingDirection {
        /// Function name.
        function: String,
        /// Binding name.
        binding: String,
        /// The direction.
        direction: String,
    },
    /// `dataType` is none of string, binary, stream.
    #[error("the dataType '{data_type}' of binding '{binding}' of function '{function}' is invalid")]
    BindingDataType {
        /// Function name.
        function: String,
        /// Binding name.
        binding: String,
        /// The data type.
        data_type: String,
    },
    /// Not exactly one trigger.
    #[error("function '{function}' has {count} triggers; exactly one is required")]
    Triggers {
        /// Function name.
        function: String,
        /// How many.
        count: usize,
    },
    /// `configurationSource` is neither `config` nor `attributes`.
    #[error("the configurationSource '{value}' of function '{function}' is invalid")]
    ConfigurationSource {
        /// Function name.
        function: String,
        /// The value.
        value: String,
    },
}

impl Function {
    /// Reads and checks `<name>/function.json`.
    pub fn parse(name: &str, document: &str) -> Result<Self, FunctionError> {
        let function = Self::read(name, document)?;
        function.check_bindings()?;
        Ok(function)
    }

    /// Reads a document without the checks across bindings: names that differ, exactly one trigger.
    pub fn read(name: &str, document: &str) -> Result<Self, FunctionError> {
        if !is_function_name(name) {
            return Err(FunctionError::Name(name.to_owned()));
        }
        let document: Map<String, Json> =
            serde_json::from_str(document.trim_start_matches('\u{feff}')).map_err(|source| FunctionError::Syntax {
                function: name.to_owned(),
                source,
            })?;
        if let Some(source) = lookup(&document, "configurationSource") {
            let value = source.as_str().map_or_else(|| source.to_string(), str::to_owned);
            if !["config", "attributes"]
                .iter()
                .any(|known| value.eq_ignore_ascii_case(known))
            {
                return Err(FunctionError::ConfigurationSource {
                    function: name.to_owned(),
                    value,
                });
            }
        }
        let bindings = lookup(&document, "bindings")
            .and_then(Json::as_array)
            .map_or(&[][..], Vec::as_slice);
        let mut function = Self {
            name: name.to_owned(),
            bindings: Vec::with_capacity(bindings.len()),
            retry: lookup(&document, "retry").filter(|retry| !retry.is_null()).cloned(),
        };
        for (index, binding) in bindings.iter().enumerate() {
            let binding = Binding::read(name, index, binding)?;
            function.bindings.push(binding);
        }
        Ok(function)
    }

    fn check_bindings(&self) -> Result<(), FunctionError> {
        if self.bindings.is_empty() {
            return Err(FunctionError::NoBindings(self.name.clone()));
        }
        for (index, binding) in self.bindings.iter().enumerate() {
            if self.bindings[..index]
                .iter()
                .any(|other| other.name.eq_ignore_ascii_case(&binding.name))
            {
                return Err(FunctionError::DuplicateBinding {
                    function: self.name.clone(),
                    binding: binding.name.clone(),
                });
            }
        }
        match self.bindings.iter().filter(|binding| binding.is_trigger()).count() {
            1 => Ok(()),
            count => Err(FunctionError::Triggers {
                function: self.name.clone(),
                count,
            }),
        }
    }

    /// The trigger.
    pub fn trigger(&self) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.is_trigger())
    }

    /// The bindings beside the trigger that bring data in.
    pub fn inputs(&self) -> impl Iterator<Item = &Binding> {
        self.bindings
            .iter()
            .filter(|binding| !binding.is_trigger() && binding.direction != Direction::Out)
    }

    /// The bindings that take data out.
    pub fn outputs(&self) -> impl Iterator<Item = &Binding> {
        self.bindings
            .iter()
            .filter(|binding| binding.direction != Direction::In)
    }

    /// The binding named `$return`, if there is one.
    pub fn return_binding(&self) -> Option<&Binding> {
        self.outputs().find(|binding| binding.name == RETURN)
    }
}

/// The name that makes a binding take the function's return value.
pub(crate) const RETURN: &str = "$return";

impl Binding {
    fn read(function: &str, index: usize, document: &Json) -> Result<Self, FunctionError> {
        let no_type = || FunctionError::NoType {
            function: function.to_owned(),
            index,
        };
        let properties = document.as_object().ok_or_else(no_type)?;
        let text = |name| lookup(properties, name).and_then(Json::as_str).map(str::to_owned);
        let kind = text("type").filter(|kind| !kind.is_empty()).ok_or_else(no_type)?;
        let name = text("name").unwrap_or_default();
        let binding = || name.clone();
        if !is_binding_name(&name) {
            return Err(FunctionError::BindingName {
                function: function.to_owned(),
                binding: binding(),
            });
        }
        let written = text("direction").unwrap_or_else(|| "in".to_owned());
        let direction = match written.to_ascii_lowercase().as_str() {
            "in" => Some(Direction::In),
            "out" => Some(Direction::Out),
            "inout" => Some(Direction::InOut),
            _ => None,
        };
        let direction = direction
            .filter(|direction| *direction == Direction::In || !is_trigger_type(&kind))
            .ok_or_else(|| FunctionError::BindingDirection {
                function: function.to_owned(),
                binding: binding(),
                direction: written,
            })?;
        let data_type = match text("dataType") {
            None => None,
            Some(written) => Some(match written.to_ascii_lowercase().as_str() {
                "string" => DataType::String,
                "binary" => DataType::Binary,
                "stream" => DataType::Stream,
                _ => {
                    return Err(FunctionError::BindingDataType {
                        function: function.to_owned(),
                        binding: binding(),
                        data_type: written,
                    });
                }
            }),
        };
        Ok(Self {
            kind,
            name,
            direction,
            data_type,
            properties: properties.clone(),
        })
    }

    /// Whether this is a trigger: its type ends in `Trigger`.
    pub fn is_trigger(&self) -> bool {
        is_trigger_type(&self.kind)
    }

    /// Whether the type is this one, ignoring case.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    /// A property by name, ignoring case.
    pub fn property(&self, name: &str) -> Option<&Json> {
        lookup(&self.properties, name)
    }

    /// A property that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.property(name).and_then(Json::as_str)
    }
}

fn is_trigger_type(kind: &str) -> bool {
    const SUFFIX: &str = "trigger";
    kind.len() >= SUFFIX.len()
        && kind.is_char_boundary(kind.len() - SUFFIX.len())
        && kind[kind.len() - SUFFIX.len()..].eq_ignore_ascii_case(SUFFIX)
}

fn lookup<'a>(object: &'a Map<String, Json>, name: &str) -> Option<&'a Json> {
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// `^[a-z][a-z0-9_\-]{0,127}$` ignoring case; `host` is reserved.
fn is_function_name(name: &str) -> bool {
    is_identifier(name, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !name.eq_ignore_ascii_case("host")
}

/// `^[a-zA-Z][a-zA-Z0-9]{0,127}$`, or `$return`.
fn is_binding_name(name: &str) -> bool {
    name == RETURN || is_identifier(name, |byte| byte.is_ascii_alphanumeric())
}

fn is_identifier(name: &str, allowed: impl Fn(u8) -> bool) -> bool {
    const LONGEST: usize = 128;
    name.len() <= LONGEST && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::{DataType, Direction, Function, FunctionError};

    #[test]
    fn a_function_is_read_with_its_properties() {
        let document = r#"{"bindings":[
            {"type":"queueTrigger","name":"msg","queueName":"work","dataType":"Binary"},
            {"type":"queue","name":"$return","direction":"out","queueName":"done"}]}"#;
        let function = Function::parse("copy-1", document).unwrap();
        let trigger = function.trigger().unwrap();
        assert_eq!(
            (trigger.direction, trigger.data_type),
            (Direction::In, Some(DataType::Binary))
        );
        assert_eq!(trigger.text("QueueName"), Some("work"));
        assert_eq!(
            function.return_binding().map(|binding| binding.kind.as_str()),
            Some("queue")
        );
    }

    #[test]
    fn the_hosts_rules_are_kept() {
        let parse = |name: &str, bindings: &str| Function::parse(name, &format!(r#"{{"bindings":[{bindings}]}}"#));
        let timer = r#"{"type":"timerTrigger","name":"t"}"#;
        assert!(parse("f", timer).is_ok());
        for name in ["host", "HOST", "1f", "f.g", ""] {
            assert!(matches!(parse(name, timer), Err(FunctionError::Name(_))), "{name}");
        }
        assert!(matches!(parse("f", ""), Err(FunctionError::NoBindings(_))));
        assert!(matches!(
            parse("f", &format!("{timer},{}", r#"{"type":"queueTrigger","name":"q"}"#)),
            Err(FunctionError::Triggers { count: 2, .. })
        ));
        assert!(matches!(
            parse(
                "f",
                &format!("{timer},{}", r#"{"type":"queue","name":"T","direction":"out"}"#)
            ),
            Err(FunctionError::DuplicateBinding { .. })
        ));
        for name in ["a_b", "a-b", "$result", ""] {
            let binding = format!(r#"{{"type":"timerTrigger","name":"{name}"}}"#);
            assert!(
                matches!(parse("f", &binding), Err(FunctionError::BindingName { .. })),
                "{name}"
            );
        }
        let binding = r#"{"type":"timerTrigger","name":"t","direction":"out"}"#;
        assert!(matches!(
            parse("f", binding),
            Err(FunctionError::BindingDirection { .. })
        ));
        assert!(matches!(
            parse("f", r#"{"name":"t"}"#),
            Err(FunctionError::NoType { index: 0, .. })
        ));
    }
}
