//! What a verification has found.

use std::fmt;

/// The most findings of one check that are listed. The rest is only counted.
const MAX_LISTED: usize = 20;

/// What is wrong with a store, by check.
#[derive(Debug, Default)]
pub struct Findings {
    checks: Vec<Check>,
}

#[derive(Debug)]
struct Check {
    name: &'static str,
    listed: Vec<String>,
    count: usize,
}

impl Findings {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty()
    }

    /// How many things are wrong.
    pub fn count(&self) -> usize {
        self.checks.iter().map(|check| check.count).sum()
    }

    /// Adds something that the check `name` has found.
    pub(super) fn add(&mut self, name: &'static str, finding: impl fmt::Display) {
        let known = self.checks.iter().position(|check| check.name == name);
        let index = known.unwrap_or_else(|| {
            self.checks.push(Check { name, listed: Vec::new(), count: 0 });
            self.checks.len() - 1
        });
        let check = &mut self.checks[index];
        check.count += 1;
        if check.listed.len() < MAX_LISTED {
            check.listed.push(finding.to_string());
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            for finding in &check.listed {
                writeln!(f, "{}: {finding}", check.name)?;
            }
            if check.count > check.listed.len() {
                writeln!(f, "{}: and {} more", check.name, check.count - check.listed.len())?;
            }
        }
        Ok(())
    }
}
