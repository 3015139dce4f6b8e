//! A network of its own for a node, where this process may make one: then a cut loses packets, and no kernel at the other
//! end confirms what was sent.

use std::{net::Ipv4Addr, process, process::Command};

use super::programs::output;
use crate::failure::Failure;

/// A network namespace with two cables to this machine: one for clients, one for the database. Dropping it deletes them.
#[derive(Debug)]
pub(super) struct Namespace {
    name: String,
    /// Where the node listens.
    pub(super) node: Ipv4Addr,
    /// This machine, as the node sees it on its way to the database.
    pub(super) database: Ipv4Addr,
}

/// The names of the cables' inner ends.
const CLIENTS: &str = "clients";
const DATABASE: &str = "database";

/// Loses every packet: the queue has room for one byte.
const LOSE_ALL: [&str; 4] = ["root", "bfifo", "limit", "1"];

impl Namespace {
    /// The namespace of the node with this number. Returns `None` if this process may not make one.
    pub(super) fn create(number: usize) -> Result<Option<Self>, Failure> {
        let name = format!("th{}-{number}", process::id());
        if ip(&["netns", "add", &name]).is_err() {
            return Ok(None);
        }
        // Of the range that is set aside for measurements; another run has other addresses.
        let [.., high, low] = process::id().to_be_bytes();
        let first = u8::try_from(number)? * 8;
        let address = |last| Ipv4Addr::new(198, 18 + high % 2, low, first + last);
        let namespace = Self { name, node: address(2), database: address(5) };
        namespace.connect(CLIENTS, address(1), address(2))?;
        namespace.connect(DATABASE, address(5), address(6))?;
        ip(&["-n", &namespace.name, "link", "set", "dev", "lo", "up"])?;
        Ok(Some(namespace))
    }

    /// Adds a cable with these addresses at its ends.
    fn connect(&self, kind: &str, outside: Ipv4Addr, inside: Ipv4Addr) -> Result<(), Failure> {
        let Self { name, .. } = self;
        let device = self.device(kind);
        ip(&["link", "add", &device, "type", "veth", "peer", "name", kind, "netns", name])?;
        ip(&["address", "add", &format!("{outside}/30"), "dev", &device])?;
        ip(&["link", "set", "dev", &device, "up"])?;
        ip(&["-n", name, "address", "add", &format!("{inside}/30"), "dev", kind])?;
        ip(&["-n", name, "link", "set", "dev", kind, "up"])
    }

    /// This machine's end of a cable.
    fn device(&self, kind: &str) -> String {
        format!("{}{}", self.name, &kind[..1])
    }

    /// Loses all packets of a direction, or none.
    pub(super) fn lose_packets(&self, to_database: bool, to_node: bool) -> Result<(), Failure> {
        let device = self.device(DATABASE);
        set_loss(&["-n", &self.name], DATABASE, to_database)?;
        set_loss(&[], &device, to_node)
    }

    /// What comes before the command line of a program that runs inside.
    pub(super) fn prefix(&self) -> Vec<String> {
        ["ip", "netns", "exec", &self.name].map(str::to_owned).to_vec()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Nothing can be done about a namespace that stays.
        let _ = ip(&["netns", "delete", &self.name]);
    }
}

fn ip(arguments: &[&str]) -> Result<(), Failure> {
    output(Command::new("ip").args(arguments)).map(drop)
}

fn set_loss(of_namespace: &[&str], device: &str, loses: bool) -> Result<(), Failure> {
    let mut tc = Command::new("tc");
    tc.args(of_namespace).args(["qdisc", if loses { "replace" } else { "delete" }, "dev", device]);
    if loses {
        tc.args(LOSE_ALL);
    } else {
        tc.arg("root");
    }
    match output(&mut tc) {
        Ok(_) => Ok(()),
        // There was no loss to end.
        Err(_) if !loses => Ok(()),
        Err(failure) => Err(failure),
    }
}
