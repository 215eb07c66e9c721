//! Logins, pauses and after-call work, given / when / then.
mod world;

use model::Body;
use model::event::LogonKind;
use world::Switch;

#[test]
fn pauseall_beside_one_pause_a_queue_is_one_pause() {
    let mut switch = Switch::new();
    switch.logs_on(0.0, "Alice", "support");
    switch.logs_on(0.0, "Alice", "vip");
    switch.pauses(10.0, "Alice", "", "lunch");
    switch.pauses(10.0, "Alice", "support", "lunch");
    switch.pauses(10.0, "Alice", "vip", "lunch");
    switch.unpauses(20.0, "Alice", "");
    switch.unpauses(20.0, "Alice", "support");
    switch.unpauses(20.0, "Alice", "vip");
    let expected = [
        "login support  0..-",
        "login vip  0..-",
        "pause * lunch 10..20",
        "pause support lunch 10..20",
        "pause vip lunch 10..20",
    ];
    assert_eq!(switch.told(), expected);
}

#[test]
fn pauses_one_queue_at_a_time_are_a_pause_once_every_queue_is() {
    let mut switch = Switch::new();
    switch.logs_on(0.0, "Alice", "support");
    switch.logs_on(0.0, "Alice", "vip");
    switch.pauses(10.0, "Alice", "support", "lunch");
    switch.pauses(12.0, "Alice", "vip", "training");
    switch.unpauses(20.0, "Alice", "support");
    let pauses: Vec<String> = switch.told().into_iter().filter(|s| s.starts_with("pause")).collect();
    assert_eq!(pauses, ["pause support lunch 10..20", "pause * training 12..20", "pause vip training 12..-"]);
}

#[test]
fn a_pause_counts_where_no_login_is_known_and_later_rows_override() {
    let mut switch = Switch::new();
    switch.pauses(10.0, "Alice", "", "lunch");
    switch.pauses(15.0, "Alice", "", "coaching");
    switch.unpauses(20.0, "Alice", "support");
    assert_eq!(switch.told(), ["pause * lunch 10..15", "pause * coaching 15..20"]);
}

#[test]
fn leaving_a_queue_ends_the_pause_in_it() {
    let mut switch = Switch::new();
    switch.logs_on(0.0, "Alice", "support");
    switch.pauses(10.0, "Alice", "", "lunch");
    switch.pauses(10.0, "Alice", "support", "lunch");
    switch.logs_off(15.0, "Alice", "support");
    switch.logs_on(30.0, "Alice", "support");
    let expected =
        ["login support  0..15", "pause * lunch 10..15", "pause support lunch 10..15", "login support  30..-"];
    assert_eq!(switch.told(), expected);
}

#[test]
fn a_queue_joined_while_paused_in_all_others_is_joined_unpaused() {
    let mut switch = Switch::new();
    switch.logs_on(0.0, "Alice", "support");
    switch.pauses(10.0, "Alice", "", "lunch");
    switch.logs_on(20.0, "Alice", "vip");
    switch.pauses(30.0, "Alice", "", "lunch");
    switch.unpauses(40.0, "Alice", "");
    let pauses: Vec<String> = switch.told().into_iter().filter(|s| s.starts_with("pause")).collect();
    let expected =
        ["pause * lunch 10..20", "pause support lunch 10..40", "pause * lunch 30..40", "pause vip lunch 30..40"];
    assert_eq!(pauses, expected);
}

#[test]
fn sessions_end_by_their_own_kind_and_a_lone_logoff_counts_back() {
    let mut switch = Switch::new();
    let on = |kind| Body::AgentLoggedOn { kind, listed: false };
    let off = |kind, stated_ms| Body::AgentLoggedOff { kind, stated_ms };
    switch.say(0.0, "", "", "Agent/7", on(LogonKind::Agent));
    switch.say(5.0, "", "", "Agent/7", on(LogonKind::Callback));
    switch.say(10.0, "", "", "Agent/7", off(LogonKind::Agent, Some(10_000)));
    switch.say(20.0, "", "", "Agent/7", off(LogonKind::Callback, None));
    switch.say(100.0, "", "", "Agent/8", off(LogonKind::Agent, Some(60_000)));
    assert_eq!(switch.told(), ["login *  0..10", "login *  5..20", "login *  40..100"]);
}

