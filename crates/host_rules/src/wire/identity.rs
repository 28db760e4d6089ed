use crate::dotnet::Value;

const NAME_CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
const ROLE_CLAIM: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
const LEVEL_CLAIM: &str = "http://schemas.microsoft.com/2017/07/functions/claims/authlevel";
const KEY_CLAIM: &str = "http://schemas.microsoft.com/2017/07/functions/claims/keyid";
const STRING_TYPE: &str = "http://www.w3.org/2001/XMLSchema#string";

/// The identity that every request has.
pub fn anonymous() -> Value {
    identity(None, Vec::new())
}

/// The identity that a valid key adds. `level` is `Function` or `Admin`, `key_id` the key's name.
pub fn with_key(level: &str, key_id: &str) -> Value {
    identity(
        Some("WebJobsAuthLevel"),
        vec![claim(LEVEL_CLAIM, level), claim(KEY_CLAIM, key_id)],
    )
}

fn identity(authentication_type: Option<&str>, claims: Vec<Value>) -> Value {
    object([
        (
            "AuthenticationType",
            authentication_type.map_or(Value::Null, Value::from),
        ),
        ("IsAuthenticated", Value::Boolean(authentication_type.is_some())),
        ("Actor", Value::Null),
        ("BootstrapContext", Value::Null),
        ("Claims", Value::Array(claims)),
        ("Label", Value::Null),
        ("Name", Value::Null),
        ("NameClaimType", Value::from(NAME_CLAIM)),
        ("RoleClaimType", Value::from(ROLE_CLAIM)),
    ])
}

fn claim(kind: &str, value: &str) -> Value {
    object([
        ("Issuer", Value::from("LOCAL AUTHORITY")),
        ("OriginalIssuer", Value::from("LOCAL AUTHORITY")),
        ("Properties", Value::Object(Vec::new())),
        ("Type", Value::from(kind)),
        ("Value", Value::from(value)),
        ("ValueType", Value::from(STRING_TYPE)),
    ])
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}
