//! Errors: those of the sandbox itself, and those it answers with.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

/// Why the sandbox cannot open or serve.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Its records cannot be opened or written.
    #[error("the CRM sandbox's records at {place}: {source}. Check that the folder exists and can be written")]
    Store {
        /// The file, or `memory`.
        place: String,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The TLS certificate or key cannot be used.
    #[error("the CRM sandbox's TLS certificate or key: {0}. Give a PEM chain and its PKCS#8 key")]
    Tls(String),
    /// The socket failed.
    #[error("the CRM sandbox's listener: {0}")]
    Listen(#[from] std::io::Error),
}

/// One error of one row, as Collections and record calls give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RowError {
    /// `REQUIRED_FIELD_MISSING` and the like.
    #[serde(rename = "statusCode")]
    pub code: String,
    /// For people.
    pub message: String,
    /// The fields concerned.
    pub fields: Vec<String>,
}

impl RowError {
    pub fn new(code: &str, message: impl Into<String>, fields: &[&str]) -> Self {
        Self { code: code.into(), message: message.into(), fields: fields.iter().map(|f| (*f).to_owned()).collect() }
    }
}

/// An error that answers a whole request.
#[derive(Debug)]
pub(crate) struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// What went wrong, in Salesforce's form.
    pub error: RowError,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, error: RowError::new(code, message, &[]) }
    }

    pub fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }
}

impl From<RowError> for ApiError {
    fn from(error: RowError) -> Self {
        let status = match error.code.as_str() {
            "NOT_FOUND" | "ENTITY_IS_DELETED" => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, error }
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(e: rusqlite::Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN_EXCEPTION", format!("the sandbox's store: {e}"))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({ "message": self.error.message, "errorCode": self.error.code });
        if !self.error.fields.is_empty() {
            body["fields"] = json!(self.error.fields);
        }
        (self.status, Json(json!([body]))).into_response()
    }
}

pub(crate) type ApiResult<T> = Result<T, ApiError>;
