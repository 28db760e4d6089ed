//! Refusals as the service words them.

use http::StatusCode;

macro_rules! codes {
    ($($code:ident $status:ident $message:literal;)*) => {
        /// The service's error codes that this emulator answers, each with its status and text.
        /// Source: "Common REST API error codes", "Blob service error codes", "Queue service error codes".
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($code),* }

        impl Code {
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),* }
            }
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status),* }
            }
            pub(crate) fn message(self) -> &'static str {
                match self { $(Self::$code => $message),* }
            }
        }
    };
}

codes! {
    AppendPositionConditionNotMet PRECONDITION_FAILED "The append position condition specified was not met.";
    AuthenticationFailed FORBIDDEN "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.";
    AuthorizationPermissionMismatch FORBIDDEN "This request is not authorized to perform this operation using this permission.";
    AuthorizationProtocolMismatch FORBIDDEN "This request is not authorized to perform this operation using this protocol.";
    AuthorizationResourceTypeMismatch FORBIDDEN "This request is not authorized to perform this operation using this resource type.";
    AuthorizationServiceMismatch FORBIDDEN "This request is not authorized to perform this operation using this service.";
    AuthorizationSourceIPMismatch FORBIDDEN "This request is not authorized to perform this operation using this source IP.";
    BlobAlreadyExists CONFLICT "The specified blob already exists.";
    BlobNotFound NOT_FOUND "The specified blob does not exist.";
    BlockCountExceedsLimit CONFLICT "The committed block count cannot exceed the maximum limit of 50,000 blocks.";
    BlockListTooLong BAD_REQUEST "The block list may not contain more than 50,000 blocks.";
    CannotVerifyCopySource NOT_FOUND "The specified resource does not exist.";
    ConditionNotMet PRECONDITION_FAILED "The condition specified using HTTP conditional header(s) is not met.";
    ContainerAlreadyExists CONFLICT "The specified container already exists.";
    ContainerNotFound NOT_FOUND "The specified container does not exist.";
    CorsPreflightFailure FORBIDDEN "CORS not enabled or no matching rule found for this request.";
    EmptyMetadataKey BAD_REQUEST "The key for one of the metadata key-value pairs is empty.";
    InternalError INTERNAL_SERVER_ERROR "The server encountered an internal error. Please retry the request.";
    InvalidAuthenticationInfo BAD_REQUEST "Authentication information is not given in the correct format. Check the value of Authorization header.";
    InvalidBlobOrBlock BAD_REQUEST "The specified blob or block content is invalid.";
    InvalidBlobType CONFLICT "The blob type is invalid for this operation.";
    InvalidBlockList BAD_REQUEST "The specified block list is invalid.";
    InvalidHeaderValue BAD_REQUEST "The value for one of the HTTP headers is not in the correct format.";
    InvalidMarker BAD_REQUEST "The specified marker is invalid.";
    InvalidMd5 BAD_REQUEST "The MD5 value specified in the request is invalid. MD5 value must be 128 bits and base64 encoded.";
    InvalidMetadata BAD_REQUEST "The metadata specified is invalid. It has characters that are not permitted.";
    InvalidQueryParameterValue BAD_REQUEST "Value for one of the query parameters specified in the request URI is invalid.";
    InvalidRange RANGE_NOT_SATISFIABLE "The range specified is invalid for the current size of the resource.";
    InvalidResourceName BAD_REQUEST "The specified resource name contains invalid characters.";
    InvalidUri BAD_REQUEST "The requested URI does not represent any resource on the server.";
    InvalidXmlDocument BAD_REQUEST "XML specified is not syntactically valid.";
    InvalidXmlNodeValue BAD_REQUEST "The value for one of the XML nodes is not in the correct format.";
    LeaseAlreadyPresent CONFLICT "There is already a lease present.";
    LeaseIdMismatchWithBlobOperation PRECONDITION_FAILED "The lease ID specified did not match the lease ID for the blob.";
    LeaseIdMismatchWithContainerOperation PRECONDITION_FAILED "The lease ID specified did not match the lease ID for the container.";
    LeaseIdMismatchWithLeaseOperation CONFLICT "The lease ID specified did not match the lease ID for the resource with the specified lease operation.";
    LeaseIdMissing PRECONDITION_FAILED "There is currently a lease on the resource and no lease ID was specified in the request.";
    LeaseIsBreakingAndCannotBeAcquired CONFLICT "The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken.";
    LeaseIsBreakingAndCannotBeChanged CONFLICT "The lease ID matched, but the lease is currently in breaking state and cannot be changed.";
    LeaseIsBrokenAndCannotBeRenewed CONFLICT "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.";
    LeaseLost PRECONDITION_FAILED "A lease ID was specified, but the lease for the resource has expired.";
    LeaseNotPresentWithBlobOperation PRECONDITION_FAILED "There is currently no lease on the blob.";
    LeaseNotPresentWithContainerOperation PRECONDITION_FAILED "There is currently no lease on the container.";
    LeaseNotPresentWithLeaseOperation CONFLICT "There is currently no lease on the resource.";
    MaxBlobSizeConditionNotMet PRECONDITION_FAILED "The max blob size condition specified was not met.";
    Md5Mismatch BAD_REQUEST "The MD5 value specified in the request did not match with the MD5 value calculated by the server.";
    MessageNotFound NOT_FOUND "The specified message does not exist.";
    MetadataTooLarge BAD_REQUEST "The size of the specified metadata exceeds the maximum size permitted.";
    MissingRequiredHeader BAD_REQUEST "An HTTP header that's mandatory for this request is not specified.";
    MissingRequiredQueryParameter BAD_REQUEST "A query parameter that's mandatory for this request is not specified.";
    MissingContentLengthHeader LENGTH_REQUIRED "The Content-Length header was not specified.";
    MultipleConditionHeadersNotSupported BAD_REQUEST "Multiple condition headers are not supported.";
    NoAuthenticationInformation UNAUTHORIZED "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.";
    NoPendingCopyOperation CONFLICT "There is currently no pending copy operation.";
    NotImplemented NOT_IMPLEMENTED "The requested operation is not implemented on the specified resource.";
    OutOfRangeInput BAD_REQUEST "One of the request inputs is out of range.";
    OutOfRangeQueryParameterValue BAD_REQUEST "One of the query parameters specified in the request URI is outside the permissible range.";
    PopReceiptMismatch BAD_REQUEST "The specified pop receipt did not match the pop receipt for a dequeued message.";
    QueueAlreadyExists CONFLICT "The specified queue already exists.";
    QueueNotFound NOT_FOUND "The specified queue does not exist.";
    RequestBodyTooLarge PAYLOAD_TOO_LARGE "The request body is too large and exceeds the maximum permissible limit.";
    ResourceNotFound NOT_FOUND "The specified resource does not exist.";
    ServerBusy SERVICE_UNAVAILABLE "The server is busy.";
    TooManyRequests TOO_MANY_REQUESTS "The request rate is too high. Please retry the request later.";
    UnsatisfiableCondition BAD_REQUEST "The request includes an unsatisfiable condition for this operation.";
    UnsupportedHttpVerb METHOD_NOT_ALLOWED "The resource doesn't support the specified HTTP verb.";
}

