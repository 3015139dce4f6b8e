//! [`fanout`] with the clients spread over several nodes: what does a delivery cost all nodes together?

use super::{fanout, figures::Row, test_bed::WorkloadContext};
use crate::failure::Failure;

const NODES: [usize; 3] = [1, 2, 3];

pub(super) fn run(context: &WorkloadContext<'_>) -> Result<Vec<Row>, Failure> {
    let (mut rows, mut of_one_node) = (Vec::new(), None);
    for nodes in NODES {
        let name = format!("{}, nodes: {nodes}", context.server_kind.name());
        let figures = fanout::run(&context.with_nodes(nodes));
        let mut figures = figures.map_err(|failure| format!("{name}: {failure}"))?;
        let cpu = figures[0].1;
        figures.insert(1, ("to one node", cpu / *of_one_node.get_or_insert(cpu)));
        rows.push((name, figures));
    }
    Ok(rows)
}
