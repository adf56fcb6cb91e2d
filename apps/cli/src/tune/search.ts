/** A local search by coordinates: each knob up and down in turn, ever finer. */

export interface Knob {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Tried first from 0, and the factor a change begins with. */
  readonly first: number;
}

export type Setting = Readonly<Record<string, number>>;

export interface Found<Judged> {
  readonly setting: Setting;
  readonly judged: Judged;
  readonly tries: number;
}

const FIRST_FACTOR = 2;
const LAST_FACTOR = 1.1;

/** The best setting that `most` trials find; the smallest cost wins, the earlier one on a tie. */
export function search<Judged extends { readonly cost: number }>(
  knobs: readonly Knob[],
  starts: readonly Setting[],
  { judge, most }: { readonly judge: (setting: Setting) => Judged; readonly most: number },
): Found<Judged> {
  if (starts.length === 0 || most < 1) throw new Error('a search needs a start and a trial');
  const known = new Map<string, Judged>();
  const judged = (setting: Setting): Judged | null => {
    const key = JSON.stringify(knobs.map(({ name }) => setting[name]));
    const before = known.get(key);
    if (before !== undefined || known.size >= most) return before ?? null;
    const now = judge(setting);
    known.set(key, now);
    return now;
  };
  const found: { best: Omit<Found<Judged>, 'tries'> | null } = { best: null };
  const consider = (setting: Setting): boolean => {
    const now = judged(setting);
    if (now === null || (found.best !== null && now.cost >= found.best.judged.cost)) return false;
    found.best = { setting, judged: now };
    return true;
  };
  for (const start of starts) consider(start);
  for (let factor = FIRST_FACTOR; factor >= LAST_FACTOR; ) {
    const improved = knobs.some((knob) =>
      moved(found.best?.setting ?? {}, knob, factor).some((setting) => consider(setting)),
    );
    if (known.size >= most) break;
    if (!improved) factor = Math.sqrt(factor);
  }
  return { ...(found.best as Omit<Found<Judged>, 'tries'>), tries: known.size };
}

/** The setting with one knob changed, up and down, and for a knob that may be 0, there. */
function moved(setting: Setting, knob: Knob, factor: number): Setting[] {
  const { name, least, most, first } = knob;
  const now = setting[name] ?? 0;
  const wanted = now === 0 ? [first] : [now * factor, now / factor, ...(least === 0 ? [0] : [])];
  return wanted
    .map((value) => Number(Math.min(most, Math.max(least, value)).toPrecision(3)))
    .filter((value) => value !== now)
    .map((value) => ({ ...setting, [name]: value }));
}
