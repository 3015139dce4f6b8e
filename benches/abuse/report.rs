//! The table, and what is wrong.

use std::time::Duration;

use super::{attack_kind::AttackKind, cost::CostTotals, new_users::NewUserResults, users::UserResults};

/// What deliveries should stay within under attack, all but one in a hundred, in milliseconds. It is told, and decides
/// nothing: on another machine, or a busy one, it says little.
const TARGET_MS: f64 = 250.0;

/// What was seen for a while.
pub(crate) struct Phase {
    pub(crate) users: UserResults,
    pub(crate) new_users: NewUserResults,
    pub(crate) duration: Duration,
    pub(crate) cpu_time: Duration,
    /// Bytes, since the server began.
    pub(crate) peak_memory: u64,
}

/// Prints what came through of the attack.
pub(crate) fn print_attacks(cost: &[(AttackKind, CostTotals)], only: &[AttackKind]) {
    println!("| attack | at a time | inside at once, at most | times inside | times refused | frames sent |");
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

/// Prints it all; whether all is well.
pub(crate) fn print_phases(peace: &Phase, attack: &Phase, most_megabytes: u64, survived: bool) -> bool {
    let number = |value: u64| value.to_string();
    let time = |value: f64| format!("{value:.1} ms");
    let row = |name: &str, of: &dyn Fn(&Phase) -> String| println!("| {name} | {} | {} |", of(peace), of(attack));
    println!("| | peace | attack |\n| --- | ---: | ---: |");
    row("messages of people", &|phase| number(phase.users.sent));
    row("of these acked", &|phase| number(phase.users.acked));
    row("deliveries to people", &|phase| number(phase.users.received));
    row("lost", &|phase| number(phase.users.lost()));
    row("told twice", &|phase| number(phase.users.duplicated));
    row("people cut off, who came back", &|phase| number(phase.users.disconnects));
    row("frames that people had to read", &|phase| number(phase.users.frames));
    row("ack, p50", &|phase| time(phase.users.ack_times.percentile_ms(50)));
    row("ack, p99", &|phase| time(phase.users.ack_times.percentile_ms(99)));
    row("delivery, p50", &|phase| time(phase.users.delivery_times.percentile_ms(50)));
    row("delivery, p99", &|phase| time(phase.users.delivery_times.percentile_ms(99)));
    row("newcomers", &|phase| number(phase.new_users.started));
    row("of these let in", &|phase| number(phase.new_users.sign_in_times.len()));
    row("page, p50", &|phase| time(phase.new_users.page_times.percentile_ms(50)));
    row("page, p99", &|phase| time(phase.new_users.page_times.percentile_ms(99)));
    row("coming in, p50", &|phase| time(phase.new_users.sign_in_times.percentile_ms(50)));
    row("coming in, p99", &|phase| time(phase.new_users.sign_in_times.percentile_ms(99)));
    row("health checks, and those answered within a second", &|phase| {
        format!("{}, {}", phase.new_users.health_checks, phase.new_users.healthy)
    });
    row("processors at work for the server", &|phase| {
        format!("{:.2}", phase.cpu_time.as_secs_f64() / phase.duration.as_secs_f64())
    });
    row("peak memory of the server", &|phase| format!("{} MB", phase.peak_memory / 1_000_000));

    let mut wrong = Vec::new();
    if !survived {
        wrong.push("the server is dead".to_owned());
    }
    for (name, phase) in [("peace", peace), ("attack", attack)] {
        let (lost, duplicated) = (phase.users.lost(), phase.users.duplicated);
        if lost + duplicated > 0 {
            wrong.push(format!("in {name}: {lost} lost, {duplicated} told twice"));
        }
        if phase.new_users.failed() > 0 {
            wrong.push(format!("in {name}: {} newcomers were not let in", phase.new_users.failed()));
        }
        if phase.users.received == 0 {
            wrong.push(format!("in {name}: nobody was told anything, so this shows nothing"));
        }
    }
    if attack.peak_memory > most_megabytes * 1_000_000 {
        wrong.push(format!("more than {most_megabytes} MB of memory"));
    }
    let slowest = attack.users.delivery_times.percentile_ms(99);
    println!("abuse: p99 of deliveries under attack: {slowest:.1} ms; wanted: less than {TARGET_MS:.0} ms");
    for words in &wrong {
        println!("abuse: {words}");
    }
    wrong.is_empty()
}
