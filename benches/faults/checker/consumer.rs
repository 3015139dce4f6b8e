//! Checks that the consumer of the commit log has read every entry exactly once, in order.

use crate::{
    checker::findings::Findings,
    history::{History, Log},
};

pub(super) fn check(history: &History, log: &Log, findings: &mut Findings) {
    let mut last = 0;
    for entry in &history.copied {
        match log.entries.get(&entry.position) {
            None => findings.wrong.add(|| format!("a consumer read position {}, which does not exist", entry.position)),
            Some(event) if *event != entry.event => {
                findings.wrong.add(|| format!("a consumer read {entry:?}, and the log has {event:?} there"));
            }
            Some(_) => {}
        }
        if entry.position == last {
            findings.duplicated.add(|| format!("a consumer read position {last} again"));
        } else if entry.position < last {
            findings.out_of_order.add(|| format!("a consumer read position {} after {last}", entry.position));
        } else if entry.position > last + 1 {
            findings.lost.add(|| format!("a consumer missed the positions after {last} before {}", entry.position));
        }
        last = last.max(entry.position);
    }
    if let Some((end, _)) = log.entries.last_key_value()
        && last < *end
    {
        findings.lost.add(|| format!("a consumer missed the positions after {last} up to {end}"));
    }
    for (expected, position) in (1..).zip(log.entries.keys()) {
        if expected != *position {
            findings.lost.add(|| format!("the commit log has no position {expected}"));
            break;
        }
    }
}
