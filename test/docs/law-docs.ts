/** docs/control-laws.md, made of the headers of the laws. */
import * as control from '../../libs/control/src/index.ts';
import { isTest, projectFiles, read } from '../tidy/sources.ts';

export const DOCUMENT = 'docs/control-laws.md';

const LAWS = 'libs/control/src/laws/';

/** These show a law through another input; the law itself is documented. */
const ADAPTERS = `${LAWS}replicas/adapters/`;

/** Parts that every law's header must have, in the order in which they are shown. */
const LABELS = ['Defaults', 'Regimes', 'Stability', 'Source'] as const;
type Label = (typeof LABELS)[number];

/** Chapters, in order; folders that are not named here follow under their own name. */
const CHAPTERS: { readonly [folder: string]: string } = {
  replicas: 'Replica counts',
  capacity: 'Capacity formula',
  pid: 'PID loops',
  rate: 'Rate targets',
  admission: 'Admission control',
  backpressure: 'Queue signals',
  concurrency: 'Concurrency limits',
  weights: 'Balancer weights',
  rollout: 'Gradual changes',
};

export interface LawHeader {
  /** As exported. */
  readonly law: string;
  readonly file: string;
  readonly title: string;
  /** What stands between the title and the first label; formulas as indented blocks. */
  readonly body: readonly string[];
  readonly parts: { readonly [label in Label]?: string };
}

/** Exported from the library: has a name and can be stepped. */
function isLaw(value: unknown): boolean {
  const law = value as { readonly [key: string]: unknown } | null;
  return (
    typeof law === 'object' &&
    law !== null &&
    typeof law.name === 'string' &&
    ['init', 'step', 'retune'].every((key) => typeof law[key] === 'function')
  );
}

function lawFiles(): readonly string[] {
  return projectFiles().filter(
    (file) =>
      file.startsWith(LAWS) && file.endsWith('.ts') && !isTest(file) && !file.startsWith(ADAPTERS),
  );
}

export function readHeaders(): readonly LawHeader[] {
  const files = lawFiles();
  return Object.entries(control)
    .filter(([, value]) => isLaw(value))
    .flatMap(([law]) => {
      const declared = new RegExp(`^export const ${law}\\b`, 'm');
      const file = files.find((each) => declared.test(read(each)));
      return file === undefined ? [] : [headerOf(law, file, read(file))];
    });
}

/** Declared as a law, and not exported by the library. */
export function hiddenLaws(): readonly string[] {
  const names = new Set(Object.keys(control));
  return lawFiles().flatMap((file) =>
    [...read(file).matchAll(/^export const (\w+): \w*Law\b/gm)]
      .map((match) => match[1] ?? '')
      .filter((law) => !names.has(law))
      .map((law) => `${file}: ${law}`),
  );
}

/** Labels that a header lacks. */
export function missingParts(header: LawHeader): readonly string[] {
  const missing = LABELS.filter((label) => (header.parts[label] ?? '') === '');
  const formula = header.body.some((line) => isFormula(line)) ? [] : ['a formula'];
  const title = /^\S.*\.$/.test(header.title) ? [] : ['a title of one sentence'];
  return [...title, ...formula, ...missing];
}

function headerOf(law: string, file: string, source: string): LawHeader {
  const comment = /\/\*\*\n([\s\S]*?)\n \*\//.exec(source)?.[1] ?? '';
  const lines = comment.split('\n').map((line) => line.replace(/^ \*( |$)/, '').trimEnd());
  const starts = LABELS.map((label) => lines.findIndex((line) => line.startsWith(`${label}:`)));
  const first = Math.min(...starts.filter((start) => start >= 0), lines.length);
  const titleEnd = lines.findIndex((line) => line === '');
  const parts: { [label in Label]?: string } = {};
  LABELS.forEach((label, index) => {
    const start = starts[index] as number;
    if (start >= 0) parts[label] = partFrom(lines.slice(start), label);
  });
  return {
    law,
    file,
    title: lines.slice(0, Math.max(0, titleEnd)).join(' '),
    body: lines.slice(Math.max(0, titleEnd + 1), first),
    parts,
  };
}