#[test]
fn a_list_answer_fills_in_only_what_nobody_said() {
    let mut switch = Switch::new();
    let listed = Body::AgentLoggedOn { kind: LogonKind::Member, listed: true };
    switch.logs_on(0.0, "Alice", "support");
    switch.logs_off(5.0, "Alice", "support");
    switch.say(6.0, "", "support", "Alice", listed.clone());
    switch.say(6.0, "", "support", "Bob", listed.clone());
    switch.say(6.0, "", "support", "Bob", Body::AgentNotReady { reason: None, listed: true });
    assert_eq!(switch.told(), ["login support  0..5", "login support  6..-", "pause *  6..-", "pause support  6..-"]);
    let gap = Body::SourceGap { from: world::at(7.0), to: world::at(50.0) };
    switch.say(50.0, "", "", "", gap);
    switch.say(51.0, "", "support", "Alice", listed);
    assert_eq!(switch.told().last().map(String::as_str), Some("login support  51..-"));
}

#[test]
fn a_row_out_of_order_takes_its_place() {
    let mut switch = Switch::new();
    switch.logs_on(0.0, "Alice", "support");
    switch.pauses(10.0, "Alice", "support", "lunch");
    switch.pauses(30.0, "Alice", "support", "training");
    switch.unpauses(20.0, "Alice", "support");
    let pauses: Vec<String> = switch.told().into_iter().filter(|s| s.starts_with("pause support")).collect();
    assert_eq!(pauses, ["pause support lunch 10..20", "pause support training 30..-"]);
}

#[test]
fn a_pause_for_wrap_up_is_after_call_work_of_the_visit_just_ended_and_no_pause() {
    let mut switch = Switch::new();
    switch.acw_reason("wrapup");
    switch.logs_on(0.0, "Alice", "support");
    switch.joins(1.0, "c1", "support");
    switch.answers(2.0, "Alice", "c1", "support", None);
    switch.ends(10.0, "Alice", "c1", "support", None);
    switch.pauses(10.0, "Alice", "", "wrapup");
    switch.pauses(10.0, "Alice", "support", "wrapup");
    switch.pauses(16.0, "Alice", "", "lunch");
    switch.pauses(16.0, "Alice", "support", "lunch");
    let expected = ["login support  0..-", "acw * wrapup 10..16", "pause * lunch 16..-", "pause support lunch 16..-"];
    let mut told = switch.told();
    told.sort_by_key(|s| s.rsplit(' ').next().and_then(|r| r.split('.').next()?.parse::<i64>().ok()));
    assert_eq!(told, expected);
    assert_eq!(switch.visit().acw_ms, Some(6000));
}

#[test]
fn wrap_up_with_its_length_is_after_call_work() {
    let mut switch = Switch::new();
    switch.joins(1.0, "c1", "support");
    switch.answers(2.0, "Alice", "c1", "support", None);
    switch.ends(10.0, "Alice", "c1", "support", None);
    switch.say(10.0, "c1", "support", "Alice", Body::AgentWorkingAfterCall { stated_ms: Some(5000) });
    assert_eq!(switch.told(), ["acw *  10..15"]);
    assert_eq!(switch.visit().acw_ms, Some(5000));
}

#[test]
fn an_interface_that_gets_its_name_takes_its_stretches_along() {
    let mut switch = Switch::new();
    switch.logs_on(0.0, "PJSIP/1001", "support");
    switch.say(1.0, "", "", "Alice", Body::AgentKnown { interface: "PJSIP/1001".into() });
    switch.logs_off(10.0, "PJSIP/1001", "support");
    assert_eq!(switch.told(), ["login support  0..10"]);
    assert_eq!(switch.stretches()[0].agent, "Alice");
}
