use std::net::IpAddr;

use super::*;

fn client(text: &str) -> ClientAddr {
    ClientAddr::from(text.parse::<IpAddr>().expect(text))
}

/// One of many addresses, each in a network of its own.
fn stranger(number: usize) -> ClientAddr {
    let [.., b, c] = number.to_be_bytes();
    ClientAddr::from(IpAddr::from([10, b, c, 1]))
}

fn limiter(total: usize) -> Arc<ConnectionLimiter> {
    ConnectionLimiter::new(ConnectionLimits { total, per_address: Some(400), per_network: Some(2_000) })
}

fn status(permit: Option<&ConnectionPermit>) -> Option<PermitStatus> {
    permit.map(|permit| permit.status)
}

#[test]
fn idle_connections_of_many_addresses_leave_capacity_for_others() {
    let limiter = limiter(10_000);
    let friend = client("192.0.2.1");
    let first = limiter.acquire(friend).expect("a permit");
    first.mark_signed_in();
    drop(first);
    // Thirteen addresses, each with as many connections as it gets.
    let mut idle = Vec::new();
    for number in 0..13 * 400 {
        idle.extend(limiter.acquire(stranger(number % 13)));
    }
    assert!(limiter.is_crowded());
    let newcomer = limiter.acquire(client("198.51.100.7"));
    assert_eq!(status(newcomer.as_ref()), Some(PermitStatus::Granted), "a new address");
    drop(newcomer);
    // And from ever more addresses.
    for number in 0..5_000 {
        idle.extend(limiter.acquire(stranger(number)));
    }
    let granted = idle.iter().filter(|permit| permit.status == PermitStatus::Granted).count();
    assert_eq!(granted, 5_000, "half of the connections");
    let known: Vec<_> = (0..400).map(|_| limiter.acquire(friend).expect("a permit")).collect();
    assert!(known.iter().all(|permit| permit.status == PermitStatus::Granted));
}

#[test]
fn a_full_server_answers_a_few_of_those_that_it_refuses() {
    let limiter = limiter(10);
    let _held: Vec<_> = (0..10).map(|_| limiter.acquire_for_proxy().expect("a permit")).collect();
    let mut refused: Vec<_> = (0..6).filter_map(|_| limiter.acquire(client("192.0.2.1"))).collect();
    assert_eq!(refused.len(), MAX_REFUSALS_PER_ADDRESS);
    for number in 0..1_000 {
        refused.extend(limiter.acquire(stranger(number)));
    }
    assert!(refused.iter().all(|permit| permit.status == PermitStatus::ServerFull));
    assert_eq!(limiter.open().refused.total, MAX_REFUSALS);
    let monitor = limiter.acquire(client("127.0.0.1")).expect("a permit for a monitor on this machine");
    assert_eq!(monitor.status, PermitStatus::ServerFull);
    drop((refused, monitor));
    assert_eq!(limiter.open().refused.total, 0);
}

#[test]
fn the_limit_of_a_network_holds_however_many_addresses_it_has() {
    let limiter = ConnectionLimiter::new(ConnectionLimits { total: 100, per_address: Some(4), per_network: Some(6) });
    let mut held = Vec::new();
    for host in 1..=10 {
        held.extend(limiter.acquire(ClientAddr::from(IpAddr::from([192, 0, 2, host]))));
    }
    assert_eq!(held.len(), 6);
    assert!(limiter.acquire(client("192.0.3.1")).is_some(), "the next network");
    let mut held = Vec::new();
    for network in 0..10 {
        held.extend(limiter.acquire(client(&format!("2001:db8:1:{network}::1"))));
    }
    assert_eq!(held.len(), 6);
    assert!(limiter.acquire(client("2001:db8:2::1")).is_some(), "the next network");
    held.clear();
    assert!(limiter.acquire(client("2001:db8:1::1")).is_some(), "closed connections do not count");
}

#[test]
fn without_address_limits_one_address_gets_all_that_unknown_addresses_may_have() {
    let limiter = ConnectionLimiter::new(ConnectionLimits { total: 100, per_address: None, per_network: None });
    let held: Vec<_> = (0..100).filter_map(|_| limiter.acquire(client("192.0.2.1"))).collect();
    assert_eq!(held.iter().filter(|permit| permit.status == PermitStatus::Granted).count(), 50);
    held.iter().for_each(ConnectionPermit::mark_signed_in);
    assert_eq!(status(limiter.acquire(client("192.0.2.1")).as_ref()), Some(PermitStatus::Granted));
}

#[test]
fn each_connection_counts_once_and_only_while_it_is_open() {
    let limiter = limiter(100);
    for number in 0..300 {
        let permit = limiter.acquire(stranger(number % 7)).expect("a permit");
        if number % 2 == 0 {
            permit.mark_signed_in();
            permit.mark_signed_in();
        }
        let proxied = limiter.acquire_for_proxy().expect("a permit");
        assert!(proxied.assign_client(stranger(number)));
        proxied.mark_signed_in();
    }
    let open = limiter.open();
    assert_eq!((open.total, open.unknown, open.by_address.total, open.by_network.total), (0, 0, 0, 0));
    assert!(open.by_address.by_key.is_empty() && open.by_network.by_key.is_empty());
}
