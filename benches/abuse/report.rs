//! The tables, and the problems found.

use std::time::Duration;

use super::{attack_kind::AttackKind, cost::CostTotals, new_users::NewUserResults, users::UserResults};

/// The target for the p99 of deliveries under attack, in milliseconds. It is printed and decides nothing, because times
/// say little about another or a busy machine.
const TARGET_MS: f64 = 250.0;

/// The measurements of one phase.
pub(crate) struct Phase {
    pub(crate) users: UserResults,
    pub(crate) new_users: NewUserResults,
    pub(crate) duration: Duration,
    pub(crate) cpu_time: Duration,
    /// In bytes, since the server started.
    pub(crate) peak_memory: u64,
}

/// Prints how much of each attack reached the server.
pub(crate) fn print_attacks(cost: &[(AttackKind, CostTotals)], only: &[AttackKind]) {
    println!("| attack | at a time | connected at once, at most | times connected | times refused | frames sent |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (kind, CostTotals { max_connected, connections, refused, frames_sent }) in
        cost.iter().filter(|(kind, _)| only.is_empty() || only.contains(kind))
    {
        println!(
            "| {} | {} | {max_connected} | {connections} | {refused} | {frames_sent} |",
            kind.name(),
            kind.attackers()
        );
    }
    println!();
}

/// Prints both phases and the problems. Returns whether there were none.
pub(crate) fn print_phases(peace: &Phase, attack: &Phase, max_megabytes: u64, survived: bool) -> bool {
    let number = |value: u64| value.to_string();
    let time = |value: f64| format!("{value:.1} ms");
    let row = |name: &str, of: &dyn Fn(&Phase) -> String| println!("| {name} | {} | {} |", of(peace), of(attack));
    println!("| | peace | attack |\n| --- | ---: | ---: |");
    row("messages of users", &|phase| number(phase.users.sent));
    row("acknowledged", &|phase| number(phase.users.acked));
    row("deliveries to users", &|phase| number(phase.users.received));
    row("lost", &|phase| number(phase.users.lost()));
    row("delivered twice", &|phase| number(phase.users.duplicated));
    row("users disconnected, who resumed", &|phase| number(phase.users.disconnects));
    row("frames that users had to read", &|phase| number(phase.users.frames));
    row("ack, p50", &|phase| time(phase.users.ack_times.percentile_ms(50)));
    row("ack, p99", &|phase| time(phase.users.ack_times.percentile_ms(99)));
    row("delivery, p50", &|phase| time(phase.users.delivery_times.percentile_ms(50)));
    row("delivery, p99", &|phase| time(phase.users.delivery_times.percentile_ms(99)));
    row("new users", &|phase| number(phase.new_users.started));
    row("signed in", &|phase| number(phase.new_users.sign_in_times.len()));
    row("page, p50", &|phase| time(phase.new_users.page_times.percentile_ms(50)));
    row("page, p99", &|phase| time(phase.new_users.page_times.percentile_ms(99)));
    row("sign-in, p50", &|phase| time(phase.new_users.sign_in_times.percentile_ms(50)));
    row("sign-in, p99", &|phase| time(phase.new_users.sign_in_times.percentile_ms(99)));
    row("health checks, and those answered within a second", &|phase| {
        format!("{}, {}", phase.new_users.health_checks, phase.new_users.healthy)
    });
    row("cores used by the server", &|phase| {
        format!("{:.2}", phase.cpu_time.as_secs_f64() / phase.duration.as_secs_f64())
    });
    row("peak memory of the server", &|phase| format!("{} MB", phase.peak_memory / 1_000_000));

    let mut problems = Vec::new();
    if !survived {
        problems.push("the server is no longer running".to_owned());
    }
    for (name, phase) in [("peace", peace), ("attack", attack)] {
        let (lost, duplicated) = (phase.users.lost(), phase.users.duplicated);
        if lost + duplicated > 0 {
            problems.push(format!("in {name}: {lost} lost, {duplicated} delivered twice"));
        }
        if phase.new_users.failed() > 0 {
            problems.push(format!("in {name}: {} new users could not sign in", phase.new_users.failed()));
        }
        if phase.users.received == 0 {
            problems.push(format!("in {name}: nothing was delivered, so this shows nothing"));
        }
    }
    if attack.peak_memory > max_megabytes * 1_000_000 {
        problems.push(format!("more than {max_megabytes} MB of memory"));
    }
    let slowest = attack.users.delivery_times.percentile_ms(99);
    println!("abuse: p99 of deliveries under attack: {slowest:.1} ms; target: less than {TARGET_MS:.0} ms");
    for problem in &problems {
        println!("abuse: {problem}");
    }
    problems.is_empty()
}
