//! Sheet and scripts: files of our own, part of the program, served by name.
//!
//! Contract: the address carries a hash of the content, so that a browser may keep the
//! file for a year and has a new one at once after an upgrade.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// What a page may load: files of this server, and nothing that stands in the page itself
/// but styles of drawn charts.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

const ASSETS: &[Asset] = &[
    Asset { name: "console.css", kind: "text/css; charset=utf-8", text: include_str!("assets/console.css") },
    Asset { name: "console.js", kind: SCRIPT, text: include_str!("assets/console.js") },
    Asset { name: "report.js", kind: SCRIPT, text: include_str!("assets/report.js") },
    Asset { name: "follow.js", kind: SCRIPT, text: include_str!("assets/follow.js") },
    Asset { name: "board.js", kind: SCRIPT, text: include_str!("assets/board.js") },
];

static HASHES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let hash = |a: &Asset| hex::encode(Sha256::digest(a.text.as_bytes())).chars().take(16).collect();
    ASSETS.iter().map(hash).collect()
});

/// The address of a file.
pub(crate) fn url(name: &str) -> String {
    let at = ASSETS.iter().position(|a| a.name == name);
    format!("/assets/{name}?{}", at.and_then(|i| HASHES.get(i)).map_or("", String::as_str))
}

/// `GET /assets/{name}`: needs no session, for the sign-in page is made of them too.
pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some((asset, hash)) = ASSETS.iter().zip(&*HASHES).find(|(a, _)| a.name == name) else {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    };
    let tag = format!("\"{hash}\"");
    let same = headers.get(header::IF_NONE_MATCH).is_some_and(|t| t.as_bytes() == tag.as_bytes());
    let mut response = if same { StatusCode::NOT_MODIFIED.into_response() } else { asset.text.into_response() };
    let told = response.headers_mut();
    told.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    told.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    told.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        told.insert(header::ETAG, tag);
    }
    response
}
