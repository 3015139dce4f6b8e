//! The table, and what is wrong.

use std::time::Duration;

use super::{kind::Kind, newcomers::Seen, people::Heard, toll::Sum};

/// What deliveries should stay within under attack, all but one in a hundred, in milliseconds. It is told, and decides
/// nothing: on another machine, or a busy one, it says little.
const WANTED: f64 = 250.0;

/// What was seen for a while.
pub(crate) struct Phase {
    pub(crate) heard: Heard,
    pub(crate) seen: Seen,
    pub(crate) length: Duration,
    pub(crate) cpu: Duration,
    /// Bytes, since the server began.
    pub(crate) peak_memory: u64,
}

/// Prints what came through of the attack.
pub(crate) fn print_attack(toll: &[(Kind, Sum)], only: &[Kind]) {
    println!("| attack | at a time | inside at once, at most | times inside | times refused | frames sent |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (kind, Sum { most, goes, refused, sent }) in
        toll.iter().filter(|(kind, _)| only.is_empty() || only.contains(kind))
    {
        println!("| {} | {} | {most} | {goes} | {refused} | {sent} |", kind.name(), kind.many());
    }
    println!();
}

/// Prints it all; whether all is well.
pub(crate) fn print(peace: &Phase, attack: &Phase, most_megabytes: u64, survived: bool) -> bool {
    let number = |value: u64| value.to_string();
    let time = |value: f64| format!("{value:.1} ms");
    let row = |name: &str, of: &dyn Fn(&Phase) -> String| println!("| {name} | {} | {} |", of(peace), of(attack));
    println!("| | peace | attack |\n| --- | ---: | ---: |");
    row("messages of people", &|phase| number(phase.heard.sent));
    row("of these acked", &|phase| number(phase.heard.acked));
    row("deliveries to people", &|phase| number(phase.heard.told));
    row("lost", &|phase| number(phase.heard.lost()));
    row("told twice", &|phase| number(phase.heard.twice));
    row("people cut off, who came back", &|phase| number(phase.heard.cut_off));
    row("frames that people had to read", &|phase| number(phase.heard.frames));
    row("ack, p50", &|phase| time(phase.heard.acks.within(50)));
    row("ack, p99", &|phase| time(phase.heard.acks.within(99)));
    row("delivery, p50", &|phase| time(phase.heard.deliveries.within(50)));
    row("delivery, p99", &|phase| time(phase.heard.deliveries.within(99)));
    row("newcomers", &|phase| number(phase.seen.came));
    row("of these let in", &|phase| number(phase.seen.welcomes.len()));
    row("page, p50", &|phase| time(phase.seen.pages.within(50)));
    row("page, p99", &|phase| time(phase.seen.pages.within(99)));
    row("coming in, p50", &|phase| time(phase.seen.welcomes.within(50)));
    row("coming in, p99", &|phase| time(phase.seen.welcomes.within(99)));
    row("health checks, and those answered within a second", &|phase| {
        format!("{}, {}", phase.seen.health_checks, phase.seen.answered)
    });
    row("processors at work for the server", &|phase| {
        format!("{:.2}", phase.cpu.as_secs_f64() / phase.length.as_secs_f64())
    });
    row("peak memory of the server", &|phase| format!("{} MB", phase.peak_memory / 1_000_000));

    let mut wrong = Vec::new();
    if !survived {
        wrong.push("the server is dead".to_owned());
    }
    for (name, phase) in [("peace", peace), ("attack", attack)] {
        let (lost, twice) = (phase.heard.lost(), phase.heard.twice);
        if lost + twice > 0 {
            wrong.push(format!("in {name}: {lost} lost, {twice} told twice"));
        }
        if phase.seen.turned_away() > 0 {
            wrong.push(format!("in {name}: {} newcomers were not let in", phase.seen.turned_away()));
        }
        if phase.heard.told == 0 {
            wrong.push(format!("in {name}: nobody was told anything, so this shows nothing"));
        }
    }
    if attack.peak_memory > most_megabytes * 1_000_000 {
        wrong.push(format!("more than {most_megabytes} MB of memory"));
    }
    let slowest = attack.heard.deliveries.within(99);
    println!("abuse: p99 of deliveries under attack: {slowest:.1} ms; wanted: less than {WANTED:.0} ms");
    for words in &wrong {
        println!("abuse: {words}");
    }
    wrong.is_empty()
}
