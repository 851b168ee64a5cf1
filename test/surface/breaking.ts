/** What test/command-surface.json holds. */
export interface Surface {
  readonly exit: Readonly<Record<string, number>>;
  /** Of each command its `--json` keys: `key`, and `key[].inner` of what a list holds. */
  readonly json: Readonly<Record<string, readonly string[]>>;
  readonly commands: Readonly<
    Record<
      string,
      {
        readonly package: string;
        /** `name`, with `...` for several and `?` for one that may be left out. */
        readonly args: readonly string[];
        /** Type, character, `multiple`, options; `required` last. */
        readonly flags: Readonly<Record<string, string>>;
        readonly exits: readonly (number | string)[];
      }
    >
  >;
}

export interface Break {
  readonly package: string;
  readonly what: string;
}

const CORE = 'doppler-cloud-syncs';

/** What worked with the released surface and does not with this one. Additions break nobody. */
export function breaking(released: Surface, now: Surface): Break[] {
  const found: Break[] = [];
  for (const [code, exit] of Object.entries(released.exit))
    if (now.exit[code] !== exit) found.push({ package: CORE, what: `${code} ended with ${exit}, now with ${now.exit[code] ?? 'nothing'}` });
  for (const [id, before] of Object.entries(released.commands)) {
    const after = now.commands[id];
    const say = (what: string): void => void found.push({ package: before.package, what: `dcs ${id}: ${what}` });
    if (after === undefined) {
      say('is gone');
      continue;
    }
    for (const name of Object.keys(before.flags)) if (!Object.hasOwn(after.flags, name)) say(`--${name} is gone`);
    for (const [name, flag] of Object.entries(after.flags)) {
      const former = before.flags[name];
      if (former !== undefined && !takes(flag, former)) say(`--${name} was ${former}, is ${flag}`);
      if (former === undefined && flag.endsWith('required')) say(`--${name} is required`);
    }
    for (const [index, arg] of after.args.entries()) if (!arg.endsWith('?') && before.args[index] !== arg) say(`wants ${arg}`);
    if (after.args.length < before.args.length) say(`takes ${after.args.length} arguments instead of ${before.args.length}`);
    for (const code of before.exits) if (!after.exits.includes(code)) say(`no longer ends with ${code}`);
  }
  for (const [id, keys] of Object.entries(released.json))
    for (const key of keys)
      if (now.commands[id] !== undefined && !now.json[id]?.includes(key))
        found.push({ package: released.commands[id]?.package ?? CORE, what: `dcs ${id} --json: ${key} is gone` });
  return found;
}

/** Does a flag take all that it took? Its words may grow, also the list of its options. */
function takes(now: string, before: string): boolean {
  const words = now.split(' ').flatMap((word) => word.split('|'));
  if (words.includes('required') && !before.endsWith('required')) return false;
  // Without a list of options a flag takes anything.
  if (/\|/.test(now) && !/\|/.test(before)) return false;
  return before
    .split(' ')
    .every((word) => (word.includes('|') && !now.includes('|') ? true : word.split('|').every((one) => words.includes(one))));
}

type Bump = 'patch' | 'minor' | 'major';
const SIZE: Readonly<Record<Bump, number>> = { patch: 0, minor: 1, major: 2 };

/** The bumps that the files of .changeset announce: the greatest of each package. */
export function bumps(changesets: readonly string[]): Map<string, Bump> {
  const found = new Map<string, Bump>();
  for (const text of changesets) {
    const head = /^---\n([\s\S]*?)^---/m.exec(text)?.[1] ?? '';
    for (const [, name, bump] of head.matchAll(/^['"]?([^'":\n]+)['"]?:\s*(patch|minor|major)\s*$/gm))
      if (SIZE[bump as Bump] > SIZE[found.get(name!) ?? 'patch'] || !found.has(name!)) found.set(name!, bump as Bump);
  }
  return found;
}

/** Breaks that no changeset announces: before 1.0.0 a minor version may break something, from then on a major one. */
export function unannounced(
  breaks: readonly Break[],
  announced: ReadonlyMap<string, Bump>,
  versions: ReadonlyMap<string, string>,
): string[] {
  return breaks
    .filter(({ package: name }) => {
      const wanted: Bump = versions.get(name)?.startsWith('0.') ? 'minor' : 'major';
      const bump = announced.get(name);
      return bump === undefined || SIZE[bump] < SIZE[wanted];
    })
    .map(({ package: name, what }) => `${name}: ${what}`);
}
