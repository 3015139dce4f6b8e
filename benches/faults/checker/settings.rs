//! Checks what users set of conversations for themselves: each acknowledged command has an entry in the commit log, and nothing is
//! set that nobody asked for.

use std::collections::BTreeMap;

use crate::{
    checker::findings::Findings,
    history::{Ack, Command, CommandKind, Log, LoggedSetting, Outcome},
};

pub(super) fn check(commands: &[Command], log: &Log, findings: &mut Findings) {
    // Sent again, a command takes effect again. So there may be more entries than commands.
    let mut logged: BTreeMap<LoggedSetting, usize> = BTreeMap::new();
    for setting in log.settings.values() {
        *logged.entry(*setting).or_default() += 1;
    }
    let mut asked: BTreeMap<LoggedSetting, usize> = BTreeMap::new();
    for command in commands {
        let CommandKind::Setting(setting) = command.kind else { continue };
        let (user, conversation) = (command.author, command.conversation);
        let count = asked.entry(LoggedSetting { user, conversation, setting }).or_default();
        *count += usize::from(command.outcome == Outcome::Acked);
        check_answers(command, findings);
    }
    for (setting, acked) in &asked {
        let found = logged.get(setting).copied().unwrap_or(0);
        if found < *acked {
            findings.lost.add(|| format!("{setting:?} was acked {acked} times and is in the log {found} times"));
        }
    }
    for setting in logged.keys().filter(|setting| !asked.contains_key(setting)) {
        findings.wrong.add(|| format!("nobody asked for {setting:?}"));
    }
}

fn check_answers(command: &Command, findings: &mut Findings) {
    if command.outcome == Outcome::Unanswered {
        findings.wrong.add(|| format!("{} was never answered", command.id));
    }
    let is_right = |ack: &Ack| ack.conversation == command.conversation && ack.seq.is_none();
    if !command.acks.iter().all(is_right) {
        findings.wrong.add(|| format!("a setting was acked with another place: {command:?}"));
    }
}
