import { DcsError, type Secret } from 'dcs-sdk';
import { bash, zsh } from './posix.ts';
import { cmd } from './cmd.ts';
import { docker } from './docker.ts';
import { dotenv } from './dotenv.ts';
import { firebase } from './firebase.ts';
import { fish } from './fish.ts';
import { githubEnv } from './github-env.ts';
import { json } from './json.ts';
import { kubernetes } from './kubernetes.ts';
import { powershell } from './powershell.ts';
import { tfvars } from './tfvars.ts';
import { yaml } from './yaml.ts';
import type { Entry, Format, FormatOptions } from './format.ts';
import { FORMAT_NAMES, type FormatName } from './names.ts';

export const FORMATS = {
  dotenv,
  json,
  yaml,
  bash,
  zsh,
  fish,
  powershell,
  cmd,
  docker,
  kubernetes,
  tfvars,
  'github-env': githubEnv,
  firebase,
} as const satisfies Record<FormatName, Format>;

/** All of them, or an error that names those the format cannot hold: a file with names left out would look complete. */
export function renderFormat(kind: FormatName, secrets: ReadonlyMap<string, Secret>, options: FormatOptions = {}): string {
  const format: Format = FORMATS[kind];
  const entries = [...secrets].map(([name, secret]) => ({ name, value: secret.reveal() })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const refused = entries.flatMap((entry) => {
    const reason = format.refuses(entry);
    return reason === undefined ? [] : [`${JSON.stringify(entry.name).slice(1, -1)} ${reason}`];
  });
  if (refused.length > 0) throw unfit(kind, refused, entries);
  return format.render(entries, options);
}

function unfit(kind: FormatName, refused: readonly string[], entries: readonly Entry[]): DcsError {
  const able = FORMAT_NAMES.find((other) => entries.every((entry) => (FORMATS[other] as Format).refuses(entry) === undefined));
  return new DcsError(
    'TARGET',
    `${kind} cannot hold ${refused.length === 1 ? 'one of the secrets' : `${refused.length} of the secrets`}.`,
    {
      why: `${refused.join('; ')}. Nothing was written or printed.`,
      hint: [...(able === undefined ? [] : [`--format ${able}     holds them all`]), '--except NAME     leaves one out'],
    },
  );
}