/// A refusal: what the service answers instead of doing what was asked.
#[derive(Clone, Debug)]
pub(crate) struct ServiceError {
    pub(crate) code: Code,
    /// Differs from the code's own only where the same code has several meanings (304 for a read's condition).
    pub(crate) status: StatusCode,
    /// Further XML elements that name what was wrong.
    pub(crate) details: Vec<(&'static str, String)>,
    /// `Content-Range`, which tells a reader how long the blob is.
    pub(crate) content_range: Option<String>,
}

pub(crate) type ServiceResult<T> = Result<T, ServiceError>;

impl From<Code> for ServiceError {
    fn from(code: Code) -> Self {
        Self {
            code,
            status: code.status(),
            details: Vec::new(),
            content_range: None,
        }
    }
}

impl Code {
    /// The refusal with one more element in its XML.
    pub(crate) fn with(self, element: &'static str, text: impl Into<String>) -> ServiceError {
        ServiceError::from(self).with(element, text)
    }
}

impl ServiceError {
    pub(crate) fn with(mut self, element: &'static str, text: impl Into<String>) -> Self {
        self.details.push((element, text.into()));
        self
    }

    /// A read's condition says that the caller already has the newest state.
    pub(crate) fn not_modified() -> Self {
        Self {
            status: StatusCode::NOT_MODIFIED,
            ..Code::ConditionNotMet.into()
        }
    }

    pub(crate) fn header(name: &str, value: &str) -> Self {
        Code::InvalidHeaderValue
            .with("HeaderName", name)
            .with("HeaderValue", value)
    }

    pub(crate) fn missing_header(name: &str) -> Self {
        Code::MissingRequiredHeader.with("HeaderName", name)
    }

    pub(crate) fn query(name: &str, value: &str) -> Self {
        Code::InvalidQueryParameterValue
            .with("QueryParameterName", name)
            .with("QueryParameterValue", value)
    }

    pub(crate) fn query_range(name: &str, value: impl ToString, low: i64, high: i64) -> Self {
        Code::OutOfRangeQueryParameterValue
            .with("QueryParameterName", name)
            .with("QueryParameterValue", value.to_string())
            .with("MinimumAllowed", low.to_string())
            .with("MaximumAllowed", high.to_string())
    }
}
