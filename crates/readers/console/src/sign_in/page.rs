//! The pages of signing in.

use crate::auth::{Access, Caller};
use crate::pages::{alert, encode, escape, page};

/// Where to go on to after a sign-in.
#[derive(Clone, Copy, Default)]
pub(crate) struct Onward<'a> {
    /// A recording.
    pub recording: Option<&'a str>,
    /// A path of this server.
    pub next: Option<&'a str>,
}

/// The ways to sign in that there are: a provider, accounts, and one-time codes. `caller` is who is
/// signed in already.
pub(crate) fn sign_in(
    access: &Access,
    caller: Option<&Caller>,
    code: &str,
    onward: Onward<'_>,
    problem: Option<&str>,
) -> String {
    let fields = hidden("recording", onward.recording) + &hidden("next", onward.next);
    let mut body = alert(problem);
    body.push_str(&caller.map(signed_in_already).unwrap_or_default());
    if access.oidc.is_some() {
        body.push_str(&by_provider(onward));
    }
    if access.accounts.is_some() {
        body.push_str(&by_password(&fields, code.is_empty()));
    }
    let alone = access.accounts.is_none() && access.oidc.is_none();
    body.push_str(&by_code(&fields, code, alone || !code.is_empty()));
    page("Sign in", &body)
}

fn hidden(name: &str, value: Option<&str>) -> String {
    let field = |v| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(v));
    value.map(field).unwrap_or_default()
}

fn signed_in_already(caller: &Caller) -> String {
    format!(
        "<form method=\"post\" action=\"/sign-out\"><p>You are signed in as {} ({}).</p>{}\
         <button type=\"submit\">Sign out</button></form>",
        escape(&caller.name),
        caller.role.name(),
        hidden("csrf", caller.csrf())
    )
}

fn by_provider(onward: Onward<'_>) -> String {
    let query = match onward {
        Onward { recording: Some(id), .. } => format!("?recording={}", encode(id)),
        Onward { next: Some(path), .. } => format!("?next={}", encode(path)),
        _ => String::new(),
    };
    format!("<p><a href=\"/sign-in/oidc{query}\">Sign in with your organisation's account</a></p>")
}

fn by_password(fields: &str, first: bool) -> String {
    let focus = if first { " autofocus" } else { "" };
    format!(
        "<form method=\"post\" action=\"/sign-in\"><label for=\"name\">Name</label>\
         <input type=\"text\" id=\"name\" name=\"name\" autocomplete=\"username\" autocapitalize=\"off\" \
         spellcheck=\"false\" required{focus}><label for=\"password\">Password</label>\
         <input type=\"password\" id=\"password\" name=\"password\" autocomplete=\"current-password\" required>\
         {fields}<button type=\"submit\">Sign in</button></form>"
    )
}

/// Folded away where there are accounts, which most people have.
fn by_code(fields: &str, code: &str, open: bool) -> String {
    let form = format!(
        "<form method=\"post\" action=\"/sign-in\"><label for=\"code\">One-time code</label>\
         <input type=\"text\" id=\"code\" name=\"code\" value=\"{}\" autocomplete=\"off\" \
         autocapitalize=\"off\" spellcheck=\"false\" required>{fields}\
         <button type=\"submit\">Sign in</button></form>",
        escape(code)
    );
    if open { form } else { format!("<details><summary>Sign in with a one-time code</summary>{form}</details>") }
}

/// After a sign-in.
pub(crate) fn signed_in(recording: Option<&str>) -> String {
    let next = match recording {
        Some(id) => format!("<p><a href=\"/r/{}\">Go on to the recording</a></p>", encode(id)),
        None => "<p><a href=\"/\">Go on to the live board</a>, or open a recording's link now.</p>".to_owned(),
    };
    page("Signed in", &format!("<p>You are signed in for eight hours in this browser.</p>{next}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_given_becomes_markup() {
        let onward = Onward { recording: Some("\"><b>"), next: Some("\"><b>") };
        let form = sign_in(&Access::new(Vec::new(), Vec::new()), None, "\"><i>", onward, Some("<u>"));
        assert!(!form.contains("<i>") && !form.contains("<b>") && !form.contains("<u>"), "{form}");
        assert!(signed_in(Some("//evil/..")).contains("href=\"/r/%2F%2Fevil%2F..\""));
    }
}
