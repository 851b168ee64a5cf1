import { ago, printable, table } from '../render/style.ts';
import type { Seen } from './look.ts';

/** One row a secret; values only where `reveal` says so. */
export function secretLines(secrets: readonly Seen[], reveal: boolean, now: Date): string[] {
  if (secrets.length === 0) return ['No secrets.'];
  return table([
    ['NAME', 'VISIBILITY', 'OWNER', 'CHANGED', ...(reveal ? ['VALUE'] : []), ''],
    ...secrets.map((secret) => [
      printable(secret.name),
      secret.visibility ?? '-',
      secret.owner ?? '-',
      secret.changed === undefined ? '-' : `${ago(secret.changed.at, now)}, ${printable(secret.changed.by)}`,
      ...(reveal ? [valueOf(secret)] : []),
      remarks(secret),
    ]),
  ]);
}

const STATES: Readonly<Record<Seen['state'], string | undefined>> = {
  value: undefined,
  withheld: '! withheld: this token may not read it',
  unresolved: '! unresolved: a reference that Doppler does not resolve',
  missing: '! missing: dcs.yaml requires it',
};

function remarks({ state, reference, inherited, note }: Seen): string {
  return [
    STATES[state],
    reference && state === 'value' ? 'made from others' : undefined,
    inherited ? 'inherited' : undefined,
    note === '' ? undefined : printable(note.replaceAll('\n', ' ')),
  ]
    .filter((word) => word !== undefined)
    .join(' · ');
}

/** On one line: quoted where line breaks or quotes would break the table. */
function valueOf({ secret }: Seen): string {
  const value = secret?.computed;
  if (value === undefined || value === null) return '-';
  return /^[\x21-\x7e]+$/.test(value) && !value.includes('"') ? value : JSON.stringify(value);
}

export function secretJson(seen: Seen, reveal: boolean): Record<string, unknown> {
  const { secret, name, state, visibility, note, reference, inherited, owner, changed } = seen;
  return {
    name,
    state,
    visibility,
    note,
    reference,
    inherited,
    owner: owner ?? null,
    changed: changed ?? null,
    ...(reveal ? { value: secret?.computed ?? null } : {}),
  };
}
