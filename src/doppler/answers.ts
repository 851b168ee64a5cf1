import { DcsError } from 'dcs-sdk';

/** One secret as Doppler tells it. `null`: this token may not see it. */
export interface DopplerSecret {
  /** As stored, references unresolved. */
  readonly raw: string | null;
  readonly computed: string | null;
  readonly visibility: string | null;
  /** What people wrote about it, for all environments. */
  readonly note: string;
}

/** Strict: an answer of another shape is a failure, never an empty one. */
export function malformed(what: string, applied?: 'unknown'): DcsError {
  return new DcsError('NETWORK', `Doppler's answer for ${what} is not what its API documents.`, {
    why: 'A proxy, an outage or a changed API; dcs takes nothing from such an answer.',
    ...(applied === undefined ? {} : { applied }),
  });
}

type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(what);
  return value as Fields;
}

export function listOf(body: unknown, key: string, what: string): Fields[] {
  const list = fieldsOf(body, what)[key];
  if (!Array.isArray(list)) throw malformed(what);
  return list.map((item) => fieldsOf(item, what));
}

export function textOf(fields: Fields, key: string, what: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw malformed(what);
  return value;
}

export function optionalText(fields: Fields, key: string): string | undefined {
  const value = fields[key];
  return typeof value === 'string' ? value : undefined;
}

export function secretsOf(body: unknown, what: string): Map<string, DopplerSecret> {
  const secrets = fieldsOf(fieldsOf(body, what)['secrets'], what);
  // Such a name is none of Doppler's, and would rewrite the terminal it is shown on.
  if (Object.keys(secrets).some((name) => /\p{Cc}/u.test(name))) throw malformed(what);
  return new Map(Object.entries(secrets).map(([name, value]) => [name, secretOf(fieldsOf(value, what), what)]));
}

function secretOf(fields: Fields, what: string): DopplerSecret {
  const nullable = (key: string): string | null => (fields[key] === null ? null : textOf(fields, key, what));
  return {
    raw: fields['raw'] === undefined ? null : nullable('raw'),
    computed: nullable('computed'),
    visibility: optionalText(fields, 'computedVisibility') ?? optionalText(fields, 'rawVisibility') ?? null,
    note: optionalText(fields, 'note') ?? '',
  };
}
