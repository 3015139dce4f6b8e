/** Prints a Markdown table. */
export function table(head: string[], rows: string[][]): void {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  console.log([line(head), line(head.map((_, index) => (index ? '---:' : '---'))), ...rows.map(line)].join('\n'));
}

/** The value that this share of all values does not exceed. */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** With one decimal below 100. */
export function milliseconds(duration: number): string {
  return duration.toFixed(duration < 100 ? 1 : 0);
}
