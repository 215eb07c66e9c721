//! Where to go on to after a sign-in: a path of this server, never another site.

/// `path`, where it is one of ours: begins with one `/`, and nothing in it makes a browser
/// read another host (`//`, `\`) or ends a header line.
pub(crate) fn local(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    let odd = |c: char| c == '\\' || c.is_control();
    (!rest.starts_with('/') && !path.contains(odd) && path.len() <= 2_000).then_some(path)
}

/// The address of the sign-in page that comes back to `path`.
pub(crate) fn sign_in_then(path: &str) -> String {
    match local(path) {
        Some("/") | None => "/sign-in".to_owned(),
        Some(path) => format!("/sign-in?next={}", crate::pages::encode(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_taken() {
        for good in ["/", "/reports?from=2026-11-01&q=a//b", "/r/abc"] {
            assert_eq!(local(good), Some(good));
        }
        for bad in ["", "reports", "//evil.example", "/\\evil.example", "https://evil.example/", "/a\r\nb", "/\t/evil"]
        {
            assert_eq!(local(bad), None, "{bad}");
        }
        assert_eq!(sign_in_then("/reports?a=b"), "/sign-in?next=%2Freports%3Fa%3Db");
        assert_eq!(sign_in_then("//evil.example"), "/sign-in");
    }
}
