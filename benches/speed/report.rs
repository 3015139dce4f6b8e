//! The tables of all measurements.

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Duration};

use super::{
    disk,
    failure::Failure,
    process,
    servers::ServerKind,
    settings::Settings,
    workloads::{Figures, Workload},
};

/// How long the disk is measured for the head of the report.
const DISK_TIME: Duration = Duration::from_secs(1);

/// The rows of a workload in the order of measurement: a name, usually of a server, and the figures of each round.
type Rows = Vec<(String, BTreeMap<usize, Figures>)>;

#[derive(Default)]
pub(crate) struct Report(BTreeMap<Workload, Rows>);

impl Report {
    pub(crate) fn record(&mut self, workload: Workload, round: usize, row: String, figures: Figures) {
        let rows = self.0.entry(workload).or_default();
        if let Some((_, rounds)) = rows.iter_mut().find(|(name, _)| *name == row) {
            rounds.insert(round, figures);
        } else {
            rows.push((row, BTreeMap::from([(round, figures)])));
        }
    }

    pub(crate) fn print(mut self) {
        let order = |row: &str| ServerKind::all().iter().position(|kind| kind.name() == row);
        for (workload, rows) in &mut self.0 {
            println!("\n### {}\n", workload.name());
            rows.sort_by_key(|(name, _)| order(name));
            print_table(rows);
        }
    }
}

fn print_table(rows: &Rows) {
    let Some(first) = rows.first().and_then(|(_, rounds)| rounds.values().next()) else { return };
    // NaN stands for a figure that does not apply. A column without any other is left out.
    let applies =
        |index: usize| rows.iter().any(|(_, rounds)| rounds.values().any(|figures| !figures[index].1.is_nan()));
    let indices: Vec<_> = (0..first.len()).filter(|index| applies(*index)).collect();
    let names: Vec<_> = indices.iter().map(|index| first[*index].0).collect();
    let bun = rows.iter().find(|(name, _)| *name == ServerKind::Bun.name()).map(|(_, rounds)| rounds);
    let (main_figure, others) = names.split_at(1);
    let mut columns = vec!["", main_figure[0]];
    columns.extend(bun.map(|_| "to Bun"));
    columns.extend(others);
    println!("| {} |\n| --- |{}", columns.join(" | "), " ---: |".repeat(columns.len() - 1));
    for (name, rounds) in rows {
        let mut cells = vec![name.clone()];
        for &index in &indices {
            cells.push(median_and_range(rounds.values().map(|figures| figures[index].1).collect()));
            if let (0, Some(bun)) = (index, bun) {
                let ratio = |(round, figures): (&usize, &Figures)| Some(figures[0].1 / bun.get(round)?[0].1);
                cells.push(median_and_range(rounds.iter().filter_map(ratio).collect()));
            }
        }
        println!("| {} |", cells.join(" | "));
    }
}

/// The median, with minimum and maximum in brackets.
fn median_and_range(mut values: Vec<f64>) -> String {
    values.retain(|value| !value.is_nan());
    values.sort_by(f64::total_cmp);
    match *values.as_slice() {
        [] => "–".to_owned(),
        [only] => three_digits(only),
        [min, .., max] => {
            let middle = values.len() / 2;
            let median =
                if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
            format!("{} ({}–{})", three_digits(median), three_digits(min), three_digits(max))
        }
    }
}

/// Formats a number with about three significant digits.
fn three_digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Prints when, where and with which versions this was measured.
pub(crate) fn print_environment(settings: &Settings) -> Result<(), Failure> {
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    println!("- date: {}", output_of("date", &["-u", "+%F %R UTC"]));
    println!(
        "- machine: {} cores,{}",
        process::cores(),
        model.trim_start_matches(['\t', ' ', ':']).replacen("", " ", 1)
    );
    println!("- kernel: {}", output_of("uname", &["-sr"]));
    let disk_name = output_of("df", &["--output=fstype,source", &settings.folder.display().to_string()]);
    let (syncs, mut durations) = disk::measure(&settings.folder, DISK_TIME)?;
    println!(
        "- disk: {}; syncs 4 KiB {syncs:.0} times a second, ms: p50 {}, p99 {}",
        disk_name.lines().last().unwrap_or_default(),
        three_digits(durations.percentile_ms(50)),
        three_digits(durations.percentile_ms(99))
    );
    println!(
        "- teahouse: {}, commit {}",
        settings.server.display(),
        output_of("git", &["rev-parse", "--short", "HEAD"])
    );
    let bun = settings.tools.join("node_modules/.bin/bun");
    println!(
        "- Bun {}, Node {}, ws {}",
        output_of(bun, &["--version"]),
        output_of("node", &["--version"]),
        ws_version(&settings.tools)
    );
    let programs = output_of(Path::new(env!("CARGO_MANIFEST_DIR")).join("script/postgres"), &["programs"]);
    println!("- PostgreSQL: {}", output_of(Path::new(&programs).join("postgres"), &["--version"]));
    println!(
        "- rounds: {}, {} s each; servers on core 0, clients on core 1, PostgreSQL on core {}",
        settings.rounds, settings.seconds, settings.postgres_cores
    );
    Ok(())
}

fn ws_version(tools: &Path) -> String {
    let package = fs::read(tools.join("node_modules/ws/package.json")).unwrap_or_default();
    let package: serde_json::Value = serde_json::from_slice(&package).unwrap_or_default();
    package["version"].as_str().unwrap_or("?").to_owned()
}

/// The output of a program, or `?` if it fails.
fn output_of(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
    output.map_or("?".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
