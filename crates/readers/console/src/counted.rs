//! Every answer is told to whoever counts them.
//!
//! Contract: what is told takes few values: the route as the router knows it, never the
//! path that was asked for; `other` where no route or no common method was.

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{Method, header};
use axum::middleware::{Next, from_fn};

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The route, as `/r/{recording_id}`.
    pub route: &'a str,
    /// The status.
    pub status: u16,
    /// Whether the caller showed a token.
    pub with_token: bool,
}

/// Told of each answer, before it leaves.
pub type Counts = Arc<dyn Fn(&Answered<'_>) + Send + Sync>;

/// The same router; each answer is told.
pub fn counted(router: Router, told: Counts) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| {
        let told = told.clone();
        async move {
            let route = request.extensions().get::<MatchedPath>().cloned();
            let method = common(request.method());
            let with_token = request.headers().contains_key(header::AUTHORIZATION);
            let response = next.run(request).await;
            let route = route.as_ref().map_or("other", MatchedPath::as_str);
            told(&Answered { method, route, status: response.status().as_u16(), with_token });
            response
        }
    }))
}

/// A method by a name of ours: a caller may send any word as one.
fn common(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn routes_not_paths_are_told() {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let telling = seen.clone();
        let told: Counts = Arc::new(move |a| {
            let line = format!("{} {} {} {}", a.method, a.route, a.status, a.with_token);
            telling.lock().unwrap().push(line);
        });
        let router = Router::new().route("/r/{id}", get(|| async { StatusCode::FORBIDDEN }));
        let router = counted(router, told);
        for (method, path, token) in [("GET", "/r/1", true), ("BREW", "/r/2", false), ("POST", "/x/y", false)] {
            let mut request = Request::builder().method(method).uri(path);
            if token {
                request = request.header("authorization", "Bearer x");
            }
            router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        }
        let told = ["GET /r/{id} 403 true", "other /r/{id} 405 false", "POST other 404 false"];
        assert_eq!(*seen.lock().unwrap(), told);
    }
}
