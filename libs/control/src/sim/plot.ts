/** Trajectories and scores as text, for terminals and documents. Pure: strings come out. */

/** One chart: columns of time, values upwards. */
export interface Chart {
  readonly title: string;
  /** What fills the columns from below, each drawn over the one before. Same length each. */
  readonly series: readonly Series[];
  /** Time between two values. */
  readonly stepS: number;
  /** Characters. Default 72. */
  readonly width?: number;
  /** Lines. Default 8. */
  readonly height?: number;
  /** The top of the scale. Default: the most there is. */
  readonly top?: number;
  /** A line across: an objective, a limit. */
  readonly level?: number;
}

export interface Series {
  readonly values: readonly (number | null)[];
  /** Default: blocks in eighths of a line. */
  readonly fill?: string;
  /** Of the values that fall into one column. Default the most. */
  readonly of?: 'most' | 'mean';
}

const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const LEVEL = '─';

/** The chart's lines: title, rows with their scale, and the axis of time. */
export function chart(wanted: Chart): string[] {
  const { width = 72, height = 8, level } = wanted;
  const columns = wanted.series.map((series) => fold(series, width));
  const most = Math.max(0, level ?? 0, ...columns.flat().map((value) => value ?? 0));
  const top = wanted.top ?? (most > 0 ? most : 1);
  const rows = Array.from({ length: height }, (_, index) => {
    const row = height - 1 - index;
    const isLevel =
      level !== undefined && row === Math.min(height - 1, Math.floor((level / top) * height));
    const cells = Array.from({ length: width }, (_, column) => {
      let cell = isLevel ? LEVEL : ' ';
      for (const [at, values] of columns.entries()) {
        const drawn = cellOf(values[column] ?? null, { row, height, top });
        if (drawn > 0) cell = wanted.series[at]?.fill ?? (EIGHTHS[drawn] as string);
      }
      return cell;
    });
    const scale = row === height - 1 ? top : row === 0 ? 0 : null;
    return `${(scale === null ? '' : short(scale)).padStart(7)} │${cells.join('').trimEnd()}`;
  });
  const seconds = Math.max(...wanted.series.map(({ values }) => values.length)) * wanted.stepS;
  return [`        ${wanted.title}`, ...rows, ...timeAxis(seconds, width)];
}

/** Eighths of this row that a value fills, 0 to 8. */
function cellOf(
  value: number | null,
  { row, height, top }: { row: number; height: number; top: number },
): number {
  if (value === null || value <= 0) return 0;
  const eighths = Math.max(1, Math.round((value / top) * height * 8));
  return Math.max(0, Math.min(8, eighths - row * 8));
}

/** As many values as there are columns; a column without any is empty. */
function fold({ values, of = 'most' }: Series, width: number): (number | null)[] {
  return Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * values.length) / width);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / width));
    const part = values.slice(from, to).filter((value) => value !== null);
    if (part.length === 0) return null;
    return of === 'most'
      ? Math.max(...part)
      : part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

/** One line that marks where something holds: `▮` in any value of the column. */
export function strip(title: string, holds: readonly boolean[], width = 72): string {
  const columns = fold({ values: holds.map((each) => (each ? 1 : null)) }, width);
  const cells = columns.map((value) => (value === null ? '·' : '▮'));
  return `${title.slice(0, 7).padStart(7)} │${cells.join('')}`;
}

/** Below this width there is room for the times of both ends only. */
const NARROW = 40;

function timeAxis(seconds: number, width: number): string[] {
  const parts = width < NARROW ? 1 : 4;
  const marks = Array.from({ length: parts + 1 }, (_, index) => index / parts);
  const line = Array.from({ length: width }, (_, column) =>
    marks.some((mark) => Math.round(mark * (width - 1)) === column) ? '┴' : '─',
  );
  const labels = new Array<string>(width + 8).fill(' ');
  for (const mark of marks) {
    const text = clock(mark * seconds);
    const at = Math.round(mark * (width - 1));
    const from = Math.max(0, Math.min(width - text.length, at - Math.floor(text.length / 2)));
    for (const [index, letter] of [...text].entries()) labels[from + index] = letter;
  }
  return [`        └${line.join('')}`, `         ${labels.join('').trimEnd()}`];
}

/** `0:00`, `12:30`, `1:02:05` */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (part: number) => String(part).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60)];
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

function short(value: number): string {
  return String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
}

/** Rows under a head: the first column to the left, figures to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)];
}