/** To the next label; paragraphs stay apart. */
function partFrom(lines: readonly string[], label: Label): string {
  const isOther = (line: string) => LABELS.some((each) => line.startsWith(`${each}:`));
  const end = lines.findIndex((line, index) => index > 0 && isOther(line));
  const text = lines.slice(0, end < 0 ? lines.length : end).join('\n');
  const said = text.slice(label.length + 1).trim();
  return said.charAt(0).toUpperCase() + said.slice(1);
}

function isFormula(line: string): boolean {
  return line.startsWith('    ');
}

/** Indented lines become code, with the blank lines between two of them. */
function markdownOf(body: readonly string[]): string {
  const lines: string[] = [];
  let code: string[] = [];
  const flush = (): void => {
    if (code.length === 0) return;
    const blanks = code.length - 1 - code.findLastIndex((line) => line !== '');
    if (lines.length > 0 && lines.at(-1) !== '') lines.push('');
    lines.push('```text', ...code.slice(0, code.length - blanks).map(outdented), '```');
    lines.push('', ...code.slice(code.length - blanks));
    code = [];
  };
  for (const line of body) {
    if (isFormula(line) || (code.length > 0 && line === '')) {
      code.push(line);
    } else {
      flush();
      lines.push(line);
    }
  }
  flush();
  return lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

function outdented(line: string): string {
  return line.replace(/^ {4}/, '');
}

function folderOf(header: LawHeader): string {
  return header.file.slice(LAWS.length).split('/')[0] ?? '';
}

function chapterOf(folder: string): string {
  return CHAPTERS[folder] ?? folder;
}

const anchorOf = (law: string) => law.toLowerCase();

export function render(headers: readonly LawHeader[]): string {
  const folders = [...new Set([...Object.keys(CHAPTERS), ...headers.map(folderOf)])];
  const chapters = folders
    .map((folder) => ({
      title: chapterOf(folder),
      laws: headers
        .filter((header) => folderOf(header) === folder)
        .toSorted((a, b) => (a.law < b.law ? -1 : 1)),
    }))
    .filter(({ laws }) => laws.length > 0);
  const contents = chapters.flatMap(({ title, laws }) =>
    laws.map(
      ({ law, title: about }) => `| [\`${law}\`](#${anchorOf(law)}) | ${title} | ${about} |`,
    ),
  );
  return `${[
    '# Control laws',
    INTRODUCTION,
    ['| law | chapter | what it is |', '| --- | --- | --- |', ...contents].join('\n'),
    ...chapters.flatMap(({ title, laws }) => [`## ${title}`, ...laws.map(lawSection)]),
    '## Finding gains and margins',
    ...TUNING.map(tuningSection),
  ].join('\n\n')}\n`;
}

const INTRODUCTION = `Made from the headers of the laws in \`libs/control/src/laws\` by
\`npm run docs:laws\`; a test says when it is out of date. How to find gains and margins of your
own: [below](#finding-gains-and-margins). What the laws achieve together:
[control-quality.md](control-quality.md).

Every law is a pure machine \`step(state, input) -> { state, output }\`: time is in the input, the
state is plain JSON, and the output says its reason and its terms. No law acts on evidence that is
missing, stale or impossible; then it holds what is applied and says so.`;

/** The library's tools for it, from the first experiment to the verdict. */
const TUNING = ['simc', 'relay', 'margins', 'trajectory'] as const;

function tuningSection(name: string): string {
  const file = `libs/control/src/tuning/${name}.ts`;
  const { title, body, parts } = headerOf(name, file, read(file));
  const source = parts.Source === undefined ? [] : [`**Source.** ${parts.Source}`];
  return [`### ${title.replace(/\.$/, '')}`, markdownOf(body), ...source, codeOf(file)].join(
    '\n\n',
  );
}

function codeOf(file: string): string {
  return `Code: [\`${file}\`](../${file})`;
}

function lawSection(header: LawHeader): string {
  const parts = LABELS.map((label) => `**${label}.** ${header.parts[label] ?? '(missing)'}`);
  return [
    `### ${header.law}`,
    header.title,
    markdownOf(header.body),
    ...parts,
    codeOf(header.file),
  ].join('\n\n');
}
